// ElfImage: what we need of a 64-bit ELF file (executable, library, core): segments, symbols, notes, build id. The file
// may be cut, foreign or hostile: every offset and count is held against its size, and nothing is read that was not
// asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace palloscope::trace {

struct ElfSegment {
  std::uint32_t type = 0, flags = 0;  // PT_..., PF_...
  std::uint64_t file_offset = 0, address = 0, file_bytes = 0, memory_bytes = 0, alignment = 0;
};

struct ElfNote {
  std::string name;
  std::uint32_t type = 0;
  std::vector<std::uint8_t> bytes;
};

struct ElfSymbol {
  std::uint64_t address = 0, bytes = 0;  // before the load bias is added
  bool is_function = false;
  std::string name;
};

class ElfImage {
 public:
  static core::Result<ElfImage> open(const std::filesystem::path& path);

  std::uint16_t type() const { return type_; }        // ET_EXEC, ET_DYN, ET_CORE
  std::uint16_t machine() const { return machine_; }  // EM_X86_64, ...
  std::uint64_t file_bytes() const { return file_bytes_; }
  std::uint64_t entry() const { return entry_; }
  std::uint64_t program_headers_offset() const { return program_headers_; }
  std::span<const ElfSegment> segments() const { return segments_; }
  std::uint64_t lowest_load_address() const;  // of the PT_LOAD segments; 0 if there is none

  // The device and inode of the file that was opened, to find its mappings by.
  std::uint64_t device() const { return device_; }
  std::uint64_t inode() const { return inode_; }

  // Addresses of these symbols, in their order; 0: not in the file. .dynsym is asked first, .symtab (if there is one)
  // for what is missing.
  std::vector<std::uint64_t> find_symbols(std::span<const std::string_view> names) const;
  // All defined functions and variables of .dynsym and .symtab.
  std::vector<ElfSymbol> symbols() const;

  std::vector<ElfNote> notes(std::size_t most_bytes = std::size_t{1} << 26) const;  // of the PT_NOTE segments
  std::string build_id() const;  // in hexadecimal; empty: it has none

  // Bytes of the file; false if it has not so many there.
  bool read(std::uint64_t offset, std::span<std::uint8_t> into) const;

 private:
  struct File;
  struct Table {  // a symbol table and its strings, by place in the file
    std::uint64_t offset = 0, count = 0, strings = 0, strings_bytes = 0;
  };

  ElfImage() = default;
  core::Status read_header(const std::string& name);
  void find_tables_by_sections(std::uint64_t sections, std::uint16_t count, std::uint16_t entry_bytes);
  void find_table_by_dynamic();
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const;
  template <class Visit>
  void visit_symbols(const Table& table, const Visit& visit) const;

  std::shared_ptr<const File> file_;
  std::uint16_t type_ = 0, machine_ = 0;
  std::uint64_t file_bytes_ = 0, entry_ = 0, program_headers_ = 0, device_ = 0, inode_ = 0;
  std::vector<ElfSegment> segments_;
  std::vector<Table> tables_;  // .dynsym, then .symtab
};

// The notes in these bytes (of a PT_NOTE segment); stops at the first that is not whole.
std::vector<ElfNote> parse_notes(std::span<const std::uint8_t> bytes);

}  // namespace palloscope::trace
