#include "core/mcxt/process_image.h"

#include <span>

#include "core/base/check.h"

namespace palloscope::core {
namespace {

// Segments of the executable, with room to grow; the heap lies behind (malloc_source.cpp).
constexpr std::uint64_t kText = 0x55d0'c010'0000;     // code: never mapped, only pointed at
constexpr std::uint64_t kRelRo = 0x55d0'c0a0'0000;    // method tables
constexpr std::uint64_t kData = 0x55d0'c0b0'0000;     // variables, then callback structs
constexpr std::uint64_t kStrings = 0x55d0'8000'0000;  // constants
constexpr std::uint64_t kDataLimit = 0x55d0'c2a4'0000;
constexpr std::uint64_t kCallbackCode = kText + 0x40'0000;
constexpr std::uint64_t kPage = AddressSpace::kPageBytes;

}  // namespace

ProcessImage::ProcessImage(const VersionProfile& profile, AddressSpace& space)
    : profile_(profile),
      space_(space),
      next_string_(kStrings),
      strings_end_(kStrings),
      next_data_(kData),
      data_end_(kData) {
  variables_.top_memory_context = take_data(8);
  variables_.current_memory_context = take_data(8);
  variables_.error_context = take_data(8);
  take_data(8);  // keeps the array on a multiple of 16
  variables_.context_freelists = take_data(32);

  const MethodTableLayout& layout = profile.methods;
  space_.map({kRelRo}, kPage);
  tables_.resize(kContextKindCount);
  for (int kind = 0; kind < kContextKindCount; ++kind) {
    auto k = static_cast<std::size_t>(kind);
    if (profile.node_tags[k] == 0) continue;
    std::uint64_t place = layout.one_array ? static_cast<std::uint64_t>(profile.chunk_header.id_of[k]) : k;
    tables_[k] = Address{kRelRo + place * layout.entry_bytes};
    for (std::uint64_t method = 0; method < kMethodCount; ++method) {
      if (layout.place[method] < 0) continue;
      auto code = kText + (k * 64 + method) * 0x40;
      space_.store(tables_[k] + 8 * static_cast<std::uint64_t>(layout.place[method]), 8, code);
    }
  }
}

ContextKind ProcessImage::kind_of_table(Address table) const {
  for (std::size_t kind = 0; kind < tables_.size(); ++kind) {
    if (tables_[kind] == table && table) return static_cast<ContextKind>(kind);
  }
  return ContextKind::Unknown;
}

Address ProcessImage::string_constant(std::string_view text) {
  auto found = strings_.find(std::string(text));
  if (found != strings_.end()) return found->second;
  std::uint64_t needed = text.size() + 1;
  if (next_string_ + needed > strings_end_) {
    std::uint64_t grow = (next_string_ + needed - strings_end_ + kPage - 1) / kPage * kPage;
    check(strings_end_ + grow <= kText, "the constants fit their segment");
    space_.map({strings_end_}, grow);
    strings_end_ += grow;
  }
  Address at{next_string_};
  std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  space_.write(at, bytes);  // the byte behind is still zero
  next_string_ += needed;
  strings_.emplace(text, at);
  return at;
}

Address ProcessImage::add_callback(std::uint32_t number, std::function<void()> run) {
  Address at;
  if (free_callbacks_.empty()) {
    at = take_data(profile_.callback.bytes);
  } else {
    at = free_callbacks_.back();
    free_callbacks_.pop_back();
  }
  space_.store(at + profile_.callback.func.offset, 8, kCallbackCode + std::uint64_t{number} * 0x10);
  space_.store(at + profile_.callback.arg.offset, 8, number);
  space_.store(at + profile_.callback.next.offset, 8, 0);
  callbacks_.emplace(at, Callback{number, std::move(run)});
  return at;
}

ProcessImage::Callback ProcessImage::take_callback(Address at) {
  auto found = callbacks_.find(at);
  if (found == callbacks_.end()) return {};
  Callback callback = std::move(found->second);
  callbacks_.erase(found);
  free_callbacks_.push_back(at);
  return callback;
}

Address ProcessImage::take_data(std::uint64_t bytes) {
  if (next_data_ + bytes > data_end_) {
    std::uint64_t grow = (next_data_ + bytes - data_end_ + kPage - 1) / kPage * kPage;
    check(data_end_ + grow <= kDataLimit, "the variables fit their segment");
    space_.map({data_end_}, grow);
    data_end_ += grow;
  }
  Address at{next_data_};
  next_data_ += bytes;
  return at;
}

}  // namespace palloscope::core
