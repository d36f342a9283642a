// How far long work is: one line on a terminal's `err`, written over itself and wiped at the end. On anything else (a
// file, a pipe, a test): nothing. Ctrl+C ends the program as it would without.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "gui/cli/verb.h"

namespace palloscope::gui::cli {

class Progress {
 public:
  // Work that ends within `patience` is not told of.
  Progress(std::string_view verb, Streams io, std::chrono::milliseconds patience = std::chrono::milliseconds(500))
      : verb_(verb), io_(io), next_(Clock::now() + patience) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // "rows in: 5120 of 1000000 (0 %)"; `of` 0: "merging". Ten times a second at most.
  void tell(std::string_view doing, std::uint64_t done, std::uint64_t of);
  void tell(std::string_view doing, double share);  // 0 to 1: "comparing: 40 %"

 private:
  using Clock = std::chrono::steady_clock;

  bool is_time();  // and begins the line

  std::string verb_;
  Streams io_;
  Clock::time_point next_;
  bool shown_ = false;
};

}  // namespace palloscope::gui::cli
