// A stream as Chrome trace events (the JSON object format), which Perfetto and chrome://tracing open. An event is a
// microsecond, since recordings have no clock of their own. Counters: the memory of all contexts, and of the contexts
// of each name; slices: statements, narration, operations; instants: errors, failed allocations, mistakes, dumps.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

class ChromeTrace {
 public:
  // Counters are told every `sample` events, where they changed. At most kMostCounters names get one of their own.
  static constexpr std::size_t kMostCounters = 1000;
  ChromeTrace(const core::StreamDescription& description, EventNumber sample, std::ostream& out);

  // Events in order; the first may be any.
  void take(EventNumber number, const core::EventBody& event, const MemoryState& after);
  void finish();
  std::size_t names_left_out() const { return left_out_; }

 private:
  struct Slice {
    EventNumber from = 0;
    std::string name;
  };
  struct Sums {
    std::uint64_t total = 0, used = 0;
    bool changed = false, left_out = false;
  };
  struct Counted {  // of a context slot: what it adds to its name's sums
    std::uint64_t total = 0, used = 0;
    std::string name;
  };
  void begin(char phase, std::string_view name, EventNumber at);
  void end_slice(Slice& slice, int track, EventNumber at);
  void open_slice(Slice& slice, int track, EventNumber at, std::string name);
  void instant(EventNumber at, std::string_view name, std::string_view detail);
  void recount(ContextSlot slot, const MemoryState& state);
  void sample(EventNumber at, const MemoryState& state);

  std::ostream& out_;
  const core::VersionProfile* profile_;
  EventNumber every_, last_ = 0, next_sample_ = 0;
  bool is_first_ = true;
  std::vector<bool> is_touched_;  // by context slot: since the last sample
  std::vector<ContextSlot> touched_;
  std::vector<Counted> counted_;
  std::vector<ContextSlot> owners_;  // by block slot
  std::map<std::string, Sums> sums_;
  std::size_t left_out_ = 0;
  Slice statement_, narration_;
  std::map<std::uint32_t, Slice> operations_;
};

}  // namespace palloscope::trace
