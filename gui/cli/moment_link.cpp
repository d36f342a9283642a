#include "gui/cli/moment_link.h"

#include <filesystem>
#include <system_error>

#include "core/scenario/scenario_info.h"
#include "gui/view_link.h"

namespace palloscope::gui::cli {

std::string moment_link(const std::string& source, EventNumber at, const Selection& selection) {
  ViewLink link{.file = source};
  std::error_code ignored;
  const core::BuiltinScenario* scenario =
      std::filesystem::exists(source, ignored) ? nullptr : core::find_builtin_scenario(source);
  if (scenario != nullptr) {
    link.file.clear();
    link.scenario = scenario->info.name;
  } else if (const auto path = std::filesystem::absolute(source, ignored); !path.empty()) {
    link.file = path.lexically_normal().string();
  }
  link.at = at;
  if (!std::holds_alternative<NothingSelected>(selection)) link.selection = selection;
  return format_view_link(link);
}

void add_link_flag(Usage& usage, bool& link) {
  usage.add("--link", &link, "with each moment a link that opens it: palloscope LINK, palloscope shot LINK");
}

}  // namespace palloscope::gui::cli
