// The shared memory of a moment: pg_shmem_allocations, and all segments.
#include <string>
#include <vector>

#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"
#include "trace/exporters/shmem_rows.h"
#include "trace/sql/moment_table.h"
#include "trace/sql/moment_tables.h"

namespace palloscope::trace::sql {
namespace {

using K = ColumnKind;

std::vector<ShmemRow> allocation_rows(const MemoryState& state, const core::StreamDescription& description) {
  return shmem_rows(state.server(), description);
}

constexpr MomentColumn<ShmemRow> kShmemColumns[] = {
    {{"name", K::Text, "the structure's name; null: what nobody has taken"},
     [](const ShmemRow& row, Cell& into) { row.name ? into.text(printable(*row.name)) : into.null(); }},
    {{"off", K::Number, "bytes from the start of the segment; null: in many places"},
     [](const ShmemRow& row, Cell& into) { row.offset ? into.unsigned_number(*row.offset) : into.null(); }},
    {{"size", K::Number, "bytes asked for"}, [](const ShmemRow& row, Cell& into) { into.unsigned_number(row.bytes); }},
    {{"allocated_size", K::Number, "with the padding behind it"},
     [](const ShmemRow& row, Cell& into) { into.unsigned_number(row.allocated_bytes); }},
    {{"allocation", K::Event, "the event that allocated it", Push::None, true},
     [](const ShmemRow& row, Cell& into) { into.event(row.born); }},
};
constexpr auto kShmemTableColumns = moment_columns(kShmemColumns);
constexpr MomentDefinition<ShmemRow> kShmemView{
    "pg_shmem_allocations", "the main segment of shared memory at the cursor, as the server's own view shows it",
    kShmemTableColumns, kShmemColumns, allocation_rows};

std::vector<SegmentRecord> segment_rows(const MemoryState& state, const core::StreamDescription&) {
  std::vector<SegmentRecord> rows;
  for (const SegmentRecord& segment : state.server().segments)
    if (segment.born != 0) rows.push_back(segment);
  return rows;
}

constexpr MomentColumn<SegmentRecord> kSegmentColumns[] = {
    {{"segment", K::Event, "the segment, by the event that created it"},
     [](const SegmentRecord& row, Cell& into) { into.event(row.born); }},
    {{"kind", K::Text, "what sort of segment it is, as the events name it"},
     [](const SegmentRecord& row, Cell& into) { into.text(segment_kind_name(row.kind)); }},
    {{"name", K::Text, "what it is for"},
     [](const SegmentRecord& row, Cell& into) { row.name.empty() ? into.null() : into.text(printable(row.name)); }},
    {{"handle", K::Number, "a dynamic segment's handle; null: it has none"},
     [](const SegmentRecord& row, Cell& into) { row.handle == 0 ? into.null() : into.number(row.handle); }},
    {{"bytes", K::Number, "how large it is"},
     [](const SegmentRecord& row, Cell& into) { into.unsigned_number(row.bytes); }},
    {{"page_bytes", K::Number, "of the pages it is made of: 4096, or huge ones"},
     [](const SegmentRecord& row, Cell& into) { into.unsigned_number(row.page_bytes); }},
    {{"allocated_bytes", K::Number, "up to where it is handed out"},
     [](const SegmentRecord& row, Cell& into) { into.unsigned_number(row.allocated_bytes); }},
    {{"refcnt", K::Number, "references that the control segment counts"},
     [](const SegmentRecord& row, Cell& into) { into.number(row.refcnt); }},
    {{"pinned", K::Number, "1: stays when nobody is attached"},
     [](const SegmentRecord& row, Cell& into) { into.number(row.pinned ? 1 : 0); }},
    {{"attached", K::Number, "backends that are attached"},
     [](const SegmentRecord& row, Cell& into) { into.unsigned_number(row.attached.size()); }},
    {{"address", K::Address, "where it lies; null: not known"},
     [](const SegmentRecord& row, Cell& into) { row.at ? into.unsigned_number(row.at.value) : into.null(); }},
};
constexpr auto kSegmentTableColumns = moment_columns(kSegmentColumns);
constexpr MomentDefinition<SegmentRecord> kSegments{"segments",
                                                    "the segments of shared memory at the cursor, main and dynamic",
                                                    kSegmentTableColumns, kSegmentColumns, segment_rows};

}  // namespace

std::unique_ptr<Table> make_shmem_view(Source& source, Moment& moment) {
  return std::make_unique<MomentTable<ShmemRow>>(source, moment, kShmemView);
}
std::unique_ptr<Table> make_segment_table(Source& source, Moment& moment) {
  return std::make_unique<MomentTable<SegmentRecord>>(source, moment, kSegments);
}

}  // namespace palloscope::trace::sql
