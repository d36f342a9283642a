// Cards for what was only seen: in a snapshot's stream the events of a moment say what is other than at the look before
// it, not what the process did. So no card tells of a call, or of a rule that was followed.
#pragma once

#include "trace/explain/card_maker.h"

namespace palloscope::trace {

// The event is such a difference; the moment itself, and what a block or the process tells, are not.
bool is_only_seen(const core::StreamDescription& stream, const core::EventBody& event);

// `first`: there was no look before. `stream`: whether the size that was asked for is known.
void say_what_was_seen(CardMaker& maker, const core::StreamDescription& stream, bool first);

}  // namespace palloscope::trace
