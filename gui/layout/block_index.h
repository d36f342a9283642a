// BlockIndex: the inside of one malloc'ed region, ordered by offset, with running sums, so that "what do these bytes
// stand for" costs a search however many chunks there are. Pure: no ImGui, no GL. Built on demand by the block map and
// thrown away when a step touched the block.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/replay/memory_state.h"

namespace palloscope::gui {

// What a byte of a region is used for.
enum class ByteUse : std::uint8_t {
  ContextHeader,  // MemoryContextData and the kind's own fields, in front of the keeper
  BlockHeader,
  ChunkHeader,
  Live,       // payload that was asked for
  Rounding,   // payload beyond the request (size class, alignment)
  Free,       // payload of a chunk on a freelist
  Dead,       // a chunk that was freed but is on no freelist (Generation): only its block's counters know
  Tail,       // never handed out
  Plain,      // malloc'ed, in no context: nothing is known of its inside
  Recycled,   // a deleted context waiting to be used again
  Unsure,     // payload in use or freed: its block only counts how many are free (what a snapshot tells of Generation)
  Undivided,  // handed out, but where one chunk ends is not kept (what a snapshot tells of Bump)
};
inline constexpr int kByteUseCount = 12;

// How many bytes of a range are of which use.
struct ByteMix {
  std::uint64_t bytes[kByteUseCount] = {};
  std::uint64_t& operator[](ByteUse use) { return bytes[static_cast<int>(use)]; }
  std::uint64_t operator[](ByteUse use) const { return bytes[static_cast<int>(use)]; }
  friend bool operator==(const ByteMix&, const ByteMix&) = default;
};

// One stretch of equal use, for picking and for drawing what is large enough to be drawn singly.
struct ByteSpan {
  std::uint64_t begin = 0, end = 0;  // offsets in the region
  ByteUse use = ByteUse::Plain;
  core::ChunkSlot chunk;  // none: header of context or block, tail, plain
};

class BlockIndex {
 public:
  BlockIndex() = default;
  BlockIndex(const trace::MemoryState& state, core::BlockSlot block, const core::VersionProfile& profile);
  // Without its chunks, at the same price for every block: headers and tail in their places, and between them the
  // average of what the block's and the context's counters tell. For blocks too small to be looked into.
  static BlockIndex outline(const trace::MemoryState& state, core::BlockSlot block,
                            const core::VersionProfile& profile);

  bool is_outline() const { return average_.has_value(); }
  std::uint64_t size_bytes() const { return size_; }
  std::size_t chunk_count() const { return chunks_.size(); }

  ByteMix mix(std::uint64_t begin, std::uint64_t end) const;
  ByteSpan span_at(std::uint64_t offset) const;
  // The chunk (header included) that holds this offset; none in headers of context and block, and in the tail.
  core::ChunkSlot chunk_at(std::uint64_t offset) const;
  // How many chunks begin in the range.
  std::size_t chunks_beginning(std::uint64_t begin, std::uint64_t end) const;

 private:
  struct Chunk {
    std::uint64_t begin = 0;  // of its header
    std::uint64_t payload = 0;
    std::uint64_t asked = 0;  // end of what was asked for
    std::uint64_t end = 0;
    core::ChunkSlot slot;
    ByteUse use = ByteUse::Live;  // of the payload: Live, Free or Dead
  };
  // Sums over the chunks in front of chunk i.
  struct Sums {
    std::uint64_t header = 0, live = 0, rounding = 0, free = 0, dead = 0;
  };

  // What is known without the chunks; the owner's chunk header too.
  struct Frame {
    const trace::BlockRecord* block = nullptr;
    const trace::ContextRecord* owner = nullptr;
    std::uint64_t chunk_header = 0;
  };
  Frame frame(const trace::MemoryState& state, core::BlockSlot slot, const core::VersionProfile& profile);
  void add_average(ByteMix& mix, std::uint64_t bytes) const;

  template <class Before>
  std::size_t search(std::size_t near, Before before) const;
  std::size_t first_ending_after(std::uint64_t offset) const;
  std::size_t first_beginning_at(std::uint64_t offset, std::size_t near) const;
  static void add_clipped(ByteMix& mix, const Chunk& chunk, std::uint64_t begin, std::uint64_t end);

  std::uint64_t size_ = 0;
  std::uint64_t block_header_ = 0;  // offset of the block header; what is before is the context's
  std::uint64_t first_chunk_ = 0;   // end of the block header
  std::uint64_t free_at_ = 0;
  double unsure_free_ = 0;          // so much of what seems live is free, nobody knows which; a share
  bool is_undivided_ = false;       // no chunk is known up to free_at_
  ByteUse whole_ = ByteUse::Plain;  // Plain, Recycled, ContextHeader: the region has no inside to show
  bool opaque_ = true;
  std::optional<ByteMix> average_;  // of the bytes of an outline up to free_at_
  std::vector<Chunk> chunks_;       // by begin
  std::vector<Sums> sums_;          // one more than chunks_
  mutable std::size_t near_ = 0;    // where the last look ended: the next one is mostly nearby
};

}  // namespace palloscope::gui
