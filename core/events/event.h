// Every kind of event: one small struct each; EventVariant is their variant, EventBody one of them. Events state
// effects, in the order in which they happened, and name things by slot (core/base/ids.h); an address or size stands in
// the event that makes or moves the thing. Slots are chosen by whoever emits (Names in names.h does it for the core).
//
// The number in kTag is the kind's number in trace files: explicit, never changed, never used again.
//   1-19 contexts, 20-39 malloc and blocks, 40-59 chunks, 60-63 errors and output, 64 the process, 70-79 source and
//   lesson, 80-89 reported snapshots, 90-99 backends and their operations (server_events.h), 100-119 buffers
//   (buffer_events.h), 120-139 shared memory (shmem_events.h), 140-159 faults. Reserved: 160-179 stacks,
//   180-189 time stamps.
//
// After every single event three accounts agree: the bytes in the process, the state replayed from events, and the
// core's counters. So an event is emitted when its effect on the bytes is complete and before the next effect begins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ids.h"
#include "core/events/buffer_events.h"
#include "core/events/server_events.h"
#include "core/events/shmem_events.h"

namespace palloscope::core {

enum class ContextKind : std::uint8_t { AllocSet, Generation, Slab, Bump, Unknown };

// What a malloc'ed region is to its owner.
enum class BlockRole : std::uint8_t {
  Plain,     // malloc'ed, in no context (or not yet, or no longer)
  Keeper,    // the context's first block, malloc'ed together with the context header
  Ordinary,  // holds many chunks
  External,  // one chunk with a block of its own (dedicated block)
  Header,    // holds only a context header (Slab)
  Recycled,  // a deleted context waiting in a recycled-context list (spec 3.9)
};

// Where in the context's block list a new block is linked.
enum class BlockPosition : std::uint8_t { Head, SecondFromHead, Tail };

// Where the memory of a chunk came from.
enum class ChunkOrigin : std::uint8_t {
  Tail,      // taken at the block's freeptr
  Freelist,  // a free chunk used again: AllocSet freelist, Slab free chain
  External,  // a block of its own
};

// What becomes of a freed chunk.
enum class ChunkFate : std::uint8_t {
  ToFreelist,  // pushed on the front of freelist `size_class` of its context (AllocSet) or of its block (Slab)
  WithBlock,   // its dedicated block leaves the context with it
  Counted,     // only counted in its block (Generation)
};

// Why a chunk was allocated or freed: a repalloc that moves is ChunkAllocated + ChunkFreed, both marked Repalloc.
enum class ChunkCause : std::uint8_t { Palloc, Pfree = Palloc, Repalloc };

// --- contexts -------------------------------------------------------------------------------------------------

// The context exists, is linked at the head of its parent's children, and has no block yet (its keeper follows as a
// BlockAdded). `region` is the malloc'ed region that holds its header; none for contexts known only from a dump.
struct ContextCreated {
  static constexpr std::uint8_t kTag = 1;
  ContextSlot context;
  ContextSlot parent;  // none: a top context
  BlockSlot region;
  ContextKind kind = ContextKind::AllocSet;
  bool recycled = false;  // taken from a recycled-context list
  bool allow_in_crit_section = false;
  Address at;                           // of the MemoryContextData
  std::uint64_t min_context_bytes = 0;  // Slab: chunk size
  std::uint64_t init_block_bytes = 0;   // Slab: block size
  std::uint64_t max_block_bytes = 0;
  std::uint64_t chunk_limit_bytes = 0;  // largest request that is not external (allocChunkLimit); 0 where there is none
  std::int32_t recycle_list = -1;       // freeListIndex: 0, 1 or -1
  std::string name;
  friend bool operator==(const ContextCreated&, const ContextCreated&) = default;
};

// All chunks are gone, freelists empty; blocks other than the keeper have left the context (as Plain, their Free
// events follow); the keeper is empty; the context counts as reset.
struct ContextReset {
  static constexpr std::uint8_t kTag = 2;
  ContextSlot context;
  friend bool operator==(const ContextReset&, const ContextReset&) = default;
};

// The context has left the tree, with all chunks; its blocks are Plain until their Free events (or until
// ContextRecycled). It has no children at that moment.
struct ContextDeleted {
  static constexpr std::uint8_t kTag = 3;
  ContextSlot context;
  friend bool operator==(const ContextDeleted&, const ContextDeleted&) = default;
};

// A deleted context's header and keeper wait in recycled-context list 0 or 1 (at its front).
struct ContextRecycled {
  static constexpr std::uint8_t kTag = 4;
  BlockSlot region;
  std::uint8_t list = 0;
  friend bool operator==(const ContextRecycled&, const ContextRecycled&) = default;
};

struct ContextReparented {
  static constexpr std::uint8_t kTag = 5;
  ContextSlot context;
  ContextSlot parent;  // none: detached
  friend bool operator==(const ContextReparented&, const ContextReparented&) = default;
};

struct ContextIdentSet {
  static constexpr std::uint8_t kTag = 6;
  ContextSlot context;
  std::optional<std::string> ident;
  friend bool operator==(const ContextIdentSet&, const ContextIdentSet&) = default;
};

// MemoryContextSwitchTo: CurrentMemoryContext is now this one.
struct ContextSwitched {
  static constexpr std::uint8_t kTag = 7;
  ContextSlot context;
  friend bool operator==(const ContextSwitched&, const ContextSwitched&) = default;
};

struct CritSectionAllowed {
  static constexpr std::uint8_t kTag = 8;
  ContextSlot context;
  bool allowed = false;
  friend bool operator==(const CritSectionAllowed&, const CritSectionAllowed&) = default;
};

// Registered at the front of the context's list; the context no longer counts as reset. `callback`: the emitter's
// number.
struct CallbackRegistered {
  static constexpr std::uint8_t kTag = 9;
  ContextSlot context;
  std::uint32_t callback = 0;
  friend bool operator==(const CallbackRegistered&, const CallbackRegistered&) = default;
};

// Popped from the list and about to run.
struct CallbackRun {
  static constexpr std::uint8_t kTag = 10;
  ContextSlot context;
  std::uint32_t callback = 0;
  friend bool operator==(const CallbackRun&, const CallbackRun&) = default;
};

// --- malloc and blocks ----------------------------------------------------------------------------------------

struct Malloc {
  static constexpr std::uint8_t kTag = 20;
  BlockSlot block;
  Address at;
  std::uint64_t bytes = 0;
  friend bool operator==(const Malloc&, const Malloc&) = default;
};

struct MallocFailed {
  static constexpr std::uint8_t kTag = 21;
  std::uint64_t bytes = 0;
  friend bool operator==(const MallocFailed&, const MallocFailed&) = default;
};

// The region has a new size and perhaps a new address. If it belongs to a context (External), block header, chunk and
// accounting moved with it, and the chunk is as large as the block now allows; what it is used for follows as
// ChunkResized.
struct Realloc {
  static constexpr std::uint8_t kTag = 22;
  BlockSlot block;
  Address at;
  std::uint64_t bytes = 0;
  friend bool operator==(const Realloc&, const Realloc&) = default;
};

struct ReallocFailed {
  static constexpr std::uint8_t kTag = 23;
  BlockSlot block;
  std::uint64_t bytes = 0;
  friend bool operator==(const ReallocFailed&, const ReallocFailed&) = default;
};

struct Free {
  static constexpr std::uint8_t kTag = 24;
  BlockSlot block;
  friend bool operator==(const Free&, const Free&) = default;
};

// The region became a block of the context, empty (an External one is full; its chunk follows as ChunkAllocated).
struct BlockAdded {
  static constexpr std::uint8_t kTag = 25;
  BlockSlot block;
  ContextSlot context;
  BlockRole role = BlockRole::Ordinary;
  BlockPosition position = BlockPosition::Head;
  Address header;                     // AllocBlockData (GenerationBlock, ...); the region may start before it (keeper)
  Address free_start;                 // freeptr of the empty block: first byte behind the block header
  std::uint64_t accounted_bytes = 0;  // what mem_allocated grows by (spec 7.10)
  std::uint32_t list = 0;             // which of its context's block lists, see BlockMoved
  friend bool operator==(const BlockAdded&, const BlockAdded&) = default;
};

// The block left its context, with all its chunks; it is Plain until its Free.
struct BlockRemoved {
  static constexpr std::uint8_t kTag = 26;
  BlockSlot block;
  friend bool operator==(const BlockRemoved&, const BlockRemoved&) = default;
};

// The block stays but all its chunks are gone; freeptr is back at the start (Generation's free and keeper blocks). An
// External block is Ordinary from then on: its room takes small chunks (spec 4.4).
struct BlockEmptied {
  static constexpr std::uint8_t kTag = 27;
  BlockSlot block;
  friend bool operator==(const BlockEmptied&, const BlockEmptied&) = default;
};

// The block nextBlockSize of the context changed (doubling; reset puts it back by itself).
struct NextBlockSizeSet {
  static constexpr std::uint8_t kTag = 28;
  ContextSlot context;
  std::uint64_t bytes = 0;
  friend bool operator==(const NextBlockSizeSet&, const NextBlockSizeSet&) = default;
};

// The block went to the head of its context's block list number `list` (Slab; other kinds have list 0 alone).
// Slab's lists, 15: the number of free chunks; 16+: blocklist 0..2, and 3 for the cached empty blocks. Because blocks
// enter these lists only at the head, one list per context holds them all: a moved block goes to its front, and list
// k is what remains when the others are left out.
struct BlockMoved {
  static constexpr std::uint8_t kTag = 29;
  BlockSlot block;
  std::uint32_t list = 0;
  friend bool operator==(const BlockMoved&, const BlockMoved&) = default;
};

// What a look at a live server can tell of a block without knowing its chunks one by one (a Bump block of a production
// build, a Generation block from 16 on): it is used up to `free_at`, and `free_chunks` of its chunks, no one knows
// which, are free.
struct BlockReported {
  static constexpr std::uint8_t kTag = 30;
  BlockSlot block;
  Address free_at;
  std::uint32_t free_chunks = 0;
  friend bool operator==(const BlockReported&, const BlockReported&) = default;
};

// --- chunks ---------------------------------------------------------------------------------------------------

// A new chunk (Tail, External), or the head of its freelist used again (Freelist: same slot as when it was freed).
struct ChunkAllocated {
  static constexpr std::uint8_t kTag = 40;
  ChunkSlot chunk;
  BlockSlot block;
  Address at;  // of the payload: what palloc returned
  std::uint64_t requested_bytes = 0;
  std::uint64_t granted_bytes = 0;  // usable payload: class size, or the rounded size
  std::uint8_t size_class = 0;      // AllocSet freelist index; else 0
  ChunkOrigin origin = ChunkOrigin::Tail;
  ChunkCause cause = ChunkCause::Palloc;
  friend bool operator==(const ChunkAllocated&, const ChunkAllocated&) = default;
};

struct ChunkFreed {
  static constexpr std::uint8_t kTag = 41;
  ChunkSlot chunk;
  ChunkFate fate = ChunkFate::ToFreelist;
  ChunkCause cause = ChunkCause::Pfree;
  friend bool operator==(const ChunkFreed&, const ChunkFreed&) = default;
};

// A piece of a block's rest became a free chunk, on the front of freelist `size_class` (AllocSet's carving, spec 3.5).
struct ChunkCarved {
  static constexpr std::uint8_t kTag = 42;
  ChunkSlot chunk;
  BlockSlot block;
  Address at;
  std::uint64_t granted_bytes = 0;
  std::uint8_t size_class = 0;
  friend bool operator==(const ChunkCarved&, const ChunkCarved&) = default;
};

// repalloc that did not need a new chunk (a dedicated block may have moved: Realloc just before).
struct ChunkResized {
  static constexpr std::uint8_t kTag = 43;
  ChunkSlot chunk;
  std::uint64_t requested_bytes = 0;
  std::uint64_t granted_bytes = 0;
  friend bool operator==(const ChunkResized&, const ChunkResized&) = default;
};

// The program wrote these bytes (a script's write, a poke).
struct MemoryWritten {
  static constexpr std::uint8_t kTag = 44;
  Address at;
  std::vector<std::uint8_t> bytes;
  friend bool operator==(const MemoryWritten&, const MemoryWritten&) = default;
};

// --- errors and output ----------------------------------------------------------------------------------------

enum class Severity : std::uint8_t { Notice, Warning, Error };

// ereport: PostgreSQL's own text. Error unwinds; `context` is the one concerned, if any.
struct ErrorReported {
  static constexpr std::uint8_t kTag = 60;
  Severity severity = Severity::Error;
  ContextSlot context;
  std::string sqlstate;
  std::string message;
  std::string detail;
  friend bool operator==(const ErrorReported&, const ErrorReported&) = default;
};

// An allocation found no memory, or (17+, Slab) its size was refused after isReset had been cleared; the context no
// longer counts as reset. An error follows, unless NO_OOM.
struct AllocationFailed {
  static constexpr std::uint8_t kTag = 61;
  ContextSlot context;
  std::uint64_t requested_bytes = 0;
  friend bool operator==(const AllocationFailed&, const AllocationFailed&) = default;
};

// PG_CATCH took the error: execution goes on there.
struct ErrorCaught {
  static constexpr std::uint8_t kTag = 62;
  friend bool operator==(const ErrorCaught&, const ErrorCaught&) = default;
};

// How a moment of a live process was taken, and what the process held: bytes, 0 where unknown. No part of the state.
struct ProcessReported {
  static constexpr std::uint8_t kTag = 64;
  std::uint64_t pause_ns = 0;                               // the process stood still for so long
  std::uint64_t copied_bytes = 0;                           // so much was copied in that time
  std::uint64_t rss_anon = 0, rss_file = 0, rss_shmem = 0;  // /proc/PID/status
  std::uint64_t malloc_used = 0;                            // what malloc has handed out, its headers left out
  std::uint64_t malloc_free = 0;                            // free inside malloc
  std::uint64_t malloc_overhead = 0;                        // its headers and the rest of the last page
  std::uint32_t tries = 1;                                  // 2 and more: caught inside the allocator before
  bool stopped = true;                                      // false: read while it ran on
  bool torn = false;                                        // no try was free of contradictions
  friend bool operator==(const ProcessReported&, const ProcessReported&) = default;
};

// A mistake of the program, as a debugger sees it. PostgreSQL may notice (an ErrorReported follows) or not.
enum class FaultKind : std::uint8_t {
  DoubleFree,         // pfree of a chunk that is free already
  InvalidPointer,     // pfree, repalloc, ... of what palloc never returned: foreign, garbage, into the middle
  FreeInBump,         // pfree or repalloc in a context that keeps no chunk headers (17+)
  WritePastEnd,       // wrote behind what was asked for, or in front of it
  ReadPastEnd,        //
  UseAfterFree,       // read, written, repalloc'ed after its pfree
  UseAfterReset,      // ... after the reset of its context
  UseAfterDelete,     // ... after the end of its context; or the context itself was used
  WrongContext,       // lives in a context that outlives, or ends before, what it is for
  ResetLivePointers,  // reset or delete while a variable of the program points into it
  TooLarge,           // a request above MaxAllocSize
  OutOfMemory,        // malloc failed
  InCriticalSection,  // palloc between START_CRIT_SECTION and END_CRIT_SECTION
  SwitchForgotten,    // CurrentMemoryContext is not what it was when the work began
  HeapCorrupt,        // found by looking at the bytes: a trampled header or sentinel
};

inline constexpr int kFaultKindCount = 15;

// The context, chunk and events concerned, as far as they are known. Where it happened is this event's own place.
struct FaultFound {
  static constexpr std::uint8_t kTag = 140;
  FaultKind kind = FaultKind::DoubleFree;
  Address at;               // the first byte concerned, or the pointer that was handed over
  std::uint64_t bytes = 0;  // how many bytes are concerned; 0: the pointer itself
  ContextSlot context;
  ChunkSlot chunk;        // its slot may be used by another by now: go by `born`
  EventNumber born = 0;   // the event that allocated the memory; 0: not known
  EventNumber ended = 0;  // the event that freed, reset or deleted it; 0: still allocated, or not known
  friend bool operator==(const FaultFound&, const FaultFound&) = default;
};

// A line the program printed.
struct Output {
  static constexpr std::uint8_t kTag = 63;
  std::string text;
  friend bool operator==(const Output&, const Output&) = default;
};

// --- source and lesson ----------------------------------------------------------------------------------------

// A source text that later SourceLine events point into.
struct SourceText {
  static constexpr std::uint8_t kTag = 70;
  std::uint32_t file = 0;
  std::string name;
  std::string text;
  friend bool operator==(const SourceText&, const SourceText&) = default;
};

// The line (from 1) that the following events come from.
struct SourceLine {
  static constexpr std::uint8_t kTag = 71;
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  friend bool operator==(const SourceLine&, const SourceLine&) = default;
};

// A step of a lesson begins: what the teacher says here, until the next one.
struct Narration {
  static constexpr std::uint8_t kTag = 72;
  std::string en;
  std::string zh;
  friend bool operator==(const Narration&, const Narration&) = default;
};

// The statement (or message) that a server is working on from here.
struct Statement {
  static constexpr std::uint8_t kTag = 73;
  std::string text;
  friend bool operator==(const Statement&, const Statement&) = default;
};

// A named variable of the script now holds this address (0: forgotten): what labels the map.
struct VariableSet {
  static constexpr std::uint8_t kTag = 74;
  std::string name;
  Address value;
  friend bool operator==(const VariableSet&, const VariableSet&) = default;
};

// --- reported snapshots (dumps): what a server said of itself ---------------------------------------------------

// A dump begins: another moment in time. Contexts that are gone, came, or changed follow as ordinary events.
struct SnapshotBegan {
  static constexpr std::uint8_t kTag = 80;
  std::string label;      // as the dump has it: time stamp, "PID 123"; may be empty
  std::uint32_t pid = 0;  // 0: not said
  friend bool operator==(const SnapshotBegan&, const SnapshotBegan&) = default;
};

// Counters reported for a context whose blocks are not known. `chunks`: all chunks (Generation lines), else 0.
struct ContextReported {
  static constexpr std::uint8_t kTag = 81;
  ContextSlot context;
  std::uint64_t blocks = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t free_chunks = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t chunks = 0;
  std::uint64_t empty_blocks = 0;
  friend bool operator==(const ContextReported&, const ContextReported&) = default;
};

// "N more child contexts containing ...": children of `parent` that the dump left out. count 0: no longer any.
struct ContextsOmitted {
  static constexpr std::uint8_t kTag = 82;
  ContextSlot parent;
  std::uint64_t count = 0;
  std::uint64_t blocks = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t free_chunks = 0;
  std::uint64_t used_bytes = 0;
  friend bool operator==(const ContextsOmitted&, const ContextsOmitted&) = default;
};

// The dump is complete; `problem` is empty or says what was missing or did not add up.
struct SnapshotEnded {
  static constexpr std::uint8_t kTag = 83;
  std::string problem;
  friend bool operator==(const SnapshotEnded&, const SnapshotEnded&) = default;
};

// Every kind, in the order of EventVariant: for what has to be compiled for each.
// clang-format off
#define PALLOSCOPE_FOR_EACH_EVENT_KIND(KIND) \
  KIND(ContextCreated) KIND(ContextReset) KIND(ContextDeleted) KIND(ContextRecycled) KIND(ContextReparented) \
  KIND(ContextIdentSet) KIND(ContextSwitched) KIND(CritSectionAllowed) KIND(CallbackRegistered) KIND(CallbackRun) \
  KIND(Malloc) KIND(MallocFailed) KIND(Realloc) KIND(ReallocFailed) KIND(Free) KIND(BlockAdded) KIND(BlockRemoved) \
  KIND(BlockEmptied) KIND(NextBlockSizeSet) KIND(BlockMoved) KIND(BlockReported) \
  KIND(ChunkAllocated) KIND(ChunkFreed) KIND(ChunkCarved) KIND(ChunkResized) KIND(MemoryWritten) \
  KIND(ErrorReported) KIND(AllocationFailed) KIND(ErrorCaught) KIND(Output) KIND(FaultFound) \
  KIND(ProcessReported) \
  KIND(SourceText) KIND(SourceLine) KIND(Narration) KIND(Statement) KIND(VariableSet) \
  KIND(SnapshotBegan) KIND(ContextReported) KIND(ContextsOmitted) KIND(SnapshotEnded) \
  KIND(BackendStarted) KIND(BackendEnded) KIND(BackendSwitched) KIND(OperationBegan) KIND(OperationPhaseChanged) \
  KIND(OperationCounted) KIND(OperationSpilled) KIND(OperationEnded) KIND(CheckpointBegan) KIND(CheckpointEnded) \
  KIND(BufferPoolCreated) KIND(RelationNamed) KIND(PageRequested) KIND(PageLookedUp) KIND(FreelistPopped) \
  KIND(FreelistPushed) KIND(ClockTicked) KIND(RingStepped) KIND(RingSlotSet) KIND(RingCreated) KIND(RingFreed) \
  KIND(BufferPinned) KIND(BufferUnpinned) KIND(BufferDirtied) KIND(BufferWritten) KIND(BufferFlagged) \
  KIND(BufferTagged) KIND(BufferUntagged) KIND(WalFlushed) KIND(BackgroundRound) KIND(PoolReported) \
  KIND(UsageCountReported) KIND(BufferNodeReported) \
  KIND(SegmentCreated) KIND(SegmentDestroyed) KIND(SegmentAttached) KIND(SegmentDetached) KIND(SegmentPinned) \
  KIND(ShmemAllocated) KIND(ShmemFound) KIND(ShmemRequested) KIND(HugePagesTried) KIND(NumaNodeAdded) \
  KIND(BackendPlaced) KIND(NumaPolicySet) KIND(PagesPlaced) KIND(PagesUsed) KIND(ShmemNodeReported)
// clang-format on

namespace event_detail {
template <class First, class... Kinds>
using AllButFirst = std::variant<Kinds...>;
#define PALLOSCOPE_AND_KIND(Kind) , Kind
using EventVariant = AllButFirst<void PALLOSCOPE_FOR_EACH_EVENT_KIND(PALLOSCOPE_AND_KIND)>;
#undef PALLOSCOPE_AND_KIND
}  // namespace event_detail
using event_detail::EventVariant;

// Whether a kind has this tag.
constexpr bool is_event_kind(std::uint8_t tag) {
#define PALLOSCOPE_HAS_TAG(Kind) || tag == Kind::kTag
  return false PALLOSCOPE_FOR_EACH_EVENT_KIND(PALLOSCOPE_HAS_TAG);
#undef PALLOSCOPE_HAS_TAG
}

template <class E>
concept EventKind = requires {
  E::kTag;
};

// One event of any kind. To construct, copy, compare and destroy a variant of so many kinds is much code; being a class
// of its own, EventBody has it compiled once, in event.cpp, not in each file that emits or keeps events.
class EventBody : public EventVariant {
 public:
  EventBody();
  EventBody(const EventBody& other);
  EventBody(EventBody&& other) noexcept;
  EventBody& operator=(const EventBody& other);
  EventBody& operator=(EventBody&& other) noexcept;
  ~EventBody();

  template <EventKind E>
  EventBody(E event);  // NOLINT(google-explicit-constructor): an event of a kind is an event

  std::uint8_t tag() const;

  friend bool operator==(const EventBody& a, const EventBody& b);
};

// A kind that is about the server around the backend's private memory: it changes a state's `server` part only.
template <class E>
inline constexpr bool kIsServerEvent = (E::kTag >= 84 && E::kTag <= 139);

}  // namespace palloscope::core
