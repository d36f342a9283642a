// ServerState: what is known of the server around one backend's private memory after event N: its processes, buffer
// pools, shared segments, the machine's nodes, and the operations that work under a memory limit. A part of
// MemoryState; the reducer of its events is in server_reducer.cpp.
//
// Tables are indexed by slot; a record is live exactly if `born` != 0 (buffers: as long as their pool is).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/events/event.h"

namespace palloscope::trace {

using core::BackendSlot;
using core::BufferSlot;
using core::EventNumber;
using core::OperationSlot;
using core::PageTag;
using core::PoolSlot;
using core::RingSlot;
using core::SegmentSlot;

// A backend's private count for a buffer (PrivateRefCount, spec 10.6); never 0.
struct PrivatePin {
  BufferSlot buffer;
  std::uint32_t count = 0;
  friend bool operator==(const PrivatePin&, const PrivatePin&) = default;
};

struct BackendRecord {
  EventNumber born = 0;
  core::BackendKind kind = core::BackendKind::Client;
  std::uint32_t pid = 0;
  std::int32_t node = -1;                           // where it runs; -1: not said
  std::uint64_t local_bytes = 0, remote_bytes = 0;  // of shared pages it used (PagesUsed)
  std::vector<PrivatePin> pins;                     // in the order of their first pins
  std::string name;
  friend bool operator==(const BackendRecord&, const BackendRecord&) = default;
};

// Numbers of pg_buffercache_usage_counts.
struct UsageCounts {
  std::uint32_t buffers = 0, dirty = 0, pinned = 0;
  friend bool operator==(const UsageCounts&, const UsageCounts&) = default;
};

struct PoolRecord {
  EventNumber born = 0;
  BackendSlot backend;  // none: the shared pool
  BufferSlot first;
  std::uint32_t buffers = 0;
  bool has_freelist = false;
  BufferSlot first_free, last_free;
  std::uint32_t free_count = 0;
  std::uint32_t next_victim = 0;  // nextVictimBuffer as stored; the hand stands at next_victim % buffers
  std::uint32_t complete_passes = 0;

  // Counted as events come: how many buffers have a page, are dirty, are pinned; by usage count 0..5.
  std::uint32_t tagged = 0, dirty = 0, pinned = 0;
  UsageCounts by_usage[core::kMaxUsage + 1];  // of buffers with a page
  // So far.
  std::uint64_t requests = 0, hits = 0, ticks = 0, evictions = 0;
  std::uint64_t writes[core::kWriteReasonCount] = {};  // by WriteReason

  bool reported_only = false;  // the counts above are what a server said; its buffers are not known one by one

  bool holds(BufferSlot slot) const { return slot.value >= first.value && slot.value - first.value < buffers; }
  std::uint32_t hand() const { return buffers == 0 ? 0 : next_victim % buffers; }
  friend bool operator==(const PoolRecord&, const PoolRecord&) = default;
};

struct BufferRecord {
  PageTag tag;             // meaningful while word has kTagValid
  std::uint32_t word = 0;  // the state word
  BufferSlot next_free;    // in the freelist; none: its end, or not in it
  PoolSlot pool;
  bool in_freelist = false;
  std::int16_t node = -1;   // where its first OS page lies, if reported
  EventNumber tagged = 0;   // BufferTagged of its page; 0: it holds none
  EventNumber used = 0;     // last pinned
  EventNumber dirtied = 0;  // last BufferDirtied of this page; 0: not since it came
  std::uint64_t lsn = 0;    // of that change

  bool has_page() const { return (word & core::buffer_bits::kTagValid) != 0; }
  bool dirty() const { return (word & core::buffer_bits::kDirty) != 0; }
  std::uint32_t refcount() const { return core::refcount_of(word); }
  std::uint32_t usage() const { return core::usage_of(word); }
  friend bool operator==(const BufferRecord&, const BufferRecord&) = default;
};

struct RingRecord {
  EventNumber born = 0;
  BackendSlot backend;
  core::RingKind kind = core::RingKind::BulkRead;
  std::uint32_t current = 0;
  std::vector<BufferSlot> slots;  // none: empty
  friend bool operator==(const RingRecord&, const RingRecord&) = default;
};

struct RelationRecord {
  EventNumber born = 0;
  std::uint32_t tablespace = 0, database = 0, relation = 0, blocks = 0;
  std::string name;
  friend bool operator==(const RelationRecord&, const RelationRecord&) = default;
};

struct SegmentRecord {
  EventNumber born = 0;
  core::SegmentKind kind = core::SegmentKind::Main;
  core::Address at;
  std::uint64_t bytes = 0, page_bytes = 4096;
  std::uint32_t handle = 0, refcnt = 0;
  bool pinned = false;
  std::uint64_t allocated_bytes = 0;                            // offset behind the last allocation (freeoffset)
  std::vector<std::pair<BackendSlot, core::Address>> attached;  // in order
  std::string name;
  friend bool operator==(const SegmentRecord&, const SegmentRecord&) = default;
};

// A piece of a segment; they stand in the order in which they were allocated.
struct ShmemRecord {
  EventNumber born = 0;
  SegmentSlot segment;
  std::uint64_t offset = 0, bytes = 0, allocated_bytes = 0;
  std::uint32_t found = 0;  // times that ShmemInitStruct found it
  std::string name, purpose;
  std::vector<std::pair<std::int32_t, std::uint64_t>> nodes;  // reported: node (-1: not resident) and bytes
  friend bool operator==(const ShmemRecord&, const ShmemRecord&) = default;
};

struct ShmemRequestRecord {
  EventNumber born = 0;
  std::uint64_t bytes = 0;
  std::uint32_t lwlocks = 0;
  std::string library;
  friend bool operator==(const ShmemRequestRecord&, const ShmemRequestRecord&) = default;
};

struct NodeRecord {
  EventNumber born = 0;
  std::uint32_t cores = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t placed_bytes = 0;  // of shared memory
  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

// Pages that got their memory; in the order in which it happened.
struct PlacementRecord {
  EventNumber born = 0;
  SegmentSlot segment;
  std::uint64_t offset = 0, bytes = 0;
  std::uint32_t node = 0;
  BackendSlot backend;
  friend bool operator==(const PlacementRecord&, const PlacementRecord&) = default;
};

struct OperationRecord {
  EventNumber born = 0;
  EventNumber ended = 0;  // 0: still at work. The record stays readable until its slot is used again.
  core::OperationKind kind = core::OperationKind::Sort;
  core::OperationPhase phase = core::OperationPhase::Initial;
  core::ContextSlot context;
  BackendSlot backend;
  std::uint64_t used_bytes = 0, limit_bytes = 0, peak_bytes = 0, tuples = 0, slots = 0;
  std::uint32_t parts = 0, part = 0;
  std::uint64_t spilled_tuples = 0, spilled_bytes = 0, read_back_bytes = 0;
  std::string name;
  friend bool operator==(const OperationRecord&, const OperationRecord&) = default;
};

// More buffers than this (128 GB of them) no stream may make: a damaged file must not fill memory.
inline constexpr std::uint32_t kMostBuffers = 1u << 24;

// Everything that is not in a table.
struct ServerPoint {
  BackendSlot backend;          // who acts; none: the nameless one
  EventNumber request = 0;      // the PageRequested whose steps are going on, or went on last
  EventNumber request_end = 0;  // what ended them: the pin of a hit, or the event that made the page valid; 0: not yet
  bool request_hit = false;     // its look-up found the page
  EventNumber checkpoint = 0;   // the CheckpointBegan in progress; 0: none
  EventNumber round = 0;        // the last BackgroundRound
  std::uint64_t wal_flushed = 0;
  core::NumaPolicy numa_policy = core::NumaPolicy::FirstTouch;
  std::uint32_t numa_node = 0;
  EventNumber huge_pages = 0;  // the HugePagesTried in force; 0: nobody tried
  bool huge_pages_granted = false;
  friend bool operator==(const ServerPoint&, const ServerPoint&) = default;
};

struct ServerState {
  ServerPoint point;
  std::vector<BackendRecord> backends;
  std::vector<PoolRecord> pools;
  std::vector<BufferRecord> buffers;  // of all pools
  std::vector<RingRecord> rings;
  std::vector<RelationRecord> relations;
  std::vector<SegmentRecord> segments;
  std::vector<ShmemRecord> allocations;
  std::vector<ShmemRequestRecord> requests;
  std::vector<NodeRecord> nodes;  // by node number
  std::vector<PlacementRecord> placements;
  std::vector<OperationRecord> operations;

  // Null if there is none such now.
  const BackendRecord* backend(BackendSlot slot) const { return live(backends, slot.value); }
  const PoolRecord* pool(PoolSlot slot) const { return live(pools, slot.value); }
  const RingRecord* ring(RingSlot slot) const { return live(rings, slot.value); }
  const SegmentRecord* segment(SegmentSlot slot) const { return live(segments, slot.value); }
  const OperationRecord* operation(OperationSlot slot) const { return live(operations, slot.value); }
  const BufferRecord* buffer(BufferSlot slot) const {
    return slot.value < buffers.size() && pool(buffers[slot.value].pool) ? &buffers[slot.value] : nullptr;
  }
  // The shared pool; null: none is known.
  const PoolRecord* shared_pool() const;
  // What the tag's relation is called; null: nobody said.
  const RelationRecord* relation(const PageTag& tag) const;
  bool empty() const { return backends.empty() && pools.empty() && segments.empty() && operations.empty(); }

  // The same live records; stale ones and the lengths of the tables do not count.
  friend bool operator==(const ServerState& a, const ServerState& b);

 private:
  template <class Record>
  static const Record* live(const std::vector<Record>& table, std::uint32_t slot) {
    return slot < table.size() && table[slot].born != 0 ? &table[slot] : nullptr;
  }
};

}  // namespace palloscope::trace
