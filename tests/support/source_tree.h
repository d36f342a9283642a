// Where the clone lies, for tests that read its files (golden data, samples, the tree's own rules).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace palloscope::test {

// "tests/golden/x.json" -> the file in the clone that the tests were built from.
std::filesystem::path in_source_tree(std::string_view relative_path);

// The file's bytes; a test that asks for a file that is not there fails with its name.
std::string read_file(const std::filesystem::path& path);

}  // namespace palloscope::test
