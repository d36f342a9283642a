#include "trace/live/core_memory.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <utility>

namespace palloscope::trace {

using core::Address;

namespace {
constexpr std::size_t kComparedBytes = 1024;  // ELF header, program headers and the build id
}

CoreMemory::CoreMemory(ElfImage core, std::vector<Mapping> files) : core_(std::move(core)), files_(std::move(files)) {
  for (const ElfSegment& segment : core_.segments()) {
    if (segment.type != PT_LOAD || segment.file_offset >= core_.file_bytes()) continue;
    // A core may be cut (ulimit -c, a full disk).
    const std::uint64_t bytes = std::min(segment.file_bytes, core_.file_bytes() - segment.file_offset);
    if (bytes == 0 || bytes > ~std::uint64_t{0} - segment.address) continue;
    pieces_.push_back({{segment.address}, bytes, segment.file_offset});
    written_bytes_ += bytes;
  }
  // A program's variables are as the process left them, or unknown; never as they were in its file.
  std::erase_if(files_, [&](const Mapping& file) {
    return std::any_of(core_.segments().begin(), core_.segments().end(), [&](const ElfSegment& segment) {
      return segment.type == PT_LOAD && (segment.flags & PF_W) != 0 && segment.address < file.end.value &&
             (file.begin.value < segment.address || file.begin.value - segment.address < segment.memory_bytes);
    });
  });
  std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  std::sort(files_.begin(), files_.end(), [](const Mapping& a, const Mapping& b) { return a.begin < b.begin; });
}

bool CoreMemory::read(Address at, std::span<std::uint8_t> into) const {
  if (into.size() > ~std::uint64_t{0} - at.value) return false;
  while (!into.empty()) {
    std::uint64_t done = read_written(at, into);
    if (done == 0) done = read_mapped(at, into);
    if (done == 0) return false;
    at = at + done;
    into = into.subspan(done);
  }
  return true;
}

// How many bytes of the beginning the core has.
std::uint64_t CoreMemory::read_written(Address at, std::span<std::uint8_t> into) const {
  const auto behind = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                       [](Address a, const Piece& piece) { return a < piece.begin; });
  if (behind == pieces_.begin()) return 0;
  const Piece& piece = behind[-1];
  const std::uint64_t within = at - piece.begin;
  if (within >= piece.bytes) return 0;
  const std::uint64_t count = std::min<std::uint64_t>(into.size(), piece.bytes - within);
  return core_.read(piece.offset + within, into.first(count)) ? count : 0;
}

const Mapping* CoreMemory::mapping_at(Address at) const {
  const auto behind =
      std::upper_bound(files_.begin(), files_.end(), at, [](Address a, const Mapping& file) { return a < file.begin; });
  if (behind == files_.begin()) return nullptr;
  const Mapping& file = behind[-1];
  return at < file.end ? &file : nullptr;
}

std::uint64_t CoreMemory::read_mapped(Address at, std::span<std::uint8_t> into) const {
  const Mapping* mapping = mapping_at(at);
  const ElfImage* file = mapping != nullptr ? file_of(*mapping) : nullptr;
  if (file == nullptr) return 0;
  // What the core has further on is the process's own.
  const auto next = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                     [](Address a, const Piece& piece) { return a < piece.begin; });
  const Address end = next == pieces_.end() ? mapping->end : std::min(mapping->end, next->begin);
  const std::uint64_t count = std::min<std::uint64_t>(into.size(), end - at);
  return file->read(mapping->file_offset + (at - mapping->begin), into.first(count)) ? count : 0;
}

bool CoreMemory::differs_from_file(Address at) const {
  const Mapping* mapping = mapping_at(at);
  if (mapping == nullptr) return false;
  const auto place = places_.find(mapping->name);
  const auto file = ElfImage::open(place != places_.end() ? place->second : std::filesystem::path(mapping->name));
  if (!file) return false;
  std::array<std::uint8_t, kComparedBytes> written{}, mapped{};
  return read_written(at, written) == written.size() &&
         file->read(mapping->file_offset + (at - mapping->begin), mapped) && written != mapped;
}

const ElfImage* CoreMemory::file_of(const Mapping& mapping) const {
  const auto known = opened_.find(mapping.name);
  if (known != opened_.end()) return known->second ? &*known->second : nullptr;
  std::optional<ElfImage> file;
  const auto place = places_.find(mapping.name);
  auto opened = ElfImage::open(place != places_.end() ? place->second : std::filesystem::path(mapping.name));
  // Its first page is mapped somewhere.
  const auto first = std::find_if(files_.begin(), files_.end(), [&](const Mapping& other) {
    return other.name == mapping.name && other.file_offset == 0;
  });
  if (opened && (first == files_.end() || !differs_from_file(first->begin))) file = std::move(*opened);
  const auto& kept = opened_.emplace(mapping.name, std::move(file)).first->second;
  return kept ? &*kept : nullptr;
}

}  // namespace palloscope::trace
