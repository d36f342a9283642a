#include "tests/support/golden_files.h"

#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "tests/support/source_tree.h"

namespace palloscope::test {

std::string read_golden(std::string_view name) {
  const std::string packed = read_file(in_source_tree("tests/golden/" + std::string(name) + ".zst"));
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
    throw std::runtime_error("no zstd file that tells its size: " + std::string(name));
  std::string text(size, '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size());
  if (ZSTD_isError(got)) throw std::runtime_error("cannot unpack " + std::string(name));
  return text;
}

std::vector<std::string> golden_names(std::string_view folder, std::string_view ending) {
  std::vector<std::string> names;
  const std::string wanted = std::string(ending) + ".zst";
  for (const auto& entry : std::filesystem::directory_iterator(in_source_tree("tests/golden/" + std::string(folder)))) {
    const std::string file = entry.path().filename().string();
    if (file.size() >= wanted.size() && file.compare(file.size() - wanted.size(), wanted.size(), wanted) == 0)
      names.push_back(std::string(folder) + "/" + file.substr(0, file.size() - 4));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace palloscope::test
