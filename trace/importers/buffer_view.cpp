// Rows of pg_buffercache as CSV (spec 9.5), one row a buffer: the pool as a server showed it. The freelist, the clock
// hand and who pins are not in the view. A header again, or another time stamp, begins another moment of the same pool;
// it says only what differs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "trace/analysis/buffer_moments.h"
#include "trace/importers/csv_rows.h"
#include "trace/importers/importer.h"
#include "trace/replay/server_state.h"

namespace palloscope::trace {
namespace {

namespace bits = core::buffer_bits;

enum Column : std::size_t { Id, Relation, Tablespace, Database, Fork, Block, Dirty, Usage, Pins, kColumnCount };
constexpr std::array<std::string_view, kColumnCount> kColumns = {"bufferid",    "relfilenode",   "reltablespace",
                                                                 "reldatabase", "relforknumber", "relblocknumber",
                                                                 "isdirty",     "usagecount",    "pinning_backends"};
constexpr std::size_t kNeeded = Pins;  // pinning_backends came later than the others

constexpr std::uint64_t kOid = 0xFFFFFFFF, kLastBlock = 0xFFFFFFFE, kLastFork = 3;

// So few rows may not name so large a pool: it would be nearly all gaps, and cost memory that the file does not account
// for.
constexpr std::uint64_t largest_pool(std::uint64_t rows) { return 65536 + 64 * rows; }

struct Row {
  SeenBuffer seen;           // word 0: no page
  std::uint32_t buffer = 0;  // from 0
  std::uint64_t line = 0;
};

class BufferView {
 public:
  BufferView(CsvRows& rows, core::EventSink& sink) : rows_(rows), sink_(sink), pool_(sink) {}

  core::Status take();
  core::Result<DumpFacts> finish();

 private:
  core::Result<Row> read_row() const;
  core::Result<std::vector<SeenBuffer>> by_buffer() const;
  core::Status flush(bool complete);

  CsvRows& rows_;
  core::EventSink& sink_;
  DumpFacts facts_;
  std::vector<Row> rows_read_;  // of this moment, as they came
  BufferMoments pool_;
  std::string label_;
  std::uint32_t pid_ = 0;
};

core::Result<Row> BufferView::read_row() const {
  Row row;
  row.line = rows_.line();
  std::size_t nulls = 0;
  for (std::size_t column = Relation; column <= Usage; ++column) nulls += rows_.is_null(column) ? 1 : 0;
  if (nulls == Usage) return row;  // all of them: the buffer holds no page
  if (nulls != 0)
    return rows_.error(
        "a buffer has either all columns or, if it holds no page, only its bufferid; copy the row again");

  std::uint64_t numbers[kColumnCount] = {};
  const std::pair<Column, std::uint64_t> limits[] = {
      {Relation, kOid},    {Tablespace, kOid},       {Database, kOid},           {Fork, kLastFork},
      {Block, kLastBlock}, {Usage, core::kMaxUsage}, {Pins, bits::kRefcountMask}};
  for (const auto& [column, largest] : limits) {
    if (column == Pins && (!rows_.has(Pins) || rows_.is_null(Pins))) continue;
    const core::Result<std::uint64_t> number = rows_.number(column, largest);
    if (!number) return number.error();
    numbers[column] = *number;
  }
  const std::string_view dirty = rows_.text(Dirty);
  const bool is_dirty = dirty == "t" || dirty == "true";
  if (!is_dirty && dirty != "f" && dirty != "false")
    return rows_.error(
        fmt::format("isdirty is \"{:.40}\", which is neither t nor f; is this a row of pg_buffercache, "
                    "unchanged?",
                    dirty));
  const auto narrow = [&](Column column) { return static_cast<std::uint32_t>(numbers[column]); };
  row.seen.tag = {narrow(Tablespace), narrow(Database), narrow(Relation), static_cast<std::int32_t>(numbers[Fork]),
                  narrow(Block)};
  row.seen.word = bits::kTagValid | bits::kValid | narrow(Usage) << bits::kUsageShift | narrow(Pins);
  if (is_dirty) row.seen.word |= bits::kDirty;
  return row;
}

core::Status BufferView::take() {
  const bool another = rows_.follows_header() || rows_.label() != label_ || rows_.pid() != pid_;
  if (!rows_read_.empty() && another)
    if (const core::Status status = flush(true); !status) return status;
  label_ = rows_.label();
  pid_ = rows_.pid();

  const core::Result<std::uint64_t> id = rows_.number(Id, kMostBuffers);
  if (!id) return id.error();
  if (*id == 0)
    return rows_.error("bufferid is 0, but buffers count from 1; is this a row of pg_buffercache, unchanged?");
  if (pool_.is_begun() && *id > pool_.buffers())
    return rows_.error(
        fmt::format("bufferid is {}, but the moment before had {} buffers, and a pool does not grow; select all rows, "
                    "and put each server's into a file of its own",
                    *id, pool_.buffers()));
  core::Result<Row> row = read_row();
  if (!row) return row.error();
  row->buffer = static_cast<std::uint32_t>(*id - 1);
  rows_read_.push_back(*row);
  return core::Done{};
}

core::Result<std::vector<SeenBuffer>> BufferView::by_buffer() const {
  std::uint64_t buffers = pool_.buffers();
  for (const Row& row : rows_read_) buffers = std::max<std::uint64_t>(buffers, row.buffer + std::uint64_t{1});
  if (!pool_.is_begun() && buffers > largest_pool(rows_read_.size()))
    return rows_.error(
        fmt::format("there is a bufferid {}, but there are only {} rows; select all rows of pg_buffercache", buffers,
                    rows_read_.size()));
  std::vector<SeenBuffer> all(buffers);
  std::vector<std::uint64_t> lines(buffers);
  for (const Row& row : rows_read_) {
    if (lines[row.buffer] != 0)
      return core::Error{core::ErrorCode::BadFormat,
                         fmt::format("line {}: bufferid {} has a row already, in line {}; put a header, or a column "
                                     "now, before the rows of another moment",
                                     row.line, row.buffer + 1, lines[row.buffer])};
    all[row.buffer] = row.seen;
    lines[row.buffer] = row.line;
  }
  return all;
}

core::Status BufferView::flush(bool complete) {
  core::Result<std::vector<SeenBuffer>> all = by_buffer();
  if (!all) return all.error();
  sink_.emit(core::SnapshotBegan{label_, pid_});
  const std::size_t buffers = all->size();
  pool_.emit(std::move(*all));
  std::string problem;
  if (!complete) problem = "the file ends within a row";
  if (rows_read_.size() < buffers)
    problem += fmt::format("{}{} of {} buffers have no row: they are shown as empty", problem.empty() ? "" : "; ",
                           buffers - rows_read_.size(), buffers);
  sink_.emit(core::SnapshotEnded{std::move(problem)});
  ++facts_.dumps;
  rows_read_.clear();
  return core::Done{};
}

core::Result<DumpFacts> BufferView::finish() {
  if (!rows_read_.empty())
    if (const core::Status status = flush(!rows_.cut()); !status) return status.error();
  facts_.origin = "pg_buffercache";
  return facts_;
}

}  // namespace

int sniff_buffer_view(std::string_view head) {
  return find_csv_header(head, std::span(kColumns).first(kNeeded)) ? 99 : 0;
}

core::Result<DumpFacts> emit_buffer_view(TextSource& source, core::EventSink& sink) {
  CsvRows rows(source, kColumns, kNeeded, "pg_buffercache");
  BufferView view(rows, sink);
  while (true) {
    const core::Result<bool> more = rows.next();
    if (!more) return more.error();
    if (!*more) break;
    if (const core::Status status = view.take(); !status) return status.error();
  }
  return view.finish();
}

}  // namespace palloscope::trace
