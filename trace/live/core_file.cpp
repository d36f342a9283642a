#include "trace/live/core_file.h"

#include <elf.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/walk/byte_window.h"
#include "trace/live/core_memory.h"
#include "trace/live/elf_image.h"
#include "trace/live/server_roots.h"

namespace palloscope::trace {
namespace {

using core::Address;
using core::Error;
using core::ErrorCode;

// --- what the kernel's notes hold (64 bits) ---------------------------------------------------------------------

constexpr core::Field kStatusPid{32, 4};  // struct elf_prstatus
constexpr core::Field kInfoPid{24, 4};    // struct elf_prpsinfo
constexpr std::size_t kInfoTitle = 56, kInfoTitleBytes = 80;
constexpr core::Field kAuxKey{0, 8}, kAuxValue{8, 8};

std::uint64_t number(std::span<const std::uint8_t> bytes, std::size_t at, core::Field field) {
  if (at > bytes.size() || bytes.size() - at < std::size_t{field.offset} + field.width) return 0;
  return core::little_endian(bytes.data() + at + field.offset, field.width);
}

struct CoreNotes {
  std::uint32_t pid = 0;
  std::string title;
  std::uint64_t entry = 0;     // AT_ENTRY: inside the executable
  std::vector<Mapping> files;  // NT_FILE
};

// count, page size; then begin, end, offset in pages; then the names, each with a NUL behind it.
std::vector<Mapping> read_file_note(std::span<const std::uint8_t> bytes) {
  constexpr core::Field kWord{0, 8};
  constexpr std::size_t kRowBytes = 24;
  std::vector<Mapping> files;
  const std::uint64_t count = number(bytes, 0, kWord), page = number(bytes, 8, kWord);
  if (count > bytes.size() / kRowBytes) return files;
  std::size_t name = 16 + count * kRowBytes;
  for (std::size_t row = 16; files.size() < count && name < bytes.size(); row += kRowBytes) {
    const auto* begin = reinterpret_cast<const char*>(bytes.data() + name);
    const std::string_view text(begin, strnlen(begin, bytes.size() - name));
    name += text.size() + 1;
    Mapping file;
    file.begin = {number(bytes, row, kWord)};
    file.end = {number(bytes, row + 8, kWord)};
    file.file_offset = number(bytes, row + 16, kWord) * page;
    file.name = text;
    files.push_back(std::move(file));
  }
  return files;
}

CoreNotes read_notes(const ElfImage& core) {
  CoreNotes notes;
  for (const ElfNote& note : core.notes()) {
    const std::span<const std::uint8_t> bytes(note.bytes);
    if (note.type == NT_PRSTATUS && notes.pid == 0) {
      notes.pid = static_cast<std::uint32_t>(number(bytes, 0, kStatusPid));  // the first thread's is the process
    } else if (note.type == NT_PRPSINFO && bytes.size() >= kInfoTitle + kInfoTitleBytes) {
      notes.pid = static_cast<std::uint32_t>(number(bytes, 0, kInfoPid));
      const auto* title = reinterpret_cast<const char*>(bytes.data() + kInfoTitle);
      notes.title.assign(title, strnlen(title, kInfoTitleBytes));
      while (!notes.title.empty() && notes.title.back() == ' ') notes.title.pop_back();
    } else if (note.type == NT_FILE) {
      notes.files = read_file_note(bytes);
    } else if (note.type == NT_AUXV) {
      for (std::size_t at = 0; at + 16 <= bytes.size(); at += 16)
        if (number(bytes, at, kAuxKey) == AT_ENTRY) notes.entry = number(bytes, at, kAuxValue);
    }
  }
  return notes;
}

// --- mappings ---------------------------------------------------------------------------------------------------

// The core's segments, with the names and offsets that NT_FILE has for them. A mapping that was not written to the core
// is only in NT_FILE.
std::vector<Mapping> mappings_of(const ElfImage& core, const std::vector<Mapping>& files) {
  std::vector<Mapping> maps;
  for (const ElfSegment& segment : core.segments()) {
    if (segment.type != PT_LOAD || segment.memory_bytes == 0 ||
        segment.memory_bytes > ~std::uint64_t{0} - segment.address)
      continue;
    Mapping map;
    map.begin = {segment.address};
    map.end = {segment.address + segment.memory_bytes};
    map.read = (segment.flags & PF_R) != 0;
    map.write = (segment.flags & PF_W) != 0;
    map.exec = (segment.flags & PF_X) != 0;
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const Mapping& f) { return f.begin <= map.begin && map.begin < f.end; });
    if (file != files.end()) {
      map.name = file->name;
      map.file_offset = file->file_offset + (map.begin - file->begin);
    }
    maps.push_back(std::move(map));
  }
  const std::size_t segments = maps.size();
  for (const Mapping& file : files) {
    const bool known = std::any_of(maps.begin(), maps.begin() + static_cast<std::ptrdiff_t>(segments),
                                   [&](const Mapping& map) { return file.begin < map.end && map.begin < file.end; });
    if (!known && file.begin < file.end) maps.push_back(file);
  }
  std::sort(maps.begin(), maps.end(), [](const Mapping& a, const Mapping& b) { return a.begin < b.begin; });
  return maps;
}

// The private mapping that TopMemoryContext's bytes are in: malloc's first arena, which a core does not name.
void name_heap(std::vector<Mapping>& maps, Address top) {
  for (Mapping& map : maps)
    if (map.name.empty() && map.write && map.begin <= top && top < map.end) map.name = "[heap]";
}

// The time of the dump, near enough.
std::string written_at(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(status.st_mtim.tv_sec),
                     status.st_mtim.tv_nsec / 1'000'000);
}

// --- the whole --------------------------------------------------------------------------------------------------

class CoreOpening {
 public:
  CoreOpening(std::filesystem::path path, std::filesystem::path executable)
      : path_(std::move(path)), executable_(std::move(executable)) {}

  core::Result<Capture> open() {
    auto core = ElfImage::open(path_);
    if (!core) return core.error();
    if (core->type() != ET_CORE) return refuse("an ELF file, but no core dump");
    notes_ = read_notes(*core);
    if (core::Status status = find_executable(); !status) return status.error();
    auto program = ElfImage::open(executable_);
    if (!program)
      return refuse(
          fmt::format("its program {} cannot be read ({}); if it is elsewhere: palloscope snapshot CORE --exe PATH",
                      executable_.string(), program.error().message));
    return capture(std::move(*core), *program);
  }

 private:
  Error refuse(std::string why) const { return {ErrorCode::BadFormat, fmt::format("{}: {}", path_.string(), why)}; }

  // The mapping that the program was started in.
  core::Status find_executable() {
    const auto begun = std::find_if(notes_.files.begin(), notes_.files.end(), [&](const Mapping& file) {
      return file.begin.value <= notes_.entry && notes_.entry < file.end.value;
    });
    if (begun == notes_.files.end())
      return refuse("the core does not say which program it is of (no NT_FILE or NT_AUXV note)");
    program_name_ = begun->name;
    const auto first = std::find_if(notes_.files.begin(), notes_.files.end(), [&](const Mapping& file) {
      return file.name == program_name_ && file.file_offset == 0;
    });
    if (first == notes_.files.end()) return refuse(fmt::format("the start of {} is not in it", program_name_));
    program_at_ = first->begin;
    constexpr std::string_view kDeleted = " (deleted)";
    std::string name = program_name_;
    if (name.ends_with(kDeleted)) name.resize(name.size() - kDeleted.size());
    if (executable_.empty()) executable_ = name;
    return core::Done{};
  }

  core::Result<Capture> capture(ElfImage core, const ElfImage& program) {
    const std::uint64_t bias = program_at_.value - program.lowest_load_address();
    auto roots = find_roots(program, bias, executable_.string());
    if (!roots) return roots.error();
    Capture capture;
    capture.roots = *roots;
    capture.maps = mappings_of(core, notes_.files);
    auto memory = std::make_unique<CoreMemory>(std::move(core), notes_.files);
    memory->use_file(program_name_, executable_);
    if (memory->differs_from_file(program_at_))
      return refuse(
          fmt::format("it is of another build of {} than the one that is there now; name the right one: palloscope "
                      "snapshot CORE --exe PATH",
                      executable_.string()));
    const auto build = identify_server(*memory, *roots);
    if (!build) return refuse(build.error().message);
    capture.build = *build;
    capture.build.version = version_text(program, build->major);
    capture.build.executable = executable_.string();
    capture.build.build_id = program.build_id();
    name_heap(capture.maps, pointer_at(*memory, roots->top_memory_context));
    capture.facts.pid = notes_.pid;
    capture.facts.title = notes_.title;
    capture.facts.time = written_at(path_);
    capture.facts.interrupt_holdoff = number_at(*memory, roots->interrupt_holdoff_count);
    capture.facts.crit_section = number_at(*memory, roots->crit_section_count);
    capture.measure.stopped = true;
    capture.image_bytes = memory->written_bytes();
    capture.memory = std::move(memory);
    return capture;
  }

  std::filesystem::path path_, executable_;
  CoreNotes notes_;
  std::string program_name_;  // as the core has it
  Address program_at_;        // where its first byte is mapped
};

}  // namespace

bool is_elf_core(std::string_view head) {
  constexpr std::size_t kTypeAt = 16;
  return head.size() >= kTypeAt + 2 && head.starts_with(ELFMAG) && head[kTypeAt] == ET_CORE && head[kTypeAt + 1] == 0;
}

core::Result<Capture> open_core(const std::filesystem::path& core, const std::filesystem::path& executable) {
  return CoreOpening(core, executable).open();
}

}  // namespace palloscope::trace
