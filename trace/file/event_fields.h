// What each kind of event consists of, once, for everything that goes through an event field by field (the codec,
// tests). each_field(event, f) calls f(field) for every field in the order in which trace files have them: that order
// is part of the format. A kind without an overload here does not compile.
#pragma once

#include "core/events/event.h"

namespace palloscope::trace {

// `Event` is the struct or its const form.
template <class Event, class F>
void each_field(Event& e, F&& f) {
  using E = std::remove_const_t<Event>;
  using namespace core;
  if constexpr (std::is_same_v<E, ContextCreated>) {
    f(e.context), f(e.parent), f(e.region), f(e.kind), f(e.recycled), f(e.allow_in_crit_section), f(e.at);
    f(e.min_context_bytes), f(e.init_block_bytes), f(e.max_block_bytes), f(e.chunk_limit_bytes), f(e.recycle_list);
    f(e.name);
  } else if constexpr (std::is_same_v<E, ContextReset> || std::is_same_v<E, ContextDeleted> ||
                       std::is_same_v<E, ContextSwitched>) {
    f(e.context);
  } else if constexpr (std::is_same_v<E, ContextRecycled>) {
    f(e.region), f(e.list);
  } else if constexpr (std::is_same_v<E, ContextReparented>) {
    f(e.context), f(e.parent);
  } else if constexpr (std::is_same_v<E, ContextIdentSet>) {
    f(e.context), f(e.ident);
  } else if constexpr (std::is_same_v<E, CritSectionAllowed>) {
    f(e.context), f(e.allowed);
  } else if constexpr (std::is_same_v<E, CallbackRegistered> || std::is_same_v<E, CallbackRun>) {
    f(e.context), f(e.callback);
  } else if constexpr (std::is_same_v<E, Malloc> || std::is_same_v<E, Realloc>) {
    f(e.block), f(e.at), f(e.bytes);
  } else if constexpr (std::is_same_v<E, MallocFailed>) {
    f(e.bytes);
  } else if constexpr (std::is_same_v<E, ReallocFailed>) {
    f(e.block), f(e.bytes);
  } else if constexpr (std::is_same_v<E, Free> || std::is_same_v<E, BlockRemoved> || std::is_same_v<E, BlockEmptied>) {
    f(e.block);
  } else if constexpr (std::is_same_v<E, BlockAdded>) {
    f(e.block), f(e.context), f(e.role), f(e.position), f(e.header), f(e.free_start), f(e.accounted_bytes), f(e.list);
  } else if constexpr (std::is_same_v<E, BlockMoved>) {
    f(e.block), f(e.list);
  } else if constexpr (std::is_same_v<E, BlockReported>) {
    f(e.block), f(e.free_at), f(e.free_chunks);
  } else if constexpr (std::is_same_v<E, NextBlockSizeSet>) {
    f(e.context), f(e.bytes);
  } else if constexpr (std::is_same_v<E, ChunkAllocated>) {
    f(e.chunk), f(e.block), f(e.at), f(e.requested_bytes), f(e.granted_bytes), f(e.size_class), f(e.origin), f(e.cause);
  } else if constexpr (std::is_same_v<E, ChunkFreed>) {
    f(e.chunk), f(e.fate), f(e.cause);
  } else if constexpr (std::is_same_v<E, ChunkCarved>) {
    f(e.chunk), f(e.block), f(e.at), f(e.granted_bytes), f(e.size_class);
  } else if constexpr (std::is_same_v<E, ChunkResized>) {
    f(e.chunk), f(e.requested_bytes), f(e.granted_bytes);
  } else if constexpr (std::is_same_v<E, MemoryWritten>) {
    f(e.at), f(e.bytes);
  } else if constexpr (std::is_same_v<E, ErrorReported>) {
    f(e.severity), f(e.context), f(e.sqlstate), f(e.message), f(e.detail);
  } else if constexpr (std::is_same_v<E, AllocationFailed>) {
    f(e.context), f(e.requested_bytes);
  } else if constexpr (std::is_same_v<E, ProcessReported>) {
    f(e.pause_ns), f(e.copied_bytes), f(e.rss_anon), f(e.rss_file), f(e.rss_shmem);
    f(e.malloc_used), f(e.malloc_free), f(e.malloc_overhead), f(e.tries), f(e.stopped), f(e.torn);
  } else if constexpr (std::is_same_v<E, FaultFound>) {
    f(e.kind), f(e.at), f(e.bytes), f(e.context), f(e.chunk), f(e.born), f(e.ended);
  } else if constexpr (std::is_same_v<E, ErrorCaught>) {
    // nothing but its kind
  } else if constexpr (std::is_same_v<E, Output> || std::is_same_v<E, Statement>) {
    f(e.text);
  } else if constexpr (std::is_same_v<E, SourceText>) {
    f(e.file), f(e.name), f(e.text);
  } else if constexpr (std::is_same_v<E, SourceLine>) {
    f(e.file), f(e.line);
  } else if constexpr (std::is_same_v<E, Narration>) {
    f(e.en), f(e.zh);
  } else if constexpr (std::is_same_v<E, VariableSet>) {
    f(e.name), f(e.value);
  } else if constexpr (std::is_same_v<E, SnapshotBegan>) {
    f(e.label), f(e.pid);
  } else if constexpr (std::is_same_v<E, ContextReported>) {
    f(e.context), f(e.blocks), f(e.total_bytes), f(e.free_bytes), f(e.free_chunks), f(e.used_bytes), f(e.chunks);
    f(e.empty_blocks);
  } else if constexpr (std::is_same_v<E, ContextsOmitted>) {
    f(e.parent), f(e.count), f(e.blocks), f(e.total_bytes), f(e.free_bytes), f(e.free_chunks), f(e.used_bytes);
  } else if constexpr (std::is_same_v<E, SnapshotEnded>) {
    f(e.problem);
  } else if constexpr (std::is_same_v<E, BackendStarted>) {
    f(e.backend), f(e.kind), f(e.pid), f(e.name);
  } else if constexpr (std::is_same_v<E, BackendEnded> || std::is_same_v<E, BackendSwitched>) {
    f(e.backend);
  } else if constexpr (std::is_same_v<E, OperationBegan>) {
    f(e.operation), f(e.kind), f(e.phase), f(e.context), f(e.limit_bytes), f(e.name);
  } else if constexpr (std::is_same_v<E, OperationPhaseChanged>) {
    f(e.operation), f(e.phase);
  } else if constexpr (std::is_same_v<E, OperationCounted>) {
    f(e.operation), f(e.used_bytes), f(e.limit_bytes), f(e.tuples), f(e.slots), f(e.parts), f(e.part);
  } else if constexpr (std::is_same_v<E, OperationSpilled>) {
    f(e.operation), f(e.part), f(e.tuples), f(e.bytes), f(e.read_back);
  } else if constexpr (std::is_same_v<E, OperationEnded>) {
    f(e.operation), f(e.peak_bytes);
  } else if constexpr (std::is_same_v<E, CheckpointBegan>) {
    f(e.buffers);
  } else if constexpr (std::is_same_v<E, CheckpointEnded>) {
    f(e.written), f(e.skipped);
  } else if constexpr (std::is_same_v<E, BufferPoolCreated>) {
    f(e.pool), f(e.backend), f(e.first), f(e.buffers), f(e.freelist);
  } else if constexpr (std::is_same_v<E, RelationNamed>) {
    f(e.tablespace), f(e.database), f(e.relation), f(e.blocks), f(e.name);
  } else if constexpr (std::is_same_v<E, PageRequested>) {
    f(e.pool), f(e.tag), f(e.ring), f(e.for_new);
  } else if constexpr (std::is_same_v<E, PageLookedUp>) {
    f(e.hash), f(e.bucket), f(e.partition), f(e.buffer);
  } else if constexpr (std::is_same_v<E, FreelistPopped>) {
    f(e.buffer), f(e.taken);
  } else if constexpr (std::is_same_v<E, FreelistPushed>) {
    f(e.buffer);
  } else if constexpr (std::is_same_v<E, ClockTicked>) {
    f(e.buffer), f(e.verdict), f(e.word), f(e.next_victim), f(e.complete_passes);
  } else if constexpr (std::is_same_v<E, RingStepped>) {
    f(e.ring), f(e.slot), f(e.verdict);
  } else if constexpr (std::is_same_v<E, RingSlotSet>) {
    f(e.ring), f(e.slot), f(e.buffer);
  } else if constexpr (std::is_same_v<E, RingCreated>) {
    f(e.ring), f(e.backend), f(e.kind), f(e.slots);
  } else if constexpr (std::is_same_v<E, RingFreed>) {
    f(e.ring);
  } else if constexpr (std::is_same_v<E, BufferPinned> || std::is_same_v<E, BufferUnpinned>) {
    f(e.buffer), f(e.backend), f(e.word);
  } else if constexpr (std::is_same_v<E, BufferDirtied>) {
    f(e.buffer), f(e.word), f(e.lsn);
  } else if constexpr (std::is_same_v<E, BufferWritten> || std::is_same_v<E, BufferUntagged>) {
    f(e.buffer), f(e.reason), f(e.word);
  } else if constexpr (std::is_same_v<E, BufferFlagged>) {
    f(e.buffer), f(e.word);
  } else if constexpr (std::is_same_v<E, BufferTagged>) {
    f(e.buffer), f(e.tag), f(e.word);
  } else if constexpr (std::is_same_v<E, WalFlushed>) {
    f(e.lsn);
  } else if constexpr (std::is_same_v<E, BackgroundRound>) {
    f(e.allocations), f(e.wanted), f(e.reusable), f(e.written), f(e.next_to_clean);
  } else if constexpr (std::is_same_v<E, PoolReported>) {
    f(e.pool), f(e.used), f(e.unused), f(e.dirty), f(e.pinned), f(e.usage_sum);
  } else if constexpr (std::is_same_v<E, UsageCountReported>) {
    f(e.pool), f(e.usage), f(e.buffers), f(e.dirty), f(e.pinned);
  } else if constexpr (std::is_same_v<E, BufferNodeReported>) {
    f(e.buffer), f(e.os_page), f(e.node);
  } else if constexpr (std::is_same_v<E, SegmentCreated>) {
    f(e.segment), f(e.kind), f(e.at), f(e.bytes), f(e.page_bytes), f(e.handle), f(e.name);
  } else if constexpr (std::is_same_v<E, SegmentDestroyed>) {
    f(e.segment);
  } else if constexpr (std::is_same_v<E, SegmentAttached>) {
    f(e.segment), f(e.backend), f(e.at), f(e.refcnt);
  } else if constexpr (std::is_same_v<E, SegmentDetached>) {
    f(e.segment), f(e.backend), f(e.refcnt);
  } else if constexpr (std::is_same_v<E, SegmentPinned>) {
    f(e.segment), f(e.pinned), f(e.refcnt);
  } else if constexpr (std::is_same_v<E, ShmemAllocated>) {
    f(e.segment), f(e.offset), f(e.bytes), f(e.allocated_bytes), f(e.name), f(e.purpose);
  } else if constexpr (std::is_same_v<E, ShmemFound>) {
    f(e.segment), f(e.backend), f(e.name);
  } else if constexpr (std::is_same_v<E, ShmemRequested>) {
    f(e.library), f(e.bytes), f(e.lwlocks);
  } else if constexpr (std::is_same_v<E, HugePagesTried>) {
    f(e.setting), f(e.page_bytes), f(e.pages), f(e.available), f(e.granted);
  } else if constexpr (std::is_same_v<E, NumaNodeAdded>) {
    f(e.node), f(e.cores), f(e.memory_bytes);
  } else if constexpr (std::is_same_v<E, BackendPlaced>) {
    f(e.backend), f(e.node);
  } else if constexpr (std::is_same_v<E, NumaPolicySet>) {
    f(e.policy), f(e.node);
  } else if constexpr (std::is_same_v<E, PagesPlaced>) {
    f(e.segment), f(e.offset), f(e.bytes), f(e.node), f(e.backend);
  } else if constexpr (std::is_same_v<E, PagesUsed>) {
    f(e.segment), f(e.backend), f(e.local_bytes), f(e.remote_bytes);
  } else if constexpr (std::is_same_v<E, ShmemNodeReported>) {
    f(e.name), f(e.node), f(e.bytes);
  } else {
    static_assert(sizeof(E) == 0, "name the fields of the new kind of event here");
  }
}

// A page's tag, field by field as in the descriptor.
template <class Tag, class F>
void each_tag_field(Tag& tag, F&& f) {
  f(tag.tablespace), f(tag.database), f(tag.relation), f(tag.fork), f(tag.block);
}

// Enumerators that exist, for reading them from hostile bytes.
template <class Enum>
constexpr std::uint64_t enum_count();
template <>
constexpr std::uint64_t enum_count<core::ContextKind>() {
  return 5;
}
template <>
constexpr std::uint64_t enum_count<core::BlockRole>() {
  return 6;
}
template <>
constexpr std::uint64_t enum_count<core::BlockPosition>() {
  return 3;
}
template <>
constexpr std::uint64_t enum_count<core::ChunkOrigin>() {
  return 3;
}
template <>
constexpr std::uint64_t enum_count<core::ChunkFate>() {
  return 3;
}
template <>
constexpr std::uint64_t enum_count<core::ChunkCause>() {
  return 2;
}
template <>
constexpr std::uint64_t enum_count<core::Severity>() {
  return 3;
}
template <>
constexpr std::uint64_t enum_count<core::FaultKind>() {
  return core::kFaultKindCount;
}
template <>
constexpr std::uint64_t enum_count<core::BackendKind>() {
  return core::kBackendKindCount;
}
template <>
constexpr std::uint64_t enum_count<core::OperationKind>() {
  return core::kOperationKindCount;
}
template <>
constexpr std::uint64_t enum_count<core::OperationPhase>() {
  return core::kOperationPhaseCount;
}
template <>
constexpr std::uint64_t enum_count<core::ClockVerdict>() {
  return 3;
}
template <>
constexpr std::uint64_t enum_count<core::RingVerdict>() {
  return 4;
}
template <>
constexpr std::uint64_t enum_count<core::RingKind>() {
  return core::kRingKindCount;
}
template <>
constexpr std::uint64_t enum_count<core::WriteReason>() {
  return core::kWriteReasonCount;
}
template <>
constexpr std::uint64_t enum_count<core::UntagReason>() {
  return 2;
}
template <>
constexpr std::uint64_t enum_count<core::SegmentKind>() {
  return core::kSegmentKindCount;
}
template <>
constexpr std::uint64_t enum_count<core::HugePages>() {
  return core::kHugePagesCount;
}
template <>
constexpr std::uint64_t enum_count<core::NumaPolicy>() {
  return core::kNumaPolicyCount;
}

}  // namespace palloscope::trace
