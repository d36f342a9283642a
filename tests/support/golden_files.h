// The golden files that the clone carries, compressed: samples of real servers and what tests compare with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace palloscope::test {

// "dumps/pg17-out-of-memory.log" -> the bytes of tests/golden/dumps/pg17-out-of-memory.log.zst, unpacked.
std::string read_golden(std::string_view name);

// The names in such a folder ("dumps"), sorted, as read_golden takes them; only those that end with `ending`.
std::vector<std::string> golden_names(std::string_view folder, std::string_view ending = "");

}  // namespace palloscope::test
