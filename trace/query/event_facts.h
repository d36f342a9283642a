// What a condition can ask of one event, whatever its kind: taken from the typed event without a variant.
#pragma once

#include <string_view>
#include <type_traits>

#include "core/events/event.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// Distinctions within a kind; the words of conditions name them.
enum EventFlag : std::uint32_t {
  kFlagRepalloc = 1u << 0,   // a chunk was allocated, freed or resized by repalloc
  kFlagReused = 1u << 1,     // the chunk came from a freelist
  kFlagDedicated = 1u << 2,  // the chunk has a block of its own
  kFlagError = 1u << 3,      // ereport of severity Error
  kFlagWarning = 1u << 4,    //
  kFlagHit = 1u << 5,        // the look-up found the page
  kFlagMiss = 1u << 6,       //
  kFlagEvicted = 1u << 7,    // a page left its buffer for another one
  kFlagDropped = 1u << 8,    // a page left its buffer with its relation
  kFlagSpilled = 1u << 9,    // tuples went to disk
  kFlagReadBack = 1u << 10,  // and came back
  kFlagPalloc = 1u << 11,    // allocated by palloc, not by repalloc
};

struct EventFacts {
  EventNumber number = 0;
  std::uint8_t tag = 0;
  bool has_size = false, has_granted = false, has_at = false;
  std::uint32_t flags = 0;
  std::uint64_t size = 0, granted = 0;
  Address at;
  std::uint64_t span_bytes = 0;  // bytes from `at` that the event is about
  ContextSlot context;           // named by the event; by its block or chunk once that was looked up
  ContextSlot parent;            // of one that is created, or its new one
  BlockSlot block;
  ChunkSlot chunk;
  core::BufferSlot buffer;
  bool has_page = false;
  core::PageTag page;
  core::FaultKind fault = core::FaultKind::DoubleFree;
  std::string_view text;  // of what is said: an error's message, a statement, output, the name of what is made
};

template <class E>
EventFacts facts_of(EventNumber number, const E& e) {
  using namespace core;
  EventFacts facts;
  facts.number = number;
  facts.tag = E::kTag;
  auto set_size = [&](std::uint64_t bytes) {
    facts.has_size = true;
    facts.size = bytes;
  };
  if constexpr (requires { e.requested_bytes; }) {
    set_size(e.requested_bytes);
  } else if constexpr (std::is_same_v<E, MemoryWritten>) {
    set_size(e.bytes.size());
  } else if constexpr (std::is_same_v<E, BlockAdded>) {
    set_size(e.accounted_bytes);
  } else if constexpr (requires { e.bytes; }) {
    set_size(e.bytes);
  } else if constexpr (std::is_same_v<E, ContextReported>) {
    set_size(e.total_bytes);
  }
  if constexpr (requires { e.granted_bytes; }) {
    facts.has_granted = true;
    facts.granted = e.granted_bytes;
    if constexpr (std::is_same_v<E, ChunkCarved>) set_size(e.granted_bytes);
  }
  if constexpr (requires { e.at; }) {
    facts.has_at = true;
    facts.at = e.at;
    facts.span_bytes = facts.has_granted ? facts.granted : facts.size;
  }
  if constexpr (requires { e.context; }) facts.context = e.context;
  if constexpr (requires { e.parent; }) facts.parent = e.parent;
  if constexpr (std::is_same_v<E, ContextsOmitted>) facts.context = e.parent;
  if constexpr (requires { BlockSlot{e.block}; }) facts.block = e.block;
  if constexpr (requires { BlockSlot{e.region}; }) facts.block = e.region;
  if constexpr (requires { ChunkSlot{e.chunk}; }) facts.chunk = e.chunk;
  if constexpr (requires { BufferSlot{e.buffer}; }) facts.buffer = e.buffer;
  if constexpr (requires { PageTag{e.tag}; }) {
    facts.has_page = true;
    facts.page = e.tag;
  }
  if constexpr (requires { std::string_view(e.message); }) {
    facts.text = e.message;
  } else if constexpr (std::is_same_v<E, Narration>) {
    facts.text = e.en;
  } else if constexpr (requires { std::string_view(e.text); }) {
    facts.text = e.text;
  } else if constexpr (requires { std::string_view(e.name); }) {
    facts.text = e.name;
  } else if constexpr (requires { std::string_view(e.label); }) {
    facts.text = e.label;
  }
  if constexpr (requires { ChunkCause{e.cause}; })
    facts.flags |= e.cause == ChunkCause::Repalloc ? kFlagRepalloc : kFlagPalloc;
  if constexpr (std::is_same_v<E, ChunkResized>) facts.flags |= kFlagRepalloc;
  if constexpr (std::is_same_v<E, ChunkAllocated>) {
    if (e.origin == ChunkOrigin::Freelist) facts.flags |= kFlagReused;
    if (e.origin == ChunkOrigin::External) facts.flags |= kFlagDedicated;
  }
  if constexpr (std::is_same_v<E, ErrorReported>) {
    if (e.severity == Severity::Error) facts.flags |= kFlagError;
    if (e.severity == Severity::Warning) facts.flags |= kFlagWarning;
  }
  if constexpr (std::is_same_v<E, FaultFound>) facts.fault = e.kind;
  if constexpr (std::is_same_v<E, PageLookedUp>) facts.flags |= e.buffer ? kFlagHit : kFlagMiss;
  if constexpr (std::is_same_v<E, BufferUntagged>)
    facts.flags |= e.reason == UntagReason::Evicted ? kFlagEvicted : kFlagDropped;
  if constexpr (std::is_same_v<E, OperationSpilled>) facts.flags |= e.read_back ? kFlagReadBack : kFlagSpilled;
  return facts;
}

}  // namespace palloscope::trace
