// What real servers said of their sorts, hash joins and aggregates (tests/golden/workmem), and the same inputs run on
// our own state machines.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "core/events/event_sink.h"
#include "core/version/version_profile.h"
#include "tests/support/golden_files.h"

namespace palloscope::test {

struct NoSink final : core::EventSink {
  void emit(const core::EventBody&) override {}
};

// The cases of `op` ("sort", "join", "aggregate") that this major's server was asked.
inline std::vector<nlohmann::json> recorded_cases(int major, const std::string& op) {
  std::istringstream lines(read_golden("workmem/pg" + std::to_string(major) + ".jsonl"));
  std::vector<nlohmann::json> cases;
  for (std::string line; std::getline(lines, line);) {
    nlohmann::json one = nlohmann::json::parse(line);
    if (one.value("op", "") == op) cases.push_back(std::move(one));
  }
  return cases;
}

// What record.py's rows take. A text that fits gets a header of one byte, else of four.
inline constexpr std::uint64_t kTupleHeader = 16, kInt4 = 4;
inline std::uint64_t text_bytes(std::uint64_t width) { return width <= 126 ? width + 1 : width + 4; }

}  // namespace palloscope::test
