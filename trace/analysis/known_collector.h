// KnownCollector: what known_bytes.h gathers fields with. The common header, AllocSet and chunks are in
// known_bytes.cpp, the other kinds' contexts and blocks in known_kinds.cpp. Only what is certain goes in: where the
// state does not say what a member holds (Generation's current block after frees, Slab's choice of list), it is left
// out.
#pragma once

#include <string_view>
#include <vector>

#include "trace/analysis/chunk_header_bytes.h"
#include "trace/analysis/known_bytes.h"
#include "trace/analysis/slab_shape.h"

namespace palloscope::trace {

class KnownCollector {
 public:
  KnownCollector(const MemoryState& state, const core::VersionProfile& profile, Address from, Address to)
      : state_(state), profile_(profile), from_(from), to_(to) {}

  void add_context(ContextSlot slot);
  void add_block(BlockSlot slot);
  void add_chunk(ChunkSlot slot, const ContextRecord& owner, const BlockRecord& block);
  std::vector<KnownField> take();  // by address

 private:
  // `field`: offset from base_. Nothing if this version has no such member, or it lies outside of what is asked for.
  void add(core::Field field, std::string_view name, std::uint64_t value);
  void add_pointer(std::uint64_t offset, std::string_view name, std::uint64_t value) {
    add({static_cast<std::uint16_t>(offset), 8}, name, value);
  }
  void add_filled(Address begin, Address end, std::uint8_t byte, std::string_view name);  // every byte of it
  void add_links(Address at, std::uint64_t prev, std::uint64_t next);                     // a dlist node or head

  void add_alloc_set(const ContextRecord& c);
  void add_generation(const ContextRecord& c);
  void add_slab(const ContextRecord& c);
  void add_slab_lists(const ContextRecord& c, const SlabShape& shape);
  void add_bump(const ContextRecord& c);
  void add_ring(const ContextRecord& c, std::uint64_t head_offset);  // the context's dlist of blocks

  void add_alloc_set_block(const ContextRecord& owner, const BlockRecord& b);
  void add_generation_block(const ContextRecord& owner, const BlockRecord& b);
  void add_slab_block(const ContextRecord& owner, BlockSlot slot);
  void add_bump_block(const ContextRecord& owner, const BlockRecord& b);
  void add_ring_links(const ContextRecord& owner, const BlockRecord& b, std::uint64_t head_offset);

  void add_chunk_header(const ChunkRecord& c, ChunkSlot slot, const ContextRecord& owner, const BlockRecord& block);
  void add_free_link(const ChunkRecord& c, const ContextRecord& owner, const BlockRecord& block);
  void add_checks(const ChunkRecord& c, const ContextRecord& owner);

  std::uint64_t address_of(ContextSlot slot) const { return slot ? state_.contexts()[slot.value].at.value : 0; }
  std::uint64_t header_of(BlockSlot slot) const { return slot ? state_.blocks()[slot.value].header.value : 0; }
  std::uint64_t chunk_header_address(ChunkSlot slot, std::uint64_t header_bytes) const {
    return slot ? (state_.chunks()[slot.value].at - header_bytes).value : 0;
  }

  const MemoryState& state_;
  const core::VersionProfile& profile_;
  Address from_, to_, base_;
  KnownStruct owner_ = KnownStruct::Context;
  std::vector<KnownField> fields_;
};

}  // namespace palloscope::trace
