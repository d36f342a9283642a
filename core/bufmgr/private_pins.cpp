#include "core/bufmgr/private_pins.h"

#include <algorithm>

#include "core/base/check.h"

namespace palloscope::core {

std::uint32_t PrivatePins::count(BufferSlot buffer) const {
  for (const Entry& entry : entries_)
    if (entry.buffer == buffer) return entry.count;
  auto found = overflow_.find(buffer);
  return found == overflow_.end() ? 0 : found->second;
}

PrivatePins::Entry& PrivatePins::reserve(BufferSlot buffer) {
  for (Entry& entry : entries_)
    if (entry.buffer == buffer) return entry;
  auto free = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return !entry.buffer; });
  if (free == entries_.end()) {
    free = entries_.begin() + static_cast<std::ptrdiff_t>(clock_++ % kArrayEntries);
    overflow_[free->buffer] = free->count;
  }
  *free = {buffer, 0};
  if (auto moved = overflow_.find(buffer); moved != overflow_.end()) {
    free->count = moved->second;
    overflow_.erase(moved);
  }
  return *free;
}

std::uint32_t PrivatePins::add(BufferSlot buffer) { return ++reserve(buffer).count; }

std::uint32_t PrivatePins::remove(BufferSlot buffer) {
  Entry& entry = reserve(buffer);
  check(entry.count > 0, "a backend gives back only pins that it has");
  const std::uint32_t left = --entry.count;
  if (left == 0) entry = {};
  return left;
}

std::size_t PrivatePins::forget(BufferSlot buffer) {
  const auto newest = std::find(owned_.rbegin(), owned_.rend(), buffer);
  const auto behind = static_cast<std::size_t>(newest - owned_.rbegin());
  if (newest != owned_.rend()) owned_.erase(std::next(newest).base());
  return behind;
}

}  // namespace palloscope::core
