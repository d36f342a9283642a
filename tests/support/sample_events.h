// One filled event of every kind, for tests that must not forget a kind: every field differs from its default, and no
// two fields of the same type are alike.
#pragma once

#include <vector>

#include "core/events/event.h"
#include "trace/file/event_fields.h"

namespace palloscope::tests {

// Fills the fields of an event with values that go on from call to call.
class FieldFiller {
 public:
  explicit FieldFiller(std::uint64_t start) : next_(start) {}

  template <class Tag>
  void operator()(core::Slot<Tag>& slot) {
    slot.value = static_cast<std::uint32_t>(next());
  }
  void operator()(core::Address& at) { at.value = 0x5555'0000'0000 + next() * 8; }
  void operator()(core::PageTag& tag) { trace::each_tag_field(tag, *this); }
  void operator()(bool& flag) { flag = true; }
  void operator()(std::string& text) { text = "text " + std::to_string(next()); }
  void operator()(std::optional<std::string>& text) { text = "perhaps " + std::to_string(next()); }
  void operator()(std::vector<std::uint8_t>& bytes) { bytes = {1, 2, static_cast<std::uint8_t>(next()), 0}; }
  void operator()(std::int32_t& number) { number = -static_cast<std::int32_t>(next()); }
  void operator()(std::uint64_t& number) { number = next(); }
  void operator()(std::uint32_t& number) { number = static_cast<std::uint32_t>(next()); }
  void operator()(std::uint8_t& number) { number = static_cast<std::uint8_t>(next()); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(Enum& value) { value = static_cast<Enum>(trace::enum_count<Enum>() - 1); }

 private:
  std::uint64_t next() { return ++next_; }
  std::uint64_t next_;
};

template <std::size_t I = 0>
void append_sample_events(std::vector<core::EventBody>& events, std::uint64_t start) {
  if constexpr (I < std::variant_size_v<core::EventVariant>) {
    std::variant_alternative_t<I, core::EventVariant> event;
    FieldFiller filler(start + I * 16);
    trace::each_field(event, filler);
    events.emplace_back(event);
    append_sample_events<I + 1>(events, start);
  }
}

inline std::vector<core::EventBody> sample_events(std::uint64_t start = 0) {
  std::vector<core::EventBody> events;
  append_sample_events(events, start);
  return events;
}

}  // namespace palloscope::tests
