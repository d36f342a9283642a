// What a scenario says a round is (its head's `rounds`): a lesson about a leak knows what it repeats, a trace of it
// does not.
#pragma once

#include <optional>
#include <string_view>

#include "core/events/event_sink.h"
#include "trace/findings/rounds.h"

namespace palloscope::gui {

// Of the script that feeds the stream, or else of the program's own scenario that a recording is of. None: nothing is
// said.
std::optional<trace::RoundRule> lesson_rounds(const core::StreamDescription& description, std::string_view script = {});

}  // namespace palloscope::gui
