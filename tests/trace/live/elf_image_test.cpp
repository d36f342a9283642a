// ELF files: our own, and ones that are cut or lie.
#include "trace/live/elf_image.h"

#include <elf.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <random>

#include "tests/support/catch.h"
#include "trace/live/proc_files.h"
#include "trace/live/server_roots.h"

extern "C" {
int palloscope_test_variable = 4711;  // looked for by name
}

namespace palloscope::trace {
namespace {

std::vector<char> bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class TemporaryFile {
 public:
  TemporaryFile() : path_(std::filesystem::temp_directory_path() / ("palloscope_elf_" + std::to_string(getpid()))) {}
  ~TemporaryFile() { std::filesystem::remove(path_); }
  void write(std::span<const char> bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST_CASE("a variable of our own program is found where it is") {
  const auto image = ElfImage::open("/proc/self/exe");
  REQUIRE(image);
  CHECK((image->type() == ET_DYN || image->type() == ET_EXEC));
  CHECK_FALSE(image->segments().empty());
  const auto maps = parse_maps(*read_proc_file("/proc/self/maps"));
  const auto bias = load_bias(*image, maps);
  REQUIRE(bias);
  const std::string_view names[] = {"no_such_variable_anywhere", "palloscope_test_variable"};
  const auto found = image->find_symbols(names);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == 0);
  CHECK(found[1] + *bias == reinterpret_cast<std::uintptr_t>(&palloscope_test_variable));
  bool has_main = false;
  for (const ElfSymbol& symbol : image->symbols()) has_main = has_main || (symbol.name == "main" && symbol.is_function);
  CHECK(has_main);
}

TEST_CASE("a program without TopMemoryContext is no server") {
  const auto image = ElfImage::open("/proc/self/exe");
  REQUIRE(image);
  const auto roots = find_roots(*image, 0, "/usr/bin/mine");
  REQUIRE_FALSE(roots);
  CHECK_THAT(roots.error().message, Catch::Matchers::ContainsSubstring("/usr/bin/mine"));
}

TEST_CASE("what is no ELF file is refused by name") {
  const TemporaryFile file;
  file.write(std::string("#!/bin/sh\n"));
  const auto text = ElfImage::open(file.path());
  REQUIRE_FALSE(text);
  CHECK_THAT(text.error().message, Catch::Matchers::ContainsSubstring(file.path().string()));
  CHECK_FALSE(ElfImage::open("/nowhere/at/all"));
  CHECK_FALSE(ElfImage::open("/"));
}

// Whatever its numbers say, nothing is read beyond the file.
void look_at_all(const std::filesystem::path& path) {
  const auto image = ElfImage::open(path);
  if (!image) return;
  const std::string_view names[] = {"TopMemoryContext", "main"};
  image->find_symbols(names);
  image->notes();
  image->build_id();
  image->lowest_load_address();
  version_text(*image, 15);
}

TEST_CASE("cut and mutated files are read without harm") {
  // The loader's own library: small, with dynamic symbols and notes.
  const auto maps = parse_maps(*read_proc_file("/proc/self/maps"));
  std::filesystem::path library;
  for (const Mapping& mapping : maps)
    if (mapping.name.find("/ld-") != std::string::npos || mapping.name.find("/libgcc_s") != std::string::npos)
      library = mapping.name;
  if (library.empty()) return;
  const std::vector<char> whole = bytes_of(library);
  const TemporaryFile file;
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{63}, std::size_t{64}, std::size_t{500},
                                 whole.size() / 2, whole.size() - 1}) {
    file.write(std::span(whole).first(std::min(size, whole.size())));
    look_at_all(file.path());
  }
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Elf64_Ehdr head{};
  std::memcpy(&head, whole.data(), sizeof head);
  const auto pick = [&](std::size_t most) { return static_cast<std::size_t>(random()) % most; };
  for (int round = 0; round < 60; ++round) {
    std::vector<char> mutated = whole;
    for (std::size_t i = 0; i < 1 + pick(8); ++i) {
      const std::size_t from = pick(3) == 0 ? 16 : pick(2) == 0 ? head.e_phoff : head.e_shoff;
      const std::size_t at = std::min(from + pick(600), mutated.size() - 1);
      mutated[at] = static_cast<char>(pick(3) == 0 ? 0xFF : random());
    }
    file.write(mutated);
    look_at_all(file.path());
  }
  CHECK(ElfImage::open(library));
}

TEST_CASE("notes stop at the first that is not whole") {
  std::vector<std::uint8_t> bytes(12 + 4 + 8);
  const std::uint32_t head[] = {4, 8, NT_GNU_BUILD_ID};
  std::memcpy(bytes.data(), head, sizeof head);
  std::memcpy(bytes.data() + 12, "GNU", 4);
  const auto notes = parse_notes(bytes);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].name == "GNU");
  CHECK(notes[0].bytes.size() == 8);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(parse_notes(std::span(bytes).first(size)).empty());
  const std::uint32_t hostile[] = {0xFFFFFFFF, 0xFFFFFFFF, 3};
  std::memcpy(bytes.data(), hostile, sizeof hostile);
  CHECK(parse_notes(bytes).empty());
}

}  // namespace
}  // namespace palloscope::trace
