#include "trace/exporters/server_text.h"

#include <fmt/format.h>

#include <iterator>

#include "trace/exporters/printable.h"

namespace palloscope::trace {

using namespace core;

namespace {

template <class Enum, std::size_t N>
constexpr std::string_view name_in(const std::string_view (&names)[N], Enum value) {
  const auto i = static_cast<std::size_t>(value);
  return i < N ? names[i] : "?";
}

}  // namespace

std::string_view backend_kind_name(BackendKind kind) {
  constexpr std::string_view kNames[] = {"client backend", "parallel worker", "autovacuum worker", "background writer",
                                         "checkpointer",   "walwriter",       "postmaster",        "extension worker"};
  static_assert(std::size(kNames) == kBackendKindCount);
  return name_in(kNames, kind);
}

std::string_view operation_kind_name(OperationKind kind) {
  constexpr std::string_view kNames[] = {"sort", "hash join", "hash aggregate"};
  static_assert(std::size(kNames) == kOperationKindCount);
  return name_in(kNames, kind);
}

std::string_view operation_phase_name(OperationPhase phase) {
  constexpr std::string_view kNames[] = {"in memory",      "bounded heap", "building runs",      "sorted in memory",
                                         "sorted on tape", "final merge",  "building the table", "probing",
                                         "filling",        "spilling",     "reading back"};
  static_assert(std::size(kNames) == kOperationPhaseCount);
  return name_in(kNames, phase);
}

std::string_view clock_verdict_name(ClockVerdict verdict) {
  constexpr std::string_view kNames[] = {"spared", "pinned", "taken"};
  return name_in(kNames, verdict);
}

std::string_view ring_verdict_name(RingVerdict verdict) {
  constexpr std::string_view kNames[] = {"empty", "taken", "in use", "WAL first"};
  return name_in(kNames, verdict);
}

std::string_view ring_kind_name(RingKind kind) {
  constexpr std::string_view kNames[] = {"BAS_BULKREAD", "BAS_BULKWRITE", "BAS_VACUUM"};
  static_assert(std::size(kNames) == kRingKindCount);
  return name_in(kNames, kind);
}

std::string_view write_reason_name(WriteReason reason) {
  constexpr std::string_view kNames[] = {"victim", "background writer", "checkpoint", "flush"};
  static_assert(std::size(kNames) == kWriteReasonCount);
  return name_in(kNames, reason);
}

std::string_view untag_reason_name(UntagReason reason) {
  constexpr std::string_view kNames[] = {"evicted", "dropped"};
  return name_in(kNames, reason);
}

std::string_view segment_kind_name(SegmentKind kind) {
  constexpr std::string_view kNames[] = {"main", "System V", "dynamic", "preallocated"};
  static_assert(std::size(kNames) == kSegmentKindCount);
  return name_in(kNames, kind);
}

std::string_view huge_pages_name(HugePages setting) {
  constexpr std::string_view kNames[] = {"off", "on", "try"};
  static_assert(std::size(kNames) == kHugePagesCount);
  return name_in(kNames, setting);
}

std::string_view numa_policy_name(NumaPolicy policy) {
  constexpr std::string_view kNames[] = {"first touch", "interleave", "bind"};
  static_assert(std::size(kNames) == kNumaPolicyCount);
  return name_in(kNames, policy);
}

std::string_view fork_name(std::int32_t fork) {
  constexpr std::string_view kNames[] = {"main", "fsm", "vm", "init"};
  return fork < 0 ? "?" : name_in(kNames, fork);
}

std::string relation_name(const PageTag& tag, const ServerState& server) {
  const RelationRecord* relation = server.relation(tag);
  const std::string name = relation && !relation->name.empty()
                               ? printable_start(relation->name, 64)
                               : fmt::format("{}/{}/{}", tag.tablespace, tag.database, tag.relation);
  return tag.fork == 0 ? name : fmt::format("{} {}", name, fork_name(tag.fork));
}

std::string page_name(const PageTag& tag, const ServerState& server) {
  return fmt::format("{} block {}", relation_name(tag, server), tag.block);
}

std::string backend_name(const BackendRecord& backend) {
  if (!backend.name.empty()) return printable_start(backend.name, 64);
  return backend.pid == 0 ? std::string(backend_kind_name(backend.kind))
                          : fmt::format("{} {}", backend_kind_name(backend.kind), backend.pid);
}

std::int64_t buffer_number(BufferSlot buffer, const ServerState& server) {
  const BufferRecord* record = server.buffer(buffer);
  const PoolRecord* pool = record ? server.pool(record->pool) : nullptr;
  if (!pool) return std::int64_t{buffer.value} + 1;
  const auto number = std::int64_t{buffer.value - pool->first.value} + 1;
  return pool->backend ? -number : number;
}

std::string lsn_text(std::uint64_t lsn) { return fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xFFFFFFFF); }

std::string flag_names(std::uint32_t word) {
  constexpr std::string_view kNames[] = {"LOCKED",
                                         "DIRTY",
                                         "VALID",
                                         "TAG_VALID",
                                         "IO_IN_PROGRESS",
                                         "IO_ERROR",
                                         "JUST_DIRTIED",
                                         "PIN_COUNT_WAITER",
                                         "CHECKPOINT_NEEDED",
                                         "PERMANENT"};
  std::string names;
  for (unsigned i = 0; i < std::size(kNames); ++i) {
    if ((word & (buffer_bits::kLocked << i)) == 0) continue;
    if (!names.empty()) names += ' ';
    names += kNames[i];
  }
  return names;
}

namespace {

class Maker {
 public:
  explicit Maker(const ServerState& state) : s_(state) {}

  // --- who acts
  std::string operator()(const BackendStarted& e) const {
    const std::string pid = e.pid == 0 ? "" : fmt::format(", pid {}", e.pid);
    return fmt::format("{} starts ({}{})", backend(e.backend), backend_kind_name(e.kind), pid);
  }
  std::string operator()(const BackendEnded& e) const { return fmt::format("{} ends", backend(e.backend)); }
  std::string operator()(const BackendSwitched& e) const { return fmt::format("{} acts", backend(e.backend)); }
  std::string operator()(const OperationBegan& e) const {
    return fmt::format("{} begins ({}, limit {})", operation(e.operation), operation_kind_name(e.kind), e.limit_bytes);
  }
  std::string operator()(const OperationPhaseChanged& e) const {
    return fmt::format("{}: {}", operation(e.operation), operation_phase_name(e.phase));
  }
  std::string operator()(const OperationCounted& e) const {
    const OperationRecord* record = s_.operation(e.operation);
    const std::string used = fmt::format("{} uses {} of {}", operation(e.operation), e.used_bytes, e.limit_bytes);
    switch (record ? record->kind : OperationKind::Sort) {
      case OperationKind::Sort:
        return fmt::format("{}: {} tuples in {} slots{}", used, e.tuples, e.slots,
                           e.parts == 0 ? "" : fmt::format(", runs: {}", e.parts));
      case OperationKind::HashJoin:
        return fmt::format("{}: {} tuples in {} buckets, batch {} of {}", used, e.tuples, e.slots, e.part, e.parts);
      case OperationKind::HashAggregate:
        return fmt::format("{}: {} groups{}", used, e.tuples,
                           e.parts == 0 ? "" : fmt::format(", partitions on disk: {}", e.parts));
    }
    return used;
  }
  std::string operator()(const OperationSpilled& e) const {
    constexpr std::string_view kParts[] = {"run", "batch", "partition"};
    const OperationRecord* record = s_.operation(e.operation);
    return fmt::format("{} {} {} {} {}: {} tuples, {} bytes", operation(e.operation), e.read_back ? "reads" : "writes",
                       name_in(kParts, record ? record->kind : OperationKind::Sort), e.part,
                       e.read_back ? "back" : "to disk", e.tuples, e.bytes);
  }
  std::string operator()(const OperationEnded& e) const {
    return fmt::format("{} ends, peak {}", operation(e.operation), e.peak_bytes);
  }
  std::string operator()(const CheckpointBegan& e) const {
    return fmt::format("checkpoint begins: {} buffers to write", e.buffers);
  }
  std::string operator()(const CheckpointEnded& e) const {
    return fmt::format("checkpoint ends: {} written, {} skipped", e.written, e.skipped);
  }

  // --- buffers
  std::string operator()(const BufferPoolCreated& e) const {
    return e.backend ? fmt::format("{} local buffers of {}", e.buffers, backend(e.backend))
                     : fmt::format("buffer pool of {} buffers is there", e.buffers);
  }
  std::string operator()(const RelationNamed& e) const {
    return fmt::format("relation {}/{}/{} is called {}", e.tablespace, e.database, e.relation, shown(e.name));
  }
  std::string operator()(const PageRequested& e) const {
    std::string text = fmt::format("{} {}", e.for_new ? "extend by" : "read", page_name(e.tag, s_));
    if (const RingRecord* ring = s_.ring(e.ring)) text += fmt::format(" with {}", ring_kind_name(ring->kind));
    return text;
  }
  std::string operator()(const PageLookedUp& e) const {
    const std::string where = fmt::format("hash {:#010x}, partition {}, bucket {}", e.hash, e.partition, e.bucket);
    return e.buffer ? fmt::format("found in buffer {} ({})", number(e.buffer), where)
                    : fmt::format("not in the pool ({})", where);
  }
  std::string operator()(const FreelistPopped& e) const {
    return fmt::format("buffer {} from the freelist{}", number(e.buffer), e.taken ? "" : ", but it is in use");
  }
  std::string operator()(const FreelistPushed& e) const {
    return fmt::format("buffer {} to the freelist", number(e.buffer));
  }
  std::string operator()(const ClockTicked& e) const {
    if (e.verdict == ClockVerdict::Spared)
      return fmt::format("clock: buffer {} spared, usage {} -> {}", number(e.buffer), usage_of(e.word) + 1,
                         usage_of(e.word));
    return e.verdict == ClockVerdict::Pinned
               ? fmt::format("clock: buffer {} pinned, passed over", number(e.buffer))
               : fmt::format("clock: buffer {} taken, usage 0, not pinned", number(e.buffer));
  }
  std::string operator()(const RingStepped& e) const {
    return fmt::format("{} slot {}: {}", ring(e.ring), e.slot, ring_verdict_name(e.verdict));
  }
  std::string operator()(const RingSlotSet& e) const {
    return e.buffer ? fmt::format("{} slot {} holds buffer {}", ring(e.ring), e.slot, number(e.buffer))
                    : fmt::format("{} slot {} is emptied", ring(e.ring), e.slot);
  }
  std::string operator()(const RingCreated& e) const {
    return fmt::format("{} of {} buffers for {}", ring_kind_name(e.kind), e.slots, backend(e.backend));
  }
  std::string operator()(const RingFreed& e) const { return fmt::format("{} is freed", ring(e.ring)); }
  std::string operator()(const BufferPinned& e) const {
    return fmt::format("{} pins buffer {} ({}, usage {})", backend(e.backend), number(e.buffer), pins(e.word),
                       usage_of(e.word));
  }
  std::string operator()(const BufferUnpinned& e) const {
    return fmt::format("{} unpins buffer {} ({}, usage {})", backend(e.backend), number(e.buffer), pins(e.word),
                       usage_of(e.word));
  }
  std::string operator()(const BufferDirtied& e) const {
    const std::string wal = e.lsn == 0 ? "" : fmt::format(", WAL up to {}", lsn_text(e.lsn));
    return fmt::format("{} is changed: buffer {} dirty{}", page(e.buffer), number(e.buffer), wal);
  }
  std::string operator()(const BufferWritten& e) const {
    return fmt::format("write {} out of buffer {} ({})", page(e.buffer), number(e.buffer), write_reason_name(e.reason));
  }
  std::string operator()(const BufferFlagged& e) const {
    return fmt::format("buffer {} {}: {}", number(e.buffer), what_goes_on(e.word), flag_names(e.word));
  }
  std::string operator()(const BufferTagged& e) const {
    return fmt::format("buffer {} now belongs to {}", number(e.buffer), page_name(e.tag, s_));
  }
  std::string operator()(const BufferUntagged& e) const {
    return fmt::format("{} leaves buffer {}: {}", page(e.buffer), number(e.buffer), untag_reason_name(e.reason));
  }
  std::string operator()(const WalFlushed& e) const { return fmt::format("WAL is on disk up to {}", lsn_text(e.lsn)); }
  std::string operator()(const BackgroundRound& e) const {
    return fmt::format("background writer wrote {}; {} taken since its last round, {} wanted, {} reusable", e.written,
                       e.allocations, e.wanted, e.reusable);
  }
  std::string operator()(const PoolReported& e) const {
    return fmt::format("pool: {} used, {} unused, {} dirty, {} pinned", e.used, e.unused, e.dirty, e.pinned);
  }
  std::string operator()(const UsageCountReported& e) const {
    return fmt::format("usage count {}: {} buffers, {} dirty, {} pinned", e.usage, e.buffers, e.dirty, e.pinned);
  }
  std::string operator()(const BufferNodeReported& e) const {
    return fmt::format("buffer {}: OS page {} on node {}", number(e.buffer), e.os_page, e.node);
  }

  // --- shared memory
  std::string operator()(const SegmentCreated& e) const {
    return fmt::format("{} segment {} of {} bytes @{:#x}", segment_kind_name(e.kind), shown(e.name), e.bytes,
                       e.at.value);
  }
  std::string operator()(const SegmentDestroyed& e) const { return fmt::format("{} is gone", segment(e.segment)); }
  std::string operator()(const SegmentAttached& e) const {
    return fmt::format("{} attaches {} (refcnt {})", backend(e.backend), segment(e.segment), e.refcnt);
  }
  std::string operator()(const SegmentDetached& e) const {
    return fmt::format("{} detaches {} (refcnt {})", backend(e.backend), segment(e.segment), e.refcnt);
  }
  std::string operator()(const SegmentPinned& e) const {
    return fmt::format("{} {} (refcnt {})", e.pinned ? "pin" : "unpin", segment(e.segment), e.refcnt);
  }
  std::string operator()(const ShmemAllocated& e) const {
    return fmt::format("{} gets {} bytes of shared memory at offset {}",
                       e.name.empty() && e.purpose.empty() ? "somebody" : shown(e.name.empty() ? e.purpose : e.name),
                       e.bytes, e.offset);
  }
  std::string operator()(const ShmemFound& e) const {
    return fmt::format("{} finds {} in shared memory", backend(e.backend), shown(e.name));
  }
  std::string operator()(const ShmemRequested& e) const {
    return e.lwlocks == 0 ? fmt::format("{} asks for {} bytes of shared memory", shown(e.library), e.bytes)
                          : fmt::format("{} asks for {} LWLocks", shown(e.library), e.lwlocks);
  }
  std::string operator()(const HugePagesTried& e) const {
    return fmt::format("huge_pages = {}: {} pages of {} wanted, {} available: {}", huge_pages_name(e.setting), e.pages,
                       e.page_bytes, e.available,
                       e.granted                     ? "granted"
                       : e.setting == HugePages::Off ? "not tried"
                                                     : "refused");
  }
  std::string operator()(const NumaNodeAdded& e) const {
    return fmt::format("NUMA node {}: {} cores, {} bytes", e.node, e.cores, e.memory_bytes);
  }
  std::string operator()(const BackendPlaced& e) const {
    return fmt::format("{} runs on node {}", backend(e.backend), e.node);
  }
  std::string operator()(const NumaPolicySet& e) const {
    return e.policy == NumaPolicy::Bind ? fmt::format("NUMA policy: bind to node {}", e.node)
                                        : fmt::format("NUMA policy: {}", numa_policy_name(e.policy));
  }
  std::string operator()(const PagesPlaced& e) const {
    return fmt::format("{} first touches {} bytes of {} at offset {}: node {}", backend(e.backend), e.bytes,
                       segment(e.segment), e.offset, e.node);
  }
  std::string operator()(const PagesUsed& e) const {
    return fmt::format("{} uses {} bytes of its own node, {} of others", backend(e.backend), e.local_bytes,
                       e.remote_bytes);
  }
  std::string operator()(const ShmemNodeReported& e) const {
    const std::string name = e.name.empty() ? "<anonymous>" : shown(e.name);
    return e.node < 0 ? fmt::format("{}: {} bytes not resident", name, e.bytes)
                      : fmt::format("{}: {} bytes on node {}", name, e.bytes, e.node);
  }

 private:
  static std::string shown(std::string_view name) { return printable_start(name, 64); }
  // Also of one that has just gone.
  template <class Table, class Slot>
  static const typename Table::value_type* record(const Table& table, Slot slot) {
    return slot.value < table.size() ? &table[slot.value] : nullptr;
  }
  std::string backend(BackendSlot slot) const {
    if (!slot) return "backend";
    const BackendRecord* backend = record(s_.backends, slot);
    return backend ? backend_name(*backend) : fmt::format("backend {}", slot.value);
  }
  static std::string pins(std::uint32_t word) {
    return refcount_of(word) == 1 ? "1 pin" : fmt::format("{} pins", refcount_of(word));
  }
  // What the flags say by themselves; which of them changed is not told here.
  static std::string_view what_goes_on(std::uint32_t word) {
    using namespace buffer_bits;
    if ((word & kIoInProgress) != 0) return (word & kValid) == 0 ? "is being filled" : "is being written";
    if ((word & kCheckpointNeeded) != 0) return "waits for the checkpoint";
    return (word & kValid) != 0 ? "has its page" : "changes";
  }
  std::string operation(OperationSlot slot) const {
    const OperationRecord* operation = record(s_.operations, slot);
    return operation && !operation->name.empty() ? shown(operation->name) : fmt::format("operation {}", slot.value);
  }
  std::string ring(RingSlot slot) const {
    const RingRecord* ring = record(s_.rings, slot);
    return ring ? fmt::format("{} ring", ring_kind_name(ring->kind)) : fmt::format("ring {}", slot.value);
  }
  std::string segment(SegmentSlot slot) const {
    const SegmentRecord* segment = record(s_.segments, slot);
    return segment && !segment->name.empty() ? shown(segment->name) : fmt::format("segment {}", slot.value);
  }
  std::int64_t number(BufferSlot slot) const { return buffer_number(slot, s_); }
  std::string page(BufferSlot slot) const {
    const BufferRecord* buffer = record(s_.buffers, slot);
    return buffer ? page_name(buffer->tag, s_) : "a page";
  }

  const ServerState& s_;
};

}  // namespace

std::string server_event_text(const EventBody& event, const ServerState& after) {
  return std::visit(
      [&](const auto& e) -> std::string {
        if constexpr (kIsServerEvent<std::decay_t<decltype(e)>>)
          return Maker(after)(e);
        else
          return {};
      },
      event);
}

}  // namespace palloscope::trace
