#include "tests/support/source_tree.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace palloscope::test {

std::filesystem::path in_source_tree(std::string_view relative_path) {
  return std::filesystem::path(PALLOSCOPE_SOURCE_DIR) / relative_path;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

}  // namespace palloscope::test
