#include "trace/live/heap_difference.h"

#include <unordered_map>

#include "trace/live/heap_image.h"

namespace palloscope::trace {

using core::Address;
using core::BlockRole;
using core::ContextKind;
using core::VersionProfile;
using core::WalkedBlock;
using core::WalkedChunk;
using core::WalkedChunkState;
using core::WalkedContext;

namespace {

// Up to its freeptr, which is where its chunks end (15's Slab does not say where that is).
bool is_known_to_its_end(const WalkedBlock& block, ContextKind kind, const VersionProfile& profile) {
  if (!tells_chunks(kind, profile) || kind == ContextKind::Slab) return true;
  if (block.chunks.empty()) return block.free_at == block.start || block.role == BlockRole::External;
  return block.chunks.back().at + block.chunks.back().granted_bytes == block.free_at;
}

bool was_freed(const WalkedChunk& chunk) { return chunk.state == WalkedChunkState::Free; }

// Blocks of the context by place.
class BlocksByPlace {
 public:
  explicit BlocksByPlace(const WalkedContext& context) {
    for (const WalkedBlock& block : context.blocks) blocks_.emplace(block.header, &block);
  }
  const WalkedBlock* at(const WalkedBlock& wanted) const {
    auto found = blocks_.find(wanted.header);
    const bool same = found != blocks_.end() && found->second->end == wanted.end && found->second->role == wanted.role;
    return same ? found->second : nullptr;
  }

 private:
  std::unordered_map<Address, const WalkedBlock*> blocks_;
};

// Of a block of a kind that frees its blocks one by one.
BlockFate fate_of_single(const WalkedBlock& before, const WalkedBlock* now, ContextKind kind,
                         const VersionProfile& profile) {
  if (!now) return BlockFate::Gone;
  if (goes_on(before, *now, kind, profile)) return BlockFate::Stays;
  return before.role == BlockRole::External ? BlockFate::Gone : BlockFate::Emptied;
}

}  // namespace

std::uint32_t uncounted_free(const WalkedBlock& block) {
  const bool some_unknown = !block.chunks.empty() && block.chunks.front().state == WalkedChunkState::Unknown;
  return some_unknown ? static_cast<std::uint32_t>(block.nfree) : 0;
}

bool is_same_context(const WalkedContext& before, const WalkedContext& now, const VersionProfile& profile) {
  return before.at == now.at && before.kind == now.kind && before.name == now.name &&
         before.init_block_bytes == now.init_block_bytes && before.max_block_bytes == now.max_block_bytes &&
         before.chunk_limit_bytes == now.chunk_limit_bytes && before.freelist_index == now.freelist_index &&
         before.chunk_bytes == now.chunk_bytes && before.full_chunk_bytes == now.full_chunk_bytes &&
         region_of(before, profile) == region_of(now, profile);
}

bool goes_on(const WalkedBlock& before, const WalkedBlock& now, ContextKind kind, const VersionProfile& profile) {
  if (!is_known_to_its_end(before, kind, profile) || before.chunks.size() > now.chunks.size()) return false;
  if (kind != ContextKind::Slab && before.free_at > now.free_at) return false;
  const bool counts = kind == ContextKind::Generation;  // there a freed chunk is never handed out again
  if (counts && before.nfree > now.nfree) return false;
  for (std::size_t i = 0; i < before.chunks.size(); ++i) {
    const WalkedChunk &old = before.chunks[i], &other = now.chunks[i];
    if (old.at != other.at || old.granted_bytes != other.granted_bytes) return false;
    if (counts && was_freed(old) && !was_freed(other)) return false;
  }
  return true;
}

ContextFate fate_of(const WalkedContext& before, const WalkedContext& now, const VersionProfile& profile) {
  ContextFate fate;
  fate.reset = now.is_reset && !before.is_reset;
  if (fate.reset) return fate;
  const BlocksByPlace blocks(now);
  for (const WalkedBlock& block : before.blocks) {
    fate.blocks.push_back(fate_of_single(block, blocks.at(block), before.kind, profile));
    if (fate.blocks.back() == BlockFate::Stays) continue;
    const bool all_or_none =
        before.kind == ContextKind::Bump || (before.kind == ContextKind::AllocSet && block.role != BlockRole::External);
    if (all_or_none) return {true, {}};
  }
  return fate;
}

}  // namespace palloscope::trace
