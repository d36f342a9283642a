#include "trace/live/snapshot_timeline.h"

#include "trace/live/snapshot_events.h"

namespace palloscope::trace {

core::Result<Timeline> timeline_of(const core::Result<Capture>& capture, const std::string& title) {
  if (!capture) return capture.error();
  const auto moment = read_moment(*capture);
  if (!moment) return core::Error{moment.error().code, title + ": " + moment.error().message};
  core::StreamDescription description = describe_snapshot(*moment);
  description.title = title;
  Timeline timeline = Timeline::recording(std::move(description));
  SnapshotEvents(timeline.sink()).emit(*moment);
  timeline.seek(timeline.size());
  return timeline;
}

}  // namespace palloscope::trace
