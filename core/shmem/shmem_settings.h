// ShmemSettings: the server settings (GUCs) that decide how large shared memory is, with each version's own defaults
// and limits, written as PostgreSQL writes them: "128MB", "4GB", "on", or a plain number in the setting's own unit.
// What follows from them (MaxBackends, NBuffers, ...) is in shmem_quantities.h.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace palloscope::core {

// In the order of the table; values are kept in the unit that pg_settings shows.
enum class Guc : std::uint8_t {
  SharedBuffers,  // pages of 8 kB
  MaxConnections,
  MaxPreparedTransactions,
  MaxWorkerProcesses,
  MaxWalSenders,
  MaxReplicationSlots,
  MaxActiveReplicationOrigins,  // 18
  MaxLogicalReplicationWorkers,
  AutovacuumMaxWorkers,
  AutovacuumWorkerSlots,  // 18
  MaxLocksPerTransaction,
  MaxPredLocksPerTransaction,
  WalBuffers,              // pages of 8 kB; -1: from shared_buffers
  WalSegmentSize,          // bytes; fixed at initdb
  TrackActivityQuerySize,  // bytes
  HotStandby,
  OldSnapshotThreshold,    // minutes; 15, 16
  MinDynamicSharedMemory,  // MB
  TransactionBuffers,      // pages of 8 kB, 17+; 0: from shared_buffers
  CommitTimestampBuffers,
  SubtransactionBuffers,
  MultixactOffsetBuffers,
  MultixactMemberBuffers,
  SerializableBuffers,
  NotifyBuffers,
  IoMethod,           // 18
  IoMaxConcurrency,   // 18; -1: from shared_buffers
  IoMaxCombineLimit,  // 18; pages of 8 kB
  HugePages,
  HugePageSize,  // kB; 0: the kernel's
};
inline constexpr int kGucCount = 30;

enum class GucType : std::uint8_t { Integer, Bool, Choice };
// What a plain number counts, in bytes or seconds; None: things.
enum class GucUnit : std::uint8_t { None, Byte, KiloByte, Block, MegaByte, Minute };

struct GucRow {
  Guc guc{};
  std::string_view name;
  GucType type = GucType::Integer;
  GucUnit unit = GucUnit::None;
  std::int64_t least = 0, most = 0;
  std::array<std::int64_t, 4> boot{};  // by version, from 15
  int since = 15, until = 18;          // majors that have it
  std::string_view choices = {};       // Choice: "off,on,try", in the order of their values
};

std::span<const GucRow> guc_table();
// A setting of this version; null: it has none of that name.
const GucRow* find_guc(std::string_view name, int major);
const GucRow& guc_row(Guc guc);

// How the program was configured: parts of shared memory that are there only in such builds.
struct ServerBuild {
  bool ssl = true;
  bool gss = false;
  friend bool operator==(const ServerBuild&, const ServerBuild&) = default;
};

class ShmemSettings {
 public:
  // The version's defaults. 15 to 18. The build: that of the servers on which the tables were measured (SSL in all,
  // GSS in 15).
  explicit ShmemSettings(int major);

  int major() const { return major_; }
  std::int64_t get(Guc guc) const { return values_[static_cast<std::size_t>(guc)]; }
  // The text as PostgreSQL takes it in postgresql.conf. The error names the setting and says what it takes.
  Status set(std::string_view name, std::string_view text);
  Status set_value(Guc guc, std::int64_t value);
  // "shared_buffers=128MB"
  Status set_assignment(std::string_view assignment);
  // As SHOW prints it: "128MB", "100", "on".
  std::string show(Guc guc) const;

  ServerBuild build;

  friend bool operator==(const ShmemSettings&, const ShmemSettings&) = default;

 private:
  int major_;
  std::array<std::int64_t, kGucCount> values_{};
};

// "4GB" -> bytes; a bare number counts `unit` bytes. PostgreSQL's units: B, kB, MB, GB, TB, written exactly so.
Result<std::int64_t> parse_bytes(std::string_view text, std::int64_t unit);

}  // namespace palloscope::core
