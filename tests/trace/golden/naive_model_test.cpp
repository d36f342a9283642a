// Core against the naive model, on random sequences nastier than the recorded ones: after every operation the place,
// space and header word of the chunk, the malloc calls, the errors, the callbacks and the output; now and then every
// context's whole layout, the tree and the statistics.
//
// The ordinary run takes a few seconds. Longer: PALLOSCOPE_RANDOM_SECONDS=600; one seed again:
// PALLOSCOPE_RANDOM_SEED=N.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/naive_model/golden_json.h"
#include "tests/support/naive_model/nasty_mix.h"
#include "tests/trace/golden/process_runner.h"
#include "trace/golden/golden_replay.h"

namespace palloscope::test {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kShownOperations = 25;
constexpr int kQuestionEvery = 41, kEverythingEvery = 1500;

struct Build {
  int major;
  bool checking;
};

std::vector<Build> builds() {
  std::vector<Build> all;
  for (int major = 15; major <= 18; ++major) {
    for (bool checking : {false, true}) {
      if (core::find_profile(major, checking)) all.push_back({major, checking});
    }
  }
  return all;
}

class Duel {
 public:
  Duel(Build build, std::uint64_t seed)
      : build_(build),
        seed_(seed),
        runner_(*core::find_profile(build.major, build.checking)),
        model_(build.major, build.checking, [this](std::int64_t region) { return runner_.base(region); }),
        mix_(model_, seed),
        random_(seed + 1) {}

  // Empty: both did the same in all of them.
  std::string run(std::size_t operations) {
    for (done_ = 0; done_ < operations; ++done_) {
      const Operation operation = mix_.next();
      last_.push_back(operation);
      if (last_.size() > kShownOperations) last_.pop_front();
      Outcome found, expected;
      try {
        found = runner_.apply(operation);
        expected = model_.apply(operation);
      } catch (const std::out_of_range& missing) {
        return report("what it is about", "a context and a chunk that there are", missing.what());
      }
      if (found != expected) return report("outcome", to_text(expected), to_text(found));
      count(operation, expected);
      std::string difference = touched(operation);
      if (difference.empty() && done_ % kQuestionEvery == 0) difference = question();
      if (difference.empty() && done_ % kEverythingEvery == 0) difference = everything();
      if (!difference.empty()) return difference;
    }
    return everything();
  }

  std::size_t done() const { return done_; }
  const std::map<std::string, std::size_t>& tally() const { return tally_; }

 private:
  // What was done and what came of it, in words.
  void count(const Operation& operation, const Outcome& outcome) {
    ++tally_[golden_name(operation)];
    if (!outcome.error.empty()) ++tally_["error: " + outcome.error.substr(0, 24)];
    if (outcome.returned_null) ++tally_["returned NULL"];
    for (const MallocCall& call : outcome.calls) {
      constexpr const char* kCalls[] = {"malloc", "free()", "realloc()", "malloc failed", "realloc failed"};
      ++tally_[kCalls[call.kind]];
    }
  }

  template <class T>
  std::string compare(const std::string& what, const T& expected, const T& found) const {
    if (expected == found) return {};
    if constexpr (std::is_same_v<T, json>) return report(what, expected.dump(), found.dump());
    return report(what, fmt::format("{}", expected), fmt::format("{}", found));
  }
  std::string compare(const std::string& what, const json& expected, const json& found) const {
    return expected == found ? std::string() : report(what, expected.dump(), found.dump());
  }

  std::string touched(const Operation& operation) const {
    if (model_.contexts().count(operation.context) == 0) return {};
    return compare(fmt::format("mem_allocated of context {}", operation.context),
                   model_.mem_allocated(operation.context, false),
                   runner_.process().memory_context_mem_allocated(runner_.context(operation.context), false));
  }

  std::string question() {
    const auto& contexts = model_.contexts();
    if (contexts.size() > 2) {
      auto place = std::next(contexts.begin(), static_cast<std::ptrdiff_t>(2 + random_() % (contexts.size() - 2)));
      const core::Address at = runner_.context(place->first);
      const int most = random_() % 2 == 0 ? 100 : static_cast<int>(random_() % 8);
      std::string difference =
          compare(fmt::format("stats_text of {}, at most {} children", place->first, most),
                  model_.stats_text(place->first, most), runner_.process().memory_context_stats(at, most));
      if (!difference.empty()) return difference;
    }
    const auto& chunks = model_.chunks();
    if (chunks.empty()) return {};
    auto chunk =
        std::next(chunks.begin(), static_cast<std::ptrdiff_t>(random_() % std::min<std::size_t>(50, chunks.size())));
    const NaiveContext& owner = contexts.at(chunk->second.context);
    if (owner.kind == core::ContextKind::Bump) return {};
    const core::Address at = runner_.chunk(chunk->first);
    std::string difference = compare(fmt::format("space of chunk {}", chunk->first), model_.chunk_space(chunk->first),
                                     runner_.process().get_memory_chunk_space(at));
    if (!difference.empty()) return difference;
    return compare(fmt::format("owner of chunk {}", chunk->first), runner_.context(chunk->second.context).value,
                   runner_.process().get_memory_chunk_context(at).value);
  }

  std::string everything() {
    const core::WalkedHeap heap = runner_.walk();
    if (!heap.findings.empty())
      return report("walk", "no findings",
                    fmt::format("{:#x}: {}", heap.findings.front().where.value, heap.findings.front().what));
    std::string difference = compare("the tree", model_.tree(-1), trace::golden_tree(heap, 0));
    for (const auto& [number, context] : model_.contexts()) {
      if (!difference.empty()) break;
      if (number < 0) continue;
      difference = compare(fmt::format("dump of context {}", number), model_.dump(number), runner_.dump(heap, number));
    }
    for (int list = 0; list < 2 && difference.empty(); ++list) {
      difference = compare("recycled contexts", model_.recycled(list), heap.recycled[list].size());
    }
    if (!difference.empty()) return difference;
    return compare("sum of mem_allocated", model_.mem_allocated(-1, true),
                   runner_.process().memory_context_mem_allocated(runner_.context(-1), true));
  }

  std::string report(const std::string& what, const std::string& expected, const std::string& found) const {
    std::string text = fmt::format(
        "PostgreSQL {}{}, seed {}, operation {}: {}\nexpected {}\nfound    {}\nlast operations:", build_.major,
        build_.checking ? " checking" : "", seed_, done_, what, expected, found);
    for (const Operation& operation : last_) text += "\n  " + golden_operation(operation).dump();
    return text;
  }

  Build build_;
  std::uint64_t seed_;
  ProcessRunner runner_;
  NaiveModel model_;
  NastyMix mix_;
  std::mt19937_64 random_;
  std::size_t done_ = 0;
  std::deque<Operation> last_;
  std::map<std::string, std::size_t> tally_;
};

double seconds_to_spend() {
  const char* wanted = std::getenv("PALLOSCOPE_RANDOM_SECONDS");
  return wanted ? std::strtod(wanted, nullptr) : 5.0;
}

TEST_CASE("core and the naive model do the same in every version, whatever is asked of them") {
  const char* again = std::getenv("PALLOSCOPE_RANDOM_SEED");
  std::uint64_t seed = again ? std::strtoull(again, nullptr, 10) : std::random_device{}();
  const auto until = Clock::now() + std::chrono::duration<double>(seconds_to_spend());
  std::size_t operations = 0, sequences = 0;
  std::map<std::string, std::size_t> tally;
  do {
    for (const Build& build : builds()) {
      Duel duel(build, seed);
      const std::string difference = duel.run(seed % 5 == 0 ? 12'000 : 2000);
      operations += duel.done();
      ++sequences;
      for (const auto& [what, times] : duel.tally()) tally[what] += times;
      INFO(difference);
      REQUIRE(difference.empty());
    }
    ++seed;
  } while (!again && Clock::now() < until);
  if (std::getenv("PALLOSCOPE_RANDOM_SECONDS")) {
    std::cout << operations << " operations in " << sequences << " sequences up to seed " << seed - 1 << "\n";
    for (const auto& [what, times] : tally) std::cout << fmt::format("{:>10}  {}\n", times, what);
  }
}

}  // namespace
}  // namespace palloscope::test
