// PoolCore: what the parts of the buffer manager share: the shared pool's structures in the bytes, WAL positions, who
// pins what; and the effects that several of them have: pin, unpin, write out, take a page's entry out or in.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/bufmgr/buffer_manager.h"
#include "core/bufmgr/buffer_pool.h"
#include "core/bufmgr/private_pins.h"
#include "core/bufmgr/strategy_control.h"
#include "core/mcxt/errors.h"
#include "core/shmem/dynahash.h"

namespace palloscope::core {

struct PageTagHash {
  std::size_t operator()(const PageTag& tag) const;
};

struct Relation {
  std::string name;
  std::array<std::uint32_t, 4> blocks{};  // by fork
  Persistence persistence = Persistence::Permanent;
  BackendSlot owner;  // of a temporary one; none: its session has ended
};

class PoolCore {
 public:
  PoolCore(const BufferProfile& version, const BufferSettings& wanted, AddressSpace& bytes, Backends& processes,
           EventSink& sink);

  const BufferProfile& profile;
  const BufferSettings settings;
  AddressSpace& space;
  Backends& backends;
  const BufferPlaces places;
  BufferPool pool;
  StrategyControl strategy;
  Dynahash lookup;
  std::map<RelationId, Relation> relations;
  std::uint64_t wal_inserted = 0x1000028, wal_flushed = 0x1000028;  // 0/1000028: where a new server's WAL begins

  void emit(const EventBody& event) { sink_.emit(event); }
  BackendSlot acting() const;
  PrivatePins& pins(BackendSlot backend);
  PrivatePins& pins() { return pins(acting()); }
  const Relation* find_relation(const PageTag& tag) const;
  void forget_owner(BackendSlot backend);       // of temporary relations, at its end: its slot will be another's
  bool is_permanent(const PageTag& tag) const;  // BM_PERMANENT: the relation is, or it is an init fork

  // --- the lookup table
  std::uint32_t hash_of(const PageTag& tag) const;
  BufferSlot find(const PageTag& tag, std::uint32_t hash) const;  // BufTableLookup
  BufferSlot look_up(const PageTag& tag);                         // the same, announced
  void enter(const PageTag& tag, BufferSlot buffer);              // BufTableInsert; bytes alone
  void remove(const PageTag& tag);                                // BufTableDelete; bytes alone

  // --- pins of the acting backend
  enum class Usage : std::uint8_t { Grow, OnceForRing, Keep };
  void pin(BufferSlot buffer, Usage usage);
  void unpin(BufferSlot buffer);  // and forgotten by the resource owner

  // --- words and pages
  std::uint32_t word(BufferSlot buffer) const { return pool.word(buffer.value); }
  void flag(BufferSlot buffer, std::uint32_t word);  // announced as BufferFlagged, if it is another
  std::uint64_t page_lsn(BufferSlot buffer) const;
  void set_page_lsn(BufferSlot buffer, std::uint64_t lsn);
  bool needs_wal_flush(BufferSlot buffer) const { return page_lsn(buffer) > wal_flushed; }
  void xlog_flush(std::uint64_t lsn);
  void flush_buffer(BufferSlot buffer, WriteReason reason);  // FlushBuffer
  // The page leaves: tag, flags and usage cleared, its entry gone.
  void invalidate(BufferSlot buffer, UntagReason reason);
  // The buffer becomes this page's. One that still holds another (15) is swapped.
  void assign(BufferSlot buffer, const PageTag& tag);
  void start_read(BufferSlot buffer);                   // StartBufferIO
  void finish_read(BufferSlot buffer, bool from_disk);  // TerminateBufferIO with BM_VALID
  void lay_down(const PageTag& tag, std::uint64_t lsn) { disk_[tag] = lsn; }

 private:
  EventSink& sink_;
  std::vector<PrivatePins> pins_;                                 // by BackendSlot
  std::unordered_map<PageTag, std::uint64_t, PageTagHash> disk_;  // LSN of what was written out
};

}  // namespace palloscope::core
