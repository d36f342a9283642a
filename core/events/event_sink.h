// Where events go: a trace writer, a timeline that grows, a test. Described once, then fed in order.
#pragma once

#include <string>

#include "core/events/event.h"

namespace palloscope::core {

enum class SourceKind : std::uint8_t { Scenario, Recording, Dump };

// What a stream is about; the same for its whole length.
struct StreamDescription {
  SourceKind source = SourceKind::Scenario;
  int pg_major = 17;      // 14..18 (14: dumps only); 0: unknown
  bool checking = false;  // layout of a MEMORY_CONTEXT_CHECKING build
  std::string title;      // scenario's title or the file's name
  std::string origin;     // where it came from: "scenario leak.lua", "log of pg_log_backend_memory_contexts"
  friend bool operator==(const StreamDescription&, const StreamDescription&) = default;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const EventBody& event) = 0;
  // Number of the event that went in last, in the stream that is made; 0: none yet, or the sink does not count.
  virtual EventNumber last_event() const { return 0; }
};

}  // namespace palloscope::core
