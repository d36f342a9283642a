#include "gui/cli/scenario_text.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>
#include <system_error>
#include <vector>

#include "core/base/nearest_word.h"
#include "core/scenario/scenario_run.h"
#include "gui/cli/arguments.h"
#include "gui/cli/source_file.h"

namespace palloscope::gui::cli {
namespace {

constexpr std::uintmax_t kMostScriptBytes = 1 << 20;

core::Error not_found(const std::string& name) {
  std::vector<std::string_view> names;
  for (const core::BuiltinScenario& scenario : core::builtin_scenarios()) names.push_back(scenario.info.name);
  std::string meant;
  for (const std::string_view near : core::nearest_names(name, names, 2))
    meant += fmt::format("{}{}", meant.empty() ? "; did you mean " : " or ", near);
  return {core::ErrorCode::NotFound,
          fmt::format("there is no file and no scenario \"{}\"{}", name,
                      meant.empty() ? "; palloscope run --list tells the scenarios" : meant + "?")};
}

}  // namespace

core::Result<ScenarioText> find_scenario(const std::string& name) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(name, ignored)) {
    if (const core::BuiltinScenario* scenario = core::find_builtin_scenario(name))
      return ScenarioText{scenario->info.name, std::string(scenario->text)};
    return not_found(name);
  }
  if (std::filesystem::file_size(name, ignored) > kMostScriptBytes)
    return core::Error{core::ErrorCode::BadFormat, fmt::format("{}: a scenario is at most 1 MB long", name)};
  std::ifstream file(name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return core::Error{core::ErrorCode::Io, fmt::format("{}: cannot be read", name)};
  return ScenarioText{name, text.str()};
}

std::optional<trace::Timeline> open_source_or_scenario(std::string_view verb, const std::string& name, Streams io,
                                                       int pg_major) {
  std::error_code ignored;
  const bool is_file = name == "-" || std::filesystem::exists(name, ignored);  // "-": standard input
  const bool is_script = std::filesystem::path(name).extension() == ".lua";
  if (!is_script && (is_file || name.find('/') != std::string::npos)) return open_source(verb, name, io, pg_major);
  const core::Result<ScenarioText> scenario = find_scenario(name);
  if (!scenario) {
    complain(verb, scenario.error(), io);
    return std::nullopt;
  }
  const core::ScenarioInfo info = core::read_scenario_info(scenario->name, scenario->text);
  core::ScenarioOptions options;
  options.pg_major = info.pg_major;
  trace::Timeline timeline = trace::Timeline::recording(core::describe_scenario(info, options));
  auto run = core::ScenarioRun::start(scenario->name, scenario->text, options, timeline.sink());
  if (!run) {
    complain(verb, run.error(), io);
    return std::nullopt;
  }
  // A scenario that fails is looked at up to there: what it did is done.
  if (run->advance() == core::RunState::Failed)
    io.err << fmt::format("palloscope {}: {}: {}\n", verb, name, run->error());
  return timeline;
}

}  // namespace palloscope::gui::cli
