#include "trace/analysis/shmem_structures.h"

#include <algorithm>

namespace palloscope::trace {
namespace {

using enum ShmemArea;

constexpr ShmemStructure kStructures[] = {
    {"Buffer Descriptors", Buffers},
    {"Buffer Blocks", Buffers},
    {"Buffer IO Condition Variables", Buffers},
    {"Checkpoint BufferIds", Buffers},
    {"Shared Buffer Lookup Table", Buffers},
    {"Buffer Strategy Status", Buffers},
    {"Sync Scan Locations List", Buffers},

    {"XLOG Ctl", Wal},
    {"Control File", Wal},
    {"XLogPrefetchStats", Wal, 15},
    {"XLOG Recovery Ctl", Wal, 15},
    {"Wal Summarizer Ctl", Wal, 17},

    {"TransamVariables", Slru, 17},
    {"Xact", Slru, 14, 16},
    {"transaction", Slru, 17},
    {"CommitTs", Slru, 14, 16},
    {"commit_timestamp", Slru, 17},
    {"CommitTs shared", Slru},
    {"Subtrans", Slru, 14, 16},
    {"subtransaction", Slru, 17},
    {"MultiXactOffset", Slru, 14, 16},
    {"multixact_offset", Slru, 17},
    {"MultiXactMember", Slru, 14, 16},
    {"multixact_member", Slru, 17},
    {"Shared MultiXact State", Slru},
    {"Serial", Slru, 14, 16},
    {"serializable", Slru, 17},
    {"Notify", Slru, 14, 16},
    {"notify", Slru, 17},

    {"LOCK hash", Locks},
    {"PROCLOCK hash", Locks},
    {"Fast Path Strong Relation Lock Data", Locks},
    {"Fast-Path Lock Array", Locks, 18},
    {"PREDICATELOCKTARGET hash", Locks},
    {"PREDICATELOCK hash", Locks},
    {"PredXactList", Locks},
    {"SERIALIZABLEXID hash", Locks},
    {"RWConflictPool", Locks},
    {"FinishedSerializableTransactions", Locks},
    {"SerialControlData", Locks},

    {"Proc Header", Processes},
    {"PGPROC structures", Processes, 18},
    {"ProcStructLock spinlock", Processes, 18},
    {"Proc Array", Processes},
    {"KnownAssignedXids", Processes},
    {"KnownAssignedXidsValid", Processes},
    {"Prepared Transaction Table", Processes},
    {"shmInvalBuffer", Processes},
    {"PMSignalState", Processes},
    {"ProcSignal", Processes},
    {"Async Queue Control", Processes},
    {"OldSnapshotControlData", Processes, 14, 16},

    {"Backend Status Array", Statistics},
    {"Backend Application Name Buffer", Statistics},
    {"Backend Client Host Name Buffer", Statistics},
    {"Backend Activity Buffer", Statistics},
    {"Backend SSL Status Buffer", Statistics},
    {"Backend GSS Status Buffer", Statistics},
    {"Shared Memory Stats", Statistics, 15},
    {"WaitEventCustomCounterData", Statistics, 17},
    {"WaitEventCustom hash by wait event information", Statistics, 17},
    {"WaitEventCustom hash by name", Statistics, 17},

    {"ReplicationSlot Ctl", Replication},
    {"ReplicationOriginState", Replication},
    {"Wal Sender Ctl", Replication},
    {"Wal Receiver Ctl", Replication},
    {"Archiver Data", Replication},
    {"Logical Replication Launcher Data", Replication},
    {"Slot Sync Data", Replication, 17},

    {"Background Worker Data", Workers},
    {"Checkpointer Data", Workers},
    {"AutoVacuum Data", Workers},
    {"BTree Vacuum State", Workers},
    {"AioCtl", Workers, 18},
    {"AioBackend", Workers, 18},
    {"AioHandle", Workers, 18},
    {"AioHandleIOV", Workers, 18},
    {"AioHandleData", Workers, 18},
    {"AioWorkerSubmissionQueue", Workers, 18},
    {"AioWorkerControl", Workers, 18},
    {"AioUring", Workers, 18},

    {"DSM Registry Data", Foundation, 17},
    {"Preallocated DSM", Foundation},
    {"InjectionPoint data", Foundation, 17},
};

// Pieces without a name that do not say after whom they are called: the structure that they belong to.
struct PieceOwner {
  std::string_view piece, structure;
};
constexpr PieceOwner kPieces[] = {
    {"PGPROC array", "Proc Header"}, {"xids", "Proc Header"},           {"subxidStates", "Proc Header"},
    {"statusFlags", "Proc Header"},  {"ProcStructLock", "Proc Header"}, {"ShmemVariableCache", "TransamVariables"},
};

constexpr bool names_are_unique() {
  for (const ShmemStructure& a : kStructures)
    for (const ShmemStructure& b : kStructures)
      if (&a != &b && a.name == b.name) return false;
  return true;
}
static_assert(names_are_unique());

}  // namespace

std::span<const ShmemStructure> shmem_structures() { return kStructures; }

const ShmemStructure* find_shmem_structure(std::string_view name) {
  const auto found = std::find_if(std::begin(kStructures), std::end(kStructures),
                                  [&](const ShmemStructure& row) { return row.name == name; });
  return found == std::end(kStructures) ? nullptr : &*found;
}

std::string_view structure_of_purpose(std::string_view purpose) {
  const std::string_view start = purpose.substr(0, purpose.find(':'));
  for (const PieceOwner& owner : kPieces)
    if (owner.piece == start) return owner.structure;
  return find_shmem_structure(start) != nullptr ? start : std::string_view{};
}

ShmemArea area_of_shmem(std::string_view name, std::string_view purpose) {
  if (!name.empty()) {
    const ShmemStructure* structure = find_shmem_structure(name);
    return structure != nullptr ? structure->area : ShmemArea::Extensions;
  }
  const ShmemStructure* structure = find_shmem_structure(structure_of_purpose(purpose));
  return structure != nullptr ? structure->area : ShmemArea::Foundation;
}

void ShmemVersionGuess::see(std::string_view name, std::uint64_t bytes) {
  const ShmemStructure* structure = find_shmem_structure(name);
  if (structure == nullptr) return;
  first_ = std::max(first_, int{structure->first_major});
  last_ = std::min(last_, int{structure->last_major});
  if (name == "Buffer Blocks") {
    blocks_seen_ = true;
    blocks_are_aligned_ = bytes % 8192 != 0;
  }
}

int ShmemVersionGuess::major(bool complete) const {
  if (first_ > last_) return 0;
  if (first_ == last_) return first_;
  // 15 and 16 name the same; 16 pads its blocks to an I/O boundary (spec 11.5).
  if (first_ == 15 && last_ == 16 && blocks_seen_) return blocks_are_aligned_ ? 16 : 15;
  const bool newer_are_missing = complete && (last_ == 16 || first_ == 17) && first_ != 15;
  return newer_are_missing ? first_ : 0;
}

}  // namespace palloscope::trace
