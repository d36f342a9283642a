#include "trace/query/event_lookup.h"

#include <algorithm>

namespace palloscope::trace {

using namespace core;

void look_up(EventFacts& facts, const MemoryState& state) {
  const ChunkRecord* chunk = facts.chunk ? state.chunk(facts.chunk) : nullptr;
  if (chunk && (facts.tag == ChunkFreed::kTag || facts.tag == ChunkResized::kTag)) {
    facts.block = chunk->block;
    facts.has_at = true;
    facts.at = chunk->at;
    facts.span_bytes = std::max(chunk->granted_bytes, facts.granted);
    if (facts.tag == ChunkFreed::kTag) {
      facts.has_size = facts.has_granted = true;
      facts.size = chunk->requested_bytes;
      facts.granted = chunk->granted_bytes;
    }
  }
  const BlockRecord* block = facts.block ? state.block(facts.block) : nullptr;
  if (block && !facts.context) facts.context = block->context;
  if (block && facts.tag == Free::kTag) {
    facts.has_size = facts.has_at = true;
    facts.size = block->bytes;
    facts.at = block->at;
  }
  if (block && facts.tag == BlockRemoved::kTag) {
    facts.has_size = true;
    facts.size = block->accounted_bytes;
  }
  const BufferRecord* buffer = facts.buffer ? state.server().buffer(facts.buffer) : nullptr;
  if (!buffer || !buffer->has_page()) return;
  if (facts.tag == BufferTagged::kTag) facts.flags |= kFlagEvicted;
  if (!facts.has_page) facts.page = buffer->tag;
  facts.has_page = true;
}

}  // namespace palloscope::trace
