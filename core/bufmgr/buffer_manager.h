// BufferManager: PostgreSQL's buffer pool (bufmgr.c, freelist.c, buf_table.c, localbuf.c; spec 10) in the bytes of a
// simulated process: descriptors, strategy control and lookup table at the version's own offsets. Its functions are
// PostgreSQL's, in snake_case; the backend that acts (core/server) does them. Every effect is an event, announced when
// its bytes are complete. Input and output are simulated: a page that is read or written is only said to be.
//
// PostgreSQL's errors are thrown as Ereport. Backends act in turn, so there are no races; what a server would wait for
// is thrown as WouldWait. Bytes that somebody trampled end in a Crash, as in a server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bufmgr/buffer_tallies.h"
#include "core/events/event_sink.h"
#include "core/mcxt/errors.h"
#include "core/memory/address_space.h"
#include "core/server/backends.h"
#include "core/version/buffer_profile.h"

namespace palloscope::core {

// Where the structures lie. Null: the manager maps them by itself, at addresses of its own.
struct BufferPlaces {
  Address descriptors;  // "Buffer Descriptors"
  Address blocks;       // BufferBlocks: the first page, aligned
  Address strategy;     // "Buffer Strategy Status"
  Address lookup;       // HASHHDR of "Shared Buffer Lookup Table": made already (dynahash.h), and empty
};

struct BufferSettings {
  std::uint32_t buffers = 16384;  // shared_buffers in pages, from 2 on
  BufferPlaces places;
  std::uint32_t temp_buffers = 1024;
  std::uint32_t max_backends = 120;  // MaxBackends: what one backend's fair share of pins follows from (18's rings)
  std::uint32_t io_combine_limit = 16, effective_io_concurrency = 16;  // pages; requests
  std::uint32_t bgwriter_lru_maxpages = 100, bgwriter_delay_ms = 200;
  double bgwriter_lru_multiplier = 2.0;
};

// A relation as buffers know it. Names and lengths are for people and for extending; a tag needs none of them.
struct RelationId {
  std::uint32_t tablespace = 1663, database = 5, relation = 0;  // pg_default, postgres
  friend constexpr auto operator<=>(const RelationId&, const RelationId&) = default;
};
enum class Persistence : std::uint8_t { Permanent, Unlogged, Temporary };

struct CheckpointFlags {
  bool flush_all = false;  // also at shutdown and end of recovery: unlogged relations too
};

// A server's process would sleep here until another one does something.
struct WouldWait {
  std::string what;
};

// Where a backend's private memory comes from. Without it, or if it answers null: addresses of the manager's own.
struct PrivateMemory {
  std::function<Address(BackendSlot, std::uint64_t bytes)> calloc;        // local descriptors
  std::function<Address(BackendSlot, std::uint64_t bytes)> local_blocks;  // in LocalBufferContext
};

class BufferManager {
 public:
  // InitBufferPool: BufferPoolCreated. Profile, space and sink must outlive it; backends end while it lives.
  BufferManager(const BufferProfile& profile, const BufferSettings& settings, AddressSpace& space, Backends& backends,
                EventSink& sink, PrivateMemory memory = {});
  ~BufferManager();
  BufferManager(const BufferManager&) = delete;
  BufferManager& operator=(const BufferManager&) = delete;

  // --- relations: RelationNamed. Without a name a relation is permanent and its length not known (0)
  void name_relation(RelationId id, std::string_view name, std::uint32_t blocks, Persistence = Persistence::Permanent);
  std::uint32_t relation_blocks(RelationId id, std::int32_t fork = 0) const;

  // --- pages. They answer pinned buffers. A temporary relation's pages come into the acting backend's local buffers.
  BufferSlot read_buffer(const PageTag& tag, RingSlot ring = {});  // ReadBufferExtended
  // ExtendBufferedRelBy: `pages` new pages at the relation's end (15: one after another).
  std::vector<BufferSlot> extend_buffered_rel(RelationId id, std::uint32_t pages = 1, RingSlot ring = {},
                                              std::int32_t fork = 0);
  void incr_buffer_ref_count(BufferSlot buffer);
  void release_buffer(BufferSlot buffer);  // not pinned by the acting backend: Ereport
  // The change was logged up to `lsn` (0: not logged, as for unlogged and temporary relations always).
  void mark_buffer_dirty(BufferSlot buffer, std::uint64_t lsn);
  // The acting backend's transaction ends: its pins are released, the last taken first (ResourceOwnerRelease).
  void release_all_pins();
  // Only those that were taken since it held `kept` of them (an error in a subtransaction).
  void release_pins_above(std::size_t kept);
  std::size_t pins_held() const;  // by the acting backend, each as often as it was taken

  // --- rings
  // GetAccessStrategy, GetAccessStrategyWithSize (`kb`; vacuum_buffer_usage_limit). None: kb 0 means no ring. `memory`:
  // where the acting backend palloc'ed ring_bytes(), zeroed; null: its private memory is not modelled.
  RingSlot get_access_strategy(RingKind kind, std::optional<std::uint32_t> kb = {}, Address memory = {});
  std::uint32_t ring_slots(RingKind kind, std::optional<std::uint32_t> kb = {}) const;
  std::uint64_t ring_bytes(std::uint32_t slots) const;
  void free_access_strategy(RingSlot ring);

  // --- dropping and flushing
  void drop_relation_buffers(RelationId id, std::int32_t fork = 0, std::uint32_t first_block = 0);  // truncate
  void drop_relations_all_buffers(RelationId id);                                                   // all forks
  void drop_database_buffers(std::uint32_t database);
  void flush_relation_buffers(RelationId id);
  void flush_database_buffers(std::uint32_t database);

  // --- WAL: only how far it is written, and on disk
  std::uint64_t xlog_insert(std::uint32_t bytes = 64);  // the record's end
  void xlog_flush(std::uint64_t lsn);                   // WalFlushed, if it was not that far
  std::uint64_t wal_inserted() const;
  std::uint64_t wal_flushed() const;

  // --- maintenance
  bool bg_buffer_sync();  // BgBufferSync, one round; true: it may hibernate
  void check_point_buffers(CheckpointFlags flags = {});
  // The same in pieces, so that others can act in between: how many buffers are to be written; then as many as asked
  // for, true while some are left; after the last one it has ended.
  std::uint32_t begin_checkpoint(CheckpointFlags flags = {});
  bool continue_checkpoint(std::uint32_t buffers);
  bool checkpoint_in_progress() const;

  // --- looks
  const BufferProfile& profile() const;
  const BufferSettings& settings() const;
  const BufferPlaces& places() const;  // where they lie now
  std::uint32_t buffers() const;
  static constexpr PoolSlot shared_pool() { return PoolSlot{0}; }
  PoolSlot local_pool(BackendSlot backend) const;  // none: it has none yet
  std::uint32_t state_word(BufferSlot buffer) const;
  PageTag tag_of(BufferSlot buffer) const;
  BufferSlot find_buffer(const PageTag& tag) const;  // shared; none: in no buffer
  std::uint32_t private_count(BackendSlot backend, BufferSlot buffer) const;
  std::uint32_t hash_of(const PageTag& tag) const;
  const PoolTallies& tallies(PoolSlot pool) const;  // the manager's own counters
  bool exists(BufferSlot buffer) const;
  bool is_local(BufferSlot buffer) const { return buffer.value >= buffers(); }
  // PostgreSQL's Buffer: from 1 on; local ones from -1 downwards.
  std::int32_t buffer_number(BufferSlot buffer) const;
  // The backend's local buffer of this (negative) number; none: it has no such.
  BufferSlot local_buffer(BackendSlot backend, std::int64_t number) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace palloscope::core
