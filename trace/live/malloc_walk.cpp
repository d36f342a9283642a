#include "trace/live/malloc_walk.h"

#include <algorithm>

#include "core/walk/byte_window.h"

namespace palloscope::trace {
namespace {

using core::Address;

// malloc_chunk: size with flags at 8. A chunk is free if the next one says so (PREV_INUSE missing).
constexpr core::Field kSize{8, 8};
constexpr std::uint64_t kHeaderBytes = 16, kPrevInUse = 1, kIsMapped = 2, kFlags = 7, kLeastBytes = 32, kAlign = 16;
constexpr std::uint64_t kChunkOverhead = 8, kMappedOverhead = 16, kPage = 4096;

// tcache_perthread_struct, the heap's first chunk: 64 counts of 2 bytes, then 64 pointers; by size from 32 in steps of
// 16.
constexpr std::uint64_t kCacheChunkBytes = 0x290, kCacheBins = 64, kMostCached = 127;

class MallocWalk {
 public:
  explicit MallocWalk(const core::MemorySource& memory) : window_(memory) {}

  bool walk_heap(Address begin, Address end) {
    Address at = begin;
    std::uint64_t last = 0;  // bytes of the chunk before, of which it is not known yet whether it is in use
    bool is_first = true;
    while (true) {
      const core::StructView view = window_.view(at, kHeaderBytes, at + kPage);
      if (!view) return false;
      const std::uint64_t word = view.get(kSize), bytes = word & ~kFlags;
      if (bytes < kLeastBytes || bytes % kAlign != 0 || bytes > end - at || (word & kIsMapped) != 0) return false;
      if (last != 0) count(last, (word & kPrevInUse) != 0);
      if (is_first && bytes == kCacheChunkBytes) read_cache(at + kHeaderBytes);
      is_first = false;
      last = bytes;
      at = at + bytes;
      if (at == end) break;
      if (end - at < kHeaderBytes) return false;
    }
    count(last, false);  // the top
    take_cache_out();
    return true;
  }

  // Mappings of their own lie one behind the other; the kernel shows neighbours as one.
  void walk_mapping(Address at, Address end) {
    while (end - at >= kPage) {
      const core::StructView view = window_.view(at, kHeaderBytes);
      if (!view) return;
      const std::uint64_t word = view.get(kSize), bytes = word & ~kFlags;
      if ((word & kFlags) != kIsMapped || bytes == 0 || bytes % kPage != 0 || bytes > end - at) return;
      sums_.used += bytes - kMappedOverhead;
      sums_.overhead += kMappedOverhead;
      sums_.mapped += bytes;
      at = at + bytes;
    }
  }

  const MallocSums& sums() const { return sums_; }

 private:
  void count(std::uint64_t bytes, bool in_use) {
    (in_use ? sums_.used : sums_.free) += bytes - kChunkOverhead;
    sums_.overhead += kChunkOverhead;
  }

  void read_cache(Address counts) {
    const core::StructView view = window_.view(counts, 2 * kCacheBins);
    if (!view) return;
    std::uint64_t cached = 0;
    for (std::uint64_t bin = 0; bin < kCacheBins; ++bin) {
      const std::uint64_t chunks = core::little_endian(view.bytes + 2 * bin, 2);
      if (chunks > kMostCached) return;  // no such cache
      cached += chunks * (kLeastBytes + kAlign * bin - kChunkOverhead);
    }
    sums_.cached = cached;
  }

  // Its chunks keep looking used.
  void take_cache_out() {
    if (sums_.cached > sums_.used) sums_.cached = 0;
    sums_.used -= sums_.cached;
    sums_.free += sums_.cached;
  }

  core::ByteWindow window_;
  MallocSums sums_;
};

}  // namespace

MallocSums walk_malloc(const core::MemorySource& memory, std::span<const Mapping> maps) {
  const auto is_heap = [](const Mapping& map) { return map.name == "[heap]" && map.begin < map.end; };
  const auto first = std::find_if(maps.begin(), maps.end(), is_heap);
  if (first == maps.end()) return {};
  // What came before a fork and what came after may be shown apart.
  Address end = first->end;
  for (auto next = first + 1; next != maps.end() && is_heap(*next) && next->begin == end; ++next) end = next->end;
  MallocWalk walk(memory);
  if (!walk.walk_heap(first->begin, end)) return {};
  for (const Mapping& map : maps)
    if (map.name.empty() && map.write && !map.shared && map.begin < map.end) walk.walk_mapping(map.begin, map.end);
  return walk.sums();
}

}  // namespace palloscope::trace
