#include "trace/findings/rounds.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "trace/analysis/event_slices.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kMostNames = 4096;  // of contexts that are reset

}  // namespace

std::string_view round_kind_name(RoundKind kind) {
  static constexpr std::string_view kNames[] = {"none", "transaction", "statement", "reset", "line", "condition"};
  return kNames[static_cast<std::size_t>(kind)];
}

core::Result<RoundRule> parse_rounds(std::string_view text) {
  constexpr std::string_view kReset = "reset:", kLine = "line:";
  RoundRule rule;
  if (text == "transaction") {
    rule.kind = RoundKind::Transaction;
  } else if (text == "statement") {
    rule.kind = RoundKind::Statement;
  } else if (text.starts_with(kReset)) {
    rule.kind = RoundKind::Reset;
    rule.name = text.substr(kReset.size());
  } else if (text.starts_with(kLine)) {
    rule.kind = RoundKind::Line;
    const std::string_view digits = text.substr(kLine.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rule.line);
    if (error != std::errc() || end != digits.data() + digits.size() || rule.line == 0)
      return core::Error{core::ErrorCode::BadArgument, "line: takes the number of a line, as in line:12"};
  } else {
    auto condition = Condition::parse(text);
    if (!condition)
      return core::Error{condition.error().code,
                         condition.error().message + "; or transaction, statement, reset:NAME, line:N"};
    rule.kind = RoundKind::Condition;
    rule.condition = std::move(*condition);
  }
  return rule;
}

template <class E>
void RoundFinder::take(const E& event) {
  if constexpr (std::is_same_v<E, core::Statement>) {
    ++statements_;
  } else if constexpr (std::is_same_v<E, core::ContextCreated>) {
    constexpr std::size_t kMostSlots = std::size_t{1} << 24;  // a file may say any
    if (event.context.value >= kMostSlots) return;
    if (event.context.value >= names_.size()) names_.resize(std::size_t{event.context.value} + 1);
    names_[event.context.value] = event.name;
  } else if constexpr (std::is_same_v<E, core::ContextReset> || std::is_same_v<E, core::ContextDeleted>) {
    if (event.context.value >= names_.size()) return;
    const std::string& name = names_[event.context.value];
    if (name == "TopTransactionContext") ++transactions_;
    if constexpr (std::is_same_v<E, core::ContextReset>)
      if (resets_.size() < kMostNames || resets_.contains(name)) ++resets_[name];
  }
}

bool RoundFinder::advance(std::size_t events) {
  const auto concerns = [](const BlockSummary& block) {
    return block.has_kind(core::Statement::kTag) || block.has_kind(core::ContextCreated::kTag) ||
           block.has_kind(core::ContextReset::kTag) || block.has_kind(core::ContextDeleted::kTag);
  };
  return read_slice(*timeline_, next_, events, concerns, [&](EventNumber, const auto& event) { take(event); });
}

double RoundFinder::progress() const {
  const EventNumber size = timeline_->size();
  return size == 0 ? 1 : static_cast<double>(std::min(next_ - 1, size)) / static_cast<double>(size);
}

RoundRule RoundFinder::found() const {
  RoundRule rule;
  if (transactions_ >= kLeastRounds) {
    rule.kind = RoundKind::Transaction;
  } else if (statements_ > kLeastRounds) {
    rule.kind = RoundKind::Statement;
  } else {
    const auto most = std::max_element(resets_.begin(), resets_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == resets_.end() || most->second < kLeastRounds) return rule;
    rule.kind = RoundKind::Reset;
    rule.name = most->first;
  }
  return rule;
}

}  // namespace palloscope::trace
