// Reads the rows of a block: the events without an op of their own. Compiled once for each kind.
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "trace/file/event_block.h"
#include "trace/file/event_fields.h"
#include "trace/file/row_expectations.h"

namespace palloscope::trace {

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

template <class E>
bool EventBlockDecoder::read_row(E& e) {
  RowReader<E> reader(*this);
  each_field(e, reader);
  if (!reader.good() || columns_[kRows].failed()) return false;
  model_->saw(std::as_const(e));
  if constexpr (std::is_same_v<E, core::ChunkAllocated>) model_->learn(e);
  return true;
}

#define PALLOSCOPE_COMPILE(Kind) template bool EventBlockDecoder::read_row(core::Kind& e);
PALLOSCOPE_FOR_EACH_EVENT_KIND(PALLOSCOPE_COMPILE)
#undef PALLOSCOPE_COMPILE

}  // namespace palloscope::trace
