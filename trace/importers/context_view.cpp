// Rows of pg_backend_memory_contexts as CSV (spec 9.3): of 14 to 17 in depth-first order with level and parent's name,
// of 18 breadth-first with type and path. Columns are found by the header, so they may stand in any order and others
// may be among them: `now` (or ts, time) becomes the moment's label, `pid` its PID. Without a header the view's own
// columns are expected. A header again, or a top context again, begins another moment.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
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
  std::string name, parent;
  std::optional<std::string> ident;
  std::optional<core::ContextKind> kind;
  ReportedCounters counters;
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
  void add_by_path(DumpBuilder& builder);
  void add_by_level(DumpBuilder& builder);
  void add_row(DumpBuilder& builder, const Row& row, std::uint64_t level);

  const DumpConsumer& consumer_;
  std::optional<Places> places_;
  std::vector<Row> rows_;
  std::vector<const Row*> row_of_context_;
  bool has_top_ = false;
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
  if (const CsvField* type = field(Type); type != nullptr) row.kind = kind_named(type->text);

  ReportedCounters& c = row.counters;
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
  const bool is_top = row.level == (row.path.empty() ? 0U : 1U);
  if (!rows_.empty() && ((is_top && has_top_) || label != label_ || pid != pid_)) flush(true);
  label_ = label;
  pid_ = pid;
  has_top_ = has_top_ || is_top;
  rows_.push_back(std::move(row));
  return core::Done{};
}

// 18: a context's last path number is its own, and numbers grow in the view's order. Those that were not selected have
// no row.
void ContextView::add_by_path(DumpBuilder& builder) {
  struct Node {
    const Row* row = nullptr;
    std::map<std::uint32_t, std::uint32_t> children;  // by number, so in the view's order
  };
  std::vector<Node> nodes(1);  // 0: above all top contexts
  for (const Row& row : rows_) {
    if (row.path.size() != row.level)
      builder.complain(fmt::format("line {}: level {} with a path of {}", row.line_number, row.level, row.path.size()));
    std::uint32_t at = 0;
    for (const std::uint32_t number : row.path) {
      const auto [child, is_new] = nodes[at].children.emplace(number, static_cast<std::uint32_t>(nodes.size()));
      at = child->second;
      if (is_new) nodes.emplace_back();
    }
    if (nodes[at].row != nullptr)
      builder.complain(fmt::format("line {}: two contexts with the same path, one is left out", row.line_number));
    else
      nodes[at].row = &row;
  }
  std::vector<std::pair<std::uint32_t, std::uint64_t>> waiting;  // node, level
  const auto wait_for_children = [&](std::uint32_t node, std::uint64_t level) {
    for (auto it = nodes[node].children.rbegin(); it != nodes[node].children.rend(); ++it)
      waiting.emplace_back(it->second, level);
  };
  wait_for_children(0, 0);
  while (!waiting.empty()) {
    const auto [node, level] = waiting.back();
    waiting.pop_back();
    if (nodes[node].row != nullptr)
      add_row(builder, *nodes[node].row, level);
    else
      builder.add_unlisted(level);
    wait_for_children(node, level + 1);
  }
}

// 14 to 17: rows are in depth-first order.
void ContextView::add_by_level(DumpBuilder& builder) {
  for (const Row& row : rows_) add_row(builder, row, row.level);
  if ((*places_)[Parent] == kAbsent) return;
  const std::vector<DumpedContext>& contexts = builder.dump().contexts;
  for (const DumpedContext& context : contexts) {
    if (context.unlisted || context.parent == DumpedContext::kNoParent) continue;
    const DumpedContext& parent = contexts[context.parent];
    const Row& row = *row_of_context_[static_cast<std::size_t>(&context - contexts.data())];
    if (parent.name != row.parent)
      builder.complain(
          fmt::format("line {}: its parent is \"{:.64}\", but the row above it is \"{:.64}\": rows are not "
                      "in the view's own order",
                      row.line_number, row.parent, parent.name));
  }
}

void ContextView::add_row(DumpBuilder& builder, const Row& row, std::uint64_t level) {
  StatsLine line;
  line.name = row.name;
  if (row.ident) line.ident = *row.ident;
  line.kind = row.kind;
  line.counters = row.counters;
  builder.add(level, line, row.line_number, row.parent);
  row_of_context_.resize(builder.dump().contexts.size(), nullptr);
  if (!row_of_context_.empty()) row_of_context_.back() = &row;
}

void ContextView::flush(bool complete) {
  if (rows_.empty()) return;
  DumpBuilder builder(DumpForm::View);
  builder.dump().label = label_;
  builder.dump().pid = pid_;
  row_of_context_.clear();
  if ((*places_)[Path] != kAbsent) {
    facts_.pg_major = 18;
    add_by_path(builder);
  } else {
    add_by_level(builder);
  }
  ++facts_.dumps;
  facts_.forms[static_cast<int>(DumpForm::View)] = true;
  rows_.clear();
  has_top_ = false;
  consumer_(builder.finish(complete));
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
