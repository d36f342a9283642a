#include "trace/analysis/known_bytes.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/allocators/chunk_header.h"

namespace palloscope::trace {
namespace {

using core::ContextKind;
using core::Field;
using core::VersionProfile;

class Collector {
 public:
  Collector(const MemoryState& state, const VersionProfile& profile, Address from, Address to)
      : state_(state), profile_(profile), from_(from), to_(to) {}

  void add_context(ContextSlot slot) {
    const ContextRecord& c = state_.contexts()[slot.value];
    if (!c.at || c.kind == ContextKind::Unknown) return;
    base_ = c.at;
    owner_ = KnownStruct::Context;
    const auto& layout = profile_.context;
    add(layout.type, "type", profile_.node_tags[static_cast<std::size_t>(c.kind)]);
    add(layout.is_reset, "isReset", c.is_reset ? 1 : 0);
    add(layout.allow_in_crit_section, "allowInCritSection", c.allow_in_crit_section ? 1 : 0);
    add(layout.mem_allocated, "mem_allocated", c.mem_allocated_bytes);
    add(layout.parent, "parent", address_of(c.parent));
    add(layout.first_child, "firstchild", address_of(c.first_child));
    add(layout.prev_child, "prevchild", address_of(c.prev_sibling));
    add(layout.next_child, "nextchild", address_of(c.next_sibling));
    if (c.callbacks.empty()) add(layout.reset_callbacks, "reset_cbs", 0);
    if (c.kind == ContextKind::AllocSet) add_alloc_set(c);
  }

  void add_block(const BlockRecord& b) {
    const ContextRecord* owner = state_.context(b.context);
    if (owner == nullptr || owner->kind != ContextKind::AllocSet || !b.header) return;
    base_ = b.header;
    owner_ = KnownStruct::Block;
    const auto& layout = profile_.alloc_set;
    add(layout.block_set, "aset", owner->at.value);
    add(layout.block_prev, "prev", header_of(b.prev));
    add(layout.block_next, "next", header_of(b.next));
    add(layout.block_freeptr, "freeptr", b.free_at.value);
    add(layout.block_endptr, "endptr", b.end().value);
  }

  void add_chunk(ChunkSlot slot, ContextKind kind) {
    const ChunkRecord& c = state_.chunks()[slot.value];
    if (c.at + 8 <= from_ || c.at - 24 >= to_) return;
    owner_ = KnownStruct::Chunk;
    if (const std::uint64_t word = known_chunk_word(state_, profile_, slot); word != 0 || is_linked(c, kind)) {
      base_ = c.at - 8;
      const bool link = !profile_.chunk_header.packed && c.state == ChunkState::Free;
      add(Field{0, 8}, profile_.chunk_header.packed ? "hdrmask" : link ? "next free" : "context", word);
    }
    if (kind != ContextKind::AllocSet) return;
    if (const Field size = profile_.alloc_set.chunk_size; size.exists()) {
      base_ = c.at - profile_.alloc_set.chunk_bytes;
      add(size, "size", c.granted_bytes);
    }
    if (!profile_.chunk_header.packed || c.state != ChunkState::Free) return;
    owner_ = KnownStruct::FreeLink;
    base_ = c.at - profile_.alloc_set.chunk_bytes;
    add(Field{profile_.alloc_set.free_link, 8}, "next free", chunk_header_address(c.next_free));
  }

  std::vector<KnownField> take() {
    std::sort(fields_.begin(), fields_.end(), [](auto& a, auto& b) { return a.at < b.at; });
    return std::move(fields_);
  }

 private:
  static bool is_linked(const ChunkRecord& chunk, ContextKind kind) {
    return kind == ContextKind::AllocSet && chunk.state == ChunkState::Free;  // the last of a list points to 0
  }

  void add(Field field, std::string_view name, std::uint64_t value) {
    const Address at = base_ + field.offset;
    if (!field.exists() || at + field.width <= from_ || at >= to_) return;
    fields_.push_back({at, field.width, owner_, name, value});
  }

  void add_alloc_set(const ContextRecord& c) {
    static constexpr std::array<std::string_view, kFreelistCount> kNames{
        "freelist[0]", "freelist[1]", "freelist[2]", "freelist[3]", "freelist[4]", "freelist[5]",
        "freelist[6]", "freelist[7]", "freelist[8]", "freelist[9]", "freelist[10]"};
    const auto& layout = profile_.alloc_set;
    add(layout.blocks, "blocks", header_of(c.first_block));
    for (std::uint16_t i = 0; i < kFreelistCount; ++i)
      add(Field{static_cast<std::uint16_t>(layout.freelist + 8 * i), 8}, kNames[i],
          chunk_header_address(c.freelist[i]));
    add(layout.init_block_size, "initBlockSize", c.init_block_bytes);
    add(layout.max_block_size, "maxBlockSize", c.max_block_bytes);
    add(layout.next_block_size, "nextBlockSize", c.next_block_bytes);
    add(layout.chunk_limit, "allocChunkLimit", c.chunk_limit_bytes);
    add(layout.free_list_index, "freeListIndex", static_cast<std::uint32_t>(c.recycle_list));
  }

  std::uint64_t address_of(ContextSlot slot) const { return slot ? state_.contexts()[slot.value].at.value : 0; }
  std::uint64_t header_of(BlockSlot slot) const { return slot ? state_.blocks()[slot.value].header.value : 0; }
  std::uint64_t chunk_header_address(ChunkSlot slot) const {
    return slot ? (state_.chunks()[slot.value].at - profile_.alloc_set.chunk_bytes).value : 0;
  }

  const MemoryState& state_;
  const VersionProfile& profile_;
  Address from_, to_, base_;
  KnownStruct owner_ = KnownStruct::Context;
  std::vector<KnownField> fields_;
};

// What the value bits of a packed header hold (spec 2.3).
std::uint64_t value_of(const ContextRecord& owner, const ChunkRecord& chunk) {
  if (owner.kind == ContextKind::AllocSet) return chunk.size_class;
  if (owner.kind == ContextKind::Slab) return core::max_align(owner.min_context_bytes);
  return chunk.granted_bytes;
}

}  // namespace

std::uint64_t known_chunk_word(const MemoryState& state, const VersionProfile& profile, ChunkSlot slot) {
  const ChunkRecord* chunk = state.chunk(slot);
  const BlockRecord* block = chunk == nullptr ? nullptr : state.block(chunk->block);
  const ContextRecord* owner = block == nullptr ? nullptr : state.context(block->context);
  if (owner == nullptr || owner->kind == ContextKind::Unknown || owner->kind == ContextKind::Bump) return 0;
  if (!profile.chunk_header.packed) {  // 15
    if (chunk->state == ChunkState::Live) return owner->at.value;
    const ChunkRecord* next = state.chunk(chunk->next_free);
    return owner->kind != ContextKind::AllocSet || next == nullptr ? 0
                                                                   : (next->at - profile.alloc_set.chunk_bytes).value;
  }
  const int id = profile.chunk_header.id_of[static_cast<std::size_t>(owner->kind)];
  if (chunk->origin == core::ChunkOrigin::External) return core::pack_external_header(profile.chunk_header, id);
  const Address header = chunk->at - (profile.checking ? 16 : 8);
  return core::pack_header(profile.chunk_header, header, block->header, value_of(*owner, *chunk), id);
}

std::vector<KnownField> known_fields(const MemoryState& state, const VersionProfile& profile, BlockSlot slot,
                                     Address from, Address to) {
  Collector collector(state, profile, from, to);
  const BlockRecord* block = state.block(slot);
  if (block == nullptr || !block->context || from >= to) return collector.take();
  const ContextRecord& owner = state.contexts()[block->context.value];
  if (owner.region == slot) collector.add_context(block->context);
  collector.add_block(*block);
  for (ChunkSlot chunk = block->first_chunk; chunk; chunk = state.chunks()[chunk.value].next_in_block)
    collector.add_chunk(chunk, owner.kind);
  return collector.take();
}

std::vector<HeaderBits> decode_chunk_header(const VersionProfile& profile, std::uint64_t word) {
  const auto& layout = profile.chunk_header;
  std::vector<HeaderBits> bits;
  if (!layout.packed) return bits;
  const HeaderBits id{HeaderPart::MethodId, 0, layout.id_bits,
                      static_cast<std::uint64_t>(core::header_id(layout, word))};
  const HeaderBits external{HeaderPart::External, layout.external_bit, 1,
                            core::header_is_external(layout, word) ? 1u : 0u};
  if (external.value != 0) {
    bits = {{HeaderPart::Magic, layout.external_bit + 1, 63 - layout.external_bit, word >> (layout.external_bit + 1)}};
  } else {
    bits = {
        {HeaderPart::BlockOffset, layout.block_shift, 64 - layout.block_shift, core::header_block_offset(layout, word)},
        {HeaderPart::Value, layout.value_shift, layout.block_shift - layout.value_shift,
         core::header_value(layout, word)}};
  }
  bits.push_back(external);
  bits.push_back(id);
  return bits;
}

}  // namespace palloscope::trace
