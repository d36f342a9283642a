// What the walks of the four allocators share (private to core/walk): reading, limits, findings, finding a chunk again.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <unordered_set>

#include "core/walk/byte_window.h"
#include "core/walk/heap_walker.h"

namespace palloscope::core {

class WalkRun {
 public:
  WalkRun(const MemorySource& source, const VersionProfile& version, const WalkLimits& at_most, WalkedHeap& result)
      : profile(version), limits(at_most), window(source), heap_(result) {}

  const VersionProfile& profile;
  const WalkLimits& limits;
  ByteWindow window;

  // Only the first `limits.findings` are kept; the words are made only for those.
  template <class... Args>
  void found(Address where, fmt::format_string<Args...> words, Args&&... args) {
    if (heap_.findings.size() >= limits.findings) {
      ++heap_.findings_left_out;
      return;
    }
    heap_.findings.push_back({where, fmt::format(words, std::forward<Args>(args)...)});
  }
  // One more block, one more chunk; false when that is more than the limit (said once).
  bool count_block(Address where) { return count(blocks_, limits.blocks, where, "blocks"); }
  bool count_chunk(Address where) { return count(chunks_, limits.chunks, where, "chunks"); }
  // A list's head that is looked at (15's Slab has one for each number of free chunks).
  bool count_list(Address where) { return count(lists_, limits.chunks, where, "block lists"); }

 private:
  bool count(std::size_t& counted, std::size_t limit, Address where, const char* what) {
    if (counted < limit) {
      ++counted;
      return true;
    }
    if (counted == limit) {
      ++counted;
      found(where, "more than {} {}; the rest is left out", limit, what);
    }
    return false;
  }

  WalkedHeap& heap_;
  std::size_t blocks_ = 0, chunks_ = 0, lists_ = 0;
};

// The lists of one context. Blocks that were already met end their list.
using SeenBlocks = std::unordered_set<Address>;

// A circular dlist whose head (prev, next) lies at `head`: calls visit(node) until the head comes again. Zeroed and
// self-pointing heads are empty. `what` names the list in findings. visit answers false to stop.
template <class Visit>
void walk_dlist(WalkRun& run, Address head, SeenBlocks& seen, const char* what, Visit visit) {
  constexpr Field kPrev{0, 8}, kNext{8, 8};
  StructView view = run.window.view(head, 16);
  if (!view) return run.found(head, "{}: its head cannot be read", what);
  Address last = view.pointer(kPrev), node = view.pointer(kNext), before = head;
  if (!node) return;
  while (node != head) {
    view = run.window.view(node, 16);
    if (!view) return run.found(node, "{}: a block that cannot be read", what);
    if (view.pointer(kPrev) != before) {
      run.found(node, "{}: the block's back link is {:#x}, not {:#x}", what, view.get(kPrev), before.value);
    }
    Address next = view.pointer(kNext);
    if (!seen.insert(node).second) return run.found(node, "{}: the block is met twice", what);
    if (!visit(node)) return;
    before = node;
    node = next;
  }
  if (last != before) run.found(head, "{}: its head's back link is {:#x}, not the last block", what, last.value);
}

// Decoded word before a payload (16+, spec 2.3).
struct PackedHeader {
  std::uint64_t id = 0, value = 0, block_offset = 0;
  bool external = false, magic = false;
};
inline PackedHeader unpack(const ChunkHeaderLayout& layout, std::uint64_t word) {
  PackedHeader header;
  header.id = word & layout.id_mask;
  header.external = ((word >> layout.external_bit) & 1) != 0;
  header.value = (word >> layout.value_shift) & layout.value_mask;
  header.block_offset = (word >> layout.block_shift) & layout.block_mask;
  header.magic = (word & ~((std::uint64_t{1} << (layout.external_bit + 1)) - 1)) == layout.external_magic;
  return header;
}

// Fill in what hangs from the context; its own header's common part is already there.
void walk_alloc_set(WalkRun& run, WalkedContext& context);
void walk_generation(WalkRun& run, WalkedContext& context);
void walk_slab(WalkRun& run, WalkedContext& context);
void walk_bump(WalkRun& run, WalkedContext& context);

// A dedicated block between being linked and its chunk being made: full, and the chunk header that begins at its start
// has 0 for a size (15) or for its word (16+; the simulated allocators write it so).
inline bool is_unused_external(const WalkedBlock& block, StructView first_chunk_header, Field size,
                               std::uint64_t chunk_bytes) {
  Field field = size.exists() ? size : Field{static_cast<std::uint16_t>(chunk_bytes - 8), 8};
  return block.chunks.empty() && block.free_at == block.end && first_chunk_header.get(field) == 0;
}

// Whether start <= free_at <= end and the block is not absurdly large; else a finding.
bool sane_block(WalkRun& run, const WalkedBlock& block);
void check_mem_allocated(WalkRun& run, const WalkedContext& context, std::uint64_t blocks_add_up_to);

}  // namespace palloscope::core
