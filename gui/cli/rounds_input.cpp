#include "gui/cli/rounds_input.h"

#include <filesystem>

#include "gui/cli/scenario_text.h"
#include "gui/lesson_rounds.h"

namespace palloscope::gui::cli {

std::optional<trace::RoundRule> rounds_of_scenario(const std::string& file, const trace::Timeline& timeline) {
  std::string script;
  if (std::filesystem::path(file).extension() == ".lua")
    if (auto scenario = find_scenario(file)) script = std::move(scenario->text);
  return lesson_rounds(timeline.description(), script);
}

}  // namespace palloscope::gui::cli
