#include "gui/selection.h"

namespace palloscope::gui {

const trace::ContextRecord* find(const trace::MemoryState& state, ContextKey key) {
  const trace::ContextRecord* record = state.context(key.slot);
  return record != nullptr && record->born == key.born ? record : nullptr;
}

const trace::BlockRecord* find(const trace::MemoryState& state, BlockKey key) {
  const trace::BlockRecord* record = state.block(key.slot);
  return record != nullptr && record->born == key.born ? record : nullptr;
}

const trace::ChunkRecord* find(const trace::MemoryState& state, ChunkKey key) {
  const trace::ChunkRecord* record = state.chunk(key.slot);
  return record != nullptr && record->born == key.born ? record : nullptr;
}

const trace::ShmemRecord* find(const trace::MemoryState& state, ShmemKey key) {
  const auto& pieces = state.server().allocations;
  return key.allocation < pieces.size() && key.born != 0 && pieces[key.allocation].born == key.born
             ? &pieces[key.allocation]
             : nullptr;
}

const trace::SegmentRecord* find(const trace::MemoryState& state, SegmentKey key) {
  const trace::SegmentRecord* record = state.server().segment(key.slot);
  return record != nullptr && record->born == key.born ? record : nullptr;
}

core::ContextSlot context_of(const Selection& selection, const trace::MemoryState& state) {
  if (const auto* context = std::get_if<ContextKey>(&selection))
    return find(state, *context) != nullptr ? context->slot : core::ContextSlot{};
  if (const auto* block = std::get_if<BlockKey>(&selection)) {
    const trace::BlockRecord* record = find(state, *block);
    return record != nullptr ? record->context : core::ContextSlot{};
  }
  if (const auto* chunk = std::get_if<ChunkKey>(&selection)) {
    const trace::ChunkRecord* record = find(state, *chunk);
    return record != nullptr ? state.context_of(*record) : core::ContextSlot{};
  }
  return {};
}

}  // namespace palloscope::gui
