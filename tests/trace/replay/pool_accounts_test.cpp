// The standing promise for the buffer pool: after every single event the bytes (read by the walker), the replayed state
// and the manager's own counters say the same.
#include <fmt/format.h>

#include <random>
#include <set>

#include "core/bufmgr/buffer_manager.h"
#include "core/walk/buffer_pool_walker.h"
#include "tests/support/catch.h"
#include "trace/exporters/event_text.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {
namespace {

using namespace core;

struct SpaceSource final : MemorySource {
  explicit SpaceSource(const AddressSpace& bytes) : space(bytes) {}
  bool read(Address at, std::span<std::uint8_t> into) const override { return space.read(at, into); }
  const AddressSpace& space;
};

// Replays what it is told and compares.
struct PoolAccounts final : EventSink {
  explicit PoolAccounts(const AddressSpace& bytes) : source(bytes) {}

  MemoryState state;
  SpaceSource source;
  const BufferManager* manager = nullptr;  // from when on it compares
  std::string disagreement;
  std::size_t comparisons = 0;

  void emit(const EventBody& event) override {
    const std::size_t faults = state.faults().size();
    state.apply(event);
    if (!disagreement.empty()) return;
    std::string found;
    if (state.faults().size() != faults) found = "replay refuses: " + state.faults().back().what;
    if (found.empty() && manager) found = compare();
    if (!found.empty()) disagreement = fmt::format("{} (the event: {})", found, event_text(event, state));
  }

  std::string compare() {
    ++comparisons;
    const BufferPlaces& places = manager->places();
    const WalkedPool walked = walk_buffer_pool(
        source, manager->profile(), {places.descriptors, manager->buffers(), places.strategy, places.lookup});
    if (!walked.findings.empty()) return walked.findings.front();
    const ServerState& server = state.server();
    const PoolRecord& pool = *server.shared_pool();
    for (std::uint32_t id = 0; id < pool.buffers; ++id) {
      const BufferRecord& buffer = server.buffers[id];
      if (buffer.word != walked.buffers[id].word)
        return fmt::format("buffer {}: word {:#x} replayed, {:#x} in the bytes", id, buffer.word,
                           walked.buffers[id].word);
      if (buffer.has_page() && buffer.tag != walked.buffers[id].tag)
        return fmt::format("buffer {} is another page's in the bytes", id);
    }
    BufferSlot free = pool.first_free;
    for (BufferSlot slot : walked.freelist) {
      if (slot != free) return fmt::format("the freelists part at buffer {}", slot.value);
      free = server.buffers[free.value].next_free;
    }
    if (free || pool.free_count != walked.freelist.size()) return "the freelist is longer in replay";
    if (pool.next_victim != walked.next_victim || pool.complete_passes != walked.complete_passes)
      return "the clock hand stands elsewhere in the bytes";
    for (std::uint32_t i = 0; i < server.pools.size(); ++i) {
      if (std::string found = compare_tallies(server.pools[i], PoolSlot{i}); !found.empty()) return found;
    }
    return compare_pins(server);
  }

  std::string compare_tallies(const PoolRecord& pool, PoolSlot slot) const {
    const PoolTallies& own = manager->tallies(slot);
    std::uint64_t writes = 0;
    for (std::uint64_t count : pool.writes) writes += count;
    auto differ = [&](const char* what, std::uint64_t a, std::uint64_t b) {
      return a == b ? std::string() : fmt::format("pool {}: {} {} counted, {} replayed", slot.value, a, what, b);
    };
    for (const std::string& words :
         {differ("free", own.free, pool.free_count), differ("with a page", own.tagged, pool.tagged),
          differ("dirty", own.dirty, pool.dirty), differ("pinned", own.pinned, pool.pinned),
          differ("requests", own.requests, pool.requests), differ("hits", own.hits, pool.hits),
          differ("ticks", own.ticks, pool.ticks), differ("evictions", own.evictions, pool.evictions),
          differ("writes", own.writes, writes)}) {
      if (!words.empty()) return words;
    }
    return {};
  }

  // Private counts, and what they add up to in the words of the shared pool.
  std::string compare_pins(const ServerState& server) const {
    std::vector<std::uint32_t> backends(manager->buffers());
    for (std::uint32_t i = 0; i < server.backends.size(); ++i) {
      if (server.backends[i].born == 0) continue;
      for (const PrivatePin& pin : server.backends[i].pins) {
        if (manager->private_count(BackendSlot{i}, pin.buffer) != pin.count)
          return fmt::format("backend {} holds buffer {} another number of times", i, pin.buffer.value);
        if (!manager->is_local(pin.buffer)) ++backends[pin.buffer.value];
      }
    }
    for (std::uint32_t id = 0; id < backends.size(); ++id) {
      if (backends[id] != server.buffers[id].refcount())
        return fmt::format("buffer {} counts {} backends, and {} hold it", id, server.buffers[id].refcount(),
                           backends[id]);
    }
    return {};
  }
};

// A server that several backends use at random.
class RandomServer {
 public:
  RandomServer(int major, std::uint32_t buffers, unsigned seed) : random_(seed), accounts(space) {
    BufferSettings settings;
    settings.buffers = buffers;
    settings.temp_buffers = 5;
    settings.bgwriter_lru_maxpages = 3;
    manager_ = std::make_unique<BufferManager>(*find_buffer_profile(major), settings, space, backends_, accounts);
    accounts.manager = manager_.get();
    manager_->name_relation(table(0), "orders", 40);
    manager_->name_relation(table(1), "scratch", 40, Persistence::Unlogged);
    manager_->name_relation(table(2), "pg_temp.t", 12, Persistence::Temporary);
    for (int i = 0; i < 3; ++i) live_.push_back(backends_.start(BackendKind::Client, "backend"));
    backends_.switch_to(live_[0]);
  }

  void step() {
    try {
      act();
    } catch (const Ereport&) {
      manager_->release_all_pins();
      ++errors;
    } catch (const WouldWait&) {
      ++waits;
    }
  }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  static RelationId table(std::uint32_t i) { return {1663 + i % 2, 5, 16384 + i}; }
  std::vector<BufferSlot> held() const {
    std::vector<BufferSlot> buffers;
    const ServerState& server = accounts.state.server();
    for (const PrivatePin& pin : server.backends[backends_.acting().value].pins) buffers.push_back(pin.buffer);
    return buffers;
  }

  void act() {
    const std::uint32_t dice = below(100);
    RingSlot ring;
    for (const auto& [slot, owner] : rings_)
      if (owner == backends_.acting() && below(2) == 0) ring = slot;
    const std::vector<BufferSlot> pinned = held();
    if (dice < 45) {
      const RelationId id = table(below(8) == 0 ? 2 : below(2));
      const std::uint32_t blocks = manager_->relation_blocks(id);
      if (blocks == 0) return void(manager_->extend_buffered_rel(id, 2, ring));
      manager_->read_buffer({id.tablespace, id.database, id.relation, 0, below(blocks)}, ring);
    } else if (dice < 70) {
      for (std::size_t i = 0; i < 2 && !pinned.empty(); ++i) {
        const BufferSlot buffer = pinned[below(static_cast<std::uint32_t>(pinned.size()))];
        if (manager_->private_count(backends_.acting(), buffer) > 0) manager_->release_buffer(buffer);
      }
    } else if (dice < 80) {
      if (!pinned.empty())
        manager_->mark_buffer_dirty(pinned[below(static_cast<std::uint32_t>(pinned.size()))],
                                    below(4) == 0 ? 0 : manager_->xlog_insert());
    } else if (dice < 87) {
      backends_.switch_to(live_[below(3)]);
    } else if (dice < 89) {
      manager_->extend_buffered_rel(table(below(3)), 1 + below(3), ring);
    } else if (dice < 91) {
      rings_.emplace(manager_->get_access_strategy(static_cast<RingKind>(below(3))), backends_.acting());
    } else if (dice < 92) {
      if (ring) {
        manager_->free_access_strategy(ring);
        rings_.erase({ring, backends_.acting()});
      }
    } else if (dice < 94) {
      manager_->drop_relation_buffers(table(below(3)), 0, below(30));
    } else if (dice < 95) {
      manager_->flush_relation_buffers(table(below(3)));
    } else if (dice < 97) {
      manager_->bg_buffer_sync();
    } else if (dice < 98) {
      if (!manager_->checkpoint_in_progress()) manager_->begin_checkpoint({.flush_all = below(2) == 0});
    } else if (dice < 99) {
      if (manager_->checkpoint_in_progress()) manager_->continue_checkpoint(1 + below(3));
    } else {
      const std::uint32_t which = below(3);
      std::erase_if(rings_, [&](const auto& held_ring) { return held_ring.second == live_[which]; });
      backends_.end(live_[which]);
      live_[which] = backends_.start(BackendKind::Client, "another backend");
      backends_.switch_to(live_[which]);
    }
  }

  std::mt19937 random_;
  AddressSpace space;

 public:
  PoolAccounts accounts;
  std::size_t errors = 0, waits = 0;

 private:
  Backends backends_{accounts};
  std::unique_ptr<BufferManager> manager_;
  std::vector<BackendSlot> live_;
  std::set<std::pair<RingSlot, BackendSlot>> rings_;
};

TEST_CASE("bytes, replay and counters of a buffer pool agree after every event of random work") {
  const unsigned seed = std::random_device{}();
  std::size_t comparisons = 0, errors = 0;
  for (int major : {15, 16, 17, 18}) {
    for (std::uint32_t buffers : {2, 7, 16, 40}) {
      CAPTURE(seed, major, buffers);
      RandomServer server(major, buffers, seed);
      for (int i = 0; i < 600 && server.accounts.disagreement.empty(); ++i) server.step();
      REQUIRE(server.accounts.disagreement == "");
      comparisons += server.accounts.comparisons;
      errors += server.errors;
    }
  }
  CHECK(comparisons > 10'000);
  CHECK(errors > 0);  // full pools were met
}

TEST_CASE("the walker tells what is wrong with a pool's bytes and never runs away") {
  AddressSpace space;
  PoolAccounts accounts(space);
  Backends backends(accounts);
  BufferSettings settings;
  settings.buffers = 8;
  BufferManager manager(*find_buffer_profile(17), settings, space, backends, accounts);
  backends.switch_to(backends.start(BackendKind::Client, "backend 1"));
  for (std::uint32_t block = 0; block < 4; ++block) manager.read_buffer({1663, 5, 16384, 0, block});
  const BufferPlaces& places = manager.places();
  const BufferDescLayout& layout = manager.profile().descriptor;
  auto first_finding = [&](Address at, unsigned width, std::uint64_t value) {
    const std::uint64_t before = *space.load(at, width);
    space.store(at, width, value);
    WalkedPool walked = walk_buffer_pool(accounts.source, manager.profile(),
                                         {places.descriptors, manager.buffers(), places.strategy, places.lookup});
    space.store(at, width, before);
    return walked.findings.empty() ? std::string() : walked.findings.front();
  };
  using Catch::Matchers::ContainsSubstring;
  accounts.manager = &manager;
  CHECK(accounts.compare().empty());
  const Address sixth = places.descriptors + 5 * layout.stride;
  CHECK_THAT(first_finding(sixth + layout.free_next.offset, 4, 4), ContainsSubstring("runs in a circle at buffer 4"));
  CHECK_THAT(first_finding(sixth + layout.free_next.offset, 4, 99), ContainsSubstring("goes to buffer 99"));
  CHECK_THAT(first_finding(sixth + layout.buf_id.offset, 4, 7), ContainsSubstring("says that it is number 7"));
  CHECK_THAT(first_finding(places.descriptors + layout.block.offset, 4, 77),
             ContainsSubstring("its descriptor does not"));
  CHECK_THAT(first_finding(places.lookup + manager.profile().hash.nsegs.offset, 8, ~std::uint64_t{0}),
             ContainsSubstring("no lookup table"));
  CHECK_THAT(first_finding(places.lookup + manager.profile().hash.header_bytes, 8, 0x1000),
             ContainsSubstring("segment 0 of the lookup table cannot be read"));
  WalkedPool nothing = walk_buffer_pool(accounts.source, manager.profile(), {Address{0x10}, 8, {}, {}});
  CHECK_THAT(nothing.findings.front(), ContainsSubstring("descriptor 0 at 0x10 cannot be read"));
}

}  // namespace
}  // namespace palloscope::trace
