// What a replayed sequence is compared by: GoldenRecorder, the sink of the process that replays it.
#include <fmt/format.h>

#include <charconv>
#include <variant>

#include "trace/golden/golden_sequence.h"

namespace palloscope::trace {

using nlohmann::json;

namespace {

json call(const char* kind, std::int64_t region, std::uint64_t bytes) {
  return json::array({kind, region, static_cast<std::int64_t>(bytes)});
}

}  // namespace

void GoldenRecorder::begin_operation() {
  calls_ = json::array();
  warnings_.clear();
}

void GoldenRecorder::emit(const core::EventBody& event) {
  ++event_count_;
  if (const auto* malloc = std::get_if<core::Malloc>(&event)) {
    std::int64_t number = process_ ? next_number_++ : -1;
    by_slot_[malloc->block] = {number, malloc->at};
    by_address_[malloc->at] = number;
    if (process_) calls_.push_back(call("m", number, malloc->bytes));
  } else if (const auto* realloc = std::get_if<core::Realloc>(&event)) {
    Region& region = by_slot_[realloc->block];
    by_address_.erase(region.at);
    region.at = realloc->at;
    by_address_[region.at] = region.number;
    calls_.push_back(call("r", region.number, realloc->bytes));
  } else if (const auto* free = std::get_if<core::Free>(&event)) {
    const Region region = by_slot_[free->block];
    by_slot_.erase(free->block);
    by_address_.erase(region.at);
    calls_.push_back(json::array({"f", region.number}));
  } else if (const auto* malloc_failed = std::get_if<core::MallocFailed>(&event)) {
    calls_.push_back(call("mfail", -1, malloc_failed->bytes));
  } else if (const auto* realloc_failed = std::get_if<core::ReallocFailed>(&event)) {
    calls_.push_back(call("rfail", -1, realloc_failed->bytes));
  } else if (const auto* report = std::get_if<core::ErrorReported>(&event)) {
    if (report->severity == core::Severity::Warning) warnings_.push_back(with_positions(report->message));
  }
  if (observer_) observer_->event(event, process_);
}

json GoldenRecorder::position(core::Address at) const {
  // A payload never is a region's first byte, but an empty one may be its end and so the next region's first.
  auto next = by_address_.lower_bound(at);
  if (next == by_address_.begin()) return json();
  --next;
  return json::array({next->second, static_cast<std::int64_t>(at - next->first)});
}

std::string GoldenRecorder::with_positions(const std::string& message) const {
  std::string text;
  for (std::size_t at = 0; at < message.size();) {
    std::size_t hex = message.find(" 0x", at);
    if (hex == std::string::npos) return text + message.substr(at);
    std::uint64_t address = 0;
    const char* digits = message.data() + hex + 3;
    auto end = std::from_chars(digits, message.data() + message.size(), address, 16).ptr;
    auto next = by_address_.upper_bound({address});
    text += message.substr(at, hex + 1 - at);
    at = static_cast<std::size_t>(end - message.data());
    if (next == by_address_.begin() || end == digits) {
      text += message.substr(hex + 1, at - hex - 1);
    } else {
      --next;
      text += fmt::format("<{}:{}>", next->second, address - next->first.value);
    }
  }
  return text;
}

std::int64_t GoldenRecorder::region_number(core::Address at) const {
  auto next = by_address_.upper_bound(at);
  return next == by_address_.begin() ? -1 : std::prev(next)->second;
}

}  // namespace palloscope::trace
