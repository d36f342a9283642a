// How far long work is: one line on a terminal's `err`, written over itself and wiped at the end. On anything else (a
// file, a pipe, a test): nothing. Ctrl+C ends the program as it would without.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "gui/cli/verb.h"

namespace palloscope::gui::cli {

class Progress {
 public:
  Progress(std::string_view verb, Streams io) : verb_(verb), io_(io) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // "rows in: 5120 of 1000000 (0 %)"; `of` 0: "merging". Not at once, and ten times a second at most.
  void tell(std::string_view doing, std::uint64_t done, std::uint64_t of);

 private:
  using Clock = std::chrono::steady_clock;

  std::string verb_;
  Streams io_;
  Clock::time_point next_ = Clock::now() + std::chrono::milliseconds(500);
  bool shown_ = false;
};

}  // namespace palloscope::gui::cli
