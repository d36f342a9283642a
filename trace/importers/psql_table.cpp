#include "trace/importers/psql_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "trace/importers/import_dump.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kFewestColumns = 3, kMostColumns = 64;
constexpr std::size_t kLongestRow = std::size_t{1} << 20;  // bytes of an unaligned row of several lines
constexpr std::size_t kMostCsv = std::size_t{1} << 30;
constexpr int kSureOfView = 98;  // what the views' importers answer for a header or a row of theirs

void append_csv(std::string& csv, std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    csv += field;
    return;
  }
  csv += '"';
  for (const char c : field) csv.append(c == '"' ? 2 : 1, c);
  csv += '"';
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string csv;
  for (const std::string& field : fields) {
    if (&field != fields.data()) csv += ',';
    append_csv(csv, field);
  }
  return csv;
}

// Whose header or row this is, of those that read views.
const Importer* find_view(const std::vector<std::string>& fields) {
  if (fields.size() < kFewestColumns || fields.size() > kMostColumns) return nullptr;
  const std::string head = csv_line(fields);
  for (const Importer& importer : importer_table())
    if (importer.sniff != sniff_psql_table && importer.sniff(head) >= kSureOfView) return &importer;
  return nullptr;
}

bool reads_the_same(const Importer& a, const Importer& b) { return a.read == b.read; }

std::vector<std::string> split_bars(std::string_view line) {
  std::vector<std::string> fields;
  while (true) {
    const std::size_t bar = std::min(line.find('|'), line.size());
    fields.emplace_back(line.substr(0, bar));
    if (bar == line.size()) return fields;
    line.remove_prefix(bar + 1);
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

bool is_identifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || is_digit(c); });
}

bool are_names(const std::vector<std::string>& fields) {
  return std::all_of(fields.begin(), fields.end(), is_identifier) &&
         std::none_of(fields.begin(), fields.end(), is_number);
}

// "(123 rows)", in any language.
bool is_footer(std::string_view line) { return line.size() > 2 && line.front() == '(' && line.back() == ')'; }

// "postgres=# "
bool is_prompt(std::string_view line) {
  const std::size_t mark = line.substr(0, 64).find('=');
  return mark != std::string_view::npos && mark > 0 && mark + 1 < line.size() &&
         (line[mark + 1] == '#' || line[mark + 1] == '>') &&
         line.substr(0, mark).find_first_of("| ") == std::string_view::npos;
}

// \watch's title: "Sun Nov 22 08:44:39 2026 (every 1s)", perhaps behind a title of the table's own.
std::string time_of_watch(std::string_view line) {
  line = trimmed(line);
  const std::size_t bracket = line.rfind(" (");
  if (bracket == std::string_view::npos || line.back() != ')' || line.size() > 200) return {};
  const std::string_view time = line.substr(0, bracket);
  for (std::size_t i = 0; i + 8 <= time.size(); ++i)
    if (is_digit(time[i]) && is_digit(time[i + 1]) && time[i + 2] == ':' && is_digit(time[i + 3]) && time[i + 5] == ':')
      return std::string(time);
  return {};
}

}  // namespace

bool PsqlTables::open_view(const Fields& names, bool has_names) {
  const Importer* importer = find_view(names);
  if (importer == nullptr) return false;
  const auto known =
      std::find_if(views_.begin(), views_.end(), [&](const View& v) { return reads_the_same(*v.importer, *importer); });
  if (known == views_.end()) {
    views_.push_back({importer, {}, {}});
    view_ = &views_.back();
  } else {
    view_ = &*known;
  }
  names_ = names;
  row_line_ = line_;
  surplus_at_ = 1;  // of rows without names: contexts', whose second column is ident
  if (!has_names) {
    label_.clear();
    return true;
  }
  surplus_at_ = static_cast<std::size_t>(std::find(names.begin(), names.end(), "ident") - names.begin());
  Fields header = names;
  if (!label_.empty()) header.emplace_back("now");
  const std::string label = std::exchange(label_, {});
  write_row(header);
  label_ = label;
  return true;
}

void PsqlTables::write_row(const Fields& fields) {
  std::string csv = csv_line(fields);
  if (!label_.empty()) csv += ',', append_csv(csv, label_);
  csv += '\n';
  view_->lines.insert(view_->lines.end(), static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')),
                      row_line_);
  view_->csv += csv;
  bytes_ += csv.size();
}

void PsqlTables::line(std::string_view line, std::uint64_t number) {
  line_ = number;
  if (in_ != In::Nothing && !goes_on(line)) end_table();
  if (in_ == In::Nothing) begin(line);
  before_ = line;
}

bool PsqlTables::goes_on(std::string_view line) {
  switch (in_) {
    case In::Nothing:
      return false;
    case In::Aligned:
      return aligned_line(line);
    case In::Unaligned:
      return unaligned_line(line);
    case In::Expanded:
      return expanded_line(line);
    case In::ExpandedUnaligned:
      return expanded_unaligned_line(line);
  }
  return false;
}

void PsqlTables::begin(std::string_view line) {
  if (const auto rule = parse_record_rule(line)) {
    rule_ = *rule;
    number_ = rule->number;
    in_ = In::Expanded;
    names_.clear();
    return;
  }
  if (auto spans = parse_psql_rule(line)) {
    const auto header = split_psql_row(before_, *spans);
    if (!header) return;
    Fields names;
    for (const PsqlCell& cell : *header) names.emplace_back(trimmed(cell.text));
    // Below the last row of border 2 there is a rule too.
    if (!are_names(names) || !open_view(names, true)) return;
    spans_ = std::move(*spans);
    in_ = In::Aligned;
    return;
  }
  if (line.find('|') != std::string_view::npos && begin_unaligned(line)) return;
  if (std::string time = time_of_watch(line); !time.empty()) label_ = std::move(time);
}

bool PsqlTables::begin_unaligned(std::string_view line) {
  const Fields fields = split_bars(line);
  const bool has_names =
      std::all_of(fields.begin(), fields.end(), is_identifier) && std::none_of(fields.begin(), fields.end(), is_number);
  if (open_view(fields, has_names)) {
    in_ = In::Unaligned;
    if (!has_names) unaligned_line(line);
    return true;
  }
  if (!is_identifier(fields[0])) return false;
  in_ = In::ExpandedUnaligned;
  names_.clear();
  return expanded_unaligned_line(line);
}

bool PsqlTables::aligned_line(std::string_view line) {
  auto cells = split_psql_row(line, spans_);
  if (!cells) return false;
  if (row_.empty()) {
    row_.resize(cells->size());
    marks_.assign(cells->size(), CellGoesOn::No);
    row_line_ = line_;
  }
  bool is_whole = true;
  for (std::size_t i = 0; i < cells->size(); ++i) {
    const PsqlCell& cell = (*cells)[i];
    if (marks_[i] == CellGoesOn::NewLine) row_[i] += '\n';
    row_[i] += cell.text;
    marks_[i] = cell.goes_on;
    is_whole = is_whole && cell.goes_on == CellGoesOn::No;
  }
  if (is_whole) write_row(std::exchange(row_, {}));
  return true;
}

bool PsqlTables::unaligned_line(std::string_view line) {
  if (joined_.empty()) {
    if (line.empty() || is_footer(line) || is_prompt(line)) return false;
    joined_ = line;
    row_line_ = line_;
  } else {
    if (joined_.size() > kLongestRow) return false;
    joined_.append("\n").append(line);
  }
  Fields fields = split_bars(joined_);
  if (fields.size() < names_.size() || (fields.size() > names_.size() && !is_number(fields.back()))) return true;
  // Bars within a text: it takes what is too much.
  if (const std::size_t surplus = fields.size() - names_.size(); surplus > 0 && surplus_at_ < names_.size()) {
    for (std::size_t i = 1; i <= surplus; ++i) fields[surplus_at_] += '|' + fields[surplus_at_ + i];
    const auto first = fields.begin() + static_cast<std::ptrdiff_t>(surplus_at_) + 1;
    fields.erase(first, first + static_cast<std::ptrdiff_t>(surplus));
  }
  write_row(fields);
  joined_.clear();
  return true;
}

bool PsqlTables::expanded_line(std::string_view line) {
  if (const auto rule = parse_record_rule(line)) {
    if (rule->number == "1") return false;  // another table
    end_record();
    rule_ = *rule;
    return true;
  }
  auto record = split_record_line(line, rule_);
  if (!record) return false;
  if (record->name.empty() && !row_.empty()) {
    if (marks_[0] == CellGoesOn::NewLine) row_.back() += '\n';
    row_.back() += record->value.text;
  } else {
    if (row_.empty()) row_line_ = line_;
    record_names_.emplace_back(record->name);
    row_.push_back(std::move(record->value.text));
  }
  marks_.assign(1, record->value.goes_on);
  return row_.size() <= kMostColumns;
}

bool PsqlTables::expanded_unaligned_line(std::string_view line) {
  if (line.empty()) {
    if (row_.empty()) return false;
    end_record();
    return view_ != nullptr;
  }
  const std::size_t bar = std::min(line.find('|'), line.size());
  const std::string_view name = line.substr(0, bar);
  const bool is_known = names_.empty() ? is_identifier(name) && std::find(record_names_.begin(), record_names_.end(),
                                                                          name) == record_names_.end()
                                       : row_.size() < names_.size() && name == names_[row_.size()];
  if (bar < line.size() && is_known) {
    if (row_.empty()) row_line_ = line_;
    record_names_.emplace_back(name);
    row_.emplace_back(line.substr(bar + 1));
    return row_.size() <= kMostColumns;
  }
  if (row_.empty() || row_.back().size() > kLongestRow) return false;
  row_.back().append("\n").append(line);
  return true;
}

// An expanded record is whole.
void PsqlTables::end_record() {
  const Fields names = std::exchange(record_names_, {});
  const Fields row = std::exchange(row_, {});
  if (row.empty()) return;
  const std::uint64_t line = row_line_;
  if (view_ == nullptr || names != names_) {
    view_ = nullptr;
    if (!open_view(names, true)) return;
  }
  row_line_ = line;
  write_row(row);
}

void PsqlTables::end_table() {
  if (in_ == In::Expanded || in_ == In::ExpandedUnaligned) end_record();
  // A row that is cut is handed on as it is: the view's importer says so.
  if (in_ == In::Aligned && !row_.empty()) write_row(row_);
  if (in_ == In::Unaligned && !joined_.empty()) write_row(split_bars(joined_));
  row_.clear();
  joined_.clear();
  record_names_.clear();
  view_ = nullptr;
  in_ = In::Nothing;
}

void PsqlTables::finish() {
  if (in_ != In::Nothing) end_table();
}

int sniff_psql_table(std::string_view head) {
  PsqlTables tables;
  std::uint64_t number = 0;
  while (!head.empty() && tables.views().empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    tables.line(line, ++number);
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  tables.finish();
  return tables.views().empty() ? 0 : 97;
}

core::Result<DumpFacts> emit_psql_tables(TextSource& source, core::EventSink& sink) {
  PsqlTables tables;
  std::string_view line;
  while (source.next_line(line)) {
    tables.line(line, source.line_number());
    if (tables.bytes() > kMostCsv)
      return core::Error{core::ErrorCode::Unsupported,
                         "more than 1 GB of psql's tables; write so many rows with psql --csv and open that"};
  }
  tables.finish();

  DumpFacts all;
  for (PsqlTables::View& view : tables.take_views()) {
    std::istringstream csv(view.csv);
    TextSource rows(csv, view.csv.size(), {});
    rows.count_lines_as(std::move(view.lines));
    const core::Result<DumpFacts> facts = import_events(*view.importer, rows, core::ContextKind::Unknown, sink);
    if (!facts) return facts.error();
    all.dumps += facts->dumps;
    all.pg_major = std::max(all.pg_major, facts->pg_major);
    for (std::size_t form = 0; form < std::size(all.forms); ++form) all.forms[form] |= facts->forms[form];
    if (all.origin.empty()) all.origin = facts->origin;
  }
  // Contexts among them: then the moments are read as theirs.
  if (all.forms[static_cast<int>(DumpForm::View)]) all.origin = {};
  return all;
}

}  // namespace palloscope::trace
