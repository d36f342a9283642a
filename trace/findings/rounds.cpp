#include "trace/findings/rounds.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "trace/analysis/event_slices.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kMostNames = 4096;    // of contexts that are reset
constexpr std::size_t kMostLines = 65'536;  // of a script

// Those that are counted often enough, the most often first, as rules.
template <class Counts, class MakeRule>
void add_most_often(const Counts& counts, MakeRule make_rule, std::vector<RoundChoice>& choices) {
  std::vector<std::pair<typename Counts::key_type, std::uint64_t>> often;
  for (const auto& one : counts)
    if (one.second >= RoundFinder::kLeastRounds) often.emplace_back(one);
  std::stable_sort(often.begin(), often.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  often.resize(std::min(often.size(), RoundFinder::kMostChoices));
  for (const auto& [what, count] : often) choices.push_back({make_rule(what), count});
}

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

std::string text_of(const RoundRule& rule) {
  switch (rule.kind) {
    case RoundKind::None:
      return {};
    case RoundKind::Transaction:
    case RoundKind::Statement:
      return std::string(round_kind_name(rule.kind));
    case RoundKind::Reset:
      return "reset:" + rule.name;
    case RoundKind::Line:
      return "line:" + std::to_string(rule.line);
    case RoundKind::Condition:
      return rule.condition ? rule.condition->text() : std::string();
  }
  return {};
}

template <class E>
void RoundFinder::take(const E& event) {
  if constexpr (std::is_same_v<E, core::Statement>) {
    ++statements_;
  } else if constexpr (std::is_same_v<E, core::SourceLine>) {
    if (lines_.size() < kMostLines || lines_.contains(event.line)) ++lines_[event.line];
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
           block.has_kind(core::ContextReset::kTag) || block.has_kind(core::ContextDeleted::kTag) ||
           block.has_kind(core::SourceLine::kTag);
  };
  return read_slice(*timeline_, next_, events, concerns, [&](EventNumber, const auto& event) { take(event); });
}

double RoundFinder::progress() const {
  const EventNumber size = timeline_->size();
  return size == 0 ? 1 : static_cast<double>(std::min(next_ - 1, size)) / static_cast<double>(size);
}

std::vector<RoundChoice> RoundFinder::choices() const {
  std::vector<RoundChoice> choices;
  if (transactions_ >= kLeastRounds) choices.push_back({{.kind = RoundKind::Transaction}, transactions_});
  // The last statement has no end.
  if (statements_ > kLeastRounds) choices.push_back({{.kind = RoundKind::Statement}, statements_});
  add_most_often(
      resets_, [](const std::string& name) { return RoundRule{.kind = RoundKind::Reset, .name = name}; }, choices);
  add_most_often(
      lines_, [](std::uint32_t line) { return RoundRule{.kind = RoundKind::Line, .line = line}; }, choices);
  return choices;
}

RoundRule RoundFinder::found() const {
  const std::vector<RoundChoice> all = choices();
  return all.empty() || all.front().rule.kind == RoundKind::Line ? RoundRule{} : all.front().rule;
}

}  // namespace palloscope::trace
