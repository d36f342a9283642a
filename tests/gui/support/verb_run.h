// One verb of the command line, run in this process, and what came of it.
#pragma once

#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "gui/cli/command_line.h"

namespace palloscope::gui::cli {

struct Outcome {
  int status = -1;
  std::string out, err;
};

inline Outcome run(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const auto answer = run_command_line(arguments, {out, err});
  return {std::get<int>(answer), out.str(), err.str()};
}

}  // namespace palloscope::gui::cli
