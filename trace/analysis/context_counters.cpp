#include "trace/analysis/context_counters.h"

#include <algorithm>

#include "trace/analysis/slab_shape.h"

namespace palloscope::trace {
namespace {

using core::VersionProfile;

ReportedCounters slab_counters(const MemoryState& state, const ContextRecord& context, const VersionProfile& profile) {
  const core::SlabLayout& slab = profile.slab;
  const BlockRecord* region = state.block(context.region);
  const SlabShape shape(context, profile);
  ReportedCounters counters;
  // 16+: cached empty blocks count in total alone (spec 5.3); 15 frees a block as soon as it is empty.
  counters.blocks = slab.list_per_free_count ? context.block_count : context.occupied_block_count;
  counters.empty_blocks = context.block_count - counters.blocks;
  counters.total_bytes = (region ? region->bytes : slab.context_bytes) + context.mem_allocated_bytes;
  counters.free_chunks = counters.blocks * shape.chunks_per_block - context.live_chunk_count;
  counters.free_bytes = counters.free_chunks * shape.full_chunk;
  return counters;
}

}  // namespace

ReportedCounters context_counters(const MemoryState& state, const ContextRecord& context,
                                  const VersionProfile* profile) {
  if (context.reported) return *context.reported;
  static const VersionProfile kUnknown;
  const VersionProfile& known = profile ? *profile : kUnknown;
  ReportedCounters counters;
  counters.blocks = context.block_count;
  counters.total_bytes = context.mem_allocated_bytes;
  counters.free_bytes = context.tail_bytes;
  switch (context.kind) {
    case core::ContextKind::AllocSet:
      counters.free_chunks = context.free_chunk_count;
      counters.free_bytes += context.free_chunk_bytes + context.free_chunk_count * known.alloc_set.chunk_bytes;
      break;
    case core::ContextKind::Generation:
      counters.total_bytes += known.generation.context_bytes;
      counters.chunks = std::uint64_t{context.live_chunk_count} + context.free_chunk_count;
      counters.free_chunks = std::uint64_t{context.free_chunk_count} + context.uncounted_free_chunks;
      break;
    case core::ContextKind::Slab:
      counters = slab_counters(state, context, known);
      break;
    case core::ContextKind::Bump:
      // Between its creation and its keeper it has nothing yet.
      counters.total_bytes -= std::min(counters.total_bytes, known.bump.context_bytes);
      break;
    case core::ContextKind::Unknown:
      break;
  }
  counters.used_bytes = counters.total_bytes - std::min(counters.total_bytes, counters.free_bytes);
  return counters;
}

std::vector<InclusiveCounters> inclusive_counters(const MemoryState& state, const VersionProfile* profile) {
  std::vector<InclusiveCounters> sums(state.contexts().size());
  std::vector<ContextSlot> order;  // parents before their children
  for (ContextSlot root = state.first_root(); root; root = state.contexts()[root.value].next_sibling) {
    order.push_back(root);
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    const ContextRecord& context = state.contexts()[order[i].value];
    const ReportedCounters own = context_counters(state, context, profile);
    InclusiveCounters& sum = sums[order[i].value];
    sum = {1, own.blocks, own.total_bytes, own.free_bytes, own.free_chunks, own.used_bytes};
    if (context.omitted_children) {
      const OmittedContexts& omitted = *context.omitted_children;
      sum.contexts += omitted.count;
      sum.blocks += omitted.blocks;
      sum.total_bytes += omitted.total_bytes;
      sum.free_bytes += omitted.free_bytes;
      sum.free_chunks += omitted.free_chunks;
      sum.used_bytes += omitted.used_bytes;
    }
    for (ContextSlot child = context.first_child; child; child = state.contexts()[child.value].next_sibling) {
      order.push_back(child);
    }
  }
  for (std::size_t i = order.size(); i > 0; --i) {
    const ContextSlot parent = state.contexts()[order[i - 1].value].parent;
    if (!parent) continue;
    const InclusiveCounters& sum = sums[order[i - 1].value];
    InclusiveCounters& into = sums[parent.value];
    into.contexts += sum.contexts;
    into.blocks += sum.blocks;
    into.total_bytes += sum.total_bytes;
    into.free_bytes += sum.free_bytes;
    into.free_chunks += sum.free_chunks;
    into.used_bytes += sum.used_bytes;
  }
  return sums;
}

const std::vector<InclusiveCounters>& InclusiveCountersCache::of(const MemoryState& state,
                                                                 const VersionProfile* profile) {
  if (state_ != &state || profile_ != profile || event_ != state.event_number() || !(totals_ == state.totals()) ||
      counters_.size() != state.contexts().size()) {
    counters_ = inclusive_counters(state, profile);
    state_ = &state;
    profile_ = profile;
    event_ = state.event_number();
    totals_ = state.totals();
  }
  return counters_;
}

}  // namespace palloscope::trace
