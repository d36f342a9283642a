// The buffer pool.
#include <algorithm>

#include "trace/replay/server_reducer.h"

namespace palloscope::trace {

using namespace core::buffer_bits;

namespace {

constexpr const char* kNoBuffer = "is in no pool";

}  // namespace

template <class J>
auto ServerReducer<J>::find(BufferSlot slot) -> BufferAndPool {
  if (slot.value >= s_.buffers.size()) return {};
  BufferRecord& buffer = s_.buffers[slot.value];
  return {&buffer, &s_.pools[buffer.pool.value]};
}

template <class J>
void ServerReducer<J>::save(BufferSlot slot, const BufferAndPool& found) {
  journal_.save_server(slot.value, *found.buffer);
  journal_.save_server(found.buffer->pool.value, *found.pool);
}

template <class J>
void ServerReducer<J>::set_word(const BufferAndPool& found, std::uint32_t word) {
  auto count = [&](std::uint32_t of, bool add) {
    auto change = [&](std::uint32_t& number, bool counts) { counts ? (add ? ++number : --number) : number; };
    change(found.pool->tagged, (of & kTagValid) != 0);
    change(found.pool->dirty, (of & kDirty) != 0);
    change(found.pool->pinned, core::refcount_of(of) != 0);
    if ((of & kTagValid) == 0) return;
    UsageCounts& usage = found.pool->by_usage[std::min(core::usage_of(of), core::kMaxUsage)];
    change(usage.buffers, true);
    change(usage.dirty, (of & kDirty) != 0);
    change(usage.pinned, core::refcount_of(of) != 0);
  };
  count(found.buffer->word, false);
  count(word, true);
  found.buffer->word = word;
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BufferPoolCreated& e) {
  if (e.first.value != s_.buffers.size()) return {"buffer pool", e.pool.value, "does not begin behind the others"};
  if (e.buffers > kMostBuffers || s_.buffers.size() > kMostBuffers - e.buffers)
    return {"buffer pool", e.pool.value, "has more buffers than can be shown"};
  PoolRecord* pool = make(s_.pools, e.pool.value);
  if (!pool) return {"buffer pool", e.pool.value, "is already there, or its number is too large"};
  pool->backend = e.backend;
  pool->first = e.first;
  pool->buffers = e.buffers;
  pool->has_freelist = e.freelist;
  journal_.template save_server_size<BufferRecord>(s_.buffers.size());
  s_.buffers.resize(s_.buffers.size() + e.buffers);
  for (std::uint32_t i = 0; i < e.buffers; ++i) {
    BufferRecord& buffer = s_.buffers[e.first.value + i];
    buffer.pool = e.pool;
    buffer.in_freelist = e.freelist;
    if (e.freelist && i + 1 < e.buffers) buffer.next_free = {e.first.value + i + 1};
  }
  if (e.freelist && e.buffers != 0) {
    pool->first_free = e.first;
    pool->last_free = {e.first.value + e.buffers - 1};
    pool->free_count = e.buffers;
  }
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::RelationNamed& e) {
  const auto* known = s_.relation({e.tablespace, e.database, e.relation, 0, 0});
  RelationRecord* relation =
      known ? change(s_.relations, static_cast<std::uint32_t>(known - s_.relations.data())) : &append(s_.relations);
  relation->tablespace = e.tablespace;
  relation->database = e.database;
  relation->relation = e.relation;
  relation->blocks = e.blocks;
  relation->name = e.name;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::PageRequested& e) {
  PoolRecord* pool = change(s_.pools, e.pool.value);
  if (!pool) return {"buffer pool", e.pool.value, "is not there"};
  if (e.ring && !live(s_.rings, e.ring.value)) return {"ring", e.ring.value, "is not there"};
  ++pool->requests;
  ServerPoint& point = change_point();
  point.request = n_;
  point.request_end = 0;
  point.request_hit = false;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::PageLookedUp& e) {
  if (!e.buffer) return {};
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  if (!found.buffer->has_page()) return {"buffer", e.buffer.value, "holds no page that could be found in it"};
  // A second look, behind a lost race, does not count twice.
  if (s_.point.request == 0 || s_.point.request_hit) return {};
  change_point().request_hit = true;
  journal_.save_server(found.buffer->pool.value, *found.pool);
  ++found.pool->hits;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::FreelistPopped& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  if (found.pool->free_count == 0 || found.pool->first_free != e.buffer)
    return {"buffer", e.buffer.value, "is not the first of the freelist"};
  save(e.buffer, found);
  found.pool->first_free = found.buffer->next_free;
  if (!found.pool->first_free) found.pool->last_free = {};
  --found.pool->free_count;
  found.buffer->next_free = {};
  found.buffer->in_freelist = false;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::FreelistPushed& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  if (found.buffer->in_freelist) return {"buffer", e.buffer.value, "is in the freelist already"};
  save(e.buffer, found);
  found.buffer->next_free = found.pool->first_free;
  found.buffer->in_freelist = true;
  found.pool->first_free = e.buffer;
  if (!found.pool->last_free) found.pool->last_free = e.buffer;
  ++found.pool->free_count;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::ClockTicked& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  if (found.pool->first.value + found.pool->hand() != e.buffer.value)
    return {"buffer", e.buffer.value, "is not where the clock hand stands"};
  save(e.buffer, found);
  set_word(found, e.word);
  found.pool->next_victim = e.next_victim;
  found.pool->complete_passes = e.complete_passes;
  ++found.pool->ticks;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::RingStepped& e) {
  RingRecord* ring = live(s_.rings, e.ring.value);
  if (!ring) return {"ring", e.ring.value, "is not there"};
  if (e.slot >= ring->slots.size()) return {"ring", e.ring.value, "has no such slot"};
  journal_.save_server(e.ring.value, *ring);
  ring->current = e.slot;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::RingSlotSet& e) {
  RingRecord* ring = live(s_.rings, e.ring.value);
  if (!ring) return {"ring", e.ring.value, "is not there"};
  if (e.slot >= ring->slots.size()) return {"ring", e.ring.value, "has no such slot"};
  if (e.buffer && !find(e.buffer)) return {"buffer", e.buffer.value, kNoBuffer};
  journal_.save_server(e.ring.value, *ring);
  ring->slots[e.slot] = e.buffer;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::RingCreated& e) {
  if (e.slots > s_.buffers.size()) return {"ring", e.ring.value, "has more slots than there are buffers"};
  RingRecord* ring = make(s_.rings, e.ring.value);
  if (!ring) return {"ring", e.ring.value, "is already there, or its number is too large"};
  ring->backend = e.backend;
  ring->kind = e.kind;
  ring->slots.resize(e.slots);
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::RingFreed& e) {
  if (!live(s_.rings, e.ring.value)) return {"ring", e.ring.value, "is not there, and cannot be freed"};
  drop(s_.rings, e.ring.value);
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BufferPinned& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  BackendRecord* backend = live(s_.backends, e.backend.value);
  if (e.backend && !backend) return {"backend", e.backend.value, "is not there, and cannot pin"};
  save(e.buffer, found);
  if (backend) {
    journal_.save_server(e.backend.value, *backend);
    const auto pin = std::find_if(backend->pins.begin(), backend->pins.end(),
                                  [&](const PrivatePin& p) { return p.buffer == e.buffer; });
    if (pin == backend->pins.end())
      backend->pins.push_back({e.buffer, 1});
    else
      ++pin->count;
  }
  set_word(found, e.word);
  found.buffer->used = n_;
  if (s_.point.request_hit && s_.point.request_end == 0) change_point().request_end = n_;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BufferUnpinned& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  BackendRecord* backend = live(s_.backends, e.backend.value);
  if (e.backend && !backend) return {"backend", e.backend.value, "is not there, and cannot unpin"};
  if (backend) {
    const auto pin = std::find_if(backend->pins.begin(), backend->pins.end(),
                                  [&](const PrivatePin& p) { return p.buffer == e.buffer; });
    if (pin == backend->pins.end()) return {"buffer", e.buffer.value, "is not pinned by this backend"};
    journal_.save_server(e.backend.value, *backend);
    if (--pin->count == 0) backend->pins.erase(pin);
  }
  save(e.buffer, found);
  set_word(found, e.word);
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BufferDirtied& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  save(e.buffer, found);
  set_word(found, e.word);
  found.buffer->dirtied = n_;
  found.buffer->lsn = e.lsn;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BufferWritten& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  save(e.buffer, found);
  set_word(found, e.word);
  ++found.pool->writes[static_cast<std::size_t>(e.reason)];
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BufferFlagged& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  save(e.buffer, found);
  const bool became_valid = (found.buffer->word & kValid) == 0 && (e.word & kValid) != 0;
  if (became_valid && s_.point.request != 0 && s_.point.request_end == 0) change_point().request_end = n_;
  set_word(found, e.word);
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BufferTagged& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  save(e.buffer, found);
  // 15 swaps the tag under both partition locks, without a moment in between (spec 10.5).
  if (found.buffer->has_page()) ++found.pool->evictions;
  set_word(found, e.word);
  found.buffer->tag = e.tag;
  found.buffer->tagged = n_;
  found.buffer->dirtied = 0;
  found.buffer->lsn = 0;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BufferUntagged& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  if (!found.buffer->has_page()) return {"buffer", e.buffer.value, "holds no page that could leave it"};
  save(e.buffer, found);
  set_word(found, e.word);
  found.buffer->tagged = found.buffer->dirtied = 0;
  found.buffer->lsn = 0;
  if (e.reason == core::UntagReason::Evicted) ++found.pool->evictions;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::WalFlushed& e) {
  change_point().wal_flushed = e.lsn;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BackgroundRound&) {
  change_point().round = n_;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::PoolReported& e) {
  PoolRecord* pool = change(s_.pools, e.pool.value);
  if (!pool) return {"buffer pool", e.pool.value, "is not there"};
  pool->reported_only = true;
  pool->tagged = e.used;
  pool->dirty = e.dirty;
  pool->pinned = e.pinned;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::UsageCountReported& e) {
  if (e.usage > core::kMaxUsage) return {"usage count", e.usage, "is larger than there can be"};
  PoolRecord* pool = change(s_.pools, e.pool.value);
  if (!pool) return {"buffer pool", e.pool.value, "is not there"};
  pool->reported_only = true;
  pool->by_usage[e.usage] = {e.buffers, e.dirty, e.pinned};
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BufferNodeReported& e) {
  const BufferAndPool found = find(e.buffer);
  if (!found) return {"buffer", e.buffer.value, kNoBuffer};
  if (found.buffer->node >= 0 || e.node < 0 || e.node > 0x7FFF) return {};
  journal_.save_server(e.buffer.value, *found.buffer);
  found.buffer->node = static_cast<std::int16_t>(e.node);
  return {};
}

template class ServerReducer<NullJournal>;
template class ServerReducer<Journal>;

}  // namespace palloscope::trace
