#include "gui/lesson_rounds.h"

#include <string>

#include "core/scenario/scenario_info.h"

namespace palloscope::gui {

std::optional<trace::RoundRule> lesson_rounds(const core::StreamDescription& description, std::string_view script) {
  constexpr std::string_view kBefore = "scenario ", kBehind = ".lua";
  std::string rounds;
  if (!script.empty()) {
    rounds = core::read_scenario_info("script", script).rounds;
  } else {
    std::string_view name = description.origin;
    if (!name.starts_with(kBefore) || !name.ends_with(kBehind)) return std::nullopt;
    name.remove_prefix(kBefore.size());
    name.remove_suffix(kBehind.size());
    if (const core::BuiltinScenario* scenario = core::find_builtin_scenario(name)) rounds = scenario->info.rounds;
  }
  if (rounds.empty()) return std::nullopt;
  auto rule = trace::parse_rounds(rounds);
  return rule ? std::optional(std::move(*rule)) : std::nullopt;
}

}  // namespace palloscope::gui
