// Shared memory (spec 11): segments, what is allocated in them under which name, who is attached, and on which node of
// the machine their pages lie.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.h"

namespace palloscope::core {

enum class SegmentKind : std::uint8_t {
  Main,          // the anonymous shared mapping
  SystemV,       // the little one that guards the data directory
  Dynamic,       // DSM, with a file of its own below /dev/shm
  Preallocated,  // DSM inside "Preallocated DSM" of the main segment
};
inline constexpr int kSegmentKindCount = 4;

struct SegmentCreated {
  static constexpr std::uint8_t kTag = 120;
  SegmentSlot segment;
  SegmentKind kind = SegmentKind::Main;
  Address at;                       // in the backend that made it
  std::uint64_t bytes = 0;          // as mapped
  std::uint64_t page_bytes = 4096;  // of the operating system: huge pages are larger
  std::uint32_t handle = 0;         // DSM; 0 else
  std::string name;                 // "/PostgreSQL.1234"; what it is for
  friend bool operator==(const SegmentCreated&, const SegmentCreated&) = default;
};

struct SegmentDestroyed {
  static constexpr std::uint8_t kTag = 121;
  SegmentSlot segment;
  friend bool operator==(const SegmentDestroyed&, const SegmentDestroyed&) = default;
};

// `refcnt`: the control item's, after (spec 11.7: attachers + 1, + 1 if pinned; 1: being destroyed). 0: not counted.
struct SegmentAttached {
  static constexpr std::uint8_t kTag = 122;
  SegmentSlot segment;
  BackendSlot backend;
  Address at;  // in that backend
  std::uint32_t refcnt = 0;
  friend bool operator==(const SegmentAttached&, const SegmentAttached&) = default;
};

struct SegmentDetached {
  static constexpr std::uint8_t kTag = 123;
  SegmentSlot segment;
  BackendSlot backend;
  std::uint32_t refcnt = 0;
  friend bool operator==(const SegmentDetached&, const SegmentDetached&) = default;
};

// dsm_pin_segment, dsm_unpin_segment.
struct SegmentPinned {
  static constexpr std::uint8_t kTag = 124;
  SegmentSlot segment;
  bool pinned = true;
  std::uint32_t refcnt = 0;
  friend bool operator==(const SegmentPinned&, const SegmentPinned&) = default;
};

// A piece of the segment was handed out, for ever. Pieces come in the order of their offsets. One with a name is in
// the ShmemIndex; one without is what pg_shmem_allocations sums up as <anonymous>.
struct ShmemAllocated {
  static constexpr std::uint8_t kTag = 125;
  SegmentSlot segment;
  std::uint64_t offset = 0;           // from the segment's start
  std::uint64_t bytes = 0;            // asked for
  std::uint64_t allocated_bytes = 0;  // rounded up to a cache line, 128 bytes
  std::string name;                   // empty: anonymous
  std::string purpose;                // anonymous: whose it is: "LWLock array", "LOCK hash: elements"; else empty
  friend bool operator==(const ShmemAllocated&, const ShmemAllocated&) = default;
};

// ShmemInitStruct found the name: this backend uses what is there.
struct ShmemFound {
  static constexpr std::uint8_t kTag = 126;
  SegmentSlot segment;
  BackendSlot backend;
  std::string name;
  friend bool operator==(const ShmemFound&, const ShmemFound&) = default;
};

// RequestAddinShmemSpace, RequestNamedLWLockTranche: room that a library asked for before the segment's size is known.
struct ShmemRequested {
  static constexpr std::uint8_t kTag = 127;
  std::string library;
  std::uint64_t bytes = 0;
  std::uint32_t lwlocks = 0;
  friend bool operator==(const ShmemRequested&, const ShmemRequested&) = default;
};

enum class HugePages : std::uint8_t { Off, On, Try };  // the setting
inline constexpr int kHugePagesCount = 3;

// mmap with MAP_HUGETLB was tried: `pages` huge pages were wanted of `available`.
struct HugePagesTried {
  static constexpr std::uint8_t kTag = 128;
  HugePages setting = HugePages::Try;
  std::uint64_t page_bytes = 0;
  std::uint64_t pages = 0;
  std::uint64_t available = 0;
  bool granted = false;
  friend bool operator==(const HugePagesTried&, const HugePagesTried&) = default;
};

// --- the machine -----------------------------------------------------------------------------------------------

struct NumaNodeAdded {
  static constexpr std::uint8_t kTag = 129;
  std::uint32_t node = 0;
  std::uint32_t cores = 0;
  std::uint64_t memory_bytes = 0;
  friend bool operator==(const NumaNodeAdded&, const NumaNodeAdded&) = default;
};

// The backend runs on a core of this node.
struct BackendPlaced {
  static constexpr std::uint8_t kTag = 130;
  BackendSlot backend;
  std::uint32_t node = 0;
  friend bool operator==(const BackendPlaced&, const BackendPlaced&) = default;
};

enum class NumaPolicy : std::uint8_t {
  FirstTouch,  // the kernel's default: the node of who touches the page first
  Interleave,  // numactl --interleave=all: page by page in turn
  Bind,        // numactl --membind: one node
};
inline constexpr int kNumaPolicyCount = 3;

struct NumaPolicySet {
  static constexpr std::uint8_t kTag = 131;
  NumaPolicy policy = NumaPolicy::FirstTouch;
  std::uint32_t node = 0;  // Bind
  friend bool operator==(const NumaPolicySet&, const NumaPolicySet&) = default;
};

// Pages of the segment that had none got memory on a node. `offset` and `bytes` are multiples of its page size.
struct PagesPlaced {
  static constexpr std::uint8_t kTag = 132;
  SegmentSlot segment;
  std::uint64_t offset = 0, bytes = 0;
  std::uint32_t node = 0;
  BackendSlot backend;  // who touched them first
  friend bool operator==(const PagesPlaced&, const PagesPlaced&) = default;
};

// Already placed pages were used from a node: what the backend pays.
struct PagesUsed {
  static constexpr std::uint8_t kTag = 133;
  SegmentSlot segment;
  BackendSlot backend;
  std::uint64_t local_bytes = 0, remote_bytes = 0;
  friend bool operator==(const PagesUsed&, const PagesUsed&) = default;
};

// --- reported (pg_shmem_allocations_numa) ------------------------------------------------------------------------

struct ShmemNodeReported {
  static constexpr std::uint8_t kTag = 87;
  std::string name;        // empty: anonymous
  std::int32_t node = -1;  // -1: not resident
  std::uint64_t bytes = 0;
  friend bool operator==(const ShmemNodeReported&, const ShmemNodeReported&) = default;
};

}  // namespace palloscope::core
