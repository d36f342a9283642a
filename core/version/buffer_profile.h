// BufferProfile: what differs between PostgreSQL's majors in the buffer pool and in shared hash tables, as data.
// Writers (core/bufmgr, core/shmem) and readers (core/walk/buffer_pool) of the bytes share it. Spec 10, 11.3.
#pragma once

#include <array>
#include <cstdint>

#include "core/version/version_profile.h"

namespace palloscope::core {

inline constexpr std::uint64_t kBlockBytes = 8192;          // BLCKSZ
inline constexpr std::uint32_t kBufferPartitions = 128;     // NUM_BUFFER_PARTITIONS
inline constexpr std::uint32_t kInvalidBlock = 0xFFFFFFFF;  // InvalidBlockNumber
inline constexpr std::int32_t kFreeNextEnd = -1, kFreeNextNotInList = -2;

// HASHHDR, segments and elements of dynahash (spec 11.3). The directory follows the header.
struct DynahashLayout {
  std::uint64_t header_bytes = 848, segment_slots = 256, free_list_bytes = 24, element_bytes = 16;
  std::uint32_t free_lists = 32;                       // of a partitioned table; others use the first
  Field mutex{0, 1}, entries{8, 8}, free_list{16, 8};  // in a free list; they begin at 0
  Field dsize{768, 8}, nsegs{776, 8}, max_bucket{784, 4}, high_mask{788, 4}, low_mask{792, 4}, keysize{800, 8},
      entrysize{808, 8}, num_partitions{816, 8}, max_dsize{824, 8}, ssize{832, 8}, sshift{840, 4}, nelem_alloc{844, 4};
  Field link{0, 8}, hash{8, 4};  // in an element; the key is behind, at element_bytes
};

// BufferDesc (spec 10.1). The array's stride is padded; local descriptors are not.
struct BufferDescLayout {
  std::uint64_t stride = 64, struct_bytes = 52;
  Field tablespace{0, 4}, database{4, 4}, relation{8, 4}, fork{12, 4}, block{16, 4}, buf_id{20, 4}, state{24, 4},
      wait_backend_pgprocno{28, 4}, free_next{32, 4};
  Field io_wref_index;  // 18: of the asynchronous I/O under way; all ones: none. Two words of its generation follow
  std::uint16_t content_lock = 36;
  Field lock_tranche{0, 2}, lock_state{4, 4}, lock_head{8, 4}, lock_tail{12, 4};  // in an LWLock
};

// BufferStrategyControl (spec 10.4)
struct StrategyControlLayout {
  std::uint64_t bytes = 28;
  Field lock{0, 1}, next_victim{4, 4}, first_free{8, 4}, last_free{12, 4}, complete_passes{16, 4}, allocs{20, 4},
      bgwprocno{24, 4};
};

// BufferAccessStrategyData (spec 10.8)
struct RingLayout {
  std::uint64_t bytes = 12;  // fixed part
  Field btype{0, 4}, nbuffers{4, 4}, current{8, 4}, current_was_in_ring;
  std::uint16_t buffers = 12;  // int32 each
};

// Ring sizes in kB (spec 10.8).
struct RingSizes {
  std::uint32_t bulk_read_kb = 256, bulk_write_kb = 16 * 1024, vacuum_kb = 256;
  bool bulk_read_follows_io = false;  // 18: grows with io_combine_limit * effective_io_concurrency, up to the pin limit
  bool vacuum_settable = false;       // 16+: vacuum_buffer_usage_limit
};

struct BufferRules {
  bool victim_invalidated_first = true;    // 16+: the old page leaves before the new one is entered; 15 swaps the two
  bool extends_by_victims = true;          // 16+: ExtendBufferedRel takes its victims first and looks nothing up
  bool blocks_aligned = true;              // 16+: BufferBlocks, and local blocks, start at a multiple of 4096
  bool local_pins_in_word = false;         // 18: the state word of a local buffer counts its pin
  std::int32_t invalid_procno = -1;        // INVALID_PGPROCNO; 15, 16: the largest int
  std::uint16_t content_tranche = 61;      // LWTRANCHE_BUFFER_CONTENT
  std::uint32_t lock_released = 1u << 29;  // LWLock.state of a lock that nobody holds: LW_FLAG_RELEASE_OK
  std::uint32_t auxiliary_processes = 6;   // NUM_AUXILIARY_PROCS (spec 11.2)
  bool owner_error_names_kind = true;      // 17+: how a pin that is not one's own is complained of
};

struct BufferProfile {
  int major = 17;
  DynahashLayout hash;
  BufferDescLayout descriptor;
  StrategyControlLayout strategy;
  RingLayout ring;
  RingSizes ring_sizes;
  BufferRules rules;
};

// 15..18; null for others.
const BufferProfile* find_buffer_profile(int major);

}  // namespace palloscope::core
