#include "trace/findings/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "trace/analysis/context_counters.h"
#include "trace/replay/walker.h"

namespace palloscope::trace {
namespace {

constexpr std::string_view kGrows = "grows";

// Reads what follows "grows", word by word.
class GrowthReader {
 public:
  GrowthReader(std::string_view text, std::size_t at, ConditionMistake& mistake)
      : text_(text), at_(at), mistake_(mistake) {}

  bool read(GrowthLimit& limit) {
    skip_spaces();
    if (!take("<")) return wrong("growth is limited by < or <=, as in: grows < 1kB per 1000 rounds");
    limit.may_equal = take("=");
    if (!number(limit.limit, true)) return wrong("here stands how much it may grow, as in: < 1kB");
    skip_spaces();
    if (!take("per")) return wrong("here stands per, as in: grows < 1kB per 1000 rounds");
    skip_spaces();
    if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) {
      const std::size_t here = at_;
      if (!number(limit.per_rounds, false) || limit.per_rounds == 0) {
        at_ = here;
        return wrong("here stands a number of rounds, from 1 on");
      }
    }
    skip_spaces();
    if (take("transaction"))
      limit.rounds = RoundKind::Transaction;
    else if (take("statement"))
      limit.rounds = RoundKind::Statement;
    else if (!take("round"))
      return wrong("here stands rounds, transactions or statements");
    take("s");
    skip_spaces();
    return at_ == text_.size() || wrong("the rule ends before this");
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool number(std::uint64_t& value, bool with_unit) {
    skip_spaces();
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc()) return false;
    at_ = static_cast<std::size_t>(end - text_.data());
    if (!with_unit) return true;
    constexpr std::pair<std::string_view, int> kUnits[] = {{"kB", 10}, {"MB", 20}, {"GB", 30}, {"B", 0}};
    const std::size_t space = at_;
    skip_spaces();
    for (const auto& [unit, shift] : kUnits) {
      if (!take(unit)) continue;
      if (value > ~std::uint64_t{0} >> shift) return false;
      value <<= shift;
      return true;
    }
    at_ = space;
    return true;
  }
  bool wrong(std::string message) {
    mistake_ = {at_, at_ < text_.size() ? std::size_t{1} : 0, std::move(message)};
    return false;
  }

  std::string_view text_;
  std::size_t at_;
  ConditionMistake& mistake_;
};

// Where the word stands outside of quotes; npos: nowhere.
std::size_t find_word(std::string_view text, std::string_view word) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && i > 0 && text[i - 1] == ' ' && text.substr(i, word.size()) == word) return i;
  }
  return std::string_view::npos;
}

bool path_ends_in(const ContextPaths& paths, PathNumber path, std::string_view end) {
  for (;;) {
    if (path == kNoPath) return false;
    const std::string_view name = paths.name(path);
    if (end == name) return true;
    if (!end.ends_with(name)) return false;
    end.remove_suffix(name.size());
    if (!end.ends_with('/')) return false;
    end.remove_suffix(1);
    path = paths.parent(path);
  }
}

std::uint64_t amount_of(const MemoryState& state, const ContextRecord& context, Quantity quantity,
                        const core::VersionProfile* profile) {
  if (quantity == Quantity::Count) return 1;
  if (quantity == Quantity::Requested) return context.requested_bytes;
  if (quantity == Quantity::Chunks) return context.live_chunk_count;
  const ReportedCounters counters = context_counters(state, context, profile);
  if (quantity == Quantity::Used) return counters.used_bytes;
  if (quantity == Quantity::Free) return counters.free_bytes;
  if (quantity == Quantity::FreeChunks) return counters.free_chunks;
  return quantity == Quantity::Blocks ? counters.blocks : counters.total_bytes;
}

std::vector<BudgetSum> sums_in(const Condition& condition) {
  std::vector<BudgetSum> sums;
  for (const ConditionSum& sum : condition.tree().sums)
    sums.push_back({sum.quantity, condition.tree().texts[sum.text]});
  return sums;
}

core::Error error_at(const ConditionMistake& mistake) {
  return {core::ErrorCode::BadArgument, fmt::format("column {}: {}", mistake.column + 1, mistake.message)};
}

}  // namespace

std::string_view quantity_word(Quantity quantity) {
  switch (quantity) {
    case Quantity::Used:
      return "used";
    case Quantity::Free:
      return "free";
    case Quantity::FreeChunks:
      return "free_chunks";
    case Quantity::Count:
      return "count";
    case Quantity::Requested:
      return "requested";
    case Quantity::Chunks:
      return "chunks";
    case Quantity::Blocks:
      return "blocks";
    default:
      return "total";
  }
}

bool counts_bytes(Quantity quantity) {
  return quantity != Quantity::Count && quantity != Quantity::Chunks && quantity != Quantity::FreeChunks &&
         quantity != Quantity::Blocks;
}

std::uint64_t sum_of(const MemoryState& state, const BudgetSum& sum, const core::VersionProfile* profile,
                     ContextPaths& paths) {
  std::uint64_t value = 0;
  for (std::uint32_t i = 0; i < state.contexts().size(); ++i) {
    const ContextRecord& context = state.contexts()[i];
    if (context.born == 0 || !path_ends_in(paths, paths.of(state, {i}), sum.name)) continue;
    value += amount_of(state, context, sum.quantity, profile);
  }
  return value;
}

core::Result<Budget> Budget::parse(std::string_view text, ConditionMistake* mistake) {
  ConditionMistake own;
  ConditionMistake& wrong = mistake != nullptr ? *mistake : own;
  Budget budget;
  budget.text = text;
  const std::size_t grows = find_word(text, kGrows);
  if (grows == std::string_view::npos) {
    auto condition = Condition::parse(text, StateParts::Hold, &wrong);
    if (!condition) return condition.error();
    budget.condition = std::move(*condition);
    return budget;
  }
  // What grows is what a condition could compare.
  const std::string_view what = text.substr(0, grows);
  auto sum = Condition::parse(std::string(what) + "> 0", StateParts::Hold, &wrong);
  if (!sum) {
    wrong.column = std::min(wrong.column, grows);
    return error_at(wrong);
  }
  const std::vector<BudgetSum> sums = sums_in(*sum);
  const std::size_t last = what.find_last_not_of(' ');
  if (sums.size() != 1 || !what.starts_with(quantity_word(sums[0].quantity)) || what.find(')') != last) {
    wrong = {0, last + 1,
             "growth is asked of one sum, as in: total(\"CacheMemoryContext\") grows < 1kB per 1000 rounds"};
    return error_at(wrong);
  }
  budget.growth.emplace();
  budget.growth->sum = sums[0];
  if (!GrowthReader(text, grows + kGrows.size(), wrong).read(*budget.growth)) return error_at(wrong);
  return budget;
}

BudgetCheck::BudgetCheck(const Timeline& timeline, const std::vector<Budget>& budgets, std::optional<RoundRule> rounds)
    : timeline_(&timeline),
      budgets_(&budgets),
      profile_(core::find_profile(timeline.description().pg_major, timeline.description().checking)),
      walker_(std::make_unique<Walker>(timeline.events(), 0)) {
  const bool asks = std::any_of(budgets.begin(), budgets.end(), [](const Budget& budget) {
    return budget.growth && budget.growth->rounds == RoundKind::None;
  });
  if (rounds)
    rule_ = std::move(*rounds);
  else if (asks)
    finder_ = std::make_unique<RoundFinder>(timeline);
  if (!finder_) start();
}

BudgetCheck::~BudgetCheck() = default;

void BudgetCheck::start() {
  watched_.resize(budgets_->size());
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    const Budget& budget = (*budgets_)[i];
    Watched& watched = watched_[i];
    if (budget.condition) {
      watched.watch = std::make_unique<ConditionWatch>(*budget.condition, profile_);
      watched.watch->stand(walker_->state());
      continue;
    }
    watched.rounds = rule_;
    if (budget.growth->rounds != RoundKind::None) {
      watched.rounds = {};
      watched.rounds.kind = budget.growth->rounds;
    }
    if (!watched.rounds.condition) continue;
    watched.marker = std::make_unique<ConditionWatch>(*watched.rounds.condition, profile_);
    watched.marker->stand(walker_->state());
  }
}

template <class E>
void BudgetCheck::before(const E& e) {
  const MemoryState& state = walker_->state();
  const EventNumber n = state.event_number() + 1;
  if constexpr (std::is_same_v<E, core::ContextReparented>) paths_.forget(state, e.context);
  for (Watched& watched : watched_) {
    ConditionWatch* watch = watched.watch ? watched.watch.get() : watched.marker.get();
    watched.asked = watch != nullptr && watch->wants(E::kTag);
    if (watched.asked) watch->before(n, e, state);
    watched.ends_round = !watched.watch && ends_round(watched.rounds, e, state);
  }
}

void BudgetCheck::after() {
  const MemoryState& state = walker_->state();
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    Watched& watched = watched_[i];
    if (watched.watch) {
      if (watched.asked && watched.watch->after(state)) continue;
      breaks(i, sums_in(*(*budgets_)[i].condition));
      watched.watch.reset();
      continue;
    }
    if (watched.asked && watched.marker) watched.ends_round = watched.marker->after(state);
    const auto& growth = (*budgets_)[i].growth;
    if (!watched.ends_round || !growth) continue;
    const std::uint64_t value = sum_of(state, growth->sum, profile_, paths_);
    // Only changes are kept, and the last round.
    auto& points = watched.points;
    if (points.size() >= 2 && points.back().value == value && points[points.size() - 2].value == value)
      points.back() = {watched.round, state.event_number(), value};
    else
      points.push_back({watched.round, state.event_number(), value});
    ++watched.round;
  }
}

void BudgetCheck::breaks(std::size_t rule, std::vector<BudgetSum> sums) {
  Breach breach{.rule = rule, .event = walker_->at(), .values = {}};
  for (BudgetSum& sum : sums) {
    const std::uint64_t value = sum_of(walker_->state(), sum, profile_, paths_);
    breach.values.push_back({std::move(sum), value});
  }
  breaches_.push_back(std::move(breach));
}

bool BudgetCheck::advance(std::size_t events) {
  if (done_) return true;
  if (finder_) {
    if (!finder_->advance(events)) return false;
    rule_ = finder_->found();
    finder_.reset();
    start();
    return false;
  }
  const EventNumber size = timeline_->size();
  const EventNumber to = std::min<EventNumber>(size, walker_->at() + events);
  const bool whole = walker_->advance(
      to, [&](const auto& e) { before(e); }, [&] { after(); });
  if (!whole) problem_ = walker_->problem();
  if (whole && to < size) return false;
  finish();
  return true;
}

double BudgetCheck::progress() const {
  const EventNumber size = timeline_->size();
  if (done_ || size == 0) return 1;
  return finder_ ? 0 : static_cast<double>(walker_->at()) / static_cast<double>(size);
}

std::uint64_t BudgetCheck::rounds_of(std::size_t rule) const { return watched_[rule].round; }

void BudgetCheck::finish() {
  for (std::size_t i = 0; i < watched_.size(); ++i) judge_growth(i);
  std::stable_sort(breaches_.begin(), breaches_.end(),
                   [](const Breach& a, const Breach& b) { return a.rule < b.rule; });
  done_ = true;
}

void BudgetCheck::judge_growth(std::size_t rule) {
  const auto& growth = (*budgets_)[rule].growth;
  const std::vector<Point>& points = watched_[rule].points;
  if (!growth || points.size() < 2) return;
  const std::uint64_t last = points.back().round, first = last / 4;
  // The value after round `first`: that of the last change up to it.
  const auto base = std::prev(
      std::partition_point(points.begin() + 1, points.end(), [&](const Point& point) { return point.round <= first; }));
  const auto too_much = [&](const Point& point) {
    if (point.round <= first || point.value <= base->value) return false;
    const double grown = static_cast<double>(point.value - base->value) * static_cast<double>(growth->per_rounds);
    const double allowed = static_cast<double>(growth->limit) * static_cast<double>(point.round - first);
    return growth->may_equal ? grown > allowed : grown >= allowed;
  };
  if (!too_much(points.back())) return;
  auto breaking = points.end() - 1;
  while (breaking != points.begin() && too_much(*(breaking - 1))) --breaking;
  Breach breach{.rule = rule, .event = breaking->event, .values = {{growth->sum, breaking->value}}};
  breach.rounds = last - first;
  breach.from = base->value;
  breach.to = points.back().value;
  breaches_.push_back(std::move(breach));
}

}  // namespace palloscope::trace
