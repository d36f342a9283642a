#include "trace/live/heap_image.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace palloscope::trace {

using core::Address;
using core::BlockRole;
using core::ContextKind;
using core::VersionProfile;
using core::WalkedBlock;
using core::WalkedChunk;
using core::WalkedContext;
using core::WalkedHeap;

namespace {

std::uint64_t context_bytes(const WalkedContext& context, const VersionProfile& profile) {
  switch (context.kind) {
    case ContextKind::AllocSet:
      return profile.alloc_set.context_bytes;
    case ContextKind::Generation:
      return profile.generation.context_bytes;
    case ContextKind::Slab:
      return std::max(context.header_bytes, profile.slab.context_bytes);
    case ContextKind::Bump:
      return profile.bump.context_bytes;
    case ContextKind::Unknown:
      break;
  }
  return profile.context.bytes;
}

// A keeper lies right behind its context's header, and nowhere else.
void settle_roles(WalkedContext& context, const VersionProfile& profile) {
  const Address behind_header = context.at + context_bytes(context, profile);
  for (WalkedBlock& block : context.blocks) {
    if (block.role == BlockRole::Keeper && block.header != behind_header) block.role = BlockRole::Ordinary;
    if (block.role == BlockRole::External && block.chunks.size() > 1) block.role = BlockRole::Ordinary;
  }
}

// The places of all contexts and blocks; where two overlap, a context's header stays rather than a block, and the lower
// address rather than the higher one.
class Places {
 public:
  explicit Places(const VersionProfile& profile) : profile_(profile) {}

  void add(WalkedContext& context) {
    const HeapRegion region = region_of(context, profile_);
    add({region.at, region.at + region.bytes, &context, -1});
    for (std::size_t i = 0; i < context.blocks.size(); ++i) {
      const WalkedBlock& block = context.blocks[i];
      if (block.role != BlockRole::Keeper) add({block.header, block.end, &context, static_cast<std::ptrdiff_t>(i)});
    }
  }

  struct Place {
    Address begin, end;
    WalkedContext* context;
    std::ptrdiff_t block;  // -1: the context's header
    bool is_header() const { return block < 0; }
  };
  // What is in the way of something else.
  std::vector<Place> overlapping() {
    std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.is_header() > b.is_header();
    });
    std::vector<Place> kept;
    for (const Place& place : places_) {
      if (!kept.empty() && place.begin < kept.back().end) {
        if (!place.is_header() || kept.back().is_header()) {
          out_.push_back(place);
          continue;
        }
        out_.push_back(kept.back());
        kept.pop_back();
      }
      kept.push_back(place);
    }
    return std::move(out_);
  }

 private:
  void add(const Place& place) { (place.begin < place.end ? places_ : out_).push_back(place); }

  const VersionProfile& profile_;
  std::vector<Place> places_, out_;
};

// Takes the marked ones out, and everything below them.
void drop_contexts(std::vector<WalkedContext>& contexts, const std::vector<const WalkedContext*>& dropped) {
  std::vector<std::int32_t> place(contexts.size(), -1);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    const std::int32_t parent = contexts[i].parent;
    const bool gone = std::binary_search(dropped.begin(), dropped.end(), &contexts[i]) ||
                      (parent >= 0 && place[static_cast<std::size_t>(parent)] < 0);
    if (gone) continue;
    place[i] = static_cast<std::int32_t>(kept);
    if (parent >= 0) contexts[i].parent = place[static_cast<std::size_t>(parent)];
    if (kept != i) contexts[kept] = std::move(contexts[i]);
    ++kept;
  }
  contexts.resize(kept);
}

std::size_t drop_overlapping(WalkedHeap& heap, const VersionProfile& profile) {
  Places places(profile);
  for (WalkedContext& context : heap.contexts) places.add(context);
  for (auto& list : heap.recycled)
    for (WalkedContext& context : list) places.add(context);
  std::vector<Places::Place> out = places.overlapping();
  if (out.empty()) return 0;
  std::vector<const WalkedContext*> contexts;
  for (const Places::Place& place : out) {
    if (place.is_header())
      contexts.push_back(place.context);
    else
      place.context->blocks[static_cast<std::size_t>(place.block)].header = {};
  }
  for (WalkedContext& context : heap.contexts)
    std::erase_if(context.blocks, [](const WalkedBlock& block) { return !block.header; });
  std::sort(contexts.begin(), contexts.end());
  drop_contexts(heap.contexts, contexts);
  for (auto& list : heap.recycled) drop_contexts(list, contexts);
  return out.size();
}

std::size_t settle_freelists(WalkedContext& context) {
  std::size_t out = 0;
  const ChunkFinder chunks(context);
  for (std::size_t i = 0; i < context.freelists.size(); ++i) {
    out += std::erase_if(context.freelists[i], [&](Address at) {
      const auto [block, chunk] = chunks.find(at);
      return !block || block->role == BlockRole::External || chunk->granted_bytes != std::uint64_t{8} << i;
    });
  }
  return out;
}

void settle_counts(WalkedContext& context) {
  for (WalkedBlock& block : context.blocks) {
    block.nfree = std::clamp<std::int64_t>(block.nfree, 0, static_cast<std::int64_t>(block.chunks.size()));
    for (WalkedChunk& chunk : block.chunks)
      if (chunk.requested_bytes) chunk.requested_bytes = std::min(*chunk.requested_bytes, chunk.granted_bytes);
  }
}

}  // namespace

ChunkFinder::ChunkFinder(const WalkedContext& context) {
  for (const WalkedBlock& block : context.blocks) blocks_.push_back(&block);
  std::sort(blocks_.begin(), blocks_.end(), [](auto* a, auto* b) { return a->header < b->header; });
}

ChunkFinder::Found ChunkFinder::find(Address wanted) const {
  auto after = std::upper_bound(blocks_.begin(), blocks_.end(), wanted,
                                [](Address at, const WalkedBlock* block) { return at < block->header; });
  if (after == blocks_.begin()) return {};
  const WalkedBlock& block = **std::prev(after);
  auto chunk = std::lower_bound(block.chunks.begin(), block.chunks.end(), wanted,
                                [](const WalkedChunk& a, Address at) { return a.at < at; });
  return chunk != block.chunks.end() && chunk->at == wanted ? Found{&block, &*chunk} : Found{};
}

HeapRegion region_of(const WalkedContext& context, const VersionProfile& profile) {
  HeapRegion region{context.at, context_bytes(context, profile)};
  for (const WalkedBlock& block : context.blocks)
    if (block.role == BlockRole::Keeper) region.bytes = block.end - context.at;
  return region;
}

std::size_t keep_consistent(WalkedHeap& heap, const VersionProfile& profile) {
  for (WalkedContext& context : heap.contexts) settle_roles(context, profile);
  for (auto& list : heap.recycled) {
    for (WalkedContext& context : list) {
      settle_roles(context, profile);
      std::erase_if(context.blocks, [](const WalkedBlock& block) { return block.role != BlockRole::Keeper; });
    }
  }
  std::size_t out = drop_overlapping(heap, profile);
  for (WalkedContext& context : heap.contexts) {
    out += settle_freelists(context);
    if (context.kind != ContextKind::Slab) settle_counts(context);
  }
  return out;
}

}  // namespace palloscope::trace
