// Why the event at N did what it did: from the event, the call around it, and the state before and after. Costs a look
// at the neighbourhood, never at the whole heap or trace; the cursor stays where it is.
#pragma once

#include "core/version/version_profile.h"
#include "trace/explain/card.h"
#include "trace/explain/profile_for.h"

namespace palloscope::trace {

// `n` within 1..size(). `profile`: the layout rules of the stream's version (profile_for).
Card explain(const Timeline& timeline, core::EventNumber n, const core::VersionProfile& profile);

}  // namespace palloscope::trace
