// SharedMemory: the main segment of a simulated server, in the bytes: made from the settings at start-up, piece by
// piece in the version's order, with its header, the index and every hash table of it; and the calls that find and make
// structures in it afterwards (spec 11.1 to 11.3). What each piece holds beside that is left to others (core/bufmgr).
//
// The bytes tell all: header (freeoffset, index) and index entries; the object keeps only where they are. Errors are
// PostgreSQL's own, thrown as Ereport; FATAL and ERROR look alike here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event_sink.h"
#include "core/mcxt/errors.h"
#include "core/memory/address_space.h"
#include "core/server/backends.h"
#include "core/shmem/dynahash.h"
#include "core/shmem/huge_pages.h"
#include "core/shmem/shmem_map.h"

namespace palloscope::core {

inline constexpr Address kMainSegment{0x7b00'0000'0000};
inline constexpr Address kInterlockSegment{0x7c80'0000'0000};

// PGShmemHeader (spec 11.1)
struct ShmemHeaderLayout {
  std::uint64_t bytes = 56;
  std::uint32_t magic_value = 679834894;
  Field magic{0, 4}, creator_pid{4, 4}, total_size{8, 8}, free_offset{16, 8}, dsm_control{24, 4}, index{32, 8},
      device{40, 8}, inode{48, 8};
};
// ShmemIndexEnt (spec 11.2)
struct ShmemIndexLayout {
  std::uint32_t bytes = 72, key_bytes = 48;
  Field location{48, 8}, size{56, 8}, allocated_size{64, 8};
};

// What the machine has of huge pages when the segment is made.
struct HugePageSupply {
  std::uint64_t free_pages = 0;
  std::uint64_t page_bytes = kDefaultHugePage;
};

// Kept by addition alone, beside bytes and events.
struct ShmemTallies {
  std::uint64_t pieces = 0, named = 0, allocated_bytes = 0;
  friend bool operator==(const ShmemTallies&, const ShmemTallies&) = default;
};

class SharedMemory {
 public:
  SharedMemory(AddressSpace& space, EventSink& sink, Backends& backends, const ShmemSettings& settings);

  const ShmemSettings& settings() const { return settings_; }
  const ShmemMap& plan() const { return plan_; }  // once the segment is made

  // --- before the segment: what libraries ask for, while their shmem_request_hook runs
  void begin_requests() { requesting_ = true; }
  void end_requests() { requesting_ = false; }
  void request_addin_space(std::string_view library, std::uint64_t bytes);  // RequestAddinShmemSpace
  // What is thrown where no hook runs; `what`: "shared memory", "LWLocks".
  static Ereport outside_of_hook(std::string_view what);
  void request_tranche(std::string_view library, std::string_view name, std::uint32_t locks);

  // CreateSharedMemoryAndSemaphores: the anonymous mapping, the System V interlock, and all structures in their order.
  void create(const HugePageSupply& supply = {});
  bool exists() const { return exists_; }

  // --- afterwards
  struct Structure {
    Address at;
    bool found = false;
  };
  Structure init_struct(std::string_view name, std::uint64_t bytes);  // ShmemInitStruct
  Structure init_hash(std::string_view name, const DynahashShape& shape);
  Address alloc(std::uint64_t bytes, std::string_view purpose = {});  // ShmemAlloc
  Address tranche(std::string_view name) const;                       // GetNamedLWLockTranche
  std::optional<ShmemPiece> find(std::string_view name) const;        // from the index

  SegmentSlot segment() const { return kMain; }
  std::uint64_t mapped_bytes() const { return mapped_bytes_; }
  std::uint64_t page_bytes() const { return page_bytes_; }
  std::uint64_t total_bytes() const { return load(kMainSegment, header_.total_size); }
  std::uint64_t free_offset() const { return load(kMainSegment, header_.free_offset); }
  const ShmemTallies& tallies() const { return tallies_; }

  // --- for dynamic shared memory, which lives beside it
  SegmentSlot new_slot();
  void free_slot(SegmentSlot slot);
  void set_dsm_control(std::uint32_t handle);  // in the System V copy alone
  AddressSpace& space() { return space_; }
  EventSink& sink() { return sink_; }

 private:
  static constexpr SegmentSlot kMain{0}, kInterlock{1};

  std::uint64_t load(Address base, Field field) const;
  void store(Address base, Field field, std::uint64_t value);
  void map_segments(const HugePageSupply& supply);
  void write_header(Address at, std::uint64_t total_bytes);
  void check_exists() const;
  void count_chain() const;
  // Room behind the free offset, as `bytes` rounded up; null: there is not enough.
  Address take(std::uint64_t bytes);
  void announce(Address at, std::uint64_t bytes, std::uint64_t allocated, std::string_view name,
                std::string_view purpose);
  Address enter_index(std::string_view name);  // the new entry; null: no room for it
  void place_piece(const ShmemPiece& piece);
  void create_hash(std::size_t& next);
  Address take_planned(const ShmemPiece& piece, std::uint64_t place);

  AddressSpace& space_;
  EventSink& sink_;
  Backends& backends_;
  ShmemSettings settings_;
  ShmemMap plan_;
  ShmemRequests requests_;
  ShmemHeaderLayout header_;
  ShmemIndexLayout entry_;
  bool requesting_ = false, exists_ = false;
  std::uint64_t mapped_bytes_ = 0, page_bytes_ = kSmallPage;
  std::optional<Dynahash> index_;
  Address locks_;  // MainLWLockArray
  std::uint64_t fixed_locks_ = 0;
  ShmemTallies tallies_;
  std::vector<bool> slots_;
};

}  // namespace palloscope::core
