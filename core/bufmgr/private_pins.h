// PrivatePins: one backend's own counts of its pins on shared buffers (PrivateRefCount, spec 10.6): eight entries in an
// array, more in a hash table; and its resource owner's list of everything pinned, in order, for the transaction's end.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/base/ids.h"

namespace palloscope::core {

class PrivatePins {
 public:
  static constexpr std::size_t kArrayEntries = 8;  // REFCOUNT_ARRAY_ENTRIES

  std::uint32_t count(BufferSlot buffer) const;
  std::uint32_t add(BufferSlot buffer);     // the count after
  std::uint32_t remove(BufferSlot buffer);  // likewise; it has one
  std::size_t overflowed() const { return overflow_.size(); }

  // What the resource owner remembers; also pins on local buffers.
  void remember(BufferSlot buffer) { owned_.push_back(buffer); }
  std::size_t forget(BufferSlot buffer);  // the newest of its entries; how many were looked through
  const std::vector<BufferSlot>& owned() const { return owned_; }

 private:
  struct Entry {
    BufferSlot buffer;
    std::uint32_t count = 0;
  };
  // Its entry, moved into the array if it was not there.
  Entry& reserve(BufferSlot buffer);

  std::array<Entry, kArrayEntries> entries_;
  std::unordered_map<BufferSlot, std::uint32_t> overflow_;
  std::size_t clock_ = 0;  // PrivateRefCountClock: whose turn it is to leave the array
  std::vector<BufferSlot> owned_;
};

}  // namespace palloscope::core
