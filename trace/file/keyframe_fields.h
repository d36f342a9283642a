// Numbers, texts and lists of a keyframe's records, one field after the other, both ways.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "trace/file/bytes.h"
#include "trace/file/event_fields.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

template <class Reported, class F>
requires std::is_same_v<std::remove_const_t<Reported>, ReportedCounters>
void each_counter(Reported& r, F&& f) {
  f(r.blocks), f(r.total_bytes), f(r.free_bytes), f(r.free_chunks), f(r.used_bytes), f(r.chunks), f(r.empty_blocks);
}
template <class Omitted, class F>
requires std::is_same_v<std::remove_const_t<Omitted>, OmittedContexts>
void each_counter(Omitted& o, F&& f) {
  f(o.count), f(o.blocks), f(o.total_bytes), f(o.free_bytes), f(o.free_chunks), f(o.used_bytes);
}
class FieldWriter {
 public:
  explicit FieldWriter(NumberWriter& to) : to_(to) {}

  template <class Tag>
  void operator()(const core::Slot<Tag>& slot) {
    to_.put(static_cast<std::uint32_t>(slot.value + 1));
  }
  void operator()(const core::Address& at) {
    to_.put(zigzag(at.value - last_at_));
    last_at_ = at.value;
  }
  void operator()(const std::int32_t& number) { to_.put(zigzag32(static_cast<std::uint32_t>(number))); }
  template <class Number>
  requires std::is_unsigned_v<Number> || std::is_enum_v<Number>
  void operator()(const Number& number) { to_.put(static_cast<std::uint64_t>(number)); }
  void operator()(const std::string& text) {
    to_.put(text.size());
    to_.put_bytes(text.data(), text.size());
  }
  template <class T>
  void operator()(const std::vector<T>& list) {
    to_.put(list.size());
    for (const auto& entry : list) (*this)(entry);
  }
  void operator()(const core::PageTag& tag) { each_tag_field(tag, *this); }
  void operator()(const PrivatePin& pin) { (*this)(pin.buffer), (*this)(pin.count); }
  template <class A, class B>
  void operator()(const std::pair<A, B>& pair) {
    (*this)(pair.first), (*this)(pair.second);
  }
  template <class T>
  void operator()(const std::optional<T>& perhaps) {
    to_.put(perhaps.has_value());
    if (!perhaps) return;
    if constexpr (std::is_same_v<T, std::string>)
      (*this)(*perhaps);
    else
      each_counter(*perhaps, *this);
  }

 private:
  NumberWriter& to_;
  std::uint64_t last_at_ = 0;
};

class FieldReader {
 public:
  explicit FieldReader(NumberReader& from) : from_(from) {}
  bool good() const { return good_ && !from_.failed(); }

  template <class Tag>
  void operator()(core::Slot<Tag>& slot) {
    slot.value = static_cast<std::uint32_t>(bounded(0xFFFFFFFF)) - 1;
  }
  void operator()(core::Address& at) { at.value = last_at_ += unzigzag(from_.get()); }
  void operator()(std::int32_t& number) { number = static_cast<std::int32_t>(unzigzag32(bounded(0xFFFFFFFF))); }
  void operator()(bool& flag) { flag = bounded(1) != 0; }
  template <class Number>
  requires std::is_unsigned_v<Number>
  void operator()(Number& number) { number = static_cast<Number>(bounded(static_cast<Number>(-1))); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(Enum& value) { value = static_cast<Enum>(bounded(enum_count<Enum>() - 1)); }
  void operator()(std::string& text) {
    auto bytes = from_.get_bytes(from_.get());
    text.assign(bytes.begin(), bytes.end());
  }
  template <class T>
  void operator()(std::vector<T>& list) {
    auto count = bounded(from_.left());
    list.clear();
    for (; count > 0 && good(); --count) (*this)(list.emplace_back());
  }
  void operator()(core::PageTag& tag) { each_tag_field(tag, *this); }
  void operator()(PrivatePin& pin) { (*this)(pin.buffer), (*this)(pin.count); }
  template <class A, class B>
  void operator()(std::pair<A, B>& pair) {
    (*this)(pair.first), (*this)(pair.second);
  }
  template <class T>
  void operator()(std::optional<T>& perhaps) {
    if (bounded(1) == 0) return perhaps.reset();
    perhaps.emplace();
    if constexpr (std::is_same_v<T, std::string>)
      (*this)(*perhaps);
    else
      each_counter(*perhaps, *this);
  }

 private:
  std::uint64_t bounded(std::uint64_t largest) {
    auto number = from_.get();
    if (number <= largest) return number;
    good_ = false;
    return 0;
  }

  NumberReader& from_;
  std::uint64_t last_at_ = 0;
  bool good_ = true;
};

}  // namespace palloscope::trace
