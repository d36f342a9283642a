// What follows from the settings, and what PostgreSQL's size formulas multiply by (spec 11.2, 11.5).
#pragma once

#include <cstdint>

#include "core/shmem/shmem_settings.h"
#include "core/shmem/structure_table.h"

namespace palloscope::core {

struct ShmemQuantities {
  std::uint64_t buffers = 0;        // NBuffers
  std::uint64_t max_backends = 0;   // MaxBackends
  std::uint64_t auxiliary = 0;      // processes besides them that have a PGPROC: checkpointer, WAL writer, ...
  std::uint64_t semaphores = 0;     // a PGSemaphore each
  std::uint64_t prepared = 0;       // max_prepared_transactions
  std::uint64_t procs = 0;          // PGPROCs: backends, auxiliary, prepared
  std::uint64_t transactions = 0;   // backends and prepared: who can hold locks and transaction ids
  std::uint64_t status_slots = 0;   // rows of the Backend Status Array, ProcSignal slots
  std::uint64_t live_children = 0;  // flags of PMSignalState
  std::uint64_t lock_entries = 0;   // NLOCKENTS
  std::uint64_t pred_lock_entries = 0;
  std::uint64_t pred_transactions = 0;  // SERIALIZABLEXACTs
  std::uint64_t wal_buffers = 0;        // pages
  std::uint64_t lwlocks = 0;            // of the main array, without those of extensions
  std::uint64_t fast_path_groups = 0;   // 18: groups of 16 fast-path slots a process
  std::uint64_t io_concurrency = 0;     // 18: io_max_concurrency, as decided

  explicit ShmemQuantities(const ShmemSettings& settings);

  // What a row's size grows with.
  std::uint64_t of(Count count) const;

 private:
  ShmemSettings settings_;
};

constexpr std::uint64_t next_power_of_two(std::uint64_t number) {
  std::uint64_t power = 1;
  while (power < number) power *= 2;
  return power;
}

}  // namespace palloscope::core
