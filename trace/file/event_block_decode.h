// The inside of EventBlockDecoder::decode: included by event_block.h only.
#pragma once

#include <type_traits>
#include <utility>

#include "trace/file/event_block.h"
#include "trace/file/event_fields.h"

namespace palloscope::trace {

// Addresses are mostly multiples of 8: eighths of the difference, and what remains in the three highest bits.
constexpr std::uint64_t pack_address(std::uint64_t address, std::uint64_t expected) {
  auto difference = static_cast<std::int64_t>(address - expected);
  auto rest = static_cast<std::uint64_t>(difference) & 7;
  return zigzag(static_cast<std::uint64_t>(difference >> 3)) | rest << 61;
}
constexpr std::uint64_t unpack_address(std::uint64_t packed, std::uint64_t expected) {
  return expected + unzigzag(packed & (~std::uint64_t{0} >> 3)) * 8 + (packed >> 61);
}

// What the fields of a row are differences from. Writer and reader ask in the same order.
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

// Reads one field after the other from the rows column.
template <class E>
class RowReader {
 public:
  RowReader(EventBlockDecoder& decoder)
      : rows_(decoder.columns_[kRows]),
        text_bytes_(decoder.columns_[kTexts]),
        texts_(decoder.texts_),
        expected_(*decoder.model_, decoder.bases_) {}

  bool good() const { return good_; }

  template <class Tag>
  void operator()(core::Slot<Tag>& slot) {
    slot.value = expected_.slot(slot) + unzigzag32(bounded(rows_.get(), 0xFFFFFFFF));
    expected_.took(slot);
  }
  void operator()(core::Address& at) {
    at.value = unpack_address(rows_.get(), expected_.address());
    expected_.took(at);
  }
  void operator()(std::uint64_t& number) {
    if constexpr (std::is_same_v<E, core::BlockAdded>)
      number = unzigzag(rows_.get()) + expected_.bytes();
    else
      number = rows_.get();
  }
  void operator()(std::uint32_t& number) { number = static_cast<std::uint32_t>(bounded(rows_.get(), 0xFFFFFFFF)); }
  void operator()(std::int32_t& number) {
    number = static_cast<std::int32_t>(unzigzag32(bounded(rows_.get(), 0xFFFFFFFF)));
  }
  void operator()(std::uint8_t& number) { number = static_cast<std::uint8_t>(bounded(rows_.get(), 0xFF)); }
  void operator()(bool& flag) { flag = bounded(rows_.get(), 1) != 0; }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(Enum& value) { value = static_cast<Enum>(bounded(rows_.get(), enum_count<Enum>() - 1)); }
  void operator()(core::PageTag& tag) { each_tag_field(tag, *this); }
  void operator()(std::string& text) { take_text(rows_.get(), text); }
  void operator()(std::optional<std::string>& text) {
    if (auto number = rows_.get(); number != 0) take_text(number - 1, text.emplace());
  }
  void operator()(std::vector<std::uint8_t>& bytes) {
    auto taken = text_bytes_.get_bytes(rows_.get());
    good_ &= !text_bytes_.failed();
    bytes.assign(taken.begin(), taken.end());
  }

 private:
  std::uint64_t bounded(std::uint64_t number, std::uint64_t largest) {
    if (number > largest) [[unlikely]] {
      good_ = false;
      return 0;
    }
    return number;
  }
  void take_text(std::uint64_t number, std::string& text) {
    bool is_new = number == texts_.size();
    if (is_new) texts_.push_back(text_bytes_.get_bytes(text_bytes_.get()));
    if (number >= texts_.size() || text_bytes_.failed() || (!is_new && texts_[number].size() > kSharedTextBytes))
        [[unlikely]] {
      good_ = false;
      return;
    }
    text.assign(reinterpret_cast<const char*>(texts_[number].data()), texts_[number].size());
  }

  NumberReader& rows_;
  NumberReader& text_bytes_;
  std::vector<ByteSpan>& texts_;
  RowExpectations<E> expected_;
  bool good_ = true;
};

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

namespace event_block_detail {
// The alternative of EventBody with this tag, as a jump table of compile-time size.
template <class Variant, class Call, std::size_t... I>
bool call_for_tag(std::uint8_t tag, Call&& call, std::index_sequence<I...>) {
  bool good = false;
  (void)((std::variant_alternative_t<I, Variant>::kTag == tag &&
          ((good = call(std::type_identity<std::variant_alternative_t<I, Variant>>{})), true)) ||
         ...);
  return good;
}
}  // namespace event_block_detail

template <class Visitor>
bool EventBlockDecoder::decode_row(std::uint8_t op, Visitor& visitor) {
  return event_block_detail::call_for_tag<core::EventVariant>(
      op, [&]<class E>(std::type_identity<E>) { return decode_row_as<E>(visitor); },
      std::make_index_sequence<std::variant_size_v<core::EventVariant>>{});
}

template <class E, class Visitor>
bool EventBlockDecoder::decode_row_as(Visitor& visitor) {
  E e;
  if (!read_row(e)) return false;
  visitor(std::as_const(e));
  return true;
}

template <class E>
bool EventBlockDecoder::read_row(E& e) {
  RowReader<E> reader(*this);
  each_field(e, reader);
  if (!reader.good() || columns_[kRows].failed()) return false;
  model_->saw(std::as_const(e));
  if constexpr (std::is_same_v<E, core::ChunkAllocated>) model_->learn(e);
  return true;
}

}  // namespace palloscope::trace
