// A scenario by what was typed: a file, or one of the program's own by its name or number.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "gui/cli/verb.h"
#include "trace/replay/timeline.h"

namespace palloscope::gui::cli {

struct ScenarioText {
  std::string name, text;
};
core::Result<ScenarioText> find_scenario(const std::string& name);

// A trace or dump as open_source (source_file.h) opens it; a scenario (a .lua file, or the name or number of one of the
// program's own) is run to its end. `pg_major`: for dumps that do not say it. None: that could not be, and was told.
std::optional<trace::Timeline> open_source_or_scenario(std::string_view verb, const std::string& name, Streams io,
                                                       int pg_major = 0);

}  // namespace palloscope::gui::cli
