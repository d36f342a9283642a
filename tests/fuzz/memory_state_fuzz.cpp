// Any events in any order: the state must keep its lists and counters sound, and undo must be exact. Bytes are read as
// a damaged variant of a random stream: which event comes next, and small changes to its numbers.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/base/check.h"
#include "core/events/event.h"
#include "trace/replay/journal.h"
#include "trace/replay/memory_state.h"
#include "trace/replay/restorer.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  bool empty() const { return at_ == end_; }
  std::uint8_t byte() { return at_ == end_ ? std::uint8_t{0} : *at_++; }
  // Mostly small slots, so that events meet each other.
  template <class Slot>
  Slot slot() {
    const std::uint8_t b = byte();
    return b == 255 ? Slot{} : b == 254 ? Slot{0xFFFFFF00} : Slot{b % 24u};
  }
  core::Address address() { return {byte() == 255 ? ~std::uint64_t{8} : std::uint64_t{byte()} * 64}; }
  std::uint64_t bytes() { return byte() == 255 ? ~std::uint64_t{0} : std::uint64_t{byte()} * 16; }

 private:
  const std::uint8_t *at_, *end_;
};

core::EventBody event(Input& in) {
  using namespace core;
  switch (in.byte() % 22) {
    case 0: {
      ContextCreated e;
      e.context = in.slot<ContextSlot>();
      e.parent = in.slot<ContextSlot>();
      e.region = in.slot<BlockSlot>();
      e.kind = static_cast<ContextKind>(in.byte() % 5);
      e.at = in.address();
      return e;
    }
    case 1:
      return ContextReset{in.slot<ContextSlot>()};
    case 2:
      return ContextDeleted{in.slot<ContextSlot>()};
    case 3:
      return ContextRecycled{in.slot<BlockSlot>(), in.byte()};
    case 4:
      return ContextReparented{in.slot<ContextSlot>(), in.slot<ContextSlot>()};
    case 5:
      return CallbackRegistered{in.slot<ContextSlot>(), in.byte()};
    case 6:
      return CallbackRun{in.slot<ContextSlot>(), in.byte()};
    case 7:
      return Realloc{in.slot<BlockSlot>(), in.address(), in.bytes()};
    case 8:
      return Free{in.slot<BlockSlot>()};
    case 9:
    case 10: {
      BlockAdded e;
      e.block = in.slot<BlockSlot>();
      e.context = in.slot<ContextSlot>();
      e.role = static_cast<BlockRole>(in.byte() % 6);
      e.position = static_cast<BlockPosition>(in.byte() % 3);
      e.header = in.address();
      e.free_start = in.address();
      e.accounted_bytes = in.bytes();
      return e;
    }
    case 11:
      return BlockRemoved{in.slot<BlockSlot>()};
    case 12:
      return BlockEmptied{in.slot<BlockSlot>()};
    case 13:
      return BlockMoved{in.slot<BlockSlot>(), in.byte()};
    case 14:
    case 15: {
      ChunkAllocated e;
      e.chunk = in.slot<ChunkSlot>();
      e.block = in.slot<BlockSlot>();
      e.at = in.address();
      e.requested_bytes = in.bytes();
      e.granted_bytes = in.bytes();
      e.size_class = static_cast<std::uint8_t>(in.byte() % 14);
      e.origin = static_cast<ChunkOrigin>(in.byte() % 3);
      return e;
    }
    case 16:
      return ChunkFreed{in.slot<ChunkSlot>(), static_cast<ChunkFate>(in.byte() % 3), ChunkCause::Pfree};
    case 17:
      return ChunkCarved{in.slot<ChunkSlot>(), in.slot<BlockSlot>(), in.address(), in.bytes(), in.byte()};
    case 18:
      return ChunkResized{in.slot<ChunkSlot>(), in.bytes(), in.bytes()};
    case 19:
      return ContextReported{in.slot<ContextSlot>(), 1, in.bytes(), 0, 0, 0, 0, 0};
    case 20:
      return ContextsOmitted{in.slot<ContextSlot>(), in.byte(), 1, in.bytes(), 0, 0, 0};
    default:
      return Malloc{in.slot<BlockSlot>(), in.address(), in.bytes()};
  }
}

// Every list must end, and a state built from the listing must be the same state.
void check_sound(const MemoryState& state) {
  StateRestorer restorer(keyframe_head(state));
  for_each_in_keyframe(
      state, [&](ContextSlot slot, const ContextRecord& record) { restorer.add_context(slot, record); },
      [&](BlockSlot slot, const BlockRecord& record) { restorer.add_block(slot, record); },
      [&](ChunkSlot slot, const ChunkRecord& record) { restorer.add_chunk(slot, record); },
      [&](ChunkSlot slot) { restorer.add_to_freelist(slot); });
  for (const Fault& fault : state.faults()) restorer.add_fault(fault);
  auto restored = restorer.finish();
  core::check(static_cast<bool>(restored), restored ? "" : restored.error().message);
  core::check(*restored == state, "a restored state is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  MemoryState state, plain;
  Journal journal(std::size_t{1} << 22);
  while (!in.empty()) {
    const core::EventBody next = event(in);
    state.apply(next, journal);
    plain.apply(next);
  }
  core::check(state == plain, "journaled and bulk replay agree");
  check_sound(state);
  while (journal.undo(state)) {
  }
  core::check(state == MemoryState{} || state.event_number() != 0, "undoing all leaves nothing");
  check_sound(state);
  return 0;
}
