// A walked heap as a process could really have it. What a walk found in torn or hostile bytes may contradict itself:
// two blocks in the same place, a freelist through another block, more free chunks than chunks. Here such things are
// left out, so that what is told of the rest holds together.
#pragma once

#include <cstddef>
#include <vector>

#include "core/version/version_profile.h"
#include "core/walk/walked_heap.h"

namespace palloscope::trace {

// malloc'ed memory.
struct HeapRegion {
  core::Address at;
  std::uint64_t bytes = 0;
  friend bool operator==(const HeapRegion&, const HeapRegion&) = default;
};

// That holds the context's header; its keeper as well, where there is one.
HeapRegion region_of(const core::WalkedContext& context, const core::VersionProfile& profile);
// That holds a block which is no keeper.
inline HeapRegion region_of(const core::WalkedBlock& block) { return {block.header, block.end - block.header}; }

// Finds chunks of a context by their addresses.
class ChunkFinder {
 public:
  explicit ChunkFinder(const core::WalkedContext& context);
  struct Found {
    const core::WalkedBlock* block = nullptr;  // null: there is no such chunk
    const core::WalkedChunk* chunk = nullptr;
  };
  Found find(core::Address chunk) const;

 private:
  std::vector<const core::WalkedBlock*> blocks_;  // by address
};

// Answers how many contexts, blocks and freelist entries had to go. 0: the heap is as it was (but for counts of free
// chunks that no block can have).
std::size_t keep_consistent(core::WalkedHeap& heap, const core::VersionProfile& profile);

}  // namespace palloscope::trace
