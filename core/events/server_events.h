// Who acts: the server's processes, and what its maintenance does. Everything after BackendSwitched is that backend's
// doing, until the next one. A stream without these events has one nameless backend.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.h"

namespace palloscope::core {

enum class BackendKind : std::uint8_t {
  Client,            // a backend that serves a client
  ParallelWorker,    //
  Autovacuum,        // a worker
  BackgroundWriter,  //
  Checkpointer,      //
  WalWriter,         //
  Postmaster,        // also: start-up, before there are others
  Extension,         // a background worker of an extension
};
inline constexpr int kBackendKindCount = 8;

struct BackendStarted {
  static constexpr std::uint8_t kTag = 90;
  BackendSlot backend;
  BackendKind kind = BackendKind::Client;
  std::uint32_t pid = 0;  // 0: not said
  std::string name;       // as the script calls it: "backend 1", "checkpointer"
  friend bool operator==(const BackendStarted&, const BackendStarted&) = default;
};

// Its pins, rings and attachments are gone before (each with its own event).
struct BackendEnded {
  static constexpr std::uint8_t kTag = 91;
  BackendSlot backend;
  friend bool operator==(const BackendEnded&, const BackendEnded&) = default;
};

struct BackendSwitched {
  static constexpr std::uint8_t kTag = 92;
  BackendSlot backend;
  friend bool operator==(const BackendSwitched&, const BackendSwitched&) = default;
};

// --- operations of the executor that have a memory limit (spec 12) ----------------------------------------------

enum class OperationKind : std::uint8_t { Sort, HashJoin, HashAggregate };
inline constexpr int kOperationKindCount = 3;

// The state machine's states, under PostgreSQL's names where it has some (TSS_... of tuplesort).
enum class OperationPhase : std::uint8_t {
  Initial,         // sort: TSS_INITIAL, in memory
  Bounded,         // sort: TSS_BOUNDED, a heap of the best N
  BuildRuns,       // sort: TSS_BUILDRUNS, runs go to tapes
  SortedInMemory,  // sort: TSS_SORTEDINMEM
  SortedOnTape,    // sort: TSS_SORTEDONTAPE
  FinalMerge,      // sort: TSS_FINALMERGE
  Build,           // hash join: the inner side goes into the table
  Probe,           // hash join: the outer side looks things up, batch by batch
  Fill,            // hash aggregate: groups in memory
  Spill,           // hash aggregate: new groups go to partitions on disk
  Refill,          // hash aggregate: a partition is read back
};
inline constexpr int kOperationPhaseCount = 11;

// An operation begins. It allocates in `context` (and below it) through palloc, with events of its own.
struct OperationBegan {
  static constexpr std::uint8_t kTag = 93;
  OperationSlot operation;
  OperationKind kind = OperationKind::Sort;
  OperationPhase phase = OperationPhase::Initial;
  ContextSlot context;            // none: not modelled in contexts
  std::uint64_t limit_bytes = 0;  // allowedMem, spaceAllowed, hash_mem_limit
  std::string name;               // "Sort by customer"
  friend bool operator==(const OperationBegan&, const OperationBegan&) = default;
};

struct OperationPhaseChanged {
  static constexpr std::uint8_t kTag = 94;
  OperationSlot operation;
  OperationPhase phase = OperationPhase::Initial;
  friend bool operator==(const OperationPhaseChanged&, const OperationPhaseChanged&) = default;
};

// The operation's own account of itself, as it stands now (not PostgreSQL's mem_allocated: that is in the contexts).
struct OperationCounted {
  static constexpr std::uint8_t kTag = 95;
  OperationSlot operation;
  std::uint64_t used_bytes = 0;   // sort: allowedMem - availMem; hash: spaceUsed + buckets; aggregate: both contexts
  std::uint64_t limit_bytes = 0;  // now (18 may raise spaceAllowed)
  std::uint64_t tuples = 0;       // held in memory
  std::uint64_t slots = 0;        // sort: memtupsize; hash: buckets
  std::uint32_t parts = 0;        // sort: runs so far; hash join: batches; aggregate: partitions on disk
  std::uint32_t part = 0;         // hash join: current batch; sort: tapes; aggregate: partition that is read
  friend bool operator==(const OperationCounted&, const OperationCounted&) = default;
};

// Tuples went to (or came back from) a temporary file. Simulated: no file exists.
struct OperationSpilled {
  static constexpr std::uint8_t kTag = 96;
  OperationSlot operation;
  std::uint32_t part = 0;  // run, batch or partition
  std::uint64_t tuples = 0;
  std::uint64_t bytes = 0;
  bool read_back = false;  // else written
  friend bool operator==(const OperationSpilled&, const OperationSpilled&) = default;
};

// `peak_bytes`: what EXPLAIN ANALYZE rounds up to kB.
struct OperationEnded {
  static constexpr std::uint8_t kTag = 97;
  OperationSlot operation;
  std::uint64_t peak_bytes = 0;
  friend bool operator==(const OperationEnded&, const OperationEnded&) = default;
};

// --- maintenance of the buffer pool (spec 10.7) -----------------------------------------------------------------

// The dirty buffers were marked BM_CHECKPOINT_NEEDED (a BufferFlagged each, before this) and sorted.
struct CheckpointBegan {
  static constexpr std::uint8_t kTag = 98;
  std::uint32_t buffers = 0;  // to write
  friend bool operator==(const CheckpointBegan&, const CheckpointBegan&) = default;
};

struct CheckpointEnded {
  static constexpr std::uint8_t kTag = 99;
  std::uint32_t written = 0;  // by the checkpoint itself
  std::uint32_t skipped = 0;  // written by others meanwhile
  friend bool operator==(const CheckpointEnded&, const CheckpointEnded&) = default;
};

}  // namespace palloscope::core
