#include "gui/session.h"

namespace palloscope::gui {

const trace::MemoryState& Session::state() const {
  static const trace::MemoryState empty;
  return document ? document->timeline.state() : empty;
}

bool Session::is_moving() const {
  if (!opening.empty() || !opening_scenario.empty()) return true;
  return document && (playback.playing || document->runs_to_end);
}

}  // namespace palloscope::gui
