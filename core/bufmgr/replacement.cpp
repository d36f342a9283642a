#include "core/bufmgr/replacement.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/mcxt/errors.h"

namespace palloscope::core {

using namespace buffer_bits;

Replacement::Choice Replacement::get_buffer(RingSlot ring) {
  if (ring) {
    if (Choice choice = from_ring(ring); choice.buffer) return choice;
  }
  core_.strategy.set_waiting_writer(-1);
  core_.strategy.set_allocs(core_.strategy.allocs() + 1);
  BufferSlot buffer = from_freelist();
  if (!buffer) buffer = from_clock();
  if (ring) set_slot(ring, buffer);
  return {buffer, false};
}

Replacement::Choice Replacement::from_ring(RingSlot slot) {
  Ring& ring = rings_[slot.value];
  ring.current = ring.current + 1 >= ring.buffers.size() ? 0 : ring.current + 1;
  const BufferSlot buffer = ring.buffers[ring.current];
  RingVerdict verdict = RingVerdict::Empty;
  if (buffer) {
    const std::uint32_t word = core_.word(buffer);
    const bool usable = refcount_of(word) == 0 && usage_of(word) <= 1;
    const bool wal_first = ring.kind == RingKind::BulkRead && (word & kDirty) != 0 && core_.needs_wal_flush(buffer);
    verdict = !usable ? RingVerdict::InUse : wal_first ? RingVerdict::WalFirst : RingVerdict::Taken;
  }
  const bool taken = verdict == RingVerdict::Taken || verdict == RingVerdict::WalFirst;
  write(ring, core_.profile.ring.current, ring.current);
  write(ring, core_.profile.ring.current_was_in_ring, taken ? 1 : 0);
  core_.emit(RingStepped{slot, ring.current, verdict});
  return taken ? Choice{buffer, verdict == RingVerdict::WalFirst} : Choice{};
}

BufferSlot Replacement::from_freelist() {
  StrategyControl& strategy = core_.strategy;
  for (std::int32_t first = strategy.first_free(); first >= 0; first = strategy.first_free()) {
    const auto id = static_cast<std::uint32_t>(first);
    if (id >= core_.settings.buffers) shared_memory_fault(core_.places.strategy);
    strategy.set_first_free(core_.pool.free_next(id));
    core_.pool.set_free_next(id, kFreeNextNotInList);
    --core_.pool.tallies.free;
    const std::uint32_t word = core_.pool.word(id);
    const bool taken = refcount_of(word) == 0 && usage_of(word) == 0;
    core_.emit(FreelistPopped{BufferSlot{id}, taken});
    if (taken) return BufferSlot{id};
  }
  return {};
}

BufferSlot Replacement::from_clock() {
  const std::uint32_t buffers = core_.settings.buffers;
  for (std::uint32_t tries = buffers;;) {
    const std::uint32_t id = core_.strategy.tick(buffers);
    std::uint32_t word = core_.pool.word(id);
    ClockVerdict verdict = ClockVerdict::Taken;
    if (refcount_of(word) != 0) {
      verdict = ClockVerdict::Pinned;
    } else if (usage_of(word) != 0) {
      verdict = ClockVerdict::Spared;
      word -= kUsageOne;
      core_.pool.set_word(id, word);
    }
    ++core_.pool.tallies.ticks;
    core_.emit(
        ClockTicked{BufferSlot{id}, verdict, word, core_.strategy.next_victim(), core_.strategy.complete_passes()});
    if (verdict == ClockVerdict::Taken) return BufferSlot{id};
    if (verdict == ClockVerdict::Spared) {
      tries = buffers;
    } else if (--tries == 0) {
      throw Ereport{"XX000", "no unpinned buffers available", "", {}};
    }
  }
}

void Replacement::free_buffer(BufferSlot buffer) {
  const auto id = static_cast<std::int32_t>(buffer.value);
  if (core_.pool.free_next(buffer.value) != kFreeNextNotInList) return;
  const std::int32_t first = core_.strategy.first_free();
  core_.pool.set_free_next(buffer.value, first);
  if (first < 0) core_.strategy.set_last_free(id);
  core_.strategy.set_first_free(id);
  ++core_.pool.tallies.free;
  core_.emit(FreelistPushed{buffer});
}

// --- rings ----------------------------------------------------------------------------------------------------

RingSlot Replacement::create_ring(RingKind kind, std::uint32_t slots, Address memory) {
  check(slots > 0, "a ring has slots");
  auto free = std::find_if(rings_.begin(), rings_.end(), [](const Ring& ring) { return !ring.live; });
  const RingSlot slot{static_cast<std::uint32_t>(free - rings_.begin())};
  core_.backends.count_work(std::uint64_t{slot.value} + slots);
  if (free == rings_.end()) rings_.emplace_back();
  Ring& ring = rings_[slot.value];
  ring = {true, kind, core_.acting(), memory, 0, std::vector<BufferSlot>(slots)};
  write(ring, core_.profile.ring.btype, static_cast<std::uint64_t>(kind) + 1);  // BAS_NORMAL is 0
  write(ring, core_.profile.ring.nbuffers, slots);
  core_.emit(RingCreated{slot, ring.backend, kind, slots});
  return slot;
}

void Replacement::free_ring(RingSlot slot) {
  check(has_ring(slot), "a ring is freed once");
  rings_[slot.value].live = false;
  core_.emit(RingFreed{slot});
}

void Replacement::free_rings_of(BackendSlot backend) {
  core_.backends.count_work(rings_.size());
  for (std::uint32_t i = 0; i < rings_.size(); ++i)
    if (rings_[i].live && rings_[i].backend == backend) free_ring(RingSlot{i});
}

void Replacement::reject(RingSlot slot) { set_slot(slot, {}); }

void Replacement::set_slot(RingSlot slot, BufferSlot buffer) {
  Ring& ring = rings_[slot.value];
  ring.buffers[ring.current] = buffer;
  write(ring, ring.memory + core_.profile.ring.buffers + 4 * std::uint64_t{ring.current}, 4,
        buffer ? buffer.value + 1 : 0);
  core_.emit(RingSlotSet{slot, ring.current, buffer});
}

void Replacement::write(const Ring& ring, Field field, std::uint64_t value) {
  if (field.exists()) write(ring, ring.memory + field.offset, field.width, value);
}

void Replacement::write(const Ring& ring, Address at, unsigned width, std::uint64_t value) {
  if (ring.memory && !core_.space.store(at, width, value)) shared_memory_fault(ring.memory);
}

}  // namespace palloscope::core
