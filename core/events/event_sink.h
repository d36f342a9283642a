// Where events go: a trace writer, a timeline that grows, a test. Described once, then fed in order.
#pragma once

#include <string>

#include "core/events/event.h"

namespace palloscope::core {

enum class SourceKind : std::uint8_t {
  Scenario,
  Recording,
  Dump,      // what a server said of itself: counters of contexts
  Snapshot,  // a process's memory as it was read from outside: contexts, blocks, chunks
};

// Whether a stream tells of moments (SnapshotBegan to SnapshotEnded) and not of every allocation in between.
constexpr bool has_moments(SourceKind kind) { return kind == SourceKind::Dump || kind == SourceKind::Snapshot; }

// What a stream is about; the same for its whole length.
struct StreamDescription {
  SourceKind source = SourceKind::Scenario;
  int pg_major = 17;      // 14..18 (14: dumps only); 0: unknown
  bool checking = false;  // layout of a MEMORY_CONTEXT_CHECKING build
  std::string title;      // scenario's title or the file's name
  std::string origin;     // where it came from: "scenario leak.lua", "log of pg_log_backend_memory_contexts"
  friend bool operator==(const StreamDescription&, const StreamDescription&) = default;
};

// Whether chunks' requested sizes are what was asked for. Production builds keep them nowhere, so a snapshot of one has
// the granted size in their place.
inline bool requested_known(const StreamDescription& stream) {
  return stream.source != SourceKind::Snapshot || stream.checking;
}

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const EventBody& event) = 0;
  // Number of the event that went in last, in the stream that is made; 0: none yet, or the sink does not count.
  virtual EventNumber last_event() const { return 0; }
};

}  // namespace palloscope::core
