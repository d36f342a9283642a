// What an address of a walked process lies in.
#pragma once

#include "core/walk/walked_heap.h"

namespace palloscope::trace {

// Each is null where the address is in none. They point into the heap.
struct MemoryPlace {
  const core::WalkedContext* context = nullptr;
  const core::WalkedBlock* block = nullptr;
  const core::WalkedChunk* chunk = nullptr;  // the address is in it, or in the header before it
  bool is_recycled = false;                  // the context waits on a list of deleted ones
};
MemoryPlace place_of(const core::WalkedHeap& heap, core::Address at);

}  // namespace palloscope::trace
