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
  } else {
    static_assert(sizeof(E) == 0, "name the fields of the new kind of event here");
  }
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

}  // namespace palloscope::trace
