// The inside of EventBlockEncoder::add for typed events: included by those who have many of them (trace_writer.cpp).
#pragma once

#include "trace/file/event_block.h"
#include "trace/file/event_fields.h"
#include "trace/file/row_expectations.h"

namespace palloscope::trace {

// Writes one field after the other to the rows column.
template <class E>
class RowWriter {
 public:
  explicit RowWriter(EventBlockEncoder& encoder)
      : encoder_(encoder), rows_(encoder.columns_[kRows]), expected_(*encoder.model_, encoder.bases_) {}

  template <class Tag>
  void operator()(const core::Slot<Tag>& slot) {
    rows_.put(zigzag32(slot.value - expected_.slot(slot)));
    expected_.took(slot);
  }
  void operator()(const core::Address& at) {
    rows_.put(pack_address(at.value, expected_.address()));
    expected_.took(at);
  }
  void operator()(const std::uint64_t& number) {
    if constexpr (std::is_same_v<E, core::BlockAdded>)
      rows_.put(zigzag(number - expected_.bytes()));
    else
      rows_.put(number);
  }
  void operator()(const std::uint32_t& number) { rows_.put(number); }
  void operator()(const std::int32_t& number) { rows_.put(zigzag32(static_cast<std::uint32_t>(number))); }
  void operator()(const std::uint8_t& number) { rows_.put(number); }
  void operator()(const bool& flag) { rows_.put(flag); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const Enum& value) { rows_.put(static_cast<std::uint64_t>(value)); }
  void operator()(const core::PageTag& tag) { each_tag_field(tag, *this); }
  void operator()(const std::string& text) { rows_.put(encoder_.text_number(text)); }
  void operator()(const std::optional<std::string>& text) { rows_.put(text ? encoder_.text_number(*text) + 1 : 0); }
  void operator()(const std::vector<std::uint8_t>& bytes) {
    rows_.put(bytes.size());
    encoder_.columns_[kTexts].put_bytes(bytes.data(), bytes.size());
  }

 private:
  EventBlockEncoder& encoder_;
  NumberWriter& rows_;
  RowExpectations<E> expected_;
};

template <class E>
void EventBlockEncoder::add(const E& e) {
  if constexpr (std::is_same_v<E, core::ChunkAllocated>) {
    if (model_->saw_expected(e)) [[likely]] {
      columns_[kSizes].put(e.requested_bytes);
      columns_[kOps].put_byte(kAllocOp | kExpectedSlot);
      ++count_;
      return;
    }
  }
  if constexpr (std::is_same_v<E, core::ChunkAllocated> || std::is_same_v<E, core::ChunkCarved>)
    hint_if_new(e.block.value);
  bool usual = false;
  if constexpr (std::is_same_v<E, core::ChunkAllocated> || std::is_same_v<E, core::ChunkFreed>) usual = add_usual(e);
  if (!usual) add_row(e);
  model_->saw(e);
  if constexpr (std::is_same_v<E, core::ChunkAllocated>)
    if (!usual) model_->learn(e);
  ++count_;
}

template <class E>
void EventBlockEncoder::add_row(const E& e) {
  columns_[kOps].put_byte(E::kTag);
  RowWriter<E> writer(*this);
  each_field(e, writer);
}

}  // namespace palloscope::trace
