// What a scenario says of itself in its head, the call scenario{...} at its top: enough for a list of lessons.
// Reading the head runs nothing behind it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event_sink.h"

namespace palloscope::core {

// One sentence in the two languages that lessons are written in.
struct LocalizedText {
  std::string en;
  std::string zh;
  friend bool operator==(const LocalizedText&, const LocalizedText&) = default;
};

struct ScenarioInfo {
  std::string name;             // the file's name without ".lua": "04-block-doubling"
  LocalizedText title;          // without a head: the name
  LocalizedText about;          // what there is to see, one line; may be empty
  std::optional<int> pg_major;  // the version it wants; none: any
  int order = 1000;             // place in the list
  std::string panel;            // the window's panel that shows what it is about; empty: the map
  std::string rounds;           // what repeats in it, as palloscope report takes it; empty: not said
  std::string problem;          // why there is no head, with script and line; empty: it has one
  friend bool operator==(const ScenarioInfo&, const ScenarioInfo&) = default;
};

// `name` may be a path; folders and ".lua" are dropped.
ScenarioInfo read_scenario_info(std::string_view name, std::string_view text);

// A lesson that is part of the program (assets/scenarios, embedded at build).
struct BuiltinScenario {
  ScenarioInfo info;
  std::string_view text;
};

// By `order`, then by name. Read once, then kept.
const std::vector<BuiltinScenario>& builtin_scenarios();
// By its whole name, or by its name without the leading number ("block-doubling"), or by the number. Null: none.
const BuiltinScenario* find_builtin_scenario(std::string_view name);

}  // namespace palloscope::core
