// No verb: the window. A verb: its row of the table.
#include <unistd.h>

#include <iostream>
#include <string>
#include <variant>
#include <vector>

#include "gui/cli/command_line.h"
#include "gui/platform/window.h"

int main(int count, char** values) {
  using namespace palloscope::gui;
  const std::vector<std::string> arguments(values + (count > 0 ? 1 : 0), values + count);
  const auto answer = cli::run_command_line(arguments, {std::cout, std::cerr, isatty(STDERR_FILENO) != 0});
  if (const int* status = std::get_if<int>(&answer)) return *status;
  const auto& request = std::get<cli::WindowRequest>(answer);
  const auto closed = run_window({request.file, request.at, request.base, request.link, request.attach});
  if (closed) return cli::kExitGood;
  std::cerr << "palloscope: " << closed.error().message
            << "\nWithout a display, draw a picture instead: palloscope shot [FILE] -o OUT.png\n";
  return cli::kExitBad;
}
