// Survey: everything that can be found about the memory of a trace in one pass over its events, in slices, so that a
// window goes on drawing; what it keeps depends on contexts, paths and live chunks, not on the number of events.
// First it looks (without replaying) what the trace repeats, then it replays it once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/findings/churn.h"
#include "trace/findings/context_paths.h"
#include "trace/findings/finding.h"
#include "trace/findings/growth.h"
#include "trace/findings/hoards.h"
#include "trace/findings/lifetimes.h"
#include "trace/findings/rounds.h"
#include "trace/findings/waste.h"

namespace palloscope::trace {

class ConditionWatch;
class Walker;

// The memory at one event, for a curve. Of a dump: of one of its moments, when it was complete.
struct SurveySample {
  struct Part {
    PathNumber path = kNoPath;
    Waste waste;
  };
  EventNumber event = 0;
  std::uint64_t malloc_bytes = 0;  // all regions: contexts', plain ones, recycled
  Waste waste;                     // of contexts
  std::vector<Part> parts;         // by path, the most first: at most kMostSampledPaths
};

// The highest moment: the first of those at which most was malloc'ed that has most of it in contexts.
struct Peak {
  EventNumber event = 0;
  std::uint64_t malloc_bytes = 0;  // of all regions
  std::vector<PathWaste> holders;  // most first
  Waste waste;
  std::uint64_t recycled_bytes = 0, plain_bytes = 0;  // regions of no context: malloc = waste.total + these
  // A dump tells of contexts only.
  std::uint64_t bytes() const { return malloc_bytes != 0 ? malloc_bytes : waste.total_bytes; }
};

class Survey {
 public:
  static constexpr std::size_t kSamples = 240;
  static constexpr std::size_t kMostSampledPaths = 800;

  // The timeline must outlive it. What comes to it later is not looked at. `rounds`: none: what the trace repeats.
  explicit Survey(const Timeline& timeline, std::optional<RoundRule> rounds = {});
  ~Survey();
  Survey(const Survey&) = delete;
  Survey& operator=(const Survey&) = delete;

  // Goes on for about so many events. True: all is known.
  bool advance(std::size_t events);
  double progress() const;  // 0..1
  bool done() const { return done_; }
  const std::string& problem() const { return problem_; }  // why it ends before the trace does; empty: it does not

  // Once done:
  EventNumber events() const { return size_; }
  const RoundRule& rounds() const { return rule_; }
  std::uint64_t round_count() const { return growth_.rounds(); }
  const std::vector<Finding>& findings() const { return findings_; }  // the heaviest first
  const Peak& peak() const { return peak_; }
  const std::vector<SurveySample>& samples() const { return samples_; }
  std::vector<SurveySample> samples_of(PathNumber path) const;  // of its contexts alone
  bool is_of_dump() const { return is_dump_; }
  // What could be taken for rounds; known where none were given.
  const std::vector<RoundChoice>& choices() const { return choices_; }
  const LifetimeWatch& lifetimes() const { return lifetimes_; }
  const ContextPaths& paths() const { return paths_; }
  // What findings were made of.
  const std::vector<Growth>& growths() const { return growth_.growths(); }
  PathNumber cure_for(PathNumber path) const { return growth_.cure_for(path, paths_); }
  const HoardWatch& hoards() const { return hoards_; }
  const ChurnWatch& churns() const { return churn_; }

 private:
  template <class E>
  void before(const E& e);
  void after();
  void sample();
  void finish();
  void find_peak();

  const core::VersionProfile* profile_;
  EventNumber size_;
  bool is_dump_;
  std::unique_ptr<RoundFinder> finder_;  // while it looks for rounds
  RoundRule rule_;
  std::unique_ptr<ConditionWatch> marker_;  // rounds that a condition ends
  std::unique_ptr<Walker> walker_;
  std::vector<RoundChoice> choices_;
  bool done_ = false;
  std::string problem_;

  ContextPaths paths_;
  GrowthWatch growth_;
  HoardWatch hoards_;
  LifetimeWatch lifetimes_;
  ChurnWatch churn_;
  bool ends_round_ = false;   // the event under way
  bool ends_dump_ = false;    // it completes a moment of a dump
  bool asks_marker_ = false;  // marker_ was shown it
  ContextSlot created_;       // by it
  EventNumber sample_every_ = 1;
  std::vector<SurveySample> samples_;
  Peak peak_;
  std::uint64_t peak_context_bytes_ = 0;
  std::vector<Finding> findings_;
};

// Growth, piles, hoards, ... as findings, the heaviest first.
std::vector<Finding> findings_of(const Survey& survey);

}  // namespace palloscope::trace
