// A second, slow telling of spec section 10, for tests: buffers, freelist, clock hand, rings, private pins, background
// writer and checkpoint of PostgreSQL 15 to 18 as plain lists and maps. Written from the specification alone; shares
// nothing with core/bufmgr but the names of pages.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/events/buffer_events.h"

namespace palloscope::test {

struct NaiveSettings {
  int major = 17;
  int buffers = 16;
  int temp_buffers = 8;
  int max_backends = 120;
  int io_combine_limit = 16, effective_io_concurrency = 16;
  int bgwriter_lru_maxpages = 100, bgwriter_delay_ms = 200;
  double bgwriter_lru_multiplier = 2.0;
};

struct NaiveBuffer {
  std::optional<core::PageTag> page;
  int refcount = 0, usage = 0;
  bool dirty = false, just_dirtied = false, valid = false, checkpoint_needed = false, permanent = false;
  std::uint64_t lsn = 0;
  std::uint32_t word() const;
};

struct NaiveRing {
  int backend = 0;
  core::RingKind kind = core::RingKind::BulkRead;
  std::size_t current = 0;
  std::vector<int> slots;  // -1: empty
};

// An error of the server, by its message. `waits`: the server would not fail but wait for another process.
struct NaiveError {
  std::string message;
  bool waits = false;
};

struct NaiveRound {
  int allocations = 0, wanted = 0, reusable = 0, written = 0, next_to_clean = 0;
};

class NaivePool {
 public:
  explicit NaivePool(NaiveSettings settings);

  enum class Kind { Permanent, Unlogged, Temporary };
  struct Relation {
    std::uint32_t tablespace = 0, database = 0, relation = 0;
    Kind kind = Kind::Permanent;
  };

  // What backends do. Buffers are numbers: shared ones from 0, local ones behind them in the order in which pools came.
  int read(int backend, const core::PageTag& page, Kind kind, int ring = -1);
  std::vector<int> extend(int backend, const Relation& relation, std::uint32_t first_block, int pages, int ring = -1);
  void pin_again(int backend, int buffer);
  void unpin(int backend, int buffer);
  void unpin_all(int backend);
  void dirty(int backend, int buffer, std::uint64_t lsn);

  // `kb`: none: the kind's own size. Answers how many slots; 0: no ring.
  int ring_slots(core::RingKind kind, std::optional<int> kb) const;
  void make_ring(int ring, int backend, core::RingKind kind, int slots);
  void free_ring(int ring) { rings_.erase(ring); }
  void end_backend(int backend);

  void drop_fork(int backend, const Relation& relation, int fork, std::uint32_t first_block);
  void drop_relation(int backend, const Relation& relation);
  void drop_database(int backend, std::uint32_t database);
  void flush_relation(int backend, const Relation& relation);
  void flush_database(std::uint32_t database);
  void insert_wal(std::uint64_t end) { wal_inserted_ = end; }
  void flush_wal(std::uint64_t lsn);  // takes along whatever is inserted by then

  NaiveRound background_round();
  int begin_checkpoint(bool all);  // how many are to be written
  // Looks after so many of them (of one tablespace: two are balanced, which is left out here). Answers whether some are
  // left. What was written meanwhile is skipped.
  bool continue_checkpoint(int buffers);
  int checkpoint_written() const { return checkpoint_written_; }

  // The state.
  const NaiveSettings& settings() const { return settings_; }
  const std::vector<NaiveBuffer>& buffers() const { return buffers_; }
  const std::deque<int>& freelist() const { return freelist_; }
  std::uint32_t next_victim() const { return next_victim_; }
  std::uint32_t complete_passes() const { return complete_passes_; }
  std::uint64_t wal_flushed() const { return wal_flushed_; }
  const std::map<int, NaiveRing>& rings() const { return rings_; }
  // (buffer, count) in the order of first pins.
  const std::vector<std::pair<int, int>>& pins(int backend) { return pins_[backend]; }
  int unpinned_shared() const;
  struct LocalPool {
    int first = 0, next = 0;
  };
  const std::map<int, LocalPool>& local_pools() const { return local_; }
  std::optional<int> where(const core::PageTag& page) const;  // shared

  struct Counts {
    std::uint64_t requests = 0, hits = 0, ticks = 0, evictions = 0;
    std::uint64_t writes[4] = {};  // by core::WriteReason
  };
  const Counts& counts() const { return counts_; }  // of the shared pool

 private:
  NaiveBuffer& at(int buffer) { return buffers_[static_cast<std::size_t>(buffer)]; }
  bool is_local(int buffer) const { return buffer >= settings_.buffers; }
  int& private_count(int backend, int buffer);
  bool add_private(int backend, int buffer);  // true: the first one
  void pin(int backend, int buffer, bool counts_use, bool in_ring);

  int victim(int backend, int ring);
  int from_freelist_or_clock();
  void write(int buffer, core::WriteReason reason);
  void put_page(int buffer, const core::PageTag& page, Kind kind);
  void invalidate(int backend, int buffer);

  LocalPool& local_pool(int backend);
  int local_victim(int backend);
  int local_read(int backend, const core::PageTag& page);

  NaiveSettings settings_;
  std::vector<NaiveBuffer> buffers_;
  std::deque<int> freelist_;
  std::uint32_t next_victim_ = 0, complete_passes_ = 0;
  int allocations_ = 0;  // since the background writer last asked
  std::uint64_t wal_flushed_ = 0, wal_inserted_ = 0;
  std::map<int, NaiveRing> rings_;
  std::map<int, std::vector<std::pair<int, int>>> pins_;  // by backend
  std::map<int, LocalPool> local_;                        // by backend
  Counts counts_;

  // The background writer's memory.
  bool saved_ = false;
  int saved_strategy_ = 0, next_to_clean_ = 0;
  std::uint32_t saved_passes_ = 0, next_passes_ = 0;
  float smoothed_alloc_ = 0, smoothed_density_ = 10;

  std::vector<int> to_checkpoint_;  // in writing order
  std::size_t checkpoint_at_ = 0;
  int checkpoint_written_ = 0;
};

}  // namespace palloscope::test
