#include "tests/support/random_server_stream.h"

#include <algorithm>
#include <random>

#include "core/base/check.h"
#include "trace/replay/memory_state.h"

namespace palloscope::test {

using namespace core;
using namespace core::buffer_bits;

namespace {

class Stream {
 public:
  explicit Stream(std::uint64_t seed) : random_(seed) {
    emit(BackendStarted{{0}, BackendKind::Postmaster, 100, "postmaster"});
    emit(BackendSwitched{{0}});
    emit(NumaNodeAdded{0, 8, 1u << 30});
    emit(NumaNodeAdded{1, 8, 1u << 30});
    emit(SegmentCreated{{0}, SegmentKind::Main, {0x7f0000000000}, 1 << 20, 4096, 0, "shared memory"});
    emit(BufferPoolCreated{{0}, {}, {0}, 16, true});
  }

  std::vector<EventBody> take(std::size_t count) {
    while (events_.size() < count) operate();
    events_.resize(count);
    return std::move(events_);
  }

 private:
  const trace::ServerState& s() const { return state_.server(); }
  std::uint32_t roll(std::size_t below) { return static_cast<std::uint32_t>(random_() % below); }

  void emit(EventBody event) {
    state_.apply(event);
    check(state_.fault_count() == 0, "a random server does only what can be");
    events_.push_back(std::move(event));
  }

  // A live record's number, or none.
  template <class Record>
  std::uint32_t any(const std::vector<Record>& table) {
    for (int tries = 0; tries < 8 && !table.empty(); ++tries) {
      const std::uint32_t slot = roll(table.size());
      if (table[slot].born != 0) return slot;
    }
    return BackendSlot::kNone;
  }
  // The number of a new one, as small as it can be or one used before.
  template <class Record>
  std::uint32_t unused(const std::vector<Record>& table) {
    const auto found = std::find_if(table.begin(), table.end(), [](const Record& r) { return r.born == 0; });
    return static_cast<std::uint32_t>(found - table.begin());
  }

  void operate() {
    switch (roll(16)) {
      case 0:
        return backends();
      case 1:
        return rings();
      case 2:
        return segments();
      case 3:
        return placements();
      case 4:
      case 5:
        return operations();
      case 6:
        return maintenance();
      default:
        return buffers();
    }
  }

  void backends() {
    const std::uint32_t slot = any(s().backends);
    if (roll(3) == 0 && s().backends.size() < 12) {
      const std::uint32_t fresh = unused(s().backends);
      emit(BackendStarted{{fresh}, static_cast<BackendKind>(roll(kBackendKindCount)), roll(9999), "backend"});
      if (roll(4) == 0)
        emit(BufferPoolCreated{
            {unused(s().pools)}, {fresh}, {static_cast<std::uint32_t>(s().buffers.size())}, 4, false});
    } else if (slot != BackendSlot::kNone) {
      if (roll(6) == 0 && s().backends[slot].pins.empty()) return emit(BackendEnded{{slot}});
      emit(BackendSwitched{{slot}});
      if (roll(3) == 0) emit(BackendPlaced{{slot}, roll(2)});
    }
  }

  void rings() {
    const std::uint32_t slot = any(s().rings);
    const std::uint32_t backend = any(s().backends);
    if (slot == RingSlot::kNone || roll(6) == 0) {
      if (backend == BackendSlot::kNone) return;
      return emit(
          RingCreated{{unused(s().rings)}, {backend}, static_cast<RingKind>(roll(kRingKindCount)), 1 + roll(4)});
    }
    if (roll(8) == 0) return emit(RingFreed{{slot}});
    const std::uint32_t at = roll(s().rings[slot].slots.size());
    emit(RingStepped{{slot}, at, static_cast<RingVerdict>(roll(4))});
    emit(RingSlotSet{{slot}, at, roll(4) == 0 ? BufferSlot{} : BufferSlot{roll(s().buffers.size())}});
  }

  void segments() {
    const std::uint32_t backend = any(s().backends), slot = any(s().segments);
    if (backend == BackendSlot::kNone || slot == SegmentSlot::kNone) return;
    const trace::SegmentRecord& segment = s().segments[slot];
    switch (roll(7)) {
      case 0:
        return emit(
            SegmentCreated{{unused(s().segments)}, SegmentKind::Dynamic, {}, 8192, 4096, roll(9999) * 2, "dsm"});
      case 1:
        if (std::none_of(segment.attached.begin(), segment.attached.end(),
                         [&](const auto& attached) { return attached.first.value == backend; }))
          emit(SegmentAttached{{slot}, {backend}, {0x7f1000000000}, segment.refcnt + 1});
        return;
      case 2:
        if (!segment.attached.empty())
          emit(SegmentDetached{{slot}, segment.attached[roll(segment.attached.size())].first, segment.refcnt - 1});
        return;
      case 3:
        return emit(SegmentPinned{{slot}, roll(2) == 0, segment.refcnt});
      case 4:
        if (slot != 0) emit(SegmentDestroyed{{slot}});
        return;
      case 5:
        if (segment.bytes - segment.allocated_bytes >= 256)
          emit(ShmemAllocated{{slot}, segment.allocated_bytes, 100 + roll(28), 128, roll(2) ? "named" : "", "purpose"});
        return;
      default:
        emit(ShmemRequested{"library", roll(9999), roll(3)});
        if (const std::uint32_t piece = any(s().allocations); piece != SegmentSlot::kNone) {
          const std::string name = s().allocations[piece].name;
          emit(ShmemFound{s().allocations[piece].segment, {backend}, name});
          report_node(name, static_cast<std::int32_t>(roll(3)) - 1);
        }
    }
  }

  // Once for the first piece of that name.
  void report_node(const std::string& name, std::int32_t node) {
    const auto& pieces = s().allocations;
    const auto first = std::find_if(pieces.begin(), pieces.end(),
                                    [&](const auto& piece) { return piece.born != 0 && piece.name == name; });
    if (std::none_of(first->nodes.begin(), first->nodes.end(), [&](const auto& known) { return known.first == node; }))
      emit(ShmemNodeReported{name, node, 4096});
  }

  void placements() {
    const std::uint32_t backend = any(s().backends);
    if (backend == BackendSlot::kNone) return;
    emit(NumaPolicySet{static_cast<NumaPolicy>(roll(kNumaPolicyCount)), roll(2)});
    emit(PagesPlaced{{0}, std::uint64_t{4096} * roll(200), 4096, roll(2), {backend}});
    emit(PagesUsed{{0}, {backend}, roll(9999), roll(9999)});
    emit(HugePagesTried{static_cast<HugePages>(roll(kHugePagesCount)), 2 << 20, roll(99), roll(99), roll(2) == 0});
  }

  void operations() {
    std::uint32_t slot = roll(4);
    const bool at_work = slot < s().operations.size() && s().operations[slot].ended == 0;
    if (!at_work) {
      slot = std::min(slot, static_cast<std::uint32_t>(s().operations.size()));
      return emit(OperationBegan{{slot},
                                 static_cast<OperationKind>(roll(kOperationKindCount)),
                                 static_cast<OperationPhase>(roll(kOperationPhaseCount)),
                                 {},
                                 4 << 20,
                                 "operation"});
    }
    switch (roll(6)) {
      case 0:
        return emit(OperationPhaseChanged{{slot}, static_cast<OperationPhase>(roll(kOperationPhaseCount))});
      case 1:
        return emit(OperationSpilled{{slot}, roll(9), roll(999), roll(99999), roll(2) == 0});
      case 2:
        return emit(OperationEnded{{slot}, roll(99999)});
      default:
        return emit(OperationCounted{{slot}, roll(99999), 4 << 20, roll(999), roll(999), roll(9), roll(9)});
    }
  }

  void maintenance() {
    if (roll(2) == 0) {
      emit(CheckpointBegan{roll(9)});
      return emit(CheckpointEnded{roll(9), roll(9)});
    }
    emit(WalFlushed{random_() >> 20});
    emit(BackgroundRound{roll(9), roll(9), roll(9), roll(9), roll(16)});
  }

  void buffers() {
    const BufferSlot slot{roll(s().buffers.size())};
    const trace::BufferRecord buffer = s().buffers[slot.value];
    const trace::PoolRecord pool = s().pools[buffer.pool.value];
    const BackendSlot backend{any(s().backends)};
    switch (roll(9)) {
      case 0:
        emit(RelationNamed{1663, 5, 16000 + roll(9), roll(999), "relation"});
        emit(PageRequested{
            {0}, {1663, 5, 16000 + roll(9), static_cast<std::int32_t>(roll(4)), roll(99)}, {}, roll(2) == 0});
        return emit(PageLookedUp{roll(99999), roll(999), roll(128), buffer.has_page() ? slot : BufferSlot{}});
      case 1:
        if (pool.first_free) emit(FreelistPopped{pool.first_free, roll(2) == 0});
        return;
      case 2:
        if (!buffer.in_freelist) emit(FreelistPushed{slot});
        return;
      case 3: {
        const BufferSlot hand{pool.first.value + pool.hand()};
        const std::uint32_t word = s().buffers[hand.value].word;
        const bool spared = usage_of(word) > 0;
        return emit(ClockTicked{hand, spared ? ClockVerdict::Spared : ClockVerdict::Taken,
                                spared ? word - kUsageOne : word, pool.next_victim + 1, pool.complete_passes});
      }
      case 4:
        if (backend) emit(BufferPinned{slot, backend, buffer.word + 1});
        return;
      case 5:
        if (backend && !s().backends[backend.value].pins.empty()) {
          const BufferSlot pinned = s().backends[backend.value].pins[0].buffer;
          emit(BufferUnpinned{pinned, backend, s().buffers[pinned.value].word - 1});
        }
        return;
      case 6:
        emit(BufferDirtied{slot, buffer.word | kDirty, random_() >> 20});
        return emit(BufferNodeReported{slot, roll(99), static_cast<std::int32_t>(roll(2))});
      case 7:
        return emit(BufferWritten{slot, static_cast<WriteReason>(roll(kWriteReasonCount)), buffer.word & ~kDirty});
      default:
        if (buffer.has_page())
          emit(BufferUntagged{slot, static_cast<UntagReason>(roll(2)), refcount_of(buffer.word)});
        else
          emit(BufferTagged{slot, {1663, 5, 16000 + roll(9), 0, roll(99)}, buffer.word | kTagValid | kUsageOne});
        return emit(BufferFlagged{slot, s().buffers[slot.value].word ^ kValid});
    }
  }

  std::mt19937_64 random_;
  trace::MemoryState state_;
  std::vector<EventBody> events_;
};

}  // namespace

std::vector<EventBody> random_server_events(std::uint64_t seed, std::size_t count) { return Stream(seed).take(count); }

}  // namespace palloscope::test
