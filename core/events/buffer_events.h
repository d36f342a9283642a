// The buffer pool (spec 10): what happens to descriptors, the lookup table, the freelist, the clock hand and the rings.
// An event that changes a descriptor carries the state word as it is then (spec 10.2), all 32 bits.
//
// Buffers are named by BufferSlot: the shared pool's are 0..N-1 (bufferid - 1); each backend's local pool, if it has
// one, takes the numbers behind those that exist already.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.h"

namespace palloscope::core {

// BufferTag: which page of which file. 20 bytes in the descriptor (spec 10.1).
struct PageTag {
  std::uint32_t tablespace = 0, database = 0, relation = 0;  // oids; relation: the relfilenumber
  std::int32_t fork = 0;                                     // 0 main, 1 free space map, 2 visibility map, 3 init
  std::uint32_t block = 0;
  friend constexpr auto operator<=>(const PageTag&, const PageTag&) = default;
};

// Bits of the state word (spec 10.2).
namespace buffer_bits {
inline constexpr std::uint32_t kRefcountMask = 0x3FFFF;
inline constexpr unsigned kUsageShift = 18;
inline constexpr std::uint32_t kUsageMask = 0xFu << kUsageShift;
inline constexpr std::uint32_t kUsageOne = 1u << kUsageShift;
inline constexpr std::uint32_t kLocked = 1u << 22;
inline constexpr std::uint32_t kDirty = 1u << 23;
inline constexpr std::uint32_t kValid = 1u << 24;
inline constexpr std::uint32_t kTagValid = 1u << 25;
inline constexpr std::uint32_t kIoInProgress = 1u << 26;
inline constexpr std::uint32_t kIoError = 1u << 27;
inline constexpr std::uint32_t kJustDirtied = 1u << 28;
inline constexpr std::uint32_t kPinCountWaiter = 1u << 29;
inline constexpr std::uint32_t kCheckpointNeeded = 1u << 30;
inline constexpr std::uint32_t kPermanent = 1u << 31;
}  // namespace buffer_bits

constexpr std::uint32_t refcount_of(std::uint32_t word) { return word & buffer_bits::kRefcountMask; }
constexpr std::uint32_t usage_of(std::uint32_t word) {
  return (word & buffer_bits::kUsageMask) >> buffer_bits::kUsageShift;
}
inline constexpr std::uint32_t kMaxUsage = 5;  // BM_MAX_USAGE_COUNT

// `buffers` empty descriptors from `first` on. With a freelist all of them are on it, in order (15-18 at start);
// without (19, and pools known only from pg_buffercache) nobody knows or needs one. The hand stands at the first.
struct BufferPoolCreated {
  static constexpr std::uint8_t kTag = 100;
  PoolSlot pool;
  BackendSlot backend;  // none: the shared pool; else the owner of these local buffers
  BufferSlot first;
  std::uint32_t buffers = 0;
  bool freelist = false;
  friend bool operator==(const BufferPoolCreated&, const BufferPoolCreated&) = default;
};

// What people call the relation of a tag. `blocks`: its length in pages, 0: not said.
struct RelationNamed {
  static constexpr std::uint8_t kTag = 101;
  std::uint32_t tablespace = 0, database = 0, relation = 0;
  std::uint32_t blocks = 0;
  std::string name;
  friend bool operator==(const RelationNamed&, const RelationNamed&) = default;
};

// A backend asks for a page (ReadBuffer): what the following events, up to BufferPinned or an error, are steps of.
struct PageRequested {
  static constexpr std::uint8_t kTag = 102;
  PoolSlot pool;
  PageTag tag;
  RingSlot ring;         // none: the normal strategy
  bool for_new = false;  // extends the relation: the page is not read but zeroed
  friend bool operator==(const PageRequested&, const PageRequested&) = default;
};

// BufTableLookup: the tag's hash, its bucket and partition, and what stands there.
struct PageLookedUp {
  static constexpr std::uint8_t kTag = 103;
  std::uint32_t hash = 0;
  std::uint32_t bucket = 0;
  std::uint32_t partition = 0;
  BufferSlot buffer;  // none: the page is in no buffer
  friend bool operator==(const PageLookedUp&, const PageLookedUp&) = default;
};

// The freelist's first buffer left it. Not taken (pinned or used meanwhile): the next one is tried.
struct FreelistPopped {
  static constexpr std::uint8_t kTag = 104;
  BufferSlot buffer;
  bool taken = true;
  friend bool operator==(const FreelistPopped&, const FreelistPopped&) = default;
};

// The buffer stands at the freelist's head.
struct FreelistPushed {
  static constexpr std::uint8_t kTag = 105;
  BufferSlot buffer;
  friend bool operator==(const FreelistPushed&, const FreelistPushed&) = default;
};

enum class ClockVerdict : std::uint8_t {
  Spared,  // usage count above 0: one less
  Pinned,  // somebody uses it: passed over
  Taken,   // usage count 0 and no pin
};

// The hand looked at this buffer and went one further; `completePasses` counts when it came round (spec 10.5).
struct ClockTicked {
  static constexpr std::uint8_t kTag = 106;
  BufferSlot buffer;
  ClockVerdict verdict = ClockVerdict::Spared;
  std::uint32_t word = 0;             // after
  std::uint32_t next_victim = 0;      // nextVictimBuffer, as it is stored, after
  std::uint32_t complete_passes = 0;  // after
  friend bool operator==(const ClockTicked&, const ClockTicked&) = default;
};

enum class RingVerdict : std::uint8_t {
  Empty,    // the slot holds none: freelist or clock fill it
  Taken,    // used again
  InUse,    // pinned, or usage above 1: freelist or clock give another
  WalFirst  // bulk read: writing it out would need a WAL flush, so it leaves the ring
};

// The ring went on to its next slot and looked.
struct RingStepped {
  static constexpr std::uint8_t kTag = 107;
  RingSlot ring;
  std::uint32_t slot = 0;
  RingVerdict verdict = RingVerdict::Empty;
  friend bool operator==(const RingStepped&, const RingStepped&) = default;
};

// The slot holds this buffer from now on (none: emptied).
struct RingSlotSet {
  static constexpr std::uint8_t kTag = 108;
  RingSlot ring;
  std::uint32_t slot = 0;
  BufferSlot buffer;
  friend bool operator==(const RingSlotSet&, const RingSlotSet&) = default;
};

enum class RingKind : std::uint8_t { BulkRead, BulkWrite, Vacuum };  // BAS_...
inline constexpr int kRingKindCount = 3;

struct RingCreated {
  static constexpr std::uint8_t kTag = 109;
  RingSlot ring;
  BackendSlot backend;
  RingKind kind = RingKind::BulkRead;
  std::uint32_t slots = 0;
  friend bool operator==(const RingCreated&, const RingCreated&) = default;
};

struct RingFreed {
  static constexpr std::uint8_t kTag = 110;
  RingSlot ring;
  friend bool operator==(const RingFreed&, const RingFreed&) = default;
};

// PinBuffer: the backend's private count is one more; its first pin counts in the word (spec 10.6).
struct BufferPinned {
  static constexpr std::uint8_t kTag = 111;
  BufferSlot buffer;
  BackendSlot backend;
  std::uint32_t word = 0;
  friend bool operator==(const BufferPinned&, const BufferPinned&) = default;
};

struct BufferUnpinned {
  static constexpr std::uint8_t kTag = 112;
  BufferSlot buffer;
  BackendSlot backend;
  std::uint32_t word = 0;
  friend bool operator==(const BufferUnpinned&, const BufferUnpinned&) = default;
};

// MarkBufferDirty. `lsn`: of the WAL record behind the change (0: none).
struct BufferDirtied {
  static constexpr std::uint8_t kTag = 113;
  BufferSlot buffer;
  std::uint32_t word = 0;
  std::uint64_t lsn = 0;
  friend bool operator==(const BufferDirtied&, const BufferDirtied&) = default;
};

enum class WriteReason : std::uint8_t {
  Victim,            // a backend needs the buffer for another page
  BackgroundWriter,  //
  Checkpoint,        //
  Flush,             // the relation or database is flushed
};
inline constexpr int kWriteReasonCount = 4;

// The page was written out; DIRTY is gone unless it was dirtied again meanwhile. I/O is simulated.
struct BufferWritten {
  static constexpr std::uint8_t kTag = 114;
  BufferSlot buffer;
  WriteReason reason = WriteReason::Victim;
  std::uint32_t word = 0;
  friend bool operator==(const BufferWritten&, const BufferWritten&) = default;
};

// Any other change of the state word: what changed is what differs (I/O in progress, valid, checkpoint needed, usage).
struct BufferFlagged {
  static constexpr std::uint8_t kTag = 115;
  BufferSlot buffer;
  std::uint32_t word = 0;
  friend bool operator==(const BufferFlagged&, const BufferFlagged&) = default;
};

// The buffer is this page's from now on: in its descriptor and in the lookup table. If it still held another one (15),
// that page is evicted by the same event.
struct BufferTagged {
  static constexpr std::uint8_t kTag = 116;
  BufferSlot buffer;
  PageTag tag;
  std::uint32_t word = 0;
  friend bool operator==(const BufferTagged&, const BufferTagged&) = default;
};

enum class UntagReason : std::uint8_t {
  Evicted,  // another page needs the buffer
  Dropped,  // its relation or database was dropped or truncated
};

// The page has left the buffer: its entry in the lookup table is gone.
struct BufferUntagged {
  static constexpr std::uint8_t kTag = 117;
  BufferSlot buffer;
  UntagReason reason = UntagReason::Evicted;
  std::uint32_t word = 0;
  friend bool operator==(const BufferUntagged&, const BufferUntagged&) = default;
};

// WAL is on disk up to here (XLogFlush): what must precede the write of a page with that LSN.
struct WalFlushed {
  static constexpr std::uint8_t kTag = 118;
  std::uint64_t lsn = 0;
  friend bool operator==(const WalFlushed&, const WalFlushed&) = default;
};

// One round of BgBufferSync is over (its writes came before).
struct BackgroundRound {
  static constexpr std::uint8_t kTag = 119;
  std::uint32_t allocations = 0;    // since the last round
  std::uint32_t wanted = 0;         // reusable buffers that it wanted to have ready
  std::uint32_t reusable = 0;       // that it counted, with those it knew
  std::uint32_t written = 0;        //
  std::uint32_t next_to_clean = 0;  // where it goes on
  friend bool operator==(const BackgroundRound&, const BackgroundRound&) = default;
};

// --- reported (pg_buffercache) ----------------------------------------------------------------------------------

// pg_buffercache_summary of a pool whose buffers are not known one by one.
struct PoolReported {
  static constexpr std::uint8_t kTag = 84;
  PoolSlot pool;
  std::uint32_t used = 0, unused = 0, dirty = 0, pinned = 0;
  std::uint64_t usage_sum = 0;  // usagecount_avg * used, rounded
  friend bool operator==(const PoolReported&, const PoolReported&) = default;
};

// One row of pg_buffercache_usage_counts.
struct UsageCountReported {
  static constexpr std::uint8_t kTag = 85;
  PoolSlot pool;
  std::uint32_t usage = 0, buffers = 0, dirty = 0, pinned = 0;
  friend bool operator==(const UsageCountReported&, const UsageCountReported&) = default;
};

// One row of pg_buffercache_numa: an OS page of this buffer lies on that node.
struct BufferNodeReported {
  static constexpr std::uint8_t kTag = 86;
  BufferSlot buffer;
  std::uint64_t os_page = 0;
  std::int32_t node = -1;
  friend bool operator==(const BufferNodeReported&, const BufferNodeReported&) = default;
};

}  // namespace palloscope::core
