// Rows of pg_backend_memory_contexts as CSV (spec 9.3): of 14 to 17 in depth-first order with level and parent's name,
// of 18 breadth-first with type and path. Columns are found by the header, so they may stand in any order and others
// may be among them: `now` (or ts, time) becomes the moment's label, `pid` its PID. Without a header the view's own
// columns are expected. A header again, or TopMemoryContext again, begins another moment.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "trace/importers/csv_reader.h"
#include "trace/importers/importer.h"
#include "trace/importers/stats_line.h"

namespace palloscope::trace {
namespace {

enum Column { Name, Ident, Parent, Type, Level, Path, Total, Blocks, Free, FreeChunks, Used, Time, Pid, kColumnCount };

constexpr std::array<std::string_view, kColumnCount> kColumnNames = {
    "name",          "ident",      "parent",      "type",       "level", "path", "total_bytes",
    "total_nblocks", "free_bytes", "free_chunks", "used_bytes", "now",   "pid"};
constexpr Column kNeeded[] = {Name, Level, Total, Blocks, Free, FreeChunks, Used};
constexpr Column kColumnsTo17[] = {Name, Ident, Parent, Level, Total, Blocks, Free, FreeChunks, Used};
constexpr Column kColumns18[] = {Name, Ident, Type, Level, Path, Total, Blocks, Free, FreeChunks, Used};
constexpr std::string_view kDelimiters = ",;\t";
constexpr std::string_view kTop = "TopMemoryContext";

constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);
using Places = std::array<std::size_t, kColumnCount>;  // where each column stands

bool is_header(const std::vector<std::string>& fields) {
  const auto has = [&](std::string_view name) { return std::find(fields.begin(), fields.end(), name) != fields.end(); };
  return has("name") && (has("total_bytes") || has("used_bytes")) && has("level");
}

Places places_of(const std::vector<std::string>& header) {
  Places places;
  places.fill(kAbsent);
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string& field = header[i];
    const auto found = std::find(kColumnNames.begin(), kColumnNames.end(), field);
    std::size_t column = static_cast<std::size_t>(found - kColumnNames.begin());
    if (field == "ts" || field == "time" || field == "clock_timestamp") column = Time;
    if (field == "pg_backend_pid") column = Pid;
    if (column < kColumnCount && places[column] == kAbsent) places[column] = i;
  }
  return places;
}

// The columns of the view itself, for a file without a header.
std::optional<Places> places_without_header(const std::vector<std::string>& fields) {
  const auto try_columns = [&](std::span<const Column> columns) -> std::optional<Places> {
    if (fields.size() != columns.size()) return std::nullopt;
    Places places;
    places.fill(kAbsent);
    for (std::size_t i = 0; i < columns.size(); ++i) places[columns[i]] = i;
    for (const Column number : {Level, Total, Blocks, Free, FreeChunks, Used})
      if (!parse_number(fields[places[number]])) return std::nullopt;
    return places;
  };
  if (const auto places = try_columns(kColumnsTo17)) return places;
  return try_columns(kColumns18);
}

std::optional<core::ContextKind> kind_named(std::string_view type) {
  if (type == "AllocSet") return core::ContextKind::AllocSet;
  if (type == "Generation") return core::ContextKind::Generation;
  if (type == "Slab") return core::ContextKind::Slab;
  if (type == "Bump") return core::ContextKind::Bump;
  return std::nullopt;
}

std::string_view first_line_of(std::string_view head) {
  if (head.substr(0, 3) == "\xEF\xBB\xBF") head.remove_prefix(3);
  return head.substr(0, head.find('\n'));
}

// The delimiter with which the line is a header or a row of the view.
std::optional<char> find_delimiter(std::string_view line) {
  for (const char delimiter : kDelimiters) {
    const std::vector<std::string> fields = split_csv_line(line, delimiter);
    if (is_header(fields) || places_without_header(fields)) return delimiter;
  }
  return std::nullopt;
}

struct Row {
  StatsLine line;  // its views point into the strings below
  std::string name, parent;
  std::optional<std::string> ident;
  std::uint64_t level = 0;
  std::vector<std::uint32_t> path;  // empty: the column is absent
  std::uint64_t line_number = 0;
};

class ContextView {
 public:
  explicit ContextView(const DumpConsumer& consumer) : consumer_(consumer) {}

  core::Status take(const std::vector<CsvField>& record, std::uint64_t line_number);
  // `cut`: the file ended within a record.
  DumpFacts finish(bool cut);

 private:
  core::Status header(const std::vector<std::string>& fields, std::uint64_t line_number);
  void flush(bool complete);
  std::vector<std::uint32_t> parents_by_path(DumpBuilder& builder) const;
  std::vector<std::uint32_t> parents_by_level(DumpBuilder& builder) const;

  const DumpConsumer& consumer_;
  std::optional<Places> places_;
  std::vector<Row> rows_;
  std::string label_;
  std::uint32_t pid_ = 0;
  DumpFacts facts_;
};

core::Error bad_row(std::uint64_t line_number, std::string what) {
  return {core::ErrorCode::BadFormat, fmt::format("line {}: {}", line_number, what)};
}

core::Status ContextView::header(const std::vector<std::string>& fields, std::uint64_t line_number) {
  flush(true);
  places_ = places_of(fields);
  for (const Column column : kNeeded)
    if ((*places_)[column] == kAbsent)
      return bad_row(line_number, fmt::format("the column {} of pg_backend_memory_contexts is missing; select it too",
                                              kColumnNames[column]));
  return core::Done{};
}

core::Status ContextView::take(const std::vector<CsvField>& record, std::uint64_t line_number) {
  std::vector<std::string> fields;
  for (const CsvField& field : record) fields.push_back(field.text);
  if (is_header(fields)) return header(fields, line_number);
  if (!places_) places_ = places_without_header(fields);
  if (!places_) return bad_row(line_number, "neither a header nor a row of pg_backend_memory_contexts");
  if (record.size() == 1 && record[0].is_null()) return core::Done{};  // an empty line

  const auto field = [&](Column column) -> const CsvField* {
    const std::size_t place = (*places_)[column];
    return place < record.size() ? &record[place] : nullptr;
  };
  Row row;
  row.line_number = line_number;
  for (const Column column : kNeeded)
    if (field(column) == nullptr)
      return bad_row(line_number, fmt::format("only {} columns: the row is cut", record.size()));
  row.name = field(Name)->text;
  if (const CsvField* ident = field(Ident); ident != nullptr && !ident->is_null()) row.ident = ident->text;
  if (const CsvField* parent = field(Parent); parent != nullptr) row.parent = parent->text;
  if (const CsvField* type = field(Type); type != nullptr) row.line.kind = kind_named(type->text);

  ReportedCounters& c = row.line.counters;
  const std::pair<Column, std::uint64_t*> numbers[] = {{Level, &row.level},          {Total, &c.total_bytes},
                                                       {Blocks, &c.blocks},          {Free, &c.free_bytes},
                                                       {FreeChunks, &c.free_chunks}, {Used, &c.used_bytes}};
  for (const auto& [column, into] : numbers) {
    const auto number = parse_number(field(column)->text);
    if (!number)
      return bad_row(line_number, fmt::format("{} is \"{:.40}\", which is no number of at most 63 bits",
                                              kColumnNames[column], field(column)->text));
    *into = *number;
  }
  if (const CsvField* path = field(Path); path != nullptr) {
    std::string_view rest = path->text;
    if (rest.size() < 3 || rest.front() != '{' || rest.back() != '}')
      return bad_row(line_number, fmt::format("path is \"{:.40}\", not {{1,2,...}}", path->text));
    rest = rest.substr(1, rest.size() - 2);
    while (true) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const auto id = parse_number(rest.substr(0, comma), 0x7FFFFFFF);
      if (!id || row.path.size() > DumpBuilder::kDeepest)
        return bad_row(line_number, fmt::format("path is \"{:.40}\", not {{1,2,...}}", path->text));
      row.path.push_back(static_cast<std::uint32_t>(*id));
      if (comma == rest.size()) break;
      rest.remove_prefix(comma + 1);
    }
  }

  const std::string label = field(Time) != nullptr ? field(Time)->text : std::string();
  const CsvField* pid_field = field(Pid);
  const auto pid =
      static_cast<std::uint32_t>(pid_field != nullptr ? parse_number(pid_field->text, 0xFFFFFFFF).value_or(0) : 0);
  const bool top_again = row.name == kTop && row.parent.empty() && row.level == (row.path.empty() ? 0U : 1U);
  if (!rows_.empty() && (top_again || label != label_ || pid != pid_)) flush(true);
  label_ = label;
  pid_ = pid;
  rows_.push_back(std::move(row));
  return core::Done{};
}

// 18: a context's last path number is its own. Parents that were not selected are skipped.
std::vector<std::uint32_t> ContextView::parents_by_path(DumpBuilder& builder) const {
  std::unordered_map<std::uint32_t, std::uint32_t> row_of_id;
  for (std::uint32_t i = 0; i < rows_.size(); ++i)
    if (!row_of_id.emplace(rows_[i].path.back(), i).second)
      builder.complain(fmt::format("line {}: the path's last number stands for two contexts", rows_[i].line_number));
  std::vector<std::uint32_t> parents(rows_.size(), DumpedContext::kNoParent);
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    const std::vector<std::uint32_t>& path = rows_[i].path;
    if (path.size() != rows_[i].level)
      builder.complain(
          fmt::format("line {}: level {} with a path of {}", rows_[i].line_number, rows_[i].level, path.size()));
    for (std::size_t step = path.size() - 1; step-- > 0;) {
      const auto found = row_of_id.find(path[step]);
      // A real parent's own path is shorter: no circle can come of it.
      if (found == row_of_id.end() || rows_[found->second].path.size() >= path.size()) {
        builder.complain(fmt::format("line {}: a context above it is missing", rows_[i].line_number));
        continue;
      }
      parents[i] = found->second;
      break;
    }
  }
  return parents;
}

// 14 to 17: a context's parent is the last row before it with a level one less.
std::vector<std::uint32_t> ContextView::parents_by_level(DumpBuilder& builder) const {
  std::vector<std::uint32_t> parents(rows_.size(), DumpedContext::kNoParent);
  std::vector<std::uint32_t> at_level;
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    std::uint64_t depth = row.level;
    if (depth > at_level.size()) {
      builder.complain(fmt::format("line {}: a row of level {} is missing before it", row.line_number, row.level - 1));
      depth = at_level.size();
    }
    if (depth > 0) parents[i] = at_level[depth - 1];
    if ((*places_)[Parent] != kAbsent && depth == row.level && row.parent != (depth > 0 ? rows_[parents[i]].name : ""))
      builder.complain(
          fmt::format("line {}: its parent is \"{:.64}\", but the row above it is \"{:.64}\": rows are not in "
                      "the view's own order",
                      row.line_number, row.parent, depth > 0 ? rows_[parents[i]].name : ""));
    at_level.resize(depth);
    at_level.push_back(i);
  }
  return parents;
}

void ContextView::flush(bool complete) {
  if (rows_.empty()) return;
  DumpBuilder builder(DumpForm::View);
  builder.dump().label = label_;
  builder.dump().pid = pid_;
  const bool by_path = (*places_)[Path] != kAbsent;
  if (by_path) facts_.pg_major = 18;
  const std::vector<std::uint32_t> parents = by_path ? parents_by_path(builder) : parents_by_level(builder);

  // Into depth-first order, siblings as they came.
  std::vector<std::vector<std::uint32_t>> children(rows_.size() + 1);  // the last: top contexts
  for (std::uint32_t i = static_cast<std::uint32_t>(rows_.size()); i-- > 0;)
    children[std::min<std::size_t>(parents[i], rows_.size())].push_back(i);
  std::vector<std::pair<std::uint32_t, std::uint64_t>> waiting;  // row, depth
  for (const std::uint32_t root : children.back()) waiting.emplace_back(root, 0);
  while (!waiting.empty()) {
    const auto [i, depth] = waiting.back();
    waiting.pop_back();
    Row& row = rows_[i];
    row.line.name = row.name;
    if (row.ident) row.line.ident = *row.ident;
    builder.add(depth, row.line, row.line_number);
    for (const std::uint32_t child : children[i]) waiting.emplace_back(child, depth + 1);
  }
  ++facts_.dumps;
  facts_.forms[static_cast<int>(DumpForm::View)] = true;
  consumer_(builder.finish(complete));
  rows_.clear();
}

DumpFacts ContextView::finish(bool cut) {
  flush(!cut);
  return facts_;
}

}  // namespace

int sniff_context_view(std::string_view head) { return find_delimiter(first_line_of(head)) ? 98 : 0; }

core::Result<DumpFacts> read_context_view(TextSource& source, const DumpConsumer& consumer) {
  std::string_view first;
  if (!source.next_line(first)) return DumpFacts{};
  const char delimiter = find_delimiter(first).value_or(',');
  source.rewind();

  ContextView view(consumer);
  CsvReader reader(source, delimiter);
  std::vector<CsvField> record;
  while (true) {
    const core::Result<bool> more = reader.next(record);
    if (!more) return more.error();
    if (!*more) break;
    if (record.size() == 1 && record[0].is_null()) continue;
    if (const core::Status status = view.take(record, reader.line_number()); !status) return status.error();
  }
  return view.finish(reader.cut());
}

}  // namespace palloscope::trace
