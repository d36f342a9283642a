#include "trace/analysis/known_bytes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/allocators/chunk_header.h"
#include "trace/analysis/known_collector.h"

namespace palloscope::trace {
namespace {

using core::ContextKind;
using core::Field;
using core::VersionProfile;

constexpr std::uint8_t kSentinel = 0x7E, kWiped = 0x7F;  // spec 2.4, 13

// What the value bits of a packed header hold (spec 2.3).
std::uint64_t value_of(const ContextRecord& owner, const ChunkRecord& chunk) {
  if (owner.kind == ContextKind::AllocSet) return chunk.size_class;
  if (owner.kind == ContextKind::Slab) return core::max_align(owner.min_context_bytes);
  return chunk.granted_bytes;
}

}  // namespace

// --- collecting -----------------------------------------------------------------------------------------------------

void KnownCollector::add(Field field, std::string_view name, std::uint64_t value) {
  const Address at = base_ + field.offset;
  if (!field.exists() || at + field.width <= from_ || at >= to_) return;
  if (field.width < 8) value &= (std::uint64_t{1} << (8 * field.width)) - 1;
  fields_.push_back({at, field.width, owner_, name, value});
}

void KnownCollector::add_filled(Address begin, Address end, std::uint8_t byte, std::string_view name) {
  begin = std::max(begin, from_);
  end = std::min(end, to_);
  while (begin < end) {
    const auto width = static_cast<std::uint8_t>(std::min<std::uint64_t>(8, end - begin));
    base_ = begin;
    add({0, width}, name, 0x0101010101010101 * byte);
    begin = begin + width;
  }
}

void KnownCollector::add_links(Address at, std::uint64_t prev, std::uint64_t next) {
  const Address base = std::exchange(base_, at);
  add_pointer(0, "prev", prev);
  add_pointer(8, "next", next);
  base_ = base;
}

std::vector<KnownField> KnownCollector::take() {
  std::sort(fields_.begin(), fields_.end(), [](auto& a, auto& b) { return a.at < b.at; });
  return std::move(fields_);
}

void KnownCollector::add_context(ContextSlot slot) {
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
  if (!c.ident) add(layout.ident, "ident", 0);
  if (c.callbacks.empty()) add(layout.reset_callbacks, "reset_cbs", 0);
  switch (c.kind) {
    case ContextKind::AllocSet:
      return add_alloc_set(c);
    case ContextKind::Generation:
      return add_generation(c);
    case ContextKind::Slab:
      return add_slab(c);
    case ContextKind::Bump:
      return add_bump(c);
    case ContextKind::Unknown:
      return;
  }
}

void KnownCollector::add_alloc_set(const ContextRecord& c) {
  static constexpr std::array<std::string_view, kFreelistCount> kNames{
      "freelist[0]", "freelist[1]", "freelist[2]", "freelist[3]", "freelist[4]", "freelist[5]",
      "freelist[6]", "freelist[7]", "freelist[8]", "freelist[9]", "freelist[10]"};
  const auto& layout = profile_.alloc_set;
  add(layout.blocks, "blocks", header_of(c.first_block));
  for (std::uint16_t i = 0; i < kFreelistCount; ++i)
    add_pointer(layout.freelist + 8u * i, kNames[i], chunk_header_address(c.freelist[i], layout.chunk_bytes));
  add(layout.init_block_size, "initBlockSize", c.init_block_bytes);
  add(layout.max_block_size, "maxBlockSize", c.max_block_bytes);
  add(layout.next_block_size, "nextBlockSize", c.next_block_bytes);
  add(layout.chunk_limit, "allocChunkLimit", c.chunk_limit_bytes);
  add(layout.keeper, "keeper", (c.at + layout.context_bytes).value);
  add(layout.free_list_index, "freeListIndex", static_cast<std::uint32_t>(c.recycle_list));
}

void KnownCollector::add_block(BlockSlot slot) {
  const BlockRecord& b = state_.blocks()[slot.value];
  const ContextRecord* owner = state_.context(b.context);
  if (owner == nullptr || !b.header || !b.linked()) return;
  base_ = b.header;
  owner_ = KnownStruct::Block;
  switch (owner->kind) {
    case ContextKind::AllocSet:
      return add_alloc_set_block(*owner, b);
    case ContextKind::Generation:
      return add_generation_block(*owner, b);
    case ContextKind::Slab:
      return add_slab_block(*owner, slot);
    case ContextKind::Bump:
      return add_bump_block(*owner, b);
    case ContextKind::Unknown:
      return;
  }
}

void KnownCollector::add_alloc_set_block(const ContextRecord& owner, const BlockRecord& b) {
  const auto& layout = profile_.alloc_set;
  add(layout.block_set, "aset", owner.at.value);
  add(layout.block_prev, "prev", header_of(b.prev));
  add(layout.block_next, "next", header_of(b.next));
  add(layout.block_freeptr, "freeptr", b.free_at.value);
  add(layout.block_endptr, "endptr", b.end().value);
}

void KnownCollector::add_chunk(ChunkSlot slot, const ContextRecord& owner, const BlockRecord& block) {
  const ChunkRecord& c = state_.chunks()[slot.value];
  if (c.at + c.granted_bytes + 8 <= from_ || c.at - 32 >= to_) return;
  owner_ = KnownStruct::Chunk;
  add_chunk_header(c, slot, owner, block);
  if (c.state == ChunkState::Free) add_free_link(c, owner, block);
  if (profile_.checking) add_checks(c, owner);
}

void KnownCollector::add_chunk_header(const ChunkRecord& c, ChunkSlot slot, const ContextRecord& owner,
                                      const BlockRecord& block) {
  const bool free = c.state == ChunkState::Free;
  base_ = c.at - 8;
  if (profile_.chunk_header.packed) {
    if (const std::uint64_t word = known_chunk_word(state_, profile_, slot); word != 0) add_pointer(0, "hdrmask", word);
    return;
  }
  switch (owner.kind) {  // 15
    case ContextKind::AllocSet:
      add_pointer(0, free ? "next free" : "context", known_chunk_word(state_, profile_, slot));
      base_ = c.at - profile_.alloc_set.chunk_bytes;
      add(profile_.alloc_set.chunk_size, "size", c.granted_bytes);
      break;
    case ContextKind::Generation:
      base_ = c.at - profile_.generation.chunk_bytes;
      add(profile_.generation.chunk_size, "size", c.granted_bytes);
      add(profile_.generation.chunk_block, "block", block.header.value);
      add(profile_.generation.chunk_context, "context", free ? 0 : owner.at.value);
      break;
    case ContextKind::Slab:
      base_ = c.at - profile_.slab.chunk_bytes;
      add(profile_.slab.chunk_block, "block", block.header.value);
      add(profile_.slab.chunk_context, "context", owner.at.value);
      break;
    default:
      break;
  }
}

void KnownCollector::add_free_link(const ChunkRecord& c, const ContextRecord& owner, const BlockRecord& block) {
  owner_ = KnownStruct::FreeLink;
  if (owner.kind == ContextKind::AllocSet && profile_.chunk_header.packed) {
    base_ = c.at;
    add_pointer(0, "next free", chunk_header_address(c.next_free, profile_.alloc_set.chunk_bytes));
  }
  if (owner.kind != ContextKind::Slab) return;
  const core::SlabLayout& layout = profile_.slab;
  base_ = c.at;
  if (layout.free_link_width == 8) {
    add_pointer(0, "next free", chunk_header_address(c.next_free, layout.chunk_bytes));
    return;
  }
  // An index; behind the freed ones comes the first that was never used (spec 5.2).
  const SlabShape shape(owner, profile_);
  const std::uint64_t next =
      c.next_free ? (state_.chunks()[c.next_free.value].at - layout.chunk_bytes - block.free_start) / shape.full_chunk
                  : block.chunk_count;
  add({0, layout.free_link_width}, "next free", next);
}

// Checking builds: the size that was asked for, the sentinel behind it, what wiping left of a freed chunk.
void KnownCollector::add_checks(const ChunkRecord& c, const ContextRecord& owner) {
  const bool packed = profile_.chunk_header.packed, free = c.state == ChunkState::Free;
  const bool is_slab = owner.kind == ContextKind::Slab;
  owner_ = KnownStruct::Chunk;
  base_ = c.at - chunk_header_bytes(profile_, owner.kind);
  if (!is_slab || profile_.major >= 17) {
    const core::Field requested = packed                                  ? core::Field{0, 8}
                                  : owner.kind == ContextKind::AllocSet   ? profile_.alloc_set.chunk_requested
                                  : owner.kind == ContextKind::Generation ? profile_.generation.chunk_requested
                                                                          : core::Field{};
    add(requested, "requested_size", !free ? c.requested_bytes : packed ? ~std::uint64_t{0} : 0);
  }
  if (!free) {
    if (c.requested_bytes >= c.granted_bytes) return;
    base_ = c.at;
    owner_ = KnownStruct::Sentinel;
    const Address at = c.at + c.requested_bytes;
    add_filled(at, at + 1, kSentinel, "sentinel");
    return;
  }
  if (c.requested_bytes == 0) return;  // carved and never used: not wiped
  owner_ = KnownStruct::Wiped;
  const std::uint64_t link = is_slab                                         ? profile_.slab.free_link_width
                             : owner.kind == ContextKind::AllocSet && packed ? 8
                                                                             : 0;
  const std::uint64_t wiped = is_slab ? owner.min_context_bytes : c.granted_bytes;
  if (wiped > link) add_filled(c.at + link, c.at + wiped, kWiped, "wiped");
}

// --- asking ---------------------------------------------------------------------------------------------------------

std::uint64_t known_chunk_word(const MemoryState& state, const VersionProfile& profile, ChunkSlot slot) {
  const ChunkRecord* chunk = state.chunk(slot);
  const BlockRecord* block = chunk == nullptr ? nullptr : state.block(chunk->block);
  const ContextRecord* owner = block == nullptr ? nullptr : state.context(block->context);
  if (owner == nullptr || chunk_header_bytes(profile, owner->kind) == 0) return 0;
  if (!profile.chunk_header.packed) {  // 15
    if (chunk->state == ChunkState::Live || owner->kind == ContextKind::Slab) return owner->at.value;
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
  KnownCollector collector(state, profile, from, to);
  const BlockRecord* block = state.block(slot);
  if (block == nullptr || !block->context || from >= to) return collector.take();
  const ContextRecord& owner = state.contexts()[block->context.value];
  if (owner.region == slot) collector.add_context(block->context);
  collector.add_block(slot);
  for (ChunkSlot chunk = block->first_chunk; chunk; chunk = state.chunks()[chunk.value].next_in_block)
    collector.add_chunk(chunk, owner, *block);
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
