#include "core/walk/shmem_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/shmem/shared_memory.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMostEntries = 1 << 20;  // more means that the chains run in a circle

struct Unreadable {
  Address at;
};

class Reader {
 public:
  explicit Reader(const MemorySource& source) : source_(source) {}
  std::uint64_t load(Address base, Field field) const {
    std::array<std::uint8_t, 8> raw{};
    if (!source_.read(base + field.offset, std::span(raw).first(field.width))) throw Unreadable{base + field.offset};
    std::uint64_t value = 0;
    for (unsigned i = field.width; i-- > 0;) value = value << 8 | raw[i];
    return value;
  }
  std::string text(Address at, std::size_t most) const {
    std::vector<std::uint8_t> raw(most);
    if (!source_.read(at, raw)) throw Unreadable{at};
    return {raw.begin(), std::find(raw.begin(), raw.end(), std::uint8_t{0})};
  }

 private:
  const MemorySource& source_;
};

void walk_index(const Reader& reader, Address header, Address index, const DynahashLayout& layout, WalkedShmem& out) {
  const ShmemIndexLayout entry;
  const std::uint64_t last = reader.load(index, layout.max_bucket);
  std::uint64_t walked = 0;
  for (std::uint64_t bucket = 0; bucket <= std::min(last, kMostEntries); ++bucket) {
    const Address slot = index + layout.header_bytes + 8 * (bucket / layout.segment_slots);
    const Address segment{reader.load(slot, {0, 8})};
    Address element{reader.load(segment + 8 * (bucket % layout.segment_slots), {0, 8})};
    for (; element && walked < kMostEntries; ++walked) {
      const Address at = element + layout.element_bytes;
      // an entry that was entered, but has no memory yet, is none
      if (const std::uint64_t location = reader.load(at, entry.location); location != 0)
        out.structures.push_back({reader.text(at, entry.key_bytes), location - header.value,
                                  reader.load(at, entry.size), reader.load(at, entry.allocated_size)});
      element = {reader.load(element, layout.link)};
    }
  }
  std::sort(out.structures.begin(), out.structures.end(),
            [](const WalkedStructure& a, const WalkedStructure& b) { return a.offset < b.offset; });
}

}  // namespace

Result<WalkedShmem> walk_shmem(const MemorySource& source, Address header, const DynahashLayout& layout) {
  const Reader reader(source);
  const ShmemHeaderLayout fields;
  try {
    if (reader.load(header, fields.magic) != fields.magic_value)
      return Error{ErrorCode::BadFormat,
                   fmt::format("no shared memory header at 0x{:x}: the magic number is another", header.value)};
    WalkedShmem out;
    out.total_bytes = reader.load(header, fields.total_size);
    out.free_offset = reader.load(header, fields.free_offset);
    out.creator_pid = static_cast<std::uint32_t>(reader.load(header, fields.creator_pid));
    out.dsm_control = static_cast<std::uint32_t>(reader.load(header, fields.dsm_control));
    if (const Address index{reader.load(header, fields.index)}) {
      out.has_index = true;
      walk_index(reader, header, index, layout, out);
    }
    return out;
  } catch (const Unreadable& place) {
    return Error{ErrorCode::BadFormat, fmt::format("nothing can be read at 0x{:x}", place.at.value)};
  }
}

}  // namespace palloscope::core
