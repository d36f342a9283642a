// Reads events in their order for the tables that are made of them. Blocks of events that cannot hold what is wanted
// are passed over by their summaries; the state is replayed only where a column needs it. Works in small portions, so
// that a question can be stopped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trace/replay/event_store.h"
#include "trace/replay/walker.h"
#include "trace/sql/table.h"

namespace palloscope::trace::sql {

// One event, as far as it was asked for. Numbers that it does not have are empty.
struct EventRow {
  EventNumber number = 0;
  std::uint8_t tag = 0;
  ContextSlot context_slot;
  BlockSlot block_slot;
  ChunkSlot chunk_slot;
  std::optional<std::uint32_t> buffer, size_class;
  std::optional<core::PageTag> page;
  std::optional<std::uint64_t> at, requested, granted, bytes;
  std::optional<core::FaultFound> fault;
  // With the state.
  EventNumber context = 0, region = 0, chunk = 0;
  std::string context_name, context_path, text, backend, relation;
  std::uint32_t line = 0;
};

// What of an event needs more than itself.
struct EventNeeds {
  bool state = false;  // anything below, or context, region, chunk
  bool context_name = false, context_path = false, text = false, backend = false, relation = false;
};

class EventScan {
 public:
  explicit EventScan(Source& source) : source_(source), walker_(source.timeline->events(), 0) {}

  core::Status open(const Bounds& bounds, const EventNeeds& needs);
  bool at_end() const { return row_ >= rows_; }
  const EventRow& row() const { return kept_[row_]; }
  core::Status next();

 private:
  static constexpr EventNumber kPortion = 256;

  core::Status fill();
  core::Status read_plain(EventNumber to);
  core::Status read_with_state(EventNumber to);
  core::Status find_context(EventNumber born);
  bool concerns(const BlockSummary& summary) const;
  bool wants(std::uint8_t tag) const {
    return !bounds_.kinds || (((*bounds_.kinds)[tag / 64u] >> (tag % 64u)) & 1) != 0;
  }
  EventRow& add_row(EventNumber number, std::uint8_t tag);
  template <class E>
  void before(const E& event);
  void after();

  Source& source_;
  Bounds bounds_;
  EventNeeds needs_;
  EventNumber next_ = 1, last_ = 0;
  ContextSlot context_;  // of bounds_.context
  std::vector<EventRow> kept_;
  std::size_t rows_ = 0, row_ = 0;

  Walker walker_;
  EventRow* open_row_ = nullptr;  // of the event that is being applied
  core::EventBody body_;
  BlockEvents plain_;
  EventNumber plain_next_ = 0;  // the event that plain_ reads next; 0: none
  std::size_t plain_block_ = 0;
  std::uint64_t portions_ = 0;
};

// The names from the top down, as the window writes them: "TopMemoryContext > ExecutorState". Empty: no such context.
std::string context_path(const MemoryState& state, ContextSlot context);

}  // namespace palloscope::trace::sql
