// ELF files of our own making: a program with symbols, a core with segments and notes.
#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace palloscope::test {

class ElfWriter {
 public:
  struct Segment {
    std::uint64_t address = 0;
    std::string bytes;
    std::uint32_t flags = PF_R;
    std::uint64_t memory_bytes = 0;  // 0: as many as there are bytes
    std::uint32_t type = PT_LOAD;
  };

  explicit ElfWriter(std::uint16_t type) : type_(type) {}

  void add(Segment segment) { segments_.push_back(std::move(segment)); }
  void add_symbol(const std::string& name, std::uint64_t address) { symbols_.emplace_back(name, address); }
  static std::string note(std::uint32_t type, const std::string& bytes) {
    std::string out;
    append(out, Elf64_Nhdr{5, static_cast<std::uint32_t>(bytes.size()), type});
    out += std::string("CORE\0\0\0\0", 8);
    out += bytes;
    out.resize((out.size() + 3) / 4 * 4);
    return out;
  }
  template <class T>
  static void append(std::string& to, const T& value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  // Header, program headers, the segments' bytes (the first one's may be overlaid by the headers: see program()), then
  // symbols.
  std::string file() const {
    Elf64_Ehdr head{};
    std::memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_type = type_;
    head.e_machine = EM_X86_64;
    head.e_phoff = sizeof head;
    head.e_phentsize = sizeof(Elf64_Phdr);
    head.e_phnum = static_cast<std::uint16_t>(segments_.size());
    std::string headers, body;
    const std::uint64_t begin = sizeof head + segments_.size() * sizeof(Elf64_Phdr);
    for (const Segment& segment : segments_) {
      Elf64_Phdr entry{};
      entry.p_type = segment.type;
      entry.p_flags = segment.flags;
      entry.p_offset = begin + body.size();
      entry.p_vaddr = segment.address;
      entry.p_filesz = segment.bytes.size();
      entry.p_memsz = segment.memory_bytes != 0 ? segment.memory_bytes : segment.bytes.size();
      append(headers, entry);
      body += segment.bytes;
    }
    std::string tail;
    if (!symbols_.empty()) add_tables(begin + body.size(), head, tail);
    std::string out;
    append(out, head);
    return out + headers + body + tail;
  }

 private:
  void add_tables(std::uint64_t at, Elf64_Ehdr& head, std::string& tail) const {
    std::string symbols, strings(1, '\0');
    append(symbols, Elf64_Sym{});
    for (const auto& [name, address] : symbols_) {
      Elf64_Sym symbol{};
      symbol.st_name = static_cast<std::uint32_t>(strings.size());
      symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
      symbol.st_shndx = 1;
      symbol.st_value = address;
      append(symbols, symbol);
      strings += name + '\0';
    }
    Elf64_Shdr sections[3] = {};
    sections[1].sh_type = SHT_DYNSYM;
    sections[1].sh_offset = at;
    sections[1].sh_size = symbols.size();
    sections[1].sh_entsize = sizeof(Elf64_Sym);
    sections[1].sh_link = 2;
    sections[2].sh_type = SHT_STRTAB;
    sections[2].sh_offset = at + symbols.size();
    sections[2].sh_size = strings.size();
    head.e_shoff = at + symbols.size() + strings.size();
    head.e_shentsize = sizeof(Elf64_Shdr);
    head.e_shnum = 3;
    tail = symbols + strings;
    append(tail, sections);
  }

  std::uint16_t type_;
  std::vector<Segment> segments_;
  std::vector<std::pair<std::string, std::uint64_t>> symbols_;
};

}  // namespace palloscope::test
