#include "trace/analysis/pool_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <type_traits>
#include <utility>

namespace palloscope::trace {
namespace {

namespace bits = core::buffer_bits;

std::string tag_text(const PageTag& tag) {
  return fmt::format("{}/{}/{} fork {} block {}", tag.tablespace, tag.database, tag.relation, tag.fork, tag.block);
}

class PoolChecker {
 public:
  PoolChecker(const ServerState& server, std::size_t most) : server_(server), most_(most) {}

  std::vector<std::string> whole() {
    for (const PoolRecord& pool : server_.pools)
      if (pool.born != 0) check_pool(pool);
    check_pins();
    for (const RingRecord& ring : server_.rings)
      if (ring.born != 0) check_ring(ring);
    return std::move(broken_);
  }

  std::vector<std::string> event(const core::EventBody& body) {
    std::visit([this](const auto& e) { check_event(e); }, body);
    return std::move(broken_);
  }

 private:
  template <class... Values>
  void expect(bool holds, fmt::format_string<Values...> what, Values&&... values) {
    if (!holds && broken_.size() < most_) broken_.push_back(fmt::format(what, std::forward<Values>(values)...));
  }
  static std::uint32_t slot_of(const ServerState& server, const BufferRecord& buffer) {
    return static_cast<std::uint32_t>(&buffer - server.buffers.data());
  }
  std::uint32_t number(const BufferRecord& buffer) const { return slot_of(server_, buffer); }
  bool is_within(const PoolRecord& pool) const {
    return pool.first.value <= server_.buffers.size() && pool.buffers <= server_.buffers.size() - pool.first.value;
  }

  void check_pool(const PoolRecord& pool);
  void check_pages(std::span<const BufferRecord> buffers);
  void check_counters(const PoolRecord& pool, std::span<const BufferRecord> buffers);
  void check_freelist(const PoolRecord& pool, std::span<const BufferRecord> buffers);
  void check_word(const BufferRecord& buffer);
  void check_pins();
  void check_refcount(std::uint32_t slot, const PoolRecord& pool, std::uint32_t holders);
  void check_ring(const RingRecord& ring);

  template <class E>
  void check_event(const E& e);
  void check_new(const core::ClockTicked& e, const BufferRecord& buffer);
  void check_new(const core::FreelistPopped& e, const BufferRecord& buffer);
  void check_new(const core::FreelistPushed& e, const BufferRecord& buffer);
  void check_new(const core::BufferWritten& e, const BufferRecord& buffer);
  void check_new(const core::BufferUntagged& e, const BufferRecord& buffer);
  void check_new(const core::RingStepped& e);
  void check_no_checkpoint_flag();

  const ServerState& server_;
  std::size_t most_;
  std::vector<std::string> broken_;
};

// --- whole ------------------------------------------------------------------------------------------------------

void PoolChecker::check_pool(const PoolRecord& pool) {
  const auto name = static_cast<std::size_t>(&pool - server_.pools.data());
  expect(is_within(pool), "pool {} has buffers {}..{}, but there are only {}", name, pool.first.value,
         std::uint64_t{pool.first.value} + pool.buffers, server_.buffers.size());
  if (!is_within(pool)) return;
  const std::span<const BufferRecord> buffers = std::span(server_.buffers).subspan(pool.first.value, pool.buffers);
  // nextVictimBuffer is stored before it is brought back into the pool: it may stand just behind.
  expect(pool.next_victim <= pool.buffers, "the hand of pool {} stands at {}, of {} buffers", name, pool.next_victim,
         pool.buffers);
  for (const BufferRecord& buffer : buffers) check_word(buffer);
  // A server's view is read buffer by buffer while pages move: it may show one twice.
  if (pool.has_freelist || pool.backend) check_pages(buffers);
  if (!pool.reported_only) check_counters(pool, buffers);
  check_freelist(pool, buffers);
}

void PoolChecker::check_word(const BufferRecord& buffer) {
  const std::uint32_t word = buffer.word;
  const auto needs = [&](std::uint32_t flag, std::uint32_t other) { return (word & flag) == 0 || (word & other) != 0; };
  const std::uint32_t slot = number(buffer);
  expect(buffer.usage() <= core::kMaxUsage, "buffer {} has usage count {}", slot, buffer.usage());
  expect(needs(bits::kValid, bits::kTagValid), "buffer {} is valid without a page (word {:#x})", slot, word);
  expect(needs(bits::kDirty, bits::kTagValid), "buffer {} is dirty without a page (word {:#x})", slot, word);
  expect(needs(bits::kUsageMask, bits::kTagValid), "buffer {} has a usage count without a page (word {:#x})", slot,
         word);
  expect(needs(bits::kJustDirtied, bits::kDirty), "buffer {} was just dirtied, but is not dirty (word {:#x})", slot,
         word);
  expect(needs(bits::kCheckpointNeeded, bits::kDirty),
         "buffer {} waits for a checkpoint, but is not dirty (word {:#x})", slot, word);
}

// A page is in one buffer of the pool.
void PoolChecker::check_pages(std::span<const BufferRecord> buffers) {
  std::vector<const BufferRecord*> tagged;
  for (const BufferRecord& buffer : buffers)
    if (buffer.has_page()) tagged.push_back(&buffer);
  std::sort(tagged.begin(), tagged.end(), [](const auto* a, const auto* b) { return a->tag < b->tag; });
  for (std::size_t i = 1; i < tagged.size(); ++i)
    expect(tagged[i - 1]->tag != tagged[i]->tag, "page {} is in buffer {} and in buffer {}", tag_text(tagged[i]->tag),
           number(*tagged[i - 1]), number(*tagged[i]));
}

void PoolChecker::check_counters(const PoolRecord& pool, std::span<const BufferRecord> buffers) {
  std::uint32_t tagged = 0, dirty = 0, pinned = 0;
  UsageCounts by_usage[core::kMaxUsage + 1];
  for (const BufferRecord& buffer : buffers) {
    tagged += buffer.has_page() ? 1 : 0;
    dirty += buffer.dirty() ? 1 : 0;
    pinned += buffer.refcount() != 0 ? 1 : 0;
    if (!buffer.has_page()) continue;
    UsageCounts& counts = by_usage[std::min(buffer.usage(), core::kMaxUsage)];
    ++counts.buffers;
    counts.dirty += buffer.dirty() ? 1 : 0;
    counts.pinned += buffer.refcount() != 0 ? 1 : 0;
  }
  const std::pair<const char*, std::pair<std::uint32_t, std::uint32_t>> counters[] = {
      {"with a page", {pool.tagged, tagged}}, {"dirty", {pool.dirty, dirty}}, {"pinned", {pool.pinned, pinned}}};
  for (const auto& [what, values] : counters)
    expect(values.first == values.second, "the pool counts {} buffers {}, there are {}", values.first, what,
           values.second);
  for (std::uint32_t usage = 0; usage <= core::kMaxUsage; ++usage)
    expect(pool.by_usage[usage] == by_usage[usage], "the pool counts {} buffers of usage count {}, there are {}",
           pool.by_usage[usage].buffers, usage, by_usage[usage].buffers);
}

// One chain from head to end through all the buffers that say they are in it. That one of them holds a page is legal: a
// ring may use a buffer again that was dropped meanwhile.
void PoolChecker::check_freelist(const PoolRecord& pool, std::span<const BufferRecord> buffers) {
  std::uint32_t marked = 0, listed = 0;
  for (const BufferRecord& buffer : buffers) {
    marked += buffer.in_freelist ? 1 : 0;
    expect(buffer.in_freelist || !buffer.next_free, "buffer {} has a successor in the freelist, but is not in it",
           number(buffer));
  }
  expect(marked == pool.free_count, "the freelist counts {} buffers, {} say that they are in it", pool.free_count,
         marked);
  BufferSlot last;
  // One further than it should be long: so a circle is told.
  const std::uint32_t most = std::min(pool.free_count, pool.buffers);
  for (BufferSlot at = pool.first_free; at && listed <= most; ++listed) {
    if (!pool.holds(at) || !server_.buffers[at.value].in_freelist) {
      expect(false, "the freelist holds buffer {}, which is not in it", at.value);
      return;
    }
    last = at;
    at = server_.buffers[at.value].next_free;
  }
  expect(listed == pool.free_count, "the freelist counts {} buffers, its chain has {}", pool.free_count, listed);
  expect(last == pool.last_free || listed != pool.free_count, "the freelist ends at buffer {}, its chain at {}",
         pool.last_free.value, last.value);
}

// Each backend counts once in the word, however often it pinned.
void PoolChecker::check_pins() {
  std::vector<std::uint32_t> holders(server_.buffers.size());
  for (std::size_t i = 0; i < server_.backends.size(); ++i) {
    const BackendRecord& backend = server_.backends[i];
    if (backend.born == 0) continue;
    std::vector<std::uint32_t> held;
    for (const PrivatePin& pin : backend.pins) {
      expect(pin.count != 0, "backend {} keeps a pin of buffer {} that counts 0", i, pin.buffer.value);
      if (pin.buffer.value >= holders.size()) {
        expect(false, "backend {} pins buffer {}, which there is not", i, pin.buffer.value);
        continue;
      }
      held.push_back(pin.buffer.value);
      ++holders[pin.buffer.value];
    }
    std::sort(held.begin(), held.end());
    expect(std::adjacent_find(held.begin(), held.end()) == held.end(), "backend {} lists a buffer twice", i);
  }
  for (const PoolRecord& pool : server_.pools) {
    if (pool.born == 0 || pool.reported_only || !is_within(pool)) continue;
    for (std::uint32_t i = 0; i < pool.buffers; ++i)
      check_refcount(pool.first.value + i, pool, holders[pool.first.value + i]);
  }
}

void PoolChecker::check_refcount(std::uint32_t slot, const PoolRecord& pool, std::uint32_t holders) {
  const std::uint32_t refcount = server_.buffers[slot].refcount();
  if (pool.backend) {
    // Up to 17 the word of a local buffer does not count.
    expect(holders <= 1 && refcount <= holders, "local buffer {} is pinned by {} backends, its word counts {}", slot,
           holders, refcount);
    return;
  }
  // A server's view counts the pins of backends that nobody named.
  const bool known = pool.has_freelist && std::any_of(server_.backends.begin(), server_.backends.end(),
                                                      [](const BackendRecord& backend) { return backend.born != 0; });
  expect(known ? refcount == holders : refcount >= holders, "buffer {} is pinned by {} backends, its word counts {}",
         slot, holders, refcount);
}

void PoolChecker::check_ring(const RingRecord& ring) {
  const auto name = static_cast<std::size_t>(&ring - server_.rings.data());
  const PoolRecord* pool = server_.shared_pool();
  expect(!ring.backend || server_.backend(ring.backend) != nullptr, "ring {} belongs to a backend that has ended",
         name);
  expect(ring.current < ring.slots.size(), "ring {} stands at slot {} of {}", name, ring.current, ring.slots.size());
  if (pool == nullptr) {
    expect(false, "there is a ring, but no pool");
    return;
  }
  expect(ring.slots.size() <= std::max(1U, pool->buffers / 8),
         "ring {} has {} slots, more than an eighth of {} buffers", name, ring.slots.size(), pool->buffers);
  for (const BufferSlot slot : ring.slots)
    expect(!slot || pool->holds(slot), "ring {} holds buffer {}, which is not of the shared pool", name, slot.value);
}

// --- an event ---------------------------------------------------------------------------------------------------

template <class E>
void PoolChecker::check_event(const E& e) {
  if constexpr (std::is_same_v<E, core::CheckpointEnded>) {
    check_no_checkpoint_flag();
  } else if constexpr (std::is_same_v<E, core::RingStepped>) {
    check_new(e);
  } else if constexpr (requires { e.buffer; }) {
    const BufferRecord* buffer = server_.buffer(e.buffer);
    if (buffer == nullptr) return;  // none, or a fault that is told
    if constexpr (requires { e.word; }) {
      check_word(*buffer);
      std::uint32_t holders = 0;
      for (const BackendRecord& backend : server_.backends)
        if (backend.born != 0)
          holders += static_cast<std::uint32_t>(std::count_if(
              backend.pins.begin(), backend.pins.end(), [&](const PrivatePin& pin) { return pin.buffer == e.buffer; }));
      check_refcount(e.buffer.value, server_.pools[buffer->pool.value], holders);
    }
    if constexpr (requires { check_new(e, *buffer); }) check_new(e, *buffer);
  }
}

void PoolChecker::check_new(const core::ClockTicked& e, const BufferRecord& buffer) {
  const bool local = static_cast<bool>(server_.pools[buffer.pool.value].backend);
  if (e.verdict == core::ClockVerdict::Taken)
    expect(buffer.refcount() == 0 && buffer.usage() == 0, "the clock took buffer {}, which is in use (word {:#x})",
           e.buffer.value, buffer.word);
  if (e.verdict == core::ClockVerdict::Spared)
    expect(buffer.refcount() == 0, "the clock counted down buffer {}, which is pinned (word {:#x})", e.buffer.value,
           buffer.word);
  if (e.verdict == core::ClockVerdict::Pinned)
    expect(local || buffer.refcount() != 0, "the clock passed over buffer {} as pinned, which it is not (word {:#x})",
           e.buffer.value, buffer.word);
}

void PoolChecker::check_new(const core::FreelistPopped& e, const BufferRecord& buffer) {
  expect(e.taken == (buffer.refcount() == 0 && buffer.usage() == 0),
         "buffer {} left the freelist and was {}taken (word {:#x})", e.buffer.value, e.taken ? "" : "not ",
         buffer.word);
}

void PoolChecker::check_new(const core::FreelistPushed& e, const BufferRecord& buffer) {
  expect(!buffer.has_page() && buffer.refcount() == 0, "buffer {} came onto the freelist in use (word {:#x})",
         e.buffer.value, buffer.word);
}

// WAL before data.
void PoolChecker::check_new(const core::BufferWritten& e, const BufferRecord& buffer) {
  expect(!buffer.dirty() || (buffer.word & bits::kJustDirtied) != 0, "buffer {} was written and is still dirty",
         e.buffer.value);
  expect((buffer.word & bits::kPermanent) == 0 || buffer.lsn <= server_.point.wal_flushed,
         "buffer {} was written up to LSN {:#x}, before its WAL: that is on disk up to {:#x}", e.buffer.value,
         buffer.lsn, server_.point.wal_flushed);
}

void PoolChecker::check_new(const core::BufferUntagged& e, const BufferRecord& buffer) {
  expect((buffer.word & ~bits::kRefcountMask) == 0, "buffer {} lost its page, but not all of its flags (word {:#x})",
         e.buffer.value, buffer.word);
}

void PoolChecker::check_new(const core::RingStepped& e) {
  const RingRecord* ring = server_.ring(e.ring);
  if (ring == nullptr || e.slot >= ring->slots.size()) return;
  const BufferSlot held = ring->slots[e.slot];
  const BufferRecord* buffer = held ? server_.buffer(held) : nullptr;
  const bool free = buffer != nullptr && buffer->refcount() == 0 && buffer->usage() <= 1;
  const bool right = e.verdict == core::RingVerdict::Empty   ? buffer == nullptr
                     : e.verdict == core::RingVerdict::InUse ? buffer != nullptr && !free
                                                             : free;
  expect(right, "ring {} judged the buffer of slot {} wrongly ({}, word {:#x})", e.ring.value, e.slot, held.value,
         buffer != nullptr ? buffer->word : 0);
}

void PoolChecker::check_no_checkpoint_flag() {
  for (const BufferRecord& buffer : server_.buffers)
    expect((buffer.word & bits::kCheckpointNeeded) == 0, "the checkpoint ended, but buffer {} still waits for it",
           number(buffer));
}

}  // namespace

std::vector<std::string> check_pools(const ServerState& server, std::size_t most) {
  return PoolChecker(server, most).whole();
}

std::vector<std::string> check_pool_event(const core::EventBody& event, const ServerState& after, std::size_t most) {
  return PoolChecker(after, most).event(event);
}

}  // namespace palloscope::trace
