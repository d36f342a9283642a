#include "core/walk/buffer_pool_walker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/shmem/hash_bytes.h"
#include "core/walk/byte_window.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kTagBytes = 20;
constexpr std::uint64_t kMostSegments = 1u << 20;
constexpr std::uint32_t kMostReserved = 1u << 16;

class Walk {
 public:
  Walk(const MemorySource& memory, const BufferProfile& profile, const BufferPoolRoots& roots,
       const BufferWalkLimits& limits)
      : memory_(memory), profile_(profile), roots_(roots), limits_(limits), window_(memory) {
    roots_.buffers = std::min(roots.buffers, limits.buffers);
  }

  WalkedPool run() {
    if (roots_.descriptors) read_descriptors();
    if (roots_.strategy) read_strategy();
    if (roots_.lookup) read_lookup();
    if (roots_.lookup && roots_.descriptors) compare();
    return std::move(pool_);
  }

 private:
  void find(std::string words) {
    if (pool_.findings.size() < limits_.findings) pool_.findings.push_back(std::move(words));
  }

  static PageTag tag_from(const StructView& view, const BufferDescLayout& layout) {
    auto part = [&](Field field) { return static_cast<std::uint32_t>(view.get(field)); };
    return {part(layout.tablespace), part(layout.database), part(layout.relation),
            static_cast<std::int32_t>(part(layout.fork)), part(layout.block)};
  }

  void read_descriptors() {
    const BufferDescLayout& layout = profile_.descriptor;
    const Address end = roots_.descriptors + layout.stride * roots_.buffers;
    pool_.buffers.reserve(std::min(roots_.buffers, kMostReserved));  // the number is a claim
    for (std::uint32_t id = 0; id < roots_.buffers; ++id) {
      const Address at = roots_.descriptors + layout.stride * id;
      const StructView view = window_.view(at, layout.struct_bytes, end);
      if (!view) return find(fmt::format("descriptor {} at {:#x} cannot be read", id, at.value));
      WalkedBuffer buffer{tag_from(view, layout), static_cast<std::uint32_t>(view.get(layout.state)),
                          static_cast<std::int32_t>(view.get(layout.free_next))};
      if (view.get(layout.buf_id) != id)
        find(fmt::format("descriptor {} at {:#x} says that it is number {}", id, at.value, view.get(layout.buf_id)));
      if (usage_of(buffer.word) > kMaxUsage)
        find(fmt::format("buffer {} has a usage count of {}, above {}", id, usage_of(buffer.word), kMaxUsage));
      pool_.buffers.push_back(buffer);
    }
  }

  void read_strategy() {
    const StrategyControlLayout& layout = profile_.strategy;
    const StructView view = window_.view(roots_.strategy, layout.bytes);
    if (!view) return find(fmt::format("strategy control at {:#x} cannot be read", roots_.strategy.value));
    pool_.has_strategy = true;
    pool_.next_victim = static_cast<std::uint32_t>(view.get(layout.next_victim));
    pool_.complete_passes = static_cast<std::uint32_t>(view.get(layout.complete_passes));
    pool_.allocations = static_cast<std::uint32_t>(view.get(layout.allocs));
    std::int64_t next = view.signed32(layout.first_free);
    const std::int64_t last = view.signed32(layout.last_free);
    std::vector<bool> seen(pool_.buffers.size());
    std::int64_t before = -1;
    while (next >= 0) {
      const auto id = static_cast<std::size_t>(next);
      if (id >= pool_.buffers.size()) return find(fmt::format("the freelist goes to buffer {}, which is none", next));
      if (seen[id]) return find(fmt::format("the freelist runs in a circle at buffer {}", next));
      seen[id] = true;
      pool_.freelist.push_back(BufferSlot{static_cast<std::uint32_t>(id)});
      before = next;
      next = pool_.buffers[id].free_next;
    }
    if (next != kFreeNextEnd && roots_.descriptors)
      find(fmt::format("the freelist ends with {} instead of {}", next, kFreeNextEnd));
    if (before >= 0 && before != last)
      find(fmt::format("the freelist ends at buffer {}, but lastFreeBuffer is {}", before, last));
    for (std::size_t id = 0; id < seen.size(); ++id) {
      if (!seen[id] && pool_.buffers[id].free_next != kFreeNextNotInList)
        find(fmt::format("buffer {} says that it is in the freelist (freeNext {}), and is not", id,
                         pool_.buffers[id].free_next));
    }
  }

  void read_lookup() {
    const DynahashLayout& layout = profile_.hash;
    const StructView header = window_.view(roots_.lookup, layout.header_bytes);
    if (!header) return find(fmt::format("the lookup table's header at {:#x} cannot be read", roots_.lookup.value));
    const std::uint64_t segments = header.get(layout.nsegs), slots = header.get(layout.ssize);
    max_bucket_ = static_cast<std::uint32_t>(header.get(layout.max_bucket));
    high_mask_ = static_cast<std::uint32_t>(header.get(layout.high_mask));
    low_mask_ = static_cast<std::uint32_t>(header.get(layout.low_mask));
    if (segments == 0 || segments > kMostSegments || slots != layout.segment_slots ||
        header.get(layout.keysize) != kTagBytes)
      return find(fmt::format("what lies at {:#x} is no lookup table of buffers", roots_.lookup.value));
    std::uint64_t counted = 0;
    for (std::uint32_t i = 0; i < layout.free_lists; ++i)
      counted += little_endian(header.bytes + layout.free_list_bytes * i + layout.entries.offset, layout.entries.width);

    for (std::uint64_t segment = 0; segment < segments; ++segment) {
      std::array<std::uint8_t, 8> pointer{};
      std::vector<std::uint8_t> heads(8 * slots);
      if (!memory_.read(roots_.lookup + layout.header_bytes + 8 * segment, pointer) ||
          !memory_.read({little_endian(pointer.data(), 8)}, heads)) {
        find(fmt::format("segment {} of the lookup table cannot be read", segment));
        continue;
      }
      for (std::uint64_t slot = 0; slot < slots; ++slot) {
        const std::uint64_t bucket = segment * slots + slot;
        if (bucket > max_bucket_) break;
        read_chain(static_cast<std::uint32_t>(bucket), {little_endian(heads.data() + 8 * slot, 8)});
      }
    }
    if (counted != pool_.entries.size())
      find(fmt::format("the lookup table counts {} entries, and {} were found", counted, pool_.entries.size()));
  }

  void read_chain(std::uint32_t bucket, Address element) {
    const DynahashLayout& layout = profile_.hash;
    // As many as there can be at most: one a buffer, and one more a partition while a tag is swapped.
    const std::size_t buffers = roots_.descriptors ? pool_.buffers.size() : std::size_t{roots_.buffers};
    const std::size_t most = buffers + kBufferPartitions;
    while (element) {
      if (pool_.entries.size() >= most)
        return find(fmt::format("the chain of bucket {} is too long, or runs in a circle", bucket));
      const StructView view = window_.view(element, layout.element_bytes + kTagBytes + 4);
      if (!view)
        return find(fmt::format("the chain of bucket {} leads to {:#x}, which cannot be read", bucket, element.value));
      WalkedEntry entry;
      const StructView key{view.bytes + layout.element_bytes};
      entry.tag = tag_from(key, profile_.descriptor);  // a tag, as it begins a descriptor
      entry.hash = static_cast<std::uint32_t>(view.get(layout.hash));
      entry.bucket = bucket;
      entry.buffer = BufferSlot{static_cast<std::uint32_t>(little_endian(key.bytes + kTagBytes, 4))};
      std::uint32_t home = entry.hash & high_mask_;
      if (home > max_bucket_) home &= low_mask_;
      if (home != bucket) find(fmt::format("an entry of bucket {} belongs into bucket {}", bucket, home));
      if (hash_bytes({key.bytes, kTagBytes}) != entry.hash)
        find(fmt::format("an entry of bucket {} has a hash that is not its page's", bucket));
      pool_.entries.push_back(entry);
      element = view.pointer(layout.link);
    }
  }

  // One entry a page, one page a buffer, both saying the same.
  void compare() {
    std::vector<std::uint8_t> entered(pool_.buffers.size());
    for (const WalkedEntry& entry : pool_.entries) {
      const std::uint32_t id = entry.buffer.value;
      if (id >= pool_.buffers.size()) {
        find(fmt::format("an entry of bucket {} names buffer {}, which is none", entry.bucket, id));
        continue;
      }
      if (entered[id]++ != 0) find(fmt::format("buffer {} is entered in the lookup table twice", id));
      const WalkedBuffer& buffer = pool_.buffers[id];
      if ((buffer.word & buffer_bits::kTagValid) == 0 || buffer.tag != entry.tag)
        find(fmt::format("the lookup table says that buffer {} holds block {} of {}, its descriptor does not", id,
                         entry.tag.block, entry.tag.relation));
    }
    for (std::size_t id = 0; id < entered.size(); ++id) {
      if (entered[id] == 0 && (pool_.buffers[id].word & buffer_bits::kTagValid) != 0)
        find(fmt::format("buffer {} holds a page that is not in the lookup table", id));
    }
  }

  const MemorySource& memory_;
  const BufferProfile& profile_;
  BufferPoolRoots roots_;
  const BufferWalkLimits& limits_;
  ByteWindow window_;
  WalkedPool pool_;
  std::uint32_t max_bucket_ = 0, high_mask_ = 0, low_mask_ = 0;
};

}  // namespace

WalkedPool walk_buffer_pool(const MemorySource& memory, const BufferProfile& profile, const BufferPoolRoots& roots,
                            const BufferWalkLimits& limits) {
  return Walk(memory, profile, roots, limits).run();
}

}  // namespace palloscope::core
