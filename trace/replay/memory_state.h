// MemoryState: everything that is known about the watched process's memory after event N. One reducer, `apply`,
// serves live view, replay, command line and tests. Flat tables indexed by slot: applying an event hashes nothing
// and costs the same however large the heap is (but for events that drop many chunks).
//
// Any event can be undone without code of its own: what it changes is saved first (journal.h; Timeline uses it).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/events/event.h"
#include "trace/replay/large_pages.h"
#include "trace/replay/server_state.h"

namespace palloscope::trace {

using core::Address;
using core::BlockSlot;
using core::ChunkSlot;
using core::ContextSlot;
using core::EventNumber;

inline constexpr int kFreelistCount = 11;  // AllocSet's size classes, 8 bytes to 8 kB (spec 3.1)

// What a dump reported of a context whose blocks are unknown.
struct ReportedCounters {
  std::uint64_t blocks = 0, total_bytes = 0, free_bytes = 0, free_chunks = 0, used_bytes = 0, chunks = 0,
                empty_blocks = 0;
  friend bool operator==(const ReportedCounters&, const ReportedCounters&) = default;
};

struct OmittedContexts {
  std::uint64_t count = 0, blocks = 0, total_bytes = 0, free_bytes = 0, free_chunks = 0, used_bytes = 0;
  friend bool operator==(const OmittedContexts&, const OmittedContexts&) = default;
};

// The numbers of a context: what the hot events change.
struct ContextNumbers {
  EventNumber born = 0;  // with the slot: the context's name over all time
  core::ContextKind kind = core::ContextKind::AllocSet;
  bool is_reset = true;
  bool allow_in_crit_section = false;
  bool recycled = false;  // its memory came from a recycled-context list
  std::int32_t recycle_list = -1;
  Address at;
  BlockSlot region;  // holds the header; the keeper too, where there is one
  ContextSlot parent, first_child, prev_sibling, next_sibling;
  std::uint32_t uncounted_free_chunks = 0;  // sum over its blocks of uncounted_free
  std::uint64_t mem_allocated_bytes = 0;
  std::uint64_t min_context_bytes = 0, init_block_bytes = 0, max_block_bytes = 0, next_block_bytes = 0;
  std::uint64_t chunk_limit_bytes = 0;

  BlockSlot first_block, last_block;  // the block list in its own order: head first (a Header region is not in it)
  std::uint32_t block_count = 0;
  std::uint32_t occupied_block_count = 0;  // blocks with at least one live chunk
  std::uint32_t live_chunk_count = 0;
  std::uint32_t free_chunk_count = 0;  // in state Free: on freelists, or counted (Generation)
  std::uint64_t requested_bytes = 0;   // of live chunks
  std::uint64_t granted_bytes = 0;     // of live chunks
  std::uint64_t free_chunk_bytes = 0;  // payload of chunks in state Free
  std::uint64_t tail_bytes = 0;        // never handed out: sum over its blocks of end - free_at
  ChunkSlot freelist[kFreelistCount];  // heads (AllocSet; Slab's are in its blocks)
  friend bool operator==(const ContextNumbers&, const ContextNumbers&) = default;
};

// The rest of a context: what few events change and what owns memory of ours.
struct ContextWords {
  std::vector<std::uint32_t> callbacks;  // registered, the next to run last
  std::optional<ReportedCounters> reported;
  std::optional<OmittedContexts> omitted_children;
  std::string name;
  std::optional<std::string> ident;
  friend bool operator==(const ContextWords&, const ContextWords&) = default;
};

// A context of the tree. Live exactly if `born` != 0. Children newest first, as PostgreSQL links them.
struct ContextRecord : ContextNumbers, ContextWords {
  friend bool operator==(const ContextRecord&, const ContextRecord&) = default;
};

// A malloc'ed region. Live exactly if `born` != 0. As a block of a context: header..end, allocated up to free_at.
// A region that holds a context's header is Header from ContextCreated until BlockAdded makes it the Keeper (Slab:
// for ever); an External block that was emptied is Ordinary from then on (Generation uses it so).
struct BlockRecord {
  EventNumber born = 0;
  Address at;
  std::uint64_t bytes = 0;
  core::BlockRole role = core::BlockRole::Plain;
  std::uint8_t recycle_list = 0;     // role Recycled
  EventNumber last_context = 0;      // the ContextCreated whose context was deleted here last; 0: none since the malloc
  ContextSlot context;               // none: Plain, Recycled
  std::uint32_t uncounted_free = 0;  // so many of the live chunks are free, not known which (BlockReported)
  Address header, free_start, free_at;
  std::uint64_t accounted_bytes = 0;
  BlockSlot prev, next;               // in the context's block list, or in the recycled-context list
  ChunkSlot first_chunk, last_chunk;  // in the order in which they were made: by address
  std::uint32_t list = 0;             // Slab: which of its block lists (BlockAdded, BlockMoved)
  ChunkSlot first_free;               // Slab: head of the block's chain of freed chunks
  std::uint32_t chunk_count = 0;      // live and free
  std::uint32_t live_chunk_count = 0;

  Address end() const { return at + bytes; }
  std::uint32_t free_chunk_count() const { return chunk_count - live_chunk_count; }
  // Is in a context's block list.
  bool linked() const {
    return role == core::BlockRole::Ordinary || role == core::BlockRole::Keeper || role == core::BlockRole::External;
  }
  friend bool operator==(const BlockRecord&, const BlockRecord&) = default;
};

enum class ChunkState : std::uint8_t { Gone, Live, Free };

struct ChunkRecord {
  EventNumber born = 0;               // of the current or last use; carved and never used: of the carving
  Address at;                         // payload
  std::uint64_t requested_bytes = 0;  // of the current or last use
  std::uint64_t granted_bytes = 0;
  BlockSlot block;
  ChunkSlot next_in_block;
  ChunkSlot next_free;  // next in its freelist
  ChunkState state = ChunkState::Gone;
  std::uint8_t size_class = 0;
  core::ChunkOrigin origin = core::ChunkOrigin::Tail;
  friend bool operator==(const ChunkRecord&, const ChunkRecord&) = default;
};

using ChunkTable = std::vector<ChunkRecord, LargePages<ChunkRecord>>;

struct HeapTotals {
  std::uint64_t malloc_bytes = 0;     // all live regions
  std::uint64_t context_bytes = 0;    // sum of mem_allocated (reported totals where only those are known)
  std::uint64_t requested_bytes = 0;  // live chunks
  std::uint64_t granted_bytes = 0;
  std::uint64_t region_count = 0, context_count = 0, live_chunk_count = 0, free_chunk_count = 0;
  std::uint64_t malloc_calls = 0, free_calls = 0;  // so far (realloc counts as neither)
  friend bool operator==(const HeapTotals&, const HeapTotals&) = default;
};

// Where the program is: what the source and lesson panels show.
struct ProgramPoint {
  std::uint32_t file = 0, line = 0;  // line 0: none yet
  EventNumber narration = 0;         // the Narration event in force; 0: none
  EventNumber error = 0;             // the last ErrorReported of severity Error not yet caught; 0: none
  EventNumber snapshot = 0;          // the last SnapshotBegan
  EventNumber statement = 0;
  ContextSlot current;  // CurrentMemoryContext
  friend bool operator==(const ProgramPoint&, const ProgramPoint&) = default;
};

// Why an event cannot be what a correct process did: it names a thing that is not there, or makes one twice.
// The state is unchanged where it could not be applied.
struct Fault {
  EventNumber event = 0;
  std::string what;
  friend bool operator==(const Fault&, const Fault&) = default;
};

// Faults beyond this many are only counted: a hostile file must not fill memory with words.
inline constexpr std::size_t kKeptFaults = 1000;

class Journal;  // old values of changed records, to undo events; trace/replay/journal.h
template <class J>
class Reducer;        // what each event does; trace/replay/reducer.h
class StateRestorer;  // builds a state from a keyframe; trace/replay/restorer.h

class MemoryState {
 public:
  // Applies event number `event_number() + 1`. A faulty event counts too; its fault is kept (faults()).
  void apply(const core::EventBody& event);
  // The same, and `journal` can undo it.
  void apply(const core::EventBody& event, Journal& journal);

  // The typed reducers: what a decoder calls, without building a variant. Each also counts the event. Defined in
  // trace/replay/reducer.h, which the decoder includes.
  template <class E>
  void apply_typed(const E& event);

  EventNumber event_number() const { return heads_.event_number; }
  const HeapTotals& totals() const { return heads_.totals; }
  const ProgramPoint& point() const { return heads_.point; }

  // Tables by slot; a slot that is not live holds a record with born == 0 (chunks: state Gone) and otherwise stale
  // values.
  const std::vector<ContextRecord>& contexts() const { return contexts_; }
  const std::vector<BlockRecord>& blocks() const { return blocks_; }
  const ChunkTable& chunks() const { return chunks_; }

  const ContextRecord* context(ContextSlot slot) const {  // null if not live
    return slot.value < contexts_.size() && contexts_[slot.value].born != 0 ? &contexts_[slot.value] : nullptr;
  }
  const BlockRecord* block(BlockSlot slot) const {
    return slot.value < blocks_.size() && blocks_[slot.value].born != 0 ? &blocks_[slot.value] : nullptr;
  }
  const ChunkRecord* chunk(ChunkSlot slot) const {  // null if Gone
    return slot.value < chunks_.size() && chunks_[slot.value].state != ChunkState::Gone ? &chunks_[slot.value]
                                                                                        : nullptr;
  }
  ContextSlot context_of(const ChunkRecord& chunk) const {
    const BlockRecord* owner = block(chunk.block);
    return owner ? owner->context : ContextSlot{};
  }

  // Top contexts and detached ones, newest first.
  ContextSlot first_root() const { return heads_.first_root; }
  // Front of recycled-context list 0 or 1; on with BlockRecord::next. Who waits there: BlockRecord::last_context.
  BlockSlot first_recycled(int list) const { return heads_.first_recycled[list]; }

  // Everything around the backend's private memory: other processes, buffer pools, shared memory.
  const ServerState& server() const { return server_; }

  const std::map<std::string, Address>& variables() const { return variables_; }
  const std::vector<Fault>& faults() const { return faults_; }  // the first kKeptFaults
  std::uint64_t fault_count() const { return heads_.fault_count; }

  // The same contexts, blocks, chunks, lists, totals and faults; stale records do not count.
  friend bool operator==(const MemoryState&, const MemoryState&);

 private:
  friend class Journal;
  friend class StateRestorer;
  template <class J>
  friend class Reducer;

  // Everything that is not in a table: saved whole before each event that is journaled.
  struct Heads {
    EventNumber event_number = 0;
    HeapTotals totals;
    ProgramPoint point;
    ContextSlot first_root;
    BlockSlot first_recycled[2];
    std::uint64_t fault_count = 0;
    friend bool operator==(const Heads&, const Heads&) = default;
  };

  Heads heads_;
  std::vector<ContextRecord> contexts_;
  std::vector<BlockRecord> blocks_;
  ChunkTable chunks_;
  std::map<std::string, Address> variables_;
  std::vector<Fault> faults_;
  ServerState server_;
};

}  // namespace palloscope::trace
