// Budgets: rules that a trace must keep, for tests of programs. A rule is a condition that must hold at every event
//   total("ExecutorState") < 64MB
// or a limit of growth, over rounds (rounds.h)
//   total("CacheMemoryContext") grows < 1kB per 1000 rounds
// where "rounds" are those of the whole check, or "transactions", "statements".
//
// Growth is measured from the end of the first quarter of the rounds (it warms up) to the last. A rule of growth is
// broken by the first round after which the value stays above the line that the limit allows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trace/findings/context_paths.h"
#include "trace/findings/rounds.h"
#include "trace/query/condition.h"
#include "trace/query/condition_watch.h"

namespace palloscope::trace {

// A sum over the contexts of a name (or end of a path, "a/b").
struct BudgetSum {
  Quantity quantity = Quantity::Total;
  std::string name;
};
std::string_view quantity_word(Quantity quantity);  // "total"
bool counts_bytes(Quantity quantity);

struct GrowthLimit {
  BudgetSum sum;
  std::uint64_t limit = 0;
  bool may_equal = false;  // <=
  std::uint64_t per_rounds = 1;
  RoundKind rounds = RoundKind::None;  // None: those of the check
};

struct Budget {
  std::string text;
  std::optional<Condition> condition;
  std::optional<GrowthLimit> growth;

  // `mistake`: where it is wrong.
  static core::Result<Budget> parse(std::string_view text, ConditionMistake* mistake = nullptr);
};

// How a rule was broken first.
struct Breach {
  std::size_t rule = 0;
  EventNumber event = 0;
  struct Value {
    BudgetSum sum;
    std::uint64_t value = 0;
  };
  std::vector<Value> values;  // what the rule speaks of, at that event
  // Of growth.
  std::uint64_t rounds = 0, from = 0, to = 0;  // measured over so many rounds; the values at both ends
};

class Walker;

// Holds a trace to its budgets in one pass, in slices.
class BudgetCheck {
 public:
  // The timeline and the budgets must outlive it.
  BudgetCheck(const Timeline& timeline, const std::vector<Budget>& budgets, std::optional<RoundRule> rounds = {});
  ~BudgetCheck();

  bool advance(std::size_t events);  // true: done
  double progress() const;
  const std::string& problem() const { return problem_; }
  const std::vector<Breach>& breaches() const { return breaches_; }  // in the order of the rules, once done
  // Rounds that growth was measured over; 0 where a rule asked for it: it could not be.
  std::uint64_t rounds_of(std::size_t rule) const;
  const RoundRule& rounds() const { return rule_; }

 private:
  struct Point {
    std::uint64_t round;
    EventNumber event;
    std::uint64_t value;
  };
  struct Watched {
    std::unique_ptr<ConditionWatch> watch;  // of a condition, until it is broken
    bool asked = false;
    RoundRule rounds;  // of growth
    std::unique_ptr<ConditionWatch> marker;
    std::uint64_t round = 0;
    bool ends_round = false;
    std::vector<Point> points;
  };
  template <class E>
  void before(const E& e);
  void after();
  void start();
  void finish();
  void breaks(std::size_t rule, std::vector<BudgetSum> sums);
  void judge_growth(std::size_t rule);

  const Timeline* timeline_;
  const std::vector<Budget>* budgets_;
  const core::VersionProfile* profile_;
  std::unique_ptr<RoundFinder> finder_;
  RoundRule rule_;
  std::unique_ptr<Walker> walker_;
  std::vector<Watched> watched_;
  ContextPaths paths_;
  std::vector<Breach> breaches_;
  std::string problem_;
  bool done_ = false;
};

// Over all contexts of that name at this state.
std::uint64_t sum_of(const MemoryState& state, const BudgetSum& sum, const core::VersionProfile* profile,
                     ContextPaths& paths);

}  // namespace palloscope::trace
