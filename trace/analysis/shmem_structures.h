// What the server keeps in shared memory: every structure that pg_shmem_allocations of 14 to 18 names, with the part of
// the server that it serves and the versions that have it (spec 11.4; samples of real servers).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace palloscope::trace {

enum class ShmemArea : std::uint8_t {
  Buffers,      // pages of tables and indexes, and what finds them
  Wal,          // the write-ahead log and recovery
  Slru,         // transaction status and its relatives, in pages of their own
  Locks,        // heavyweight, predicate
  Processes,    // who there is, snapshots, signals, messages
  Statistics,   // cumulative statistics, what each backend is doing
  Replication,  //
  Workers,      // checkpointer, autovacuum, background workers, asynchronous I/O
  Foundation,   // header, index, lightweight locks, dynamic shared memory
  Extensions,   // names that the server itself does not have
};
inline constexpr int kShmemAreaCount = 10;

struct ShmemStructure {
  std::string_view name;
  ShmemArea area = ShmemArea::Foundation;
  std::uint8_t first_major = 14, last_major = 18;
};

std::span<const ShmemStructure> shmem_structures();
// Null: no structure of the server itself.
const ShmemStructure* find_shmem_structure(std::string_view name);

// Where an allocation belongs. An anonymous one is told by its purpose, "LOCK hash: elements".
ShmemArea area_of_shmem(std::string_view name, std::string_view purpose);
// The structure that an anonymous allocation continues: "LOCK hash" of "LOCK hash: elements"; else empty.
std::string_view structure_of_purpose(std::string_view purpose);

// The version whose segment has these names, found as they come.
class ShmemVersionGuess {
 public:
  void see(std::string_view name, std::uint64_t bytes);
  // `complete`: no row is missing, so what is absent tells too. 0: it cannot be told.
  int major(bool complete) const;

 private:
  int first_ = 14, last_ = 18;
  bool blocks_are_aligned_ = false, blocks_seen_ = false;  // Buffer Blocks has room for alignment: from 16 on
};

}  // namespace palloscope::trace
