// The layout rules that the open stream's bytes follow.
#pragma once

#include "core/version/version_profile.h"
#include "gui/session.h"
#include "trace/explain/explain.h"

namespace palloscope::gui {

// Of the document's version; where the stream does not say (dumps have no bytes to lay out), or none is open, the one
// that stands in for it.
inline const core::VersionProfile& profile_of(const Session& session) {
  const trace::Timeline* timeline = session.timeline();
  return trace::profile_for(timeline != nullptr ? timeline->description() : core::StreamDescription{});
}

}  // namespace palloscope::gui
