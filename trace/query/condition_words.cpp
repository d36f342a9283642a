#include "trace/query/condition_words.h"

#include "trace/exporters/event_text.h"
#include "trace/query/event_facts.h"

namespace palloscope::trace {
namespace {

using namespace core;
using Q = Quantity;
using S = WordSort;

constexpr KindSet kSized = {ChunkAllocated::kTag,   ChunkResized::kTag,   ChunkFreed::kTag,
                            ChunkCarved::kTag,      Malloc::kTag,         Realloc::kTag,
                            MallocFailed::kTag,     ReallocFailed::kTag,  Free::kTag,
                            BlockAdded::kTag,       BlockRemoved::kTag,   AllocationFailed::kTag,
                            MemoryWritten::kTag,    FaultFound::kTag,     ContextReported::kTag,
                            SegmentCreated::kTag,   ShmemAllocated::kTag, ShmemRequested::kTag,
                            OperationSpilled::kTag, PagesPlaced::kTag,    ShmemNodeReported::kTag};
constexpr KindSet kGranted = {ChunkAllocated::kTag, ChunkResized::kTag, ChunkFreed::kTag, ChunkCarved::kTag};
constexpr KindSet kPlaced = {ContextCreated::kTag, Malloc::kTag,     Realloc::kTag,        ChunkAllocated::kTag,
                             ChunkCarved::kTag,    ChunkFreed::kTag, ChunkResized::kTag,   MemoryWritten::kTag,
                             FaultFound::kTag,     Free::kTag,       SegmentCreated::kTag, SegmentAttached::kTag};
constexpr KindSet kTold = {ContextCreated::kTag, ErrorReported::kTag,  Output::kTag,           SourceText::kTag,
                           Narration::kTag,      Statement::kTag,      VariableSet::kTag,      SnapshotBegan::kTag,
                           BackendStarted::kTag, OperationBegan::kTag, RelationNamed::kTag,    SegmentCreated::kTag,
                           ShmemAllocated::kTag, ShmemFound::kTag,     ShmemNodeReported::kTag};
constexpr KindSet kOfBuffers = {
    PageLookedUp::kTag, FreelistPopped::kTag, FreelistPushed::kTag,    ClockTicked::kTag,   RingSlotSet::kTag,
    BufferPinned::kTag, BufferUnpinned::kTag, BufferDirtied::kTag,     BufferWritten::kTag, BufferFlagged::kTag,
    BufferTagged::kTag, BufferUntagged::kTag, BufferNodeReported::kTag};
constexpr KindSet kPaged = kOfBuffers | KindSet{PageRequested::kTag};
constexpr KindSet kOfContexts =
    KindSet::range(1, 59) | KindSet{ErrorReported::kTag,   AllocationFailed::kTag, FaultFound::kTag,
                                    ContextReported::kTag, ContextsOmitted::kTag,  OperationBegan::kTag};
constexpr KindSet kOfMemory = {ContextReset::kTag,   ContextDeleted::kTag, BlockRemoved::kTag, BlockEmptied::kTag,
                               ChunkAllocated::kTag, ChunkFreed::kTag,     ChunkCarved::kTag,  ChunkResized::kTag,
                               MemoryWritten::kTag,  FaultFound::kTag,     Realloc::kTag};

constexpr ConditionWord kWords[] = {
    // What happened.
    {"alloc", S::Deed, Q::None, {ChunkAllocated::kTag}, 0, "alloc and size > 1MB"},
    {"palloc", S::Deed, Q::None, {ChunkAllocated::kTag}, kFlagPalloc, "palloc and size == 100"},
    {"repalloc",
     S::Deed,
     Q::None,
     {ChunkAllocated::kTag, ChunkFreed::kTag, ChunkResized::kTag},
     kFlagRepalloc,
     "repalloc and size > 64kB"},
    {"free", S::Deed, Q::None, {ChunkFreed::kTag}, 0, "free and context == \"MessageContext\""},
    {"reused", S::Deed, Q::None, {ChunkAllocated::kTag}, kFlagReused, "reused and size < 16"},
    {"dedicated", S::Deed, Q::None, {ChunkAllocated::kTag}, kFlagDedicated, "dedicated"},
    {"carved", S::Deed, Q::None, {ChunkCarved::kTag}, 0, "carved"},
    {"resized", S::Deed, Q::None, {ChunkResized::kTag}, 0, "resized"},
    {"create", S::Deed, Q::None, {ContextCreated::kTag}, 0, "create and context ~ \"Hash\""},
    {"reset", S::Deed, Q::None, {ContextReset::kTag}, 0, "context ~ \"ExprContext\" and reset"},
    {"delete", S::Deed, Q::None, {ContextDeleted::kTag}, 0, "delete and path ~ \"PortalContext\""},
    {"reparent", S::Deed, Q::None, {ContextReparented::kTag}, 0, "reparent"},
    {"switch", S::Deed, Q::None, {ContextSwitched::kTag}, 0, "switch and context == \"ErrorContext\""},
    {"malloc", S::Deed, Q::None, {Malloc::kTag}, 0, "malloc and size >= 8MB"},
    {"realloc", S::Deed, Q::None, {Realloc::kTag}, 0, "realloc"},
    {"malloc_free", S::Deed, Q::None, {Free::kTag}, 0, "malloc_free and size > 1MB"},
    {"block_added", S::Deed, Q::None, {BlockAdded::kTag}, 0, "block_added and size >= 64kB"},
    {"block_removed", S::Deed, Q::None, {BlockRemoved::kTag}, 0, "block_removed"},
    {"failed", S::Deed, Q::None, {MallocFailed::kTag, ReallocFailed::kTag, AllocationFailed::kTag}, 0, "failed"},
    {"write", S::Deed, Q::None, {MemoryWritten::kTag}, 0, "write and address == 0x55d0c0de1000"},
    {"fault", S::Deed, Q::None, {FaultFound::kTag}, 0, "fault"},
    {"error", S::Deed, Q::None, {ErrorReported::kTag}, kFlagError, "error and text ~ \"out of memory\""},
    {"warning", S::Deed, Q::None, {ErrorReported::kTag}, kFlagWarning, "warning"},
    {"output", S::Deed, Q::None, {Output::kTag}, 0, "output"},
    {"narration", S::Deed, Q::None, {Narration::kTag}, 0, "narration"},
    {"statement", S::Deed, Q::None, {Statement::kTag}, 0, "statement and text ~ \"SELECT\""},
    {"snapshot", S::Deed, Q::None, {SnapshotBegan::kTag}, 0, "snapshot"},
    // What happened in the server around.
    {"request", S::Deed, Q::None, {PageRequested::kTag}, 0, "request"},
    {"hit", S::Deed, Q::None, {PageLookedUp::kTag}, kFlagHit, "hit"},
    {"miss", S::Deed, Q::None, {PageLookedUp::kTag}, kFlagMiss, "miss"},
    {"loaded", S::Deed, Q::None, {BufferTagged::kTag}, 0, "buffer 17 loaded"},
    {"evicted", S::Deed, Q::None, {BufferUntagged::kTag, BufferTagged::kTag}, kFlagEvicted, "buffer 17 evicted"},
    {"dropped", S::Deed, Q::None, {BufferUntagged::kTag}, kFlagDropped, "dropped"},
    {"pinned", S::Deed, Q::None, {BufferPinned::kTag}, 0, "buffer 17 pinned"},
    {"unpinned", S::Deed, Q::None, {BufferUnpinned::kTag}, 0, "buffer 17 unpinned"},
    {"dirtied", S::Deed, Q::None, {BufferDirtied::kTag}, 0, "dirtied"},
    {"written", S::Deed, Q::None, {BufferWritten::kTag}, 0, "written"},
    {"tick", S::Deed, Q::None, {ClockTicked::kTag}, 0, "tick and buffer < 4"},
    {"checkpoint", S::Deed, Q::None, {CheckpointBegan::kTag}, 0, "checkpoint"},
    {"spilled", S::Deed, Q::None, {OperationSpilled::kTag}, kFlagSpilled, "spilled"},
    {"read_back", S::Deed, Q::None, {OperationSpilled::kTag}, kFlagReadBack, "read_back"},
    {"touched", S::Deed, Q::None, KindSet::all(), 0, "chunk 0x55d0c0de1000 touched"},
    // Second names, for phrases.
    {"allocated", S::Deed, Q::None, {ChunkAllocated::kTag}, 0, "", "alloc"},
    {"freed", S::Deed, Q::None, {ChunkFreed::kTag}, 0, "", "free"},
    {"pfree", S::Deed, Q::None, {ChunkFreed::kTag}, 0, "", "free"},
    {"created", S::Deed, Q::None, {ContextCreated::kTag}, 0, "", "create"},
    {"deleted", S::Deed, Q::None, {ContextDeleted::kTag}, 0, "", "delete"},
    {"reparented", S::Deed, Q::None, {ContextReparented::kTag}, 0, "", "reparent"},
    // Its numbers and texts.
    {"size", S::Field, Q::Size, kSized, 0, "size > 1MB"},
    {"granted", S::Field, Q::Granted, kGranted, 0, "granted - size > 1kB"},
    {"address", S::Field, Q::At, kPlaced, 0, "address >= 0x55d0c0de0000 and address < 0x55d0c0df0000"},
    {"text", S::TextField, Q::Text, kTold, 0, "text ~ \"customer\""},
    {"fault_kind", S::TextField, Q::FaultName, {FaultFound::kTag}, 0, "fault_kind == \"double free\""},
    // Where it happened.
    {"event", S::Place, Q::Ordinal, KindSet::all(), 0, "alloc and event >= 1000"},
    {"context", S::TextPlace, Q::Context, kOfContexts, 0, "context == \"ExecutorState\""},
    {"path", S::TextPlace, Q::Path, kOfContexts, 0, "path ~ \"PortalContext/ExecutorState\""},
    {"kind", S::TextPlace, Q::KindName, kOfContexts, 0, "kind == \"Generation\" and block_added"},
    {"buffer", S::Place, Q::Buffer, kOfBuffers, 0, "buffer == 17 and pinned"},
    {"backend", S::TextPlace, Q::BackendName, KindSet::all(), 0, "backend ~ \"checkpointer\" and written"},
    {"page", S::Field, Q::Page, kPaged, 0, "request and page == 0"},
    {"relation", S::TextField, Q::Relation, kPaged, 0, "request and relation == \"orders\""},
    // What is so then: sums over the contexts of a name, "a/b" for a b below an a.
    {"total", S::Sum, Q::Total, {}, 0, "total(\"ExecutorState\") > 512kB"},
    {"used", S::Sum, Q::Used, {}, 0, "used(\"CacheMemoryContext\") > 1MB"},
    {"free", S::Sum, Q::Free, {}, 0, "free(\"MessageContext\") < 1kB"},
    {"requested", S::Sum, Q::Requested, {}, 0, "requested(\"ExecutorState\") > 100kB"},
    {"chunks", S::Sum, Q::Chunks, {}, 0, "chunks(\"ExecutorState\") > 1000"},
    {"free_chunks", S::Sum, Q::FreeChunks, {}, 0, "free_chunks(\"ExecutorState\") > 1000"},
    {"blocks", S::Sum, Q::Blocks, {}, 0, "blocks(\"ExecutorState\") >= 10"},
    {"count", S::Sum, Q::Count, {}, 0, "count(\"ExprContext\") > 100"},
    // Of the event's own context or buffer.
    {"context.total", S::Local, Q::Total, {}, 0, "context.total > 1MB"},
    {"context.used", S::Local, Q::Used, {}, 0, "context.used > 1MB"},
    {"context.free", S::Local, Q::Free, {}, 0, "context.free > context.used"},
    {"context.requested", S::Local, Q::Requested, {}, 0, "context.requested > 100kB"},
    {"context.chunks", S::Local, Q::Chunks, {}, 0, "context.chunks == 0"},
    {"context.free_chunks", S::Local, Q::FreeChunks, {}, 0, "context.free_chunks > 100"},
    {"context.blocks", S::Local, Q::Blocks, {}, 0, "context.blocks > 3"},
    {"context.depth", S::Local, Q::Depth, {}, 0, "create and context.depth > 5"},
    {"freelist", S::Local, Q::FreelistLength, {}, 0, "freelist[6].length == 0"},
    {"usage_count", S::Local, Q::UsageCount, {}, 0, "usage_count decremented"},
    {"pin_count", S::Local, Q::PinCount, {}, 0, "pin_count > 1"},
    // Of everything.
    {"heap.total", S::Global, Q::HeapTotal, {}, 0, "heap.total > 1GB"},
    {"heap.malloc", S::Global, Q::HeapMalloc, {}, 0, "heap.malloc > 1GB"},
    {"heap.used", S::Global, Q::HeapUsed, {}, 0, "heap.used > 512MB"},
    {"heap.requested", S::Global, Q::HeapRequested, {}, 0, "heap.requested > 512MB"},
    {"heap.chunks", S::Global, Q::HeapChunks, {}, 0, "heap.chunks > 1000000"},
    {"heap.contexts", S::Global, Q::HeapContexts, {}, 0, "heap.contexts > 200"},
    {"heap.regions", S::Global, Q::HeapRegions, {}, 0, "heap.regions > 1000"},
    {"pool.used", S::Global, Q::PoolUsed, {}, 0, "pool.used == 16"},
    {"pool.free", S::Global, Q::PoolFree, {}, 0, "pool.free == 0"},
    {"pool.dirty", S::Global, Q::PoolDirty, {}, 0, "pool.dirty > 8"},
    {"pool.pinned", S::Global, Q::PoolPinned, {}, 0, "pool.pinned > 2"},
    {"pool.requests", S::Global, Q::PoolRequests, {}, 0, "pool.requests == 100"},
    {"pool.hits", S::Global, Q::PoolHits, {}, 0, "pool.hits == 100"},
    {"pool.evictions", S::Global, Q::PoolEvictions, {}, 0, "pool.evictions > 0"},
    // Phrases and joints.
    {"chunk", S::Thing, Q::At, kOfMemory, 0, "chunk 0x55d0c0de1000 freed"},
    {"incremented", S::Change, Q::None, {}, 0, "usage_count incremented"},
    {"decremented", S::Change, Q::None, {}, 0, "usage_count decremented"},
    {"changed", S::Change, Q::None, {}, 0, "total(\"TopMemoryContext\") changed"},
    {"and", S::Joint, Q::None, {}, 0, "alloc and size > 1MB"},
    {"or", S::Joint, Q::None, {}, 0, "fault or error"},
    {"not", S::Joint, Q::None, {}, 0, "free and not context == \"MessageContext\""},
    {"became", S::Joint, Q::None, {}, 0, "alloc and became(heap.total > 1MB)"},
};

constexpr bool words_are_unique() {
  for (const ConditionWord& a : kWords)
    for (const ConditionWord& b : kWords)
      if (&a != &b && a.word == b.word && (a.sort == WordSort::Sum) == (b.sort == WordSort::Sum)) return false;
  return true;
}
static_assert(words_are_unique(), "a word means one thing; only a sum, told by its bracket, may share its name");

}  // namespace

std::span<const ConditionWord> condition_words() { return kWords; }

const ConditionWord* find_condition_word(std::string_view word, bool sum) {
  for (const ConditionWord& row : kWords)
    if (row.word == word && (row.sort == WordSort::Sum) == sum) return &row;
  return nullptr;
}

std::uint8_t find_event_kind(std::string_view word) {
  for (unsigned tag = 1; tag < 256; ++tag)
    if (is_event_kind(static_cast<std::uint8_t>(tag)) && event_kind_name(static_cast<std::uint8_t>(tag)) == word)
      return static_cast<std::uint8_t>(tag);
  return 0;
}

}  // namespace palloscope::trace
