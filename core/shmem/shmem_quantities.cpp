#include "core/shmem/shmem_quantities.h"

#include <algorithm>
#include <array>

namespace palloscope::core {
namespace {

// What differs between the majors; by version, from 15.
struct Census {
  std::uint64_t other_backends;      // in MaxBackends: the autovacuum launcher; 17+ the slot sync worker
  std::uint64_t auxiliary;           // NUM_AUXILIARY_PROCS; 18: with 32 I/O workers
  std::uint64_t auxiliary_kinds;     // slots for them in the status array
  std::uint64_t individual_lwlocks;  // spec 10.3
  std::uint64_t single_children;     // 18: processes of which the postmaster has one at most
};
constexpr std::array<Census, 4> kCensus = {{{1, 5, 6, 48, 0}, {1, 5, 6, 48, 0}, {2, 6, 6, 53, 0}, {2, 38, 38, 54, 10}}};

constexpr std::uint64_t kBufferPartitions = 128, kLockPartitions = 16, kPredicateLockPartitions = 16;
constexpr std::uint64_t kIoWorkers = 32;
constexpr std::uint64_t kFastPathSlotsPerGroup = 16, kMostFastPathGroups = 1024;
constexpr std::uint64_t kMostIoConcurrency = 64;  // that the server chooses by itself

}  // namespace

ShmemQuantities::ShmemQuantities(const ShmemSettings& settings) : settings_(settings) {
  const int major = settings.major();
  const Census& census = kCensus[static_cast<std::size_t>(major - 15)];
  const auto value = [&](Guc guc) { return static_cast<std::uint64_t>(settings.get(guc)); };

  buffers = value(Guc::SharedBuffers);
  prepared = value(Guc::MaxPreparedTransactions);
  const std::uint64_t autovacuum = value(major >= 18 ? Guc::AutovacuumWorkerSlots : Guc::AutovacuumMaxWorkers);
  max_backends = value(Guc::MaxConnections) + autovacuum + value(Guc::MaxWorkerProcesses) + value(Guc::MaxWalSenders) +
                 census.other_backends;
  auxiliary = census.auxiliary;
  semaphores = max_backends + auxiliary;
  procs = max_backends + auxiliary + prepared;
  transactions = max_backends + prepared;
  status_slots = max_backends + census.auxiliary_kinds;
  // MaxLivePostmasterChildren: twice the room for those that come and go
  if (major >= 18)
    live_children = 2 * (value(Guc::MaxConnections) + value(Guc::MaxWalSenders)) + autovacuum +
                    value(Guc::MaxWorkerProcesses) + kIoWorkers + census.single_children;
  else
    live_children =
        2 * (value(Guc::MaxConnections) + autovacuum + 1 + value(Guc::MaxWalSenders) + value(Guc::MaxWorkerProcesses));
  lock_entries = value(Guc::MaxLocksPerTransaction) * transactions;
  pred_lock_entries = value(Guc::MaxPredLocksPerTransaction) * transactions;
  pred_transactions = 10 * transactions;
  if (settings.get(Guc::WalBuffers) < 0)
    wal_buffers = std::max<std::uint64_t>(8, std::min(buffers / 32, value(Guc::WalSegmentSize) / 8192));
  else
    wal_buffers = value(Guc::WalBuffers);
  lwlocks = census.individual_lwlocks + kBufferPartitions + kLockPartitions + kPredicateLockPartitions;
  if (major >= 18) {
    const std::uint64_t wanted = next_power_of_two(value(Guc::MaxLocksPerTransaction)) / kFastPathSlotsPerGroup;
    fast_path_groups = std::clamp<std::uint64_t>(wanted, 1, kMostFastPathGroups);
    if (settings.get(Guc::IoMaxConcurrency) < 0)
      io_concurrency = std::clamp<std::uint64_t>(buffers / semaphores, 1, kMostIoConcurrency);
    else
      io_concurrency = value(Guc::IoMaxConcurrency);
  }
}

// 15 and 16 scale two SLRU caches with shared_buffers; 17+ has a setting for each (0: scaled).
namespace {
std::uint64_t slru_pages(const ShmemQuantities& at, const ShmemSettings& settings, Guc guc, std::uint64_t before_17) {
  if (settings.major() < 17) return before_17;
  const std::int64_t set = settings.get(guc);
  if (set > 0) return static_cast<std::uint64_t>(set);
  return std::clamp<std::uint64_t>(at.buffers / 512 / 16 * 16, 16, 1024);
}
}  // namespace

std::uint64_t ShmemQuantities::of(Count count) const {
  const auto value = [&](Guc guc) { return static_cast<std::uint64_t>(settings_.get(guc)); };
  const auto pages = [&](Guc guc, std::uint64_t before_17) { return slru_pages(*this, settings_, guc, before_17); };
  switch (count) {
    case Count::One:
      return 1;
    case Count::Buffers:
      return buffers;
    case Count::LookupEntries:
      return buffers + kBufferPartitions;
    case Count::MaxBackends:
      return max_backends;
    case Count::Semaphores:
      return semaphores;
    case Count::Prepared:
      return prepared;
    case Count::Procs:
      return procs;
    case Count::Transactions:
      return transactions;
    case Count::StatusSlots:
      return status_slots;
    case Count::LiveChildren:
      return live_children;
    case Count::LockEntries:
      return lock_entries;
    case Count::HalfLockEntries:
      return lock_entries / 2;
    case Count::TwiceLockEntries:
      return lock_entries * 2;
    case Count::PredLockEntries:
      return pred_lock_entries;
    case Count::TwicePredLockEntries:
      return pred_lock_entries * 2;
    case Count::PredTransactions:
      return pred_transactions;
    case Count::Conflicts:
      return pred_transactions * 5;
    case Count::WalPages:
      return wal_buffers;
    case Count::LwLocks:
      return lwlocks;
    case Count::ActivityBytes:
      return value(Guc::TrackActivityQuerySize) * status_slots;
    case Count::ReplicationSlots:
      return value(Guc::MaxReplicationSlots);
    case Count::ReplicationOrigins:
      return value(settings_.major() >= 18 ? Guc::MaxActiveReplicationOrigins : Guc::MaxReplicationSlots);
    case Count::WalSenders:
      return value(Guc::MaxWalSenders);
    case Count::WorkerProcesses:
      return value(Guc::MaxWorkerProcesses);
    case Count::LogicalWorkers:
      return value(Guc::MaxLogicalReplicationWorkers);
    case Count::AutovacuumWorkers:
      return value(settings_.major() >= 18 ? Guc::AutovacuumWorkerSlots : Guc::AutovacuumMaxWorkers);
    case Count::SnapshotMinutes:
      return settings_.get(Guc::OldSnapshotThreshold) > 0 ? value(Guc::OldSnapshotThreshold) + 10 : 0;
    case Count::DynamicBytes:
      return value(Guc::MinDynamicSharedMemory) << 20;
    case Count::FastPathGroups:
      return procs * fast_path_groups;
    case Count::AioHandles:
      return semaphores * io_concurrency;
    case Count::AioVectors:
      return semaphores * io_concurrency * value(Guc::IoMaxCombineLimit);
    case Count::XactPages:
      return pages(Guc::TransactionBuffers, std::clamp<std::uint64_t>(buffers / 512, 4, 128));
    case Count::CommitTsPages:
      return pages(Guc::CommitTimestampBuffers, std::clamp<std::uint64_t>(buffers / 256, 4, 256));
    case Count::SubtransPages:
      return pages(Guc::SubtransactionBuffers, 32);
    case Count::MultixactOffsetPages:
      return pages(Guc::MultixactOffsetBuffers, 8);
    case Count::MultixactMemberPages:
      return pages(Guc::MultixactMemberBuffers, 16);
    case Count::SerialPages:
      return pages(Guc::SerializableBuffers, 16);
    case Count::NotifyPages:
      return pages(Guc::NotifyBuffers, 8);
    case Count::ShmemIndexEntries:
      return 64;
    case Count::WaitEventEntries:
      return 128;
    case Count::WaitEventInitEntries:
      return 16;
  }
  check(false, "every count is worked out");
  return 0;
}

}  // namespace palloscope::core
