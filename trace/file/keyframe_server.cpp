#include "trace/file/keyframe_server.h"

#include <algorithm>

#include "trace/file/keyframe_fields.h"

namespace palloscope::trace {
namespace {

// --- fields, once for both ways; `born` stands before them -----------------------------------------------------

template <class Record, class F>
void each_own_field(Record& r, F&& f) {
  using R = std::remove_const_t<Record>;
  if constexpr (std::is_same_v<R, BackendRecord>) {
    f(r.kind), f(r.pid), f(r.node), f(r.local_bytes), f(r.remote_bytes), f(r.pins), f(r.name);
  } else if constexpr (std::is_same_v<R, PoolRecord>) {
    f(r.backend), f(r.first), f(r.buffers), f(r.has_freelist), f(r.first_free), f(r.last_free), f(r.free_count);
    f(r.next_victim), f(r.complete_passes), f(r.tagged), f(r.dirty), f(r.pinned);
    for (auto& usage : r.by_usage) f(usage.buffers), f(usage.dirty), f(usage.pinned);
    f(r.requests), f(r.hits), f(r.ticks), f(r.evictions);
    for (auto& writes : r.writes) f(writes);
    f(r.reported_only);
  } else if constexpr (std::is_same_v<R, RingRecord>) {
    f(r.backend), f(r.kind), f(r.current), f(r.slots);
  } else if constexpr (std::is_same_v<R, RelationRecord>) {
    f(r.tablespace), f(r.database), f(r.relation), f(r.blocks), f(r.name);
  } else if constexpr (std::is_same_v<R, SegmentRecord>) {
    f(r.kind), f(r.at), f(r.bytes), f(r.page_bytes), f(r.handle), f(r.refcnt), f(r.pinned), f(r.allocated_bytes);
    f(r.attached), f(r.name);
  } else if constexpr (std::is_same_v<R, ShmemRecord>) {
    f(r.segment), f(r.offset), f(r.bytes), f(r.allocated_bytes), f(r.found), f(r.name), f(r.purpose), f(r.nodes);
  } else if constexpr (std::is_same_v<R, ShmemRequestRecord>) {
    f(r.bytes), f(r.lwlocks), f(r.library);
  } else if constexpr (std::is_same_v<R, NodeRecord>) {
    f(r.cores), f(r.memory_bytes), f(r.placed_bytes);
  } else if constexpr (std::is_same_v<R, PlacementRecord>) {
    f(r.segment), f(r.offset), f(r.bytes), f(r.node), f(r.backend);
  } else {
    static_assert(std::is_same_v<R, OperationRecord>);
    f(r.ended), f(r.kind), f(r.phase), f(r.context), f(r.backend), f(r.used_bytes), f(r.limit_bytes), f(r.peak_bytes);
    f(r.tuples), f(r.slots), f(r.parts), f(r.part), f(r.spilled_tuples), f(r.spilled_bytes), f(r.read_back_bytes);
    f(r.name);
  }
}

// The pool and the node (one higher) stand apart.
template <class Record, class F>
void each_buffer_field(Record& b, F&& f) {
  f(b.tag), f(b.word), f(b.next_free), f(b.in_freelist), f(b.tagged), f(b.used), f(b.dirtied), f(b.lsn);
}

template <class Point, class F>
void each_point_field(Point& p, F&& f) {
  f(p.backend), f(p.request), f(p.request_end), f(p.request_hit), f(p.checkpoint), f(p.round), f(p.wal_flushed);
  f(p.numa_policy), f(p.numa_node), f(p.huge_pages), f(p.huge_pages_granted);
}

template <class Server, class F>
void each_table(Server& s, F&& f) {
  f(s.backends), f(s.pools), f(s.rings), f(s.relations), f(s.segments), f(s.allocations), f(s.requests), f(s.nodes);
  f(s.placements), f(s.operations);
}

// --- buffers ----------------------------------------------------------------------------------------------------

// As BufferPoolCreated leaves it.
BufferRecord fresh_buffer(const PoolRecord& pool, PoolSlot slot, std::uint32_t i) {
  BufferRecord fresh;
  fresh.pool = slot;
  fresh.in_freelist = pool.has_freelist;
  if (pool.has_freelist && i + 1 < pool.buffers) fresh.next_free = {pool.first.value + i + 1};
  return fresh;
}

void put_buffers(const ServerState& server, const PoolRecord& pool, PoolSlot slot, NumberWriter& to, FieldWriter& f) {
  const auto is_fresh = [&](std::uint32_t i) {
    return server.buffers[pool.first.value + i] == fresh_buffer(pool, slot, i);
  };
  for (std::uint32_t i = 0; i < pool.buffers;) {
    std::uint32_t fresh = i, changed;
    while (fresh < pool.buffers && is_fresh(fresh)) ++fresh;
    for (changed = fresh; changed < pool.buffers && !is_fresh(changed);) ++changed;
    to.put(fresh - i);
    to.put(changed - fresh);
    for (i = fresh; i < changed; ++i) {
      const BufferRecord& buffer = server.buffers[pool.first.value + i];
      each_buffer_field(buffer, f);
      to.put(static_cast<std::uint64_t>(buffer.node + 1));
    }
  }
}

bool get_buffers(ServerState& server, const PoolRecord& pool, PoolSlot slot, NumberReader& from, FieldReader& f) {
  for (std::uint32_t i = 0; i < pool.buffers;) {
    const std::uint64_t fresh = from.get(), changed = from.get();
    if (from.failed() || fresh + changed == 0 || fresh > pool.buffers - i || changed > pool.buffers - i - fresh)
      return false;
    for (std::uint64_t end = i + fresh; i < end; ++i)
      server.buffers[pool.first.value + i] = fresh_buffer(pool, slot, i);
    for (std::uint64_t end = i + changed; i < end; ++i) {
      BufferRecord& buffer = server.buffers[pool.first.value + i];
      buffer.pool = slot;
      each_buffer_field(buffer, f);
      const std::uint64_t node = from.get();
      if (!f.good() || node > 0x8000) return false;
      buffer.node = static_cast<std::int16_t>(static_cast<int>(node) - 1);
    }
  }
  return true;
}

// --- what replay relies on ----------------------------------------------------------------------------------------

// The freelist is one chain from its first buffer to its last, as long as it is said to be; so it has no circle.
bool is_freelist_sound(const ServerState& server, const PoolRecord& pool) {
  BufferSlot at = pool.first_free, last;
  for (std::uint32_t left = pool.free_count; left > 0; --left) {
    if (!pool.holds(at) || !server.buffers[at.value].in_freelist) return false;
    last = at;
    at = server.buffers[at.value].next_free;
  }
  return !at && last == pool.last_free;
}

bool is_sound(const ServerState& server, EventNumber at) {
  const auto buffer_exists = [&](BufferSlot slot) { return !slot || slot.value < server.buffers.size(); };
  for (const BufferRecord& buffer : server.buffers) {
    if (!server.pool(buffer.pool) || !buffer_exists(buffer.next_free)) return false;
  }
  for (const PoolRecord& pool : server.pools) {
    if (pool.free_count > pool.buffers || !is_freelist_sound(server, pool)) return false;
  }
  for (const RingRecord& ring : server.rings) {
    if (!std::all_of(ring.slots.begin(), ring.slots.end(), buffer_exists)) return false;
  }
  for (const BackendRecord& backend : server.backends) {
    for (const PrivatePin& pin : backend.pins) {
      if (!pin.buffer || !buffer_exists(pin.buffer)) return false;
    }
  }
  const ServerPoint& p = server.point;
  return std::max({p.request, p.request_end, p.checkpoint, p.round, p.huge_pages}) <= at;
}

}  // namespace

void put_server(const ServerState& server, NumberWriter& to) {
  if (server == ServerState{}) return;
  FieldWriter f(to);
  each_point_field(server.point, f);
  each_table(server, [&](const auto& table) {
    to.put(table.size());
    for (const auto& record : table) {
      to.put(record.born);
      if (record.born != 0) each_own_field(record, f);
    }
  });
  for (std::uint32_t i = 0; i < server.pools.size(); ++i) {
    if (server.pools[i].born != 0) put_buffers(server, server.pools[i], {i}, to, f);
  }
}

bool get_server(NumberReader& from, EventNumber at, std::uint64_t most_bytes, ServerState& server) {
  if (from.left() == 0) return true;
  FieldReader f(from);
  bool good = true;
  each_point_field(server.point, f);
  each_table(server, [&](auto& table) {
    const std::uint64_t count = from.get();
    good &= f.good() && count <= from.left() && count * sizeof(table[0]) <= most_bytes;
    if (!good) return;
    most_bytes -= count * sizeof(table[0]);
    table.resize(count);
    for (auto& record : table) {
      record.born = from.get();
      if (record.born != 0) each_own_field(record, f);
      good &= f.good() && record.born <= at;
      if (!good) return;
    }
  });
  // The pools lie one behind the other.
  std::uint64_t buffers = 0;
  for (const PoolRecord& pool : server.pools) {
    if (pool.born == 0) continue;
    good &= pool.first.value == buffers;
    buffers += pool.buffers;
  }
  if (!good || buffers > kMostBuffers || buffers * sizeof(BufferRecord) > most_bytes) return false;
  server.buffers.resize(buffers);
  for (std::uint32_t i = 0; i < server.pools.size(); ++i) {
    if (server.pools[i].born != 0 && !get_buffers(server, server.pools[i], {i}, from, f)) return false;
  }
  return f.good() && from.left() == 0 && is_sound(server, at);
}

}  // namespace palloscope::trace
