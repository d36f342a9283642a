#include "trace/analysis/known_source.h"

#include <algorithm>

#include "trace/analysis/known_bytes.h"

namespace palloscope::trace {

KnownSource::KnownSource(const MemoryState& state, const core::VersionProfile& profile, ChunkSlot slot) {
  const ChunkRecord* chunk = state.chunk(slot);
  const BlockRecord* block = chunk == nullptr ? nullptr : state.block(chunk->block);
  if (block == nullptr) return;
  constexpr std::uint64_t kLongestHeader = 32, kLongestLink = 8, kLongestContext = 256, kLongestBlock = 128;
  add(state, profile, chunk->block, chunk->at - kLongestHeader, chunk->at + kLongestLink);
  add(state, profile, chunk->block, block->header, std::min(block->free_start, block->header + kLongestBlock));
  if (const ContextRecord* owner = state.context(block->context))
    add(state, profile, owner->region, owner->at, owner->at + kLongestContext);
}

void KnownSource::add(const MemoryState& state, const core::VersionProfile& profile, BlockSlot block, Address from,
                      Address to) {
  for (const KnownField& field : known_fields(state, profile, block, from, to))
    for (std::uint8_t i = 0; i < field.width; ++i)
      bytes_[field.at.value + i] = static_cast<std::uint8_t>(field.value >> (8 * i));
}

bool KnownSource::read(Address at, std::span<std::uint8_t> into) const {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto found = bytes_.find(at.value + i);
    if (found == bytes_.end()) return false;
    into[i] = found->second;
  }
  return true;
}

}  // namespace palloscope::trace
