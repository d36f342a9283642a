// The inside of EventBlockDecoder::decode: included by event_block.h only.
#pragma once

#include <utility>

#include "trace/file/event_block.h"
#include "trace/file/packed_address.h"

namespace palloscope::trace {

template <class Visitor>
core::Status EventBlockDecoder::decode(std::uint32_t count, Visitor&& visitor) {
  auto until = done_ + (count < left() ? count : left());
  auto& ops = columns_[kOps];
  auto& model = *model_;
  while (done_ < until) {
    auto op = ops.get_byte();
    if (op == kAllocOp) {
      core::ChunkAllocated e;
      auto sizes = columns_[kSizes];
      e.requested_bytes = sizes.get();
      if (!sizes.failed() && model.make_expected(e)) [[likely]] {
        columns_[kSizes] = sizes;
        visitor(std::as_const(e));
        ++done_;
        continue;
      }
    }
    if (op >= kAllocOp && op < kFreeOp) {
      core::ChunkAllocated e;
      bool reused = op & kAllocFromFreelist;
      auto how = op & kAllocSlotMask;
      if (!reused) {
        e.chunk.value = how == kSlotAbove   ? model.last_made() + 1
                        : how == kSlotBelow ? model.last_made() - 1
                                            : model.next_chunk();
      } else {
        e.chunk.value = model.freed(how == kSlotAbove ? static_cast<std::uint32_t>(columns_[kChunkSlots].get()) : 0);
      }
      if (how == kOtherSlot) e.chunk.value += unzigzag32(columns_[kChunkSlots].get());
      auto guess = model.chunk(e.chunk.value);
      bool known = reused && guess.slot == e.chunk.value;
      e.block.value = known ? guess.block : model.last_block();
      if (op & kAllocOtherBlock) e.block.value += unzigzag32(columns_[kBlockSlots].get());
      e.at.value = known ? guess.at : model.next_at(e.block.value);
      if (op & kAllocOtherAddress) e.at.value = unpack_address(columns_[kAddresses].get(), e.at.value);
      e.requested_bytes = columns_[kSizes].get();
      auto grant = granted_for(model.rule(e.block.value), e.requested_bytes);
      e.granted_bytes = grant.bytes;
      e.size_class = grant.size_class;
      e.origin = reused ? core::ChunkOrigin::Freelist : core::ChunkOrigin::Tail;
      bool failed = columns_[kSizes].failed();
      if (op & (kAllocOtherBlock | kAllocOtherAddress | kAllocSlotMask))
        failed |= columns_[kChunkSlots].failed() || columns_[kBlockSlots].failed() || columns_[kAddresses].failed();
      if (failed) [[unlikely]]
        return op_ = op, error();
      model.saw(e);
      visitor(std::as_const(e));
    } else if (op >= kFreeOp && op < kFreeOpEnd) {
      core::ChunkFreed e;
      auto how = op & kFreeSlotMask;
      if (how == kLastUsedSlot)
        e.chunk.value = model.last_used();
      else if (how == kSlotAfterFreed)
        e.chunk.value = model.last_freed() + 1;
      else if (how == kSlotBeforeFreed)
        e.chunk.value = model.last_freed() - 1;
      else
        e.chunk.value = model.last_used() + unzigzag32(columns_[kChunkSlots].get());
      e.fate = op & kFreeCounted ? core::ChunkFate::Counted : core::ChunkFate::ToFreelist;
      if (columns_[kChunkSlots].failed()) [[unlikely]]
        return op_ = op, error();
      model.saw(e);
      visitor(std::as_const(e));
    } else if (op == kHintOp) {
      if (!decode_hint()) return op_ = op, error();
      continue;
    } else if (!decode_row(op, visitor)) {
      return op_ = op, error();
    }
    ++done_;
  }
  return core::Done{};
}

// The kinds without an op of their own: their rows are read elsewhere, once for all visitors.
template <class Visitor>
bool EventBlockDecoder::decode_row(std::uint8_t op, Visitor& visitor) {
  switch (op) {
#define PALLOSCOPE_DECODE(Kind) \
  case core::Kind::kTag:        \
    return decode_row_as<core::Kind>(visitor);
    PALLOSCOPE_FOR_EACH_EVENT_KIND(PALLOSCOPE_DECODE)
#undef PALLOSCOPE_DECODE
    default:
      return false;
  }
}

template <class E, class Visitor>
bool EventBlockDecoder::decode_row_as(Visitor& visitor) {
  E e;
  if (!read_row(e)) return false;
  visitor(std::as_const(e));
  return true;
}

}  // namespace palloscope::trace
