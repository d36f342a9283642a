// What the fields of a row are differences from: for those who write and read rows.
#pragma once

#include <cstdint>
#include <type_traits>

#include "trace/file/block_model.h"
#include "trace/file/packed_address.h"

namespace palloscope::trace {

// Writer and reader ask in the same order.
template <class E>
class RowExpectations {
 public:
  RowExpectations(BlockModel& model, RowBases& bases)
      : model_(model), bases_(bases), context_(bases.context), block_(bases.block), at_(model.last_region_at()) {
    using namespace core;
    if constexpr (std::is_same_v<E, ContextCreated>) context_ = model.next_context();
    if constexpr (std::is_same_v<E, Malloc>) block_ = model.next_block();
    if constexpr (std::is_same_v<E, MemoryWritten> || std::is_same_v<E, VariableSet> || std::is_same_v<E, FaultFound>)
      at_ = model.last_at();
  }

  std::uint32_t slot(core::ContextSlot) const { return context_; }
  std::uint32_t slot(core::BlockSlot) const { return block_; }
  std::uint32_t slot(core::ChunkSlot) const {
    return std::is_same_v<E, core::ChunkAllocated> || std::is_same_v<E, core::ChunkCarved> ? model_.next_chunk()
                                                                                           : model_.last_used();
  }
  std::uint32_t slot(core::BufferSlot) const { return bases_.buffer; }
  template <class Tag>
  std::uint32_t slot(core::Slot<Tag>) const {
    return core::Slot<Tag>::kNone;
  }
  void took(core::ContextSlot slot) { bases_.context = context_ = slot.value; }
  void took(core::BlockSlot slot) {
    bases_.block = block_ = slot.value;
    if constexpr (std::is_same_v<E, core::ChunkAllocated> || std::is_same_v<E, core::ChunkCarved>)
      at_ = model_.next_at(slot.value);
  }
  void took(core::BufferSlot slot) { bases_.buffer = slot.value; }
  template <class Tag>
  void took(core::Slot<Tag>) {}

  std::uint64_t address() const { return at_; }
  void took(core::Address at) { at_ = at.value; }
  std::uint64_t bytes() const { return std::is_same_v<E, core::BlockAdded> ? model_.last_region_bytes() : 0; }

 private:
  BlockModel& model_;
  RowBases& bases_;
  std::uint32_t context_, block_;
  std::uint64_t at_;
};

}  // namespace palloscope::trace
