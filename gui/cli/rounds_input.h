// What a round is, where a verb was not told: what the scenario that was given says of itself.
#pragma once

#include <optional>
#include <string>

#include "trace/findings/rounds.h"

namespace palloscope::gui::cli {

std::optional<trace::RoundRule> rounds_of_scenario(const std::string& file, const trace::Timeline& timeline);

}  // namespace palloscope::gui::cli
