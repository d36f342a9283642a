// ProgramCall: what a program asked of its memory, freed of how one allocator answered: create, palloc, repalloc,
// pfree, reset, delete. Things are named by the slots that the recording used at that moment, so whoever carries calls
// out keeps his own table from these slots to what he made (slots are used again after a thing is gone).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/events/event.h"

namespace palloscope::trace {

enum class CallKind : std::uint8_t {
  StartProcess,       // TopMemoryContext; the events of ErrorContext's creation belong to the same call
  StartErrorContext,  // says which slot ErrorContext has; part of StartProcess, without a number of its own
  CreateContext,
  DeleteContext,  // has no children any more
  ResetContext,
  SetParent,
  SetIdentifier,
  SwitchTo,
  AllowInCriticalSection,
  RegisterCallback,
  Palloc,
  FailedPalloc,  // found no memory, or its size was refused
  Repalloc,
  Pfree,
  Malloc,  // C's own, in no context
  Realloc,
  Free,
};

// Pointers and spans are good only while the call is being handed over.
struct ProgramCall {
  CallKind kind = CallKind::Palloc;
  core::EventNumber event = 0;     // the event that told of it
  core::ContextSlot context = {};  // whose; the one created, reset, deleted, ...
  core::ContextSlot other = {};    // parent (SetParent, CreateContext)
  core::ChunkSlot chunk = {};      // made by Palloc and Repalloc; freed by Pfree
  core::ChunkSlot old_chunk = {};  // Repalloc: the chunk before (the same, if it did not move)
  core::BlockSlot region = {};     // Malloc, Realloc, Free
  std::uint64_t bytes = 0;         // asked for
  std::uint64_t old_bytes = 0;     // Repalloc, Realloc, Pfree, Free: asked for before
  // Repalloc: can only be told as a palloc and a pfree (chunks with an alignment of their own do so).
  bool as_new = false;
  bool allowed = false;        // AllowInCriticalSection
  std::uint32_t callback = 0;  // RegisterCallback
  std::uint32_t ordinal = 0;   // CreateContext: the how-manieth context of the stream, from 0 (as in its survey)
  std::uint64_t malloc_fails_from = 0;            // malloc failed for requests of so many bytes and more; 0: it did not
  const core::ContextCreated* created = nullptr;  // StartProcess, CreateContext
  const std::optional<std::string>* ident = nullptr;  // SetIdentifier
  std::span<const core::ChunkSlot> dropped = {};      // ResetContext, DeleteContext: chunks that go with it
};

}  // namespace palloscope::trace
