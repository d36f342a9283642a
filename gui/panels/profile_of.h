// The layout rules that the open stream's bytes follow.
#pragma once

#include "core/version/version_profile.h"
#include "gui/session.h"

namespace palloscope::gui {

// Of the document's version; 17's where the stream does not say (dumps have no bytes to lay out).
inline const core::VersionProfile& profile_of(const Session& session) {
  const core::VersionProfile* profile = nullptr;
  if (const trace::Timeline* timeline = session.timeline())
    profile = core::find_profile(timeline->description().pg_major, timeline->description().checking);
  return profile != nullptr ? *profile : *core::find_profile(17, false);
}

}  // namespace palloscope::gui
