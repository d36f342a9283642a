// Moments of one process as a stream of events: the first is told whole, each later one by its differences from the one
// before, between SnapshotBegan and SnapshotEnded.
#pragma once

#include <memory>

#include "core/events/event_sink.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

core::StreamDescription describe_snapshot(const ServerMoment& moment);
// Whether a snapshot tells the recycled-context lists; false: its server was a build that names them nowhere.
bool recycled_known(const core::StreamDescription& snapshot);

class SnapshotEvents {
 public:
  explicit SnapshotEvents(core::EventSink& sink);
  ~SnapshotEvents();
  SnapshotEvents(SnapshotEvents&&) noexcept;
  SnapshotEvents& operator=(SnapshotEvents&&) noexcept;

  void emit(const ServerMoment& moment);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace palloscope::trace
