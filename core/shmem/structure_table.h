// The structures of shared memory as data: a row each, in the order in which a server of the version allocates them,
// with what its size is made of and what it is for. shmem_map.cpp turns rows and settings into offsets.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace palloscope::core {

// What a size grows with: a field of ShmemQuantities, or a product of some.
enum class Count : std::uint8_t {
  One,
  Buffers,
  LookupEntries,  // of the buffer lookup table
  MaxBackends,
  Semaphores,
  Prepared,
  Procs,
  Transactions,
  StatusSlots,
  LiveChildren,
  LockEntries,
  HalfLockEntries,
  TwiceLockEntries,
  PredLockEntries,
  TwicePredLockEntries,
  PredTransactions,
  Conflicts,  // of serializable transactions: 5 for each
  WalPages,
  LwLocks,
  ActivityBytes,  // track_activity_query_size for each status slot
  ReplicationSlots,
  ReplicationOrigins,
  WalSenders,
  WorkerProcesses,
  LogicalWorkers,
  AutovacuumWorkers,
  SnapshotMinutes,  // of the old-snapshot map; 0: it is off
  DynamicBytes,     // min_dynamic_shared_memory
  FastPathGroups,   // of all processes
  AioHandles,
  AioVectors,
  // pages of the SLRU caches
  XactPages,
  CommitTsPages,
  SubtransPages,
  MultixactOffsetPages,
  MultixactMemberPages,
  SerialPages,
  NotifyPages,
  // sizes of fixed hash tables
  ShmemIndexEntries,
  WaitEventEntries,
  WaitEventInitEntries,
};

enum class Shape : std::uint8_t {
  Plain,    // base + each * count + more * other
  Hash,     // dynahash: entries of `base` bytes
  Slru,     // pages with their control arrays
  Header,   // as Plain, but before there is a lock: aligned to 8 only
  Unknown,  // its size does not follow from the settings alone
};

enum class Presence : std::uint8_t { Always, IfAny, HotStandby, SslBuild, GssBuild, IoWorkers, IoUring };

// How CalculateShmemSize counts a row.
enum class Estimate : std::uint8_t {
  Counted,
  NotCounted,      // lives off the slack of 100000 bytes
  LocksSlack,      // counted, and a tenth more for growth; the two lock tables together
  PredicateSlack,  // the same for the two predicate lock tables
};

// How sure the row is.
enum class Knowledge : std::uint8_t {
  Rule,      // follows from the settings by a rule that was compared with real servers under several settings
  Measured,  // the same under all settings that were tried; the number was read off real servers
  Unknown,
};

inline constexpr std::uint32_t kAbsent = 0xFFFFFFFF;  // as base: this version does not have the row
using PerMajor = std::array<std::uint32_t, 4>;        // 15, 16, 17, 18

struct StructureRow {
  std::string_view name;  // empty: anonymous
  std::string_view purpose;
  Shape shape = Shape::Plain;
  PerMajor base{}, each{};
  Count count = Count::One;
  Count other = Count::One;  // Plain: of `more`; Hash: entries at the start
  PerMajor more{};
  Presence presence = Presence::Always;
  Estimate estimate = Estimate::Counted;
  std::uint32_t estimate_extra = 0;  // bytes by which the estimate is above the size
};

std::span<const StructureRow> structure_table();

// True: its size is `base` alone.
bool is_fixed(const StructureRow& row);

}  // namespace palloscope::core
