#include "trace/live/elf_image.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace palloscope::trace {
namespace {

using core::Error;
using core::ErrorCode;

constexpr std::size_t kMostSegments = 100'000;  // a core has one for each mapping
constexpr std::uint64_t kMostSymbols = 10'000'000;
constexpr std::uint64_t kMostStringBytes = std::uint64_t{1} << 28;

bool is_named(std::uint8_t info) {
  const int type = ELF64_ST_TYPE(info);
  return type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC || type == STT_GNU_IFUNC;
}

}  // namespace

struct ElfImage::File {
  explicit File(int opened) : descriptor(opened) {}
  ~File() { close(descriptor); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor;
};

core::Result<ElfImage> ElfImage::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0)
    return Error{ErrorCode::Io, fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno))};
  ElfImage image;
  image.file_ = std::make_shared<const File>(descriptor);
  struct stat facts {};
  if (fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode))
    return Error{ErrorCode::BadFormat, fmt::format("{}: is not a file", path.string())};
  image.file_bytes_ = static_cast<std::uint64_t>(facts.st_size);
  image.device_ = facts.st_dev;
  image.inode_ = facts.st_ino;
  if (const auto status = image.read_header(path.string()); !status) return status.error();
  return image;
}

bool ElfImage::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
  if (offset > file_bytes_ || file_bytes_ - offset < into.size()) return false;
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        pread(file_->descriptor, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

core::Status ElfImage::read_header(const std::string& name) {
  Elf64_Ehdr head{};
  if (!read(0, {reinterpret_cast<std::uint8_t*>(&head), sizeof head}) ||
      std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
    return Error{ErrorCode::BadFormat, fmt::format("{}: is not an ELF file", name)};
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB)
    return Error{ErrorCode::Unsupported, fmt::format("{}: is not a 64-bit little-endian program, as this reads", name)};
  type_ = head.e_type;
  machine_ = head.e_machine;
  entry_ = head.e_entry;
  program_headers_ = head.e_phoff;

  std::uint64_t count = head.e_phnum;
  if (count == PN_XNUM) {  // more than fit: the number stands in the first section
    Elf64_Shdr first{};
    count = read(head.e_shoff, {reinterpret_cast<std::uint8_t*>(&first), sizeof first}) ? first.sh_info : 0;
  }
  count = std::min<std::uint64_t>(count, kMostSegments);
  if (head.e_phentsize == sizeof(Elf64_Phdr)) {
    for (std::uint64_t i = 0; i < count; ++i) {
      Elf64_Phdr entry{};
      if (head.e_phoff > file_bytes_ ||
          !read(head.e_phoff + i * sizeof entry, {reinterpret_cast<std::uint8_t*>(&entry), sizeof entry}))
        break;
      segments_.push_back(
          {entry.p_type, entry.p_flags, entry.p_offset, entry.p_vaddr, entry.p_filesz, entry.p_memsz, entry.p_align});
    }
  }
  find_tables_by_sections(head.e_shoff, head.e_shnum, head.e_shentsize);
  if (tables_.empty()) find_table_by_dynamic();
  return core::Done{};
}

void ElfImage::find_tables_by_sections(std::uint64_t sections, std::uint16_t count, std::uint16_t entry_bytes) {
  if (sections == 0 || entry_bytes != sizeof(Elf64_Shdr) || sections > file_bytes_) return;
  std::vector<Elf64_Shdr> heads(count);
  if (!read(sections, {reinterpret_cast<std::uint8_t*>(heads.data()), heads.size() * sizeof(Elf64_Shdr)})) return;
  for (const std::uint32_t wanted : {std::uint32_t{SHT_DYNSYM}, std::uint32_t{SHT_SYMTAB}})
    for (const Elf64_Shdr& head : heads)
      if (head.sh_type == wanted && head.sh_entsize == sizeof(Elf64_Sym) && head.sh_link < heads.size()) {
        const Elf64_Shdr& strings = heads[head.sh_link];
        if (strings.sh_type == SHT_STRTAB)
          tables_.push_back({head.sh_offset, head.sh_size / sizeof(Elf64_Sym), strings.sh_offset, strings.sh_size});
      }
}

std::optional<std::uint64_t> ElfImage::offset_of(std::uint64_t address) const {
  for (const ElfSegment& segment : segments_)
    if (segment.type == PT_LOAD && address >= segment.address && address - segment.address < segment.file_bytes)
      return segment.file_offset + (address - segment.address);
  return std::nullopt;
}

// A file without section headers (stripped to the bone): the loader's own table says where symbols are; how many, the
// hash table's second number.
void ElfImage::find_table_by_dynamic() {
  const auto dynamic = std::find_if(segments_.begin(), segments_.end(),
                                    [](const ElfSegment& segment) { return segment.type == PT_DYNAMIC; });
  if (dynamic == segments_.end()) return;
  Table table;
  std::uint64_t hash = 0;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic->file_bytes; at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn entry{};
    if (!read(dynamic->file_offset + at, {reinterpret_cast<std::uint8_t*>(&entry), sizeof entry})) return;
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_SYMTAB) table.offset = offset_of(entry.d_un.d_ptr).value_or(0);
    if (entry.d_tag == DT_STRTAB) table.strings = offset_of(entry.d_un.d_ptr).value_or(0);
    if (entry.d_tag == DT_STRSZ) table.strings_bytes = entry.d_un.d_val;
    if (entry.d_tag == DT_HASH) hash = offset_of(entry.d_un.d_ptr).value_or(0);
  }
  std::uint32_t counts[2] = {};
  if (table.offset == 0 || table.strings == 0) return;
  if (hash != 0 && read(hash, {reinterpret_cast<std::uint8_t*>(counts), sizeof counts})) {
    table.count = counts[1];
  } else if (table.strings > table.offset) {
    table.count = (table.strings - table.offset) / sizeof(Elf64_Sym);  // linkers lay the strings behind the symbols
  }
  tables_.push_back(table);
}

template <class Visit>
void ElfImage::visit_symbols(const Table& table, const Visit& visit) const {
  if (table.offset > file_bytes_ || table.strings > file_bytes_) return;
  const std::uint64_t count = std::min({table.count, (file_bytes_ - table.offset) / sizeof(Elf64_Sym), kMostSymbols});
  std::vector<char> strings(std::min({table.strings_bytes, file_bytes_ - table.strings, kMostStringBytes}));
  if (!read(table.strings, {reinterpret_cast<std::uint8_t*>(strings.data()), strings.size()})) return;
  std::vector<Elf64_Sym> symbols(count);
  if (!read(table.offset, {reinterpret_cast<std::uint8_t*>(symbols.data()), symbols.size() * sizeof(Elf64_Sym)}))
    return;
  for (const Elf64_Sym& symbol : symbols) {
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0 || symbol.st_name >= strings.size() ||
        !is_named(symbol.st_info))
      continue;
    const std::size_t room = strings.size() - symbol.st_name;
    const char* const name = strings.data() + symbol.st_name;
    visit(symbol, std::string_view(name, strnlen(name, room)));
  }
}

std::vector<std::uint64_t> ElfImage::find_symbols(std::span<const std::string_view> names) const {
  std::unordered_map<std::string_view, std::uint64_t> found;
  for (const std::string_view name : names) found.emplace(name, 0);
  std::size_t missing = found.size();
  for (const Table& table : tables_) {
    if (missing == 0) break;
    visit_symbols(table, [&](const Elf64_Sym& symbol, std::string_view name) {
      const auto wanted = found.find(name);
      if (wanted == found.end() || wanted->second != 0) return;
      wanted->second = symbol.st_value;
      --missing;
    });
  }
  std::vector<std::uint64_t> addresses;
  for (const std::string_view name : names) addresses.push_back(found[name]);
  return addresses;
}

std::vector<ElfSymbol> ElfImage::symbols() const {
  std::vector<ElfSymbol> all;
  for (const Table& table : tables_)
    visit_symbols(table, [&](const Elf64_Sym& symbol, std::string_view name) {
      const int type = ELF64_ST_TYPE(symbol.st_info);
      all.push_back({symbol.st_value, symbol.st_size, type == STT_FUNC || type == STT_GNU_IFUNC, std::string(name)});
    });
  return all;
}

std::uint64_t ElfImage::lowest_load_address() const {
  std::optional<std::uint64_t> lowest;
  for (const ElfSegment& segment : segments_)
    if (segment.type == PT_LOAD) lowest = std::min(lowest.value_or(segment.address), segment.address);
  return lowest.value_or(0);
}

std::vector<ElfNote> parse_notes(std::span<const std::uint8_t> bytes) {
  std::vector<ElfNote> notes;
  const auto padded = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
  std::size_t at = 0;
  Elf64_Nhdr head{};
  while (bytes.size() - at >= sizeof head) {
    std::memcpy(&head, bytes.data() + at, sizeof head);
    at += sizeof head;
    const std::uint64_t name_bytes = padded(head.n_namesz);
    if (name_bytes > bytes.size() - at || head.n_descsz > bytes.size() - at - name_bytes) break;
    const char* const name = reinterpret_cast<const char*>(bytes.data() + at);
    const std::uint8_t* const content = bytes.data() + at + name_bytes;
    notes.push_back({std::string(name, strnlen(name, head.n_namesz)), head.n_type,
                     std::vector<std::uint8_t>(content, content + head.n_descsz)});
    at += std::min<std::uint64_t>(name_bytes + padded(head.n_descsz), bytes.size() - at);
  }
  return notes;
}

std::vector<ElfNote> ElfImage::notes(std::size_t most_bytes) const {
  std::vector<ElfNote> all;
  for (const ElfSegment& segment : segments_) {
    if (segment.type != PT_NOTE || segment.file_offset > file_bytes_) continue;
    std::vector<std::uint8_t> bytes(
        std::min({segment.file_bytes, file_bytes_ - segment.file_offset, std::uint64_t{most_bytes}}));
    if (!read(segment.file_offset, bytes)) continue;
    for (ElfNote& note : parse_notes(bytes)) all.push_back(std::move(note));
  }
  return all;
}

std::string ElfImage::build_id() const {
  for (const ElfNote& note : notes(65536))
    if (note.type == NT_GNU_BUILD_ID && note.name == "GNU") return fmt::format("{:02x}", fmt::join(note.bytes, ""));
  return "";
}

}  // namespace palloscope::trace
