#include "tests/trace/bufmgr/pool_duel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/mcxt/errors.h"
#include "trace/analysis/pool_check.h"

namespace palloscope::test {

using core::PageTag;

namespace {

constexpr std::size_t kShownOperations = 25;
constexpr std::uint32_t kBlocks = 60;
constexpr std::uint32_t kFirstOid = 16384, kOidsPerBackend = 100;
constexpr std::size_t kMostLocalPools = 20;  // a local pool's buffers stay known after its backend's end

int number(core::BufferSlot slot) { return static_cast<int>(slot.value); }
core::BufferSlot slot(int buffer) { return core::BufferSlot{static_cast<std::uint32_t>(buffer)}; }

NaivePool::Relation naive(const core::RelationId& id, NaivePool::Kind kind) {
  return {id.tablespace, id.database, id.relation, kind};
}

}  // namespace

PoolDuel::PoolDuel(int major, std::uint64_t seed) : major_(major), seed_(seed), random_(seed), sink_(*this) {
  constexpr std::uint32_t kSizes[] = {2, 3, 8, 16, 24, 40, 64, 100, 300};
  constexpr int kMaxPages[] = {100, 3, 1}, kDelays[] = {200, 10000};
  constexpr double kMultipliers[] = {2.0, 0.5, 10.0};
  core::BufferSettings settings;
  settings.buffers = kSizes[below(std::size(kSizes))];
  settings.temp_buffers = static_cast<std::uint32_t>(3 + below(12));
  settings.max_backends = static_cast<std::uint32_t>(3 + below(100));
  settings.bgwriter_lru_maxpages = static_cast<std::uint32_t>(kMaxPages[below(3)]);
  settings.bgwriter_delay_ms = static_cast<std::uint32_t>(kDelays[below(2)]);
  settings.bgwriter_lru_multiplier = kMultipliers[below(3)];

  NaiveSettings same;
  same.major = major;
  same.buffers = static_cast<int>(settings.buffers);
  same.temp_buffers = static_cast<int>(settings.temp_buffers);
  same.max_backends = static_cast<int>(settings.max_backends);
  same.bgwriter_lru_maxpages = static_cast<int>(settings.bgwriter_lru_maxpages);
  same.bgwriter_delay_ms = static_cast<int>(settings.bgwriter_delay_ms);
  same.bgwriter_lru_multiplier = settings.bgwriter_lru_multiplier;
  model_ = std::make_unique<NaivePool>(same);

  backends_ = std::make_unique<core::Backends>(sink_);
  manager_ =
      std::make_unique<core::BufferManager>(*core::find_buffer_profile(major), settings, space_, *backends_, sink_);
  model_->flush_wal(manager_->wal_flushed());
  for (int i = 0; i < 4; ++i)
    clients_.push_back(backends_->start(core::BackendKind::Client, fmt::format("backend {}", i + 1)));
  writer_ = backends_->start(core::BackendKind::BackgroundWriter, "background writer");
  checkpointer_ = backends_->start(core::BackendKind::Checkpointer, "checkpointer");
  backends_->switch_to(clients_[0]);

  two_tablespaces_ = below(2) == 0;
  using Kind = NaivePool::Kind;
  const std::pair<Kind, const char*> kinds[] = {{Kind::Permanent, "orders"}, {Kind::Permanent, "customers"},
                                                {Kind::Permanent, "items"},  {Kind::Unlogged, "cache"},
                                                {Kind::Temporary, "temp a"}, {Kind::Temporary, "temp b"}};
  for (const auto& [kind, called] : kinds) {
    core::RelationId id;
    id.relation = static_cast<std::uint32_t>(kFirstOid + relations_.size());
    id.database = kind == Kind::Permanent && relations_.size() == 2 ? 6 : 5;
    if (two_tablespaces_ && relations_.size() == 1) id.tablespace = 16000;
    relations_.push_back({id, kind, called});
    name(relations_.back(), kBlocks);
  }
}

PoolDuel::~PoolDuel() = default;

void PoolDuel::name(const Relation& relation, std::uint32_t blocks) {
  constexpr core::Persistence kPersistence[] = {core::Persistence::Permanent, core::Persistence::Unlogged,
                                                core::Persistence::Temporary};
  manager_->name_relation(relation.id, relation.name, blocks, kPersistence[static_cast<int>(relation.kind)]);
}

PoolDuel::Relation PoolDuel::some_relation() {
  Relation relation = relations_[below(relations_.size())];
  if (relation.kind != NaivePool::Kind::Temporary) return relation;
  relation.id.relation += kOidsPerBackend * (backends_->acting().value + 1);
  if (temporary_.insert(relation.id.relation).second) name(relation, kBlocks);
  return relation;
}

void PoolDuel::take(const core::EventBody& event) {
  ++events_;
  state_.apply(event);
  if (const auto* round = std::get_if<core::BackgroundRound>(&event)) last_round_ = *round;
  if (const auto* ended = std::get_if<core::CheckpointEnded>(&event)) last_checkpoint_ = *ended;
  if (state_.fault_count() != 0 && failure_.empty()) fail("fault: " + state_.faults().front().what);
  for (const std::string& broken : trace::check_pool_event(event, state_.server(), 1)) fail(broken);
  if (!failure_.empty() || events_ % 16 != 0) return;
  for (const std::string& broken : trace::check_pools(state_.server(), 1)) fail(broken);
}

void PoolDuel::fail(const std::string& what) {
  if (!failure_.empty()) return;
  failure_ = fmt::format("PostgreSQL {}, seed {}, step {}: {}\n{} buffers; the last operations:\n", major_, seed_,
                         steps_, what, model_->settings().buffers);
  const std::size_t first = history_.size() - std::min(history_.size(), kShownOperations);
  for (std::size_t i = first; i < history_.size(); ++i) failure_ += "  " + history_[i] + '\n';
}

template <class Real, class Naive>
PoolDuel::Outcome PoolDuel::both(const std::string& what, Real&& real, Naive&& naive_call) {
  history_.push_back(fmt::format("backend {}: {}", acting(), what));
  ++tally_[what.substr(0, what.find(' '))];
  Outcome found, expected;
  try {
    found.buffers = real();
  } catch (const core::Ereport& error) {
    found.error = error.message;
  } catch (const core::WouldWait&) {
    found.error = "waits";
  } catch (const core::Crash& crash) {
    found.error = crash.signal + ": " + crash.message;
  }
  try {
    expected.buffers = naive_call();
  } catch (const NaiveError& error) {
    expected.error = error.waits ? "waits" : error.message;
  }
  const auto text = [](const Outcome& outcome) {
    return outcome.error.empty() ? fmt::format("buffers {}", fmt::join(outcome.buffers, " ")) : outcome.error;
  };
  history_.back() += " -> " + text(found);
  if (!found.error.empty()) ++tally_["error: " + found.error];
  if (found != expected) fail(fmt::format("the model expects: {}; found: {}", text(expected), text(found)));
  return found;
}

void PoolDuel::act_as_some_client() { backends_->switch_to(clients_[below(clients_.size())]); }

core::RingSlot PoolDuel::some_ring() {
  std::vector<int> own;
  for (const auto& [name, ring] : model_->rings())
    if (ring.backend == acting()) own.push_back(name);
  if (own.empty() || chance(40)) return {};
  return core::RingSlot{static_cast<std::uint32_t>(own[below(own.size())])};
}

int PoolDuel::some_pinned() {
  const auto& held = model_->pins(acting());
  return held.empty() ? -1 : held[below(held.size())].first;
}

// --- operations -------------------------------------------------------------------------------------------------

void PoolDuel::read() {
  const Relation& relation = some_relation();
  if (relation.kind == NaivePool::Kind::Temporary && model_->local_pools().count(acting()) == 0 &&
      local_pools_++ >= kMostLocalPools)
    return;
  const std::uint32_t blocks = manager_->relation_blocks(relation.id);
  if (blocks == 0) return name(relation, kBlocks);
  PageTag tag{relation.id.tablespace, relation.id.database, relation.id.relation, 0,
              static_cast<std::uint32_t>(below(chance(50) ? std::min(blocks, 8U) : blocks))};
  if (chance(10)) {
    tag.fork = static_cast<std::int32_t>(1 + below(3));
    tag.block %= 3;
  }
  const core::RingSlot ring = relation.kind == NaivePool::Kind::Temporary ? core::RingSlot{} : some_ring();
  both(
      fmt::format("read {} fork {} block {} ring {}", relation.name, tag.fork, tag.block,
                  ring ? static_cast<int>(ring.value) : -1),
      [&] { return std::vector<int>{number(manager_->read_buffer(tag, ring))}; },
      [&] {
        return std::vector<int>{model_->read(acting(), tag, relation.kind, ring ? static_cast<int>(ring.value) : -1)};
      });
}

void PoolDuel::extend() {
  const Relation& relation = some_relation();
  if (relation.kind == NaivePool::Kind::Temporary) return;
  const core::RingSlot ring = some_ring();
  const std::uint32_t first = manager_->relation_blocks(relation.id);
  // More pages than one only where none of them can fail: what an error leaves half done is not specified.
  std::uint32_t pages = 1;
  if (model_->unpinned_shared() > 8) pages += static_cast<std::uint32_t>(below(3));
  int made = 1;
  both(
      fmt::format("extend {} by {} ring {}", relation.name, pages, ring ? static_cast<int>(ring.value) : -1),
      [&] {
        std::vector<int> buffers;
        for (const core::BufferSlot buffer : manager_->extend_buffered_rel(relation.id, pages, ring))
          buffers.push_back(number(buffer));
        made = static_cast<int>(buffers.size());
        if (buffers.empty() || buffers.size() > pages) fail("extending made no page, or too many");
        return buffers;
      },
      [&] {
        return model_->extend(acting(), naive(relation.id, relation.kind), first, made,
                              ring ? static_cast<int>(ring.value) : -1);
      });
}

void PoolDuel::release() {
  if (chance(5)) {
    both(
        "release all", [&] { return manager_->release_all_pins(), std::vector<int>{}; },
        [&] { return model_->unpin_all(acting()), std::vector<int>{}; });
    return;
  }
  const int buffer = some_pinned();
  if (buffer < 0) return;
  both(
      fmt::format("release {}", buffer), [&] { return manager_->release_buffer(slot(buffer)), std::vector<int>{}; },
      [&] { return model_->unpin(acting(), buffer), std::vector<int>{}; });
}

void PoolDuel::pin_again() {
  const int buffer = some_pinned();
  if (buffer < 0) return;
  both(
      fmt::format("pin {} again", buffer),
      [&] { return manager_->incr_buffer_ref_count(slot(buffer)), std::vector<int>{}; },
      [&] { return model_->pin_again(acting(), buffer), std::vector<int>{}; });
}

void PoolDuel::dirty() {
  const int buffer = some_pinned();
  if (buffer < 0) return;
  const bool logged = model_->buffers()[static_cast<std::size_t>(buffer)].permanent && chance(80);
  const std::uint64_t lsn = logged ? manager_->xlog_insert() : 0;
  if (logged) model_->insert_wal(lsn);
  both(
      fmt::format("dirty {} lsn {:#x}", buffer, lsn),
      [&] { return manager_->mark_buffer_dirty(slot(buffer), lsn), std::vector<int>{}; },
      [&] { return model_->dirty(acting(), buffer, lsn), std::vector<int>{}; });
}

void PoolDuel::make_ring() {
  const auto kind = static_cast<core::RingKind>(below(core::kRingKindCount));
  std::optional<int> kb;
  if (major_ >= 16 && chance(40)) kb = static_cast<int>(below(4) == 0 ? 0 : 128 + below(2000));
  const int slots = model_->ring_slots(kind, kb);
  if (model_->settings().buffers < 8 || model_->rings().size() > 8) return;
  std::optional<std::uint32_t> real_kb;
  if (kb) real_kb = static_cast<std::uint32_t>(*kb);
  both(
      fmt::format("ring of kind {} of {} kB: {} slots", static_cast<int>(kind), kb ? *kb : -1, slots),
      [&] {
        const core::RingSlot ring = manager_->get_access_strategy(kind, real_kb);
        if (ring) model_->make_ring(static_cast<int>(ring.value), acting(), kind, slots);
        return std::vector<int>{ring ? 1 : 0};
      },
      [&] { return std::vector<int>{slots != 0 ? 1 : 0}; });
}

void PoolDuel::free_ring() {
  const core::RingSlot ring = some_ring();
  if (!ring) return;
  both(
      "free_ring", [&] { return manager_->free_access_strategy(ring), std::vector<int>{}; },
      [&] { return model_->free_ring(static_cast<int>(ring.value)), std::vector<int>{}; });
}

void PoolDuel::drop() {
  const Relation& relation = some_relation();
  const NaivePool::Relation same = naive(relation.id, relation.kind);
  // A temporary relation is dropped only by who pins nothing.
  if (relation.kind == NaivePool::Kind::Temporary && !model_->pins(acting()).empty()) return;
  // The length never goes back: an error may have left pages behind it in the pool, and the model knows no lengths.
  const std::uint32_t blocks = std::max(kBlocks, manager_->relation_blocks(relation.id));
  const std::uint64_t how = below(8);
  if (how == 0 && relation.kind != NaivePool::Kind::Temporary) {
    both(
        fmt::format("drop_database {}", relation.id.database),
        [&] { return manager_->drop_database_buffers(relation.id.database), std::vector<int>{}; },
        [&] { return model_->drop_database(acting(), relation.id.database), std::vector<int>{}; });
  } else if (how < 3) {
    both(
        fmt::format("drop {}", relation.name),
        [&] { return manager_->drop_relations_all_buffers(relation.id), std::vector<int>{}; },
        [&] { return model_->drop_relation(acting(), same), std::vector<int>{}; });
    name(relation, blocks);
  } else {
    const auto first = static_cast<std::uint32_t>(below(20));
    const auto fork = static_cast<std::int32_t>(chance(20) ? 1 + below(3) : 0);
    both(
        fmt::format("truncate {} fork {} to {}", relation.name, fork, first),
        [&] { return manager_->drop_relation_buffers(relation.id, fork, first), std::vector<int>{}; },
        [&] { return model_->drop_fork(acting(), same, fork, first), std::vector<int>{}; });
    name(relation, blocks);
  }
}

void PoolDuel::flush() {
  const Relation& relation = some_relation();
  if (chance(30)) {
    const std::uint64_t lsn = below(manager_->wal_inserted() + 1);
    both(
        fmt::format("flush_wal {:#x}", lsn), [&] { return manager_->xlog_flush(lsn), std::vector<int>{}; },
        [&] { return model_->flush_wal(lsn), std::vector<int>{}; });
  } else if (chance(70)) {
    both(
        fmt::format("flush {}", relation.name),
        [&] { return manager_->flush_relation_buffers(relation.id), std::vector<int>{}; },
        [&] { return model_->flush_relation(acting(), naive(relation.id, relation.kind)), std::vector<int>{}; });
  } else {
    both(
        fmt::format("flush_database {}", relation.id.database),
        [&] { return manager_->flush_database_buffers(relation.id.database), std::vector<int>{}; },
        [&] { return model_->flush_database(relation.id.database), std::vector<int>{}; });
  }
}

void PoolDuel::background_round() {
  backends_->switch_to(writer_);
  both(
      "background round",
      [&] {
        manager_->bg_buffer_sync();
        const core::BackgroundRound& r = last_round_;
        std::vector<int> numbers;
        for (const std::uint32_t n : {r.allocations, r.wanted, r.reusable, r.written, r.next_to_clean})
          numbers.push_back(static_cast<int>(n));
        return numbers;
      },
      [&] {
        const NaiveRound r = model_->background_round();
        return std::vector<int>{r.allocations, r.wanted, r.reusable, r.written, r.next_to_clean};
      });
}

void PoolDuel::checkpoint() {
  backends_->switch_to(checkpointer_);
  if (!manager_->checkpoint_in_progress()) {
    const bool all = chance(20);
    core::CheckpointFlags flags;
    flags.flush_all = all;
    both(
        fmt::format("begin_checkpoint {}", all),
        [&] { return std::vector<int>{static_cast<int>(manager_->begin_checkpoint(flags))}; },
        [&] { return std::vector<int>{model_->begin_checkpoint(all)}; });
  }
  if (!manager_->checkpoint_in_progress()) return;
  const int pieces = two_tablespaces_ || chance(50) ? 1'000'000 : static_cast<int>(1 + below(5));
  both(
      fmt::format("continue_checkpoint {}", pieces),
      [&] {
        const bool more = manager_->continue_checkpoint(static_cast<std::uint32_t>(pieces));
        return std::vector<int>{more ? -1 : static_cast<int>(last_checkpoint_.written)};
      },
      [&] {
        const bool more = model_->continue_checkpoint(pieces);
        return std::vector<int>{more ? -1 : model_->checkpoint_written()};
      });
}

void PoolDuel::end_backend() {
  const std::size_t which = below(clients_.size());
  const core::BackendSlot old = clients_[which];
  both(
      fmt::format("end of backend {}", old.value), [&] { return backends_->end(old), std::vector<int>{}; },
      [&] { return model_->end_backend(static_cast<int>(old.value)), std::vector<int>{}; });
  std::erase_if(temporary_, [&](std::uint32_t id) { return (id - kFirstOid) / kOidsPerBackend == old.value + 1; });
  clients_[which] = backends_->start(core::BackendKind::Client, "another");
}

void PoolDuel::step() {
  act_as_some_client();
  if (below(300) == 0) release_percent_ = static_cast<unsigned>(below(3) == 0 ? 10 : 30);
  const std::uint64_t roll = below(1000);
  std::uint64_t edge = 0;
  const auto share = [&](std::uint64_t thousandths) { return roll < (edge += thousandths); };
  if (share(release_percent_ * 10)) return release();
  if (share(380)) return read();
  if (share(120)) return dirty();
  if (share(30)) return pin_again();
  if (share(40)) return extend();
  if (share(20)) return make_ring();
  if (share(8)) return free_ring();
  if (share(12)) return drop();
  if (share(12)) return flush();
  if (share(30)) return background_round();
  if (share(20)) return checkpoint();
  if (share(4)) return end_backend();
  read();
}

// --- comparing --------------------------------------------------------------------------------------------------

void PoolDuel::compare_buffer(std::size_t buffer) {
  const NaiveBuffer& expected = model_->buffers()[buffer];
  const trace::BufferRecord& replayed = state_.server().buffers[buffer];
  const core::BufferSlot at = slot(static_cast<int>(buffer));
  const std::uint32_t real = manager_->state_word(at);
  if (expected.word() != real || real != replayed.word)
    fail(fmt::format("state word of buffer {}: model {:#010x}, manager {:#010x}, replayed {:#010x}", buffer,
                     expected.word(), real, replayed.word));
  if (expected.page && (*expected.page != manager_->tag_of(at) || *expected.page != replayed.tag))
    fail(fmt::format("buffer {} holds another page than the model expects", buffer));
}

void PoolDuel::compare_freelist() {
  const trace::PoolRecord& pool = *state_.server().shared_pool();
  std::vector<int> chain;
  for (core::BufferSlot at = pool.first_free; at && chain.size() <= pool.buffers;
       at = state_.server().buffers[at.value].next_free)
    chain.push_back(number(at));
  const std::vector<int> expected(model_->freelist().begin(), model_->freelist().end());
  if (chain != expected)
    fail(fmt::format("freelist: model {}; replayed {}", fmt::join(expected, " "), fmt::join(chain, " ")));
}

void PoolDuel::compare_rings() {
  std::size_t live = 0;
  for (const trace::RingRecord& ring : state_.server().rings) live += ring.born != 0 ? 1 : 0;
  if (live != model_->rings().size())
    return fail(fmt::format("rings: model {}, replayed {}", model_->rings().size(), live));
  for (const auto& [name, expected] : model_->rings()) {
    const trace::RingRecord* ring = state_.server().ring(core::RingSlot{static_cast<std::uint32_t>(name)});
    if (ring == nullptr) return fail(fmt::format("ring {} is not there", name));
    std::vector<int> slots;
    for (const core::BufferSlot held : ring->slots) slots.push_back(held ? number(held) : -1);
    if (slots != expected.slots || ring->current != expected.current ||
        static_cast<int>(ring->backend.value) != expected.backend || ring->kind != expected.kind)
      return fail(fmt::format("ring {}: model at {} of {}; replayed at {} of {}", name, expected.current,
                              fmt::join(expected.slots, " "), ring->current, fmt::join(slots, " ")));
  }
}

void PoolDuel::compare_backends() {
  for (const core::BackendSlot backend : clients_) {
    const trace::BackendRecord* record = state_.server().backend(backend);
    if (record == nullptr) return fail("a backend is not there");
    std::vector<std::pair<int, int>> pins;
    for (const trace::PrivatePin& pin : record->pins)
      pins.emplace_back(number(pin.buffer), static_cast<int>(pin.count));
    const auto& expected = model_->pins(static_cast<int>(backend.value));
    if (pins != expected)
      return fail(fmt::format("private pins of backend {}: model has {} buffers, replayed {}", backend.value,
                              expected.size(), pins.size()));
    for (const auto& [buffer, count] : expected)
      if (manager_->private_count(backend, slot(buffer)) != static_cast<std::uint32_t>(count))
        return fail(fmt::format("private count of buffer {} in backend {}: model {}, manager {}", buffer, backend.value,
                                count, manager_->private_count(backend, slot(buffer))));
  }
}

void PoolDuel::compare_counts() {
  const trace::PoolRecord& pool = *state_.server().shared_pool();
  if (pool.next_victim != model_->next_victim() || pool.complete_passes != model_->complete_passes())
    fail(fmt::format("hand: model {} after {} rounds, replayed {} after {}", model_->next_victim(),
                     model_->complete_passes(), pool.next_victim, pool.complete_passes));
  const std::uint64_t flushed = state_.server().point.wal_flushed;
  // Before the first flush the events do not tell where WAL began.
  if (manager_->wal_flushed() != model_->wal_flushed() || (flushed != 0 && flushed != model_->wal_flushed()))
    fail(fmt::format("WAL on disk: model {:#x}, manager {:#x}, replayed {:#x}", model_->wal_flushed(),
                     manager_->wal_flushed(), flushed));
  const NaivePool::Counts& counts = model_->counts();
  const core::PoolTallies& tallies = manager_->tallies(core::PoolSlot{0});
  std::uint64_t expected_writes = 0, replayed_writes = 0;
  for (int reason = 0; reason < core::kWriteReasonCount; ++reason) {
    expected_writes += counts.writes[reason];
    replayed_writes += pool.writes[reason];
    if (counts.writes[reason] != pool.writes[reason])
      fail(fmt::format("writes for reason {}: model {}, replayed {}", reason, counts.writes[reason],
                       pool.writes[reason]));
  }
  const std::tuple<const char*, std::uint64_t, std::uint64_t, std::uint64_t> numbers[] = {
      {"requests", counts.requests, pool.requests, tallies.requests},
      {"hits", counts.hits, pool.hits, tallies.hits},
      {"ticks of the clock", counts.ticks, pool.ticks, tallies.ticks},
      {"evictions", counts.evictions, pool.evictions, tallies.evictions},
      {"writes", expected_writes, replayed_writes, tallies.writes}};
  for (const auto& [what, model, replayed, tallied] : numbers)
    if (model != replayed || model != tallied)
      fail(fmt::format("{}: model {}, replayed {}, manager {}", what, model, replayed, tallied));
  if (pool.free_count != tallies.free || pool.tagged != tallies.tagged || pool.dirty != tallies.dirty ||
      pool.pinned != tallies.pinned)
    fail("the manager's counters of free, tagged, dirty and pinned buffers are not those of the replayed state");
}

void PoolDuel::compare() {
  const trace::ServerState& server = state_.server();
  if (server.buffers.size() != model_->buffers().size())
    return fail(fmt::format("buffers: model {}, replayed {}", model_->buffers().size(), server.buffers.size()));
  for (std::size_t i = 0; i < static_cast<std::size_t>(model_->settings().buffers); ++i) compare_buffer(i);
  for (const auto& [backend, pool] : model_->local_pools())
    for (int i = 0; i < model_->settings().temp_buffers; ++i) compare_buffer(static_cast<std::size_t>(pool.first + i));
  compare_freelist();
  compare_rings();
  compare_backends();
  compare_counts();
}

std::string PoolDuel::run(std::size_t steps) {
  for (const std::size_t end = steps_ + steps; steps_ < end && failure_.empty(); ++steps_) {
    step();
    if (failure_.empty()) compare();
  }
  return failure_;
}

}  // namespace palloscope::test
