#include "trace/sql/event_table.h"

#include <algorithm>

#include "trace/exporters/event_text.h"
#include "trace/sql/event_scan.h"

namespace palloscope::trace::sql {
namespace {

using K = ColumnKind;

// A column and what it shows of an event.
struct EventColumn {
  Column column;
  void (*get)(const EventRow& row, Cell& into);
  // What it needs besides the event itself; empty: nothing.
  void (*need)(EventNeeds& needs) = nullptr;
};

template <auto Member>
void optional_number(const EventRow& row, Cell& into) {
  const auto& value = row.*Member;
  value ? into.unsigned_number(*value) : into.null();
}
template <auto Member>
void event_number(const EventRow& row, Cell& into) {
  into.event(row.*Member);
}
template <auto Member>
void slot_number(const EventRow& row, Cell& into) {
  const auto slot = row.*Member;
  slot ? into.unsigned_number(slot.value) : into.null();
}
template <auto Member>
void words(const EventRow& row, Cell& into) {
  const std::string& text = row.*Member;
  text.empty() ? into.null() : into.text(text);
}
template <auto Flag>
void need(EventNeeds& needs) {
  needs.state = true;
  needs.*Flag = true;
}
void need_state(EventNeeds& needs) { needs.state = true; }

void kind_name(const EventRow& row, Cell& into) { into.text(event_kind_name(row.tag)); }
void line_number(const EventRow& row, Cell& into) { row.line == 0 ? into.null() : into.number(row.line); }
void page_file(const EventRow& row, Cell& into) { row.page ? into.unsigned_number(row.page->relation) : into.null(); }
void page_block(const EventRow& row, Cell& into) { row.page ? into.unsigned_number(row.page->block) : into.null(); }
void page_fork(const EventRow& row, Cell& into) { row.page ? into.number(row.page->fork) : into.null(); }

constexpr EventColumn kEventColumns[] = {
    {{"event", K::Event, "the event's number", Push::Key}, event_number<&EventRow::number>},
    {{"kind", K::Text, "what sort of event: 'ChunkAllocated', 'ContextReset', ... (palloscope info lists them)",
      Push::Kind},
     kind_name},
    {{"text", K::Text, "what it says, in a line"}, words<&EventRow::text>, need<&EventNeeds::text>},
    {{"context", K::Event, "the context it is about: the event that created it", Push::Context},
     event_number<&EventRow::context>,
     need_state},
    {{"context_name", K::Text, "that context's name, as PostgreSQL prints it"},
     words<&EventRow::context_name>,
     need<&EventNeeds::context_name>},
    {{"context_path", K::Text, "the names from the top down to it, with ' > ' between"},
     words<&EventRow::context_path>,
     need<&EventNeeds::context_path>},
    {{"chunk", K::Event, "the chunk it is about: the event that allocated it"},
     event_number<&EventRow::chunk>,
     need_state},
    {{"region", K::Event, "the malloc'ed region (block) it is about: its Malloc"},
     event_number<&EventRow::region>,
     need_state},
    {{"address", K::Address, "where"}, optional_number<&EventRow::at>},
    {{"requested", K::Number, "bytes asked for; in a snapshot of a production build as granted"},
     optional_number<&EventRow::requested>},
    {{"granted", K::Number, "bytes that can be used"}, optional_number<&EventRow::granted>},
    {{"bytes", K::Number, "other sizes: of a region, a block, what was written or reported"},
     optional_number<&EventRow::bytes>},
    {{"size_class", K::Number, "AllocSet's freelist, 0 to 10"}, optional_number<&EventRow::size_class>},
    {{"line", K::Number, "the script's line that was running"}, line_number, need_state},
    {{"backend", K::Text, "who acted, where backends are told apart"},
     words<&EventRow::backend>,
     need<&EventNeeds::backend>},
    {{"bufferid", K::Number, "the buffer it is about, as pg_buffercache counts them"},
     optional_number<&EventRow::buffer>},
    {{"relation", K::Text, "the name of the relation whose page it is about"},
     words<&EventRow::relation>,
     need<&EventNeeds::relation>},
    {{"relfilenode", K::Number, "that page's file"}, page_file, need_state},
    {{"relforknumber", K::Number, "that page's fork"}, page_fork, need_state},
    {{"relblocknumber", K::Number, "that page's number"}, page_block, need_state},
    {{"context_slot", K::Number, "the small number by which the event calls the context"},
     slot_number<&EventRow::context_slot>},
    {{"block_slot", K::Number, "... the region"}, slot_number<&EventRow::block_slot>},
    {{"chunk_slot", K::Number, "... the chunk"}, slot_number<&EventRow::chunk_slot>},
};

void fault_kind(const EventRow& row, Cell& into) { into.text(fault_kind_name(row.fault->kind)); }
void fault_bytes(const EventRow& row, Cell& into) { into.unsigned_number(row.fault->bytes); }
void fault_born(const EventRow& row, Cell& into) { into.event(row.fault->born); }
void fault_ended(const EventRow& row, Cell& into) { into.event(row.fault->ended); }

constexpr EventColumn kFaultColumns[] = {
    {{"event", K::Event, "the event at which the mistake was made", Push::Key}, event_number<&EventRow::number>},
    {{"kind", K::Text, "which mistake: 'double free', 'use after reset', ..."}, fault_kind},
    {{"text", K::Text, "what it says, in a line"}, words<&EventRow::text>, need<&EventNeeds::text>},
    {{"address", K::Address, "the first byte concerned, or the pointer"}, optional_number<&EventRow::at>},
    {{"bytes", K::Number, "how many bytes; 0: the pointer itself"}, fault_bytes},
    {{"born", K::Event, "the event that allocated the memory (chunks.chunk)"}, fault_born},
    {{"ended", K::Event, "the event that freed, reset or deleted it; null: still allocated, or not known"},
     fault_ended},
    {{"context", K::Event, "the context concerned: the event that created it", Push::Context},
     event_number<&EventRow::context>,
     need_state},
    {{"context_name", K::Text, "its name"}, words<&EventRow::context_name>, need<&EventNeeds::context_name>},
    {{"line", K::Number, "the script's line that was running"}, line_number, need_state},
};

template <std::size_t N>
constexpr std::array<Column, N> columns_of(const EventColumn (&rows)[N]) {
  std::array<Column, N> columns;
  for (std::size_t i = 0; i < N; ++i) columns[i] = rows[i].column;
  return columns;
}
constexpr auto kEventTableColumns = columns_of(kEventColumns);
constexpr auto kFaultTableColumns = columns_of(kFaultColumns);

class EventCursor final : public Cursor {
 public:
  EventCursor(Source& source, std::span<const EventColumn> columns, bool only_faults)
      : scan_(source), columns_(columns), only_faults_(only_faults) {}

  core::Status open(const Bounds& bounds) override {
    EventNeeds needs;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].need != nullptr && bounds.reads(i)) columns_[i].need(needs);
    Bounds narrowed = bounds;
    if (only_faults_) {
      narrowed.kinds.emplace();
      (*narrowed.kinds)[core::FaultFound::kTag / 64] |= std::uint64_t{1} << (core::FaultFound::kTag % 64);
    }
    return scan_.open(narrowed, needs);
  }
  bool at_end() const override { return scan_.at_end(); }
  core::Status next() override { return scan_.next(); }
  void cell(std::size_t column, Cell& into) const override { columns_[column].get(scan_.row(), into); }

 private:
  EventScan scan_;
  std::span<const EventColumn> columns_;
  bool only_faults_;
};

class EventTable final : public Table {
 public:
  EventTable(Source& source, bool only_faults) : source_(source), only_faults_(only_faults) {}

  std::string_view name() const override { return only_faults_ ? "faults" : "events"; }
  std::string_view meaning() const override {
    return only_faults_ ? "the program's mistakes: double free, use after reset, ..." : "everything that happened";
  }
  std::span<const Column> columns() const override {
    if (only_faults_) return kFaultTableColumns;
    return kEventTableColumns;
  }
  double rows() const override {
    const auto all = static_cast<double>(source_.size);
    return only_faults_ ? std::min(all, 100.0) : all;
  }
  std::unique_ptr<Cursor> cursor() override {
    const std::span<const EventColumn> columns =
        only_faults_ ? std::span<const EventColumn>(kFaultColumns) : std::span<const EventColumn>(kEventColumns);
    return std::make_unique<EventCursor>(source_, columns, only_faults_);
  }

 private:
  Source& source_;
  bool only_faults_;
};

}  // namespace

std::unique_ptr<Table> make_event_table(Source& source) { return std::make_unique<EventTable>(source, false); }
std::unique_ptr<Table> make_fault_table(Source& source) { return std::make_unique<EventTable>(source, true); }

}  // namespace palloscope::trace::sql
