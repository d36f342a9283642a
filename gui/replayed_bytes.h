// ReplayedBytes: the true bytes of a scenario at any event. Scripts are deterministic, so a private second run, kept at
// that event, has them: it goes on as the cursor does, begins anew when the cursor goes back, and works in slices so
// that a window never waits for it. Inside a call (the run stops only between calls) the bytes are those copied when
// the event came by.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/scenario/scenario_run.h"
#include "core/walk/memory_source.h"
#include "gui/session.h"

namespace palloscope::gui {

class ReplayedBytes {
 public:
  ReplayedBytes();
  ~ReplayedBytes();

  // The bytes after the event at the cursor; null: there are none (no scenario, the run does not repeat itself, a heap
  // too large to copy), or not yet: is_working(). Valid until the next call.
  const core::MemorySource* at_cursor(const Session& session);
  // It needs further calls to get there.
  bool is_working() const { return working_; }

 private:
  struct Run;
  bool begin(const Document& document);
  bool go_on(const Document& document, EventNumber wanted);

  std::unique_ptr<Run> run_;
  std::unique_ptr<core::MemorySource> source_;
  std::uint64_t serial_ = 0;     // of the document that run_ repeats
  EventNumber first_ = 0;        // before this event there is no process to look into
  EventNumber unreachable_ = 0;  // a moment that was tried in vain
  bool failed_ = false;          // it does not repeat itself: no further try
  bool working_ = false;
};

}  // namespace palloscope::gui
