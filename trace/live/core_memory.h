// Memory as a core dump has it. What was not written to the core (read-only parts of programs, as a rule) is read from
// the files that were mapped there, as long as they are the same files still.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/walk/memory_source.h"
#include "trace/live/elf_image.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

class CoreMemory final : public core::MemorySource {
 public:
  CoreMemory(ElfImage core, std::vector<Mapping> files);

  // The file of this name is to be found elsewhere.
  void use_file(const std::string& name, const std::filesystem::path& path) { places_[name] = path; }
  // The core has bytes at `at`, and the file mapped there has others. (Of a program's or library's first page, with the
  // build's own number in it, which the kernel writes to every core.)
  bool differs_from_file(core::Address at) const;

  bool read(core::Address at, std::span<std::uint8_t> into) const override;
  std::uint64_t written_bytes() const { return written_bytes_; }

 private:
  struct Piece {
    core::Address begin;
    std::uint64_t bytes = 0, offset = 0;  // in the core
  };

  std::uint64_t read_written(core::Address at, std::span<std::uint8_t> into) const;
  std::uint64_t read_mapped(core::Address at, std::span<std::uint8_t> into) const;
  const Mapping* mapping_at(core::Address at) const;
  const ElfImage* file_of(const Mapping& mapping) const;

  ElfImage core_;
  std::vector<Piece> pieces_;   // by address, those with bytes in the core
  std::vector<Mapping> files_;  // by address
  std::map<std::string, std::filesystem::path, std::less<>> places_;
  std::uint64_t written_bytes_ = 0;
  mutable std::map<std::string, std::optional<ElfImage>, std::less<>> opened_;  // none: not there, or another by now
};

}  // namespace palloscope::trace
