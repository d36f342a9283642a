// The layout rules of a stream's version of PostgreSQL; 17's where it does not say or there are none.
#pragma once

#include "core/events/event_sink.h"
#include "core/version/version_profile.h"

namespace palloscope::trace {

const core::VersionProfile& profile_for(const core::StreamDescription& description);

}  // namespace palloscope::trace
