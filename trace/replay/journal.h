// Journal: the old values of what events changed, so that any event can be undone without code of its own, and so
// that views can show what changed. Keeps the latest events within a budget of memory; older ones are forgotten.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "trace/replay/memory_state.h"
#include "trace/replay/server_undo.h"

namespace palloscope::trace {

// What bulk replay uses: saves nothing, costs nothing.
struct NullJournal {
  void begin(const MemoryState&) {}
  void save(ContextSlot, const ContextNumbers&) {}
  void save_words(ContextSlot, const ContextWords&) {}
  void save(BlockSlot, const BlockRecord&) {}
  void save(ChunkSlot, const ChunkRecord&) {}
  void save_drop(ChunkSlot, ChunkState) {}
  void save_variable(const std::string&, std::optional<Address>) {}
  template <class Record>
  void save_server(std::uint32_t, const Record&) {}
  void save_server(const ServerPoint&) {}
  template <class Record>
  void save_server_size(std::size_t) {}
};

class Journal {
 public:
  explicit Journal(std::size_t budget_bytes = std::size_t{32} << 20) : budget_bytes_(budget_bytes) {}

  // Called by the reducer: `begin` before anything of an event is changed, then each record before it changes.
  // Saving a record twice in one event is harmless.
  void begin(const MemoryState& state);
  void save(ContextSlot slot, const ContextNumbers& old) { numbers_.push_back({slot, old}); }
  void save_words(ContextSlot slot, const ContextWords& old);
  void save(BlockSlot slot, const BlockRecord& old) { blocks_.push_back({slot, old}); }
  void save(ChunkSlot slot, const ChunkRecord& old) { chunks_.push_back({slot, old}); }
  // A chunk that only becomes Gone: its stale record keeps the rest.
  void save_drop(ChunkSlot slot, ChunkState old) { drops_.push_back({slot, old}); }
  void save_variable(const std::string& name, std::optional<Address> old) { variables_.push_back({name, old}); }
  // A record of a server table, the server's point, the length of a server table.
  template <class Record>
  void save_server(std::uint32_t index, const Record& old) {
    server_.save(index, old);
  }
  void save_server(const ServerPoint& old) { server_.save(old); }
  template <class Record>
  void save_server_size(std::size_t size) {
    server_.save_size<Record>(size);
  }

  // Older events are forgotten from now on where they do not fit.
  void set_budget(std::size_t bytes) { budget_bytes_ = bytes; }
  std::size_t bytes() const;

  // How many of the latest events can be undone.
  std::size_t size() const { return entries_.size(); }
  // Takes the state back over its latest event. False if that event is not in the journal.
  bool undo(MemoryState& state);
  void clear();

  // The records that the latest `events` events (at most size()) touched, as they were before them; slots in order.
  // A record that did not exist then is as default.
  struct OldRecords {
    std::vector<std::pair<ContextSlot, ContextRecord>> contexts;
    std::vector<std::pair<BlockSlot, BlockRecord>> blocks;
    std::vector<std::pair<ChunkSlot, ChunkRecord>> chunks;
    std::vector<std::pair<BufferSlot, BufferRecord>> buffers;
    HeapTotals totals;
    ProgramPoint point;
  };
  OldRecords before(const MemoryState& state, std::size_t events) const;

 private:
  // Where each table of saved records stood when the event began, and all that is not in a table.
  struct Entry {
    MemoryState::Heads heads;
    std::uint32_t context_slots = 0, block_slots = 0, chunk_slots = 0;
    std::size_t numbers = 0, words = 0, blocks = 0, chunks = 0, drops = 0, variables = 0, server = 0;
  };
  struct Words {
    ContextSlot slot;
    ContextWords old;
    std::size_t bytes = 0;
  };

  void forget_older_half();

  std::size_t budget_bytes_;
  std::size_t word_bytes_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::pair<ContextSlot, ContextNumbers>> numbers_;
  std::vector<Words> words_;
  std::vector<std::pair<BlockSlot, BlockRecord>> blocks_;
  std::vector<std::pair<ChunkSlot, ChunkRecord>> chunks_;
  std::vector<std::pair<ChunkSlot, ChunkState>> drops_;
  std::vector<std::pair<std::string, std::optional<Address>>> variables_;
  ServerUndo server_;
};

}  // namespace palloscope::trace
