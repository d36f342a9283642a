#include "gui/layout/freelist_layout.h"

#include <algorithm>

namespace palloscope::gui {
namespace {

NextSource next_source(const trace::MemoryState& state, const trace::ContextRecord& context, const FreelistRow& row,
                       const core::VersionProfile& profile) {
  if (context.chunk_limit_bytes != 0 && row.class_bytes > context.chunk_limit_bytes) return NextSource::External;
  if (!row.chunks.empty()) return NextSource::Freelist;
  const trace::BlockRecord* active = state.block(context.first_block);
  const std::uint64_t needed = row.class_bytes + profile.alloc_set.chunk_bytes;
  if (active != nullptr && active->end() - active->free_at >= needed) return NextSource::Tail;
  return NextSource::NewBlock;
}

// nextBlockSize, doubled until the chunk fits (spec 3.5 step 5).
std::uint64_t new_block_bytes(const trace::ContextRecord& context, std::uint64_t class_bytes,
                              const core::VersionProfile& profile) {
  const std::uint64_t required = class_bytes + profile.alloc_set.block_bytes + profile.alloc_set.chunk_bytes;
  std::uint64_t bytes = std::max<std::uint64_t>(1024, context.next_block_bytes);
  while (bytes < required) bytes *= 2;
  return bytes;
}

}  // namespace

std::vector<FreelistRow> lay_out_freelists(const trace::MemoryState& state, core::ContextSlot slot,
                                           const core::VersionProfile& profile) {
  std::vector<FreelistRow> rows;
  const trace::ContextRecord* context = state.context(slot);
  if (context == nullptr || context->kind != core::ContextKind::AllocSet || !context->at) return rows;
  for (int size_class = 0; size_class < trace::kFreelistCount; ++size_class) {
    FreelistRow row;
    row.size_class = size_class;
    row.class_bytes = 8ull << size_class;
    for (auto at = context->freelist[size_class]; at; at = state.chunks()[at.value].next_free) {
      if (row.chunks.size() == kMostLinks) {
        row.cut = true;
        break;
      }
      row.chunks.push_back(at);
    }
    row.next = next_source(state, *context, row, profile);
    if (row.next == NextSource::NewBlock) row.new_block_bytes = new_block_bytes(*context, row.class_bytes, profile);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace palloscope::gui
