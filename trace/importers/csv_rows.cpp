#include "trace/importers/csv_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace palloscope::trace {
namespace {

constexpr std::string_view kDelimiters = ",;\t";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view without_mark(std::string_view text) {
  return text.substr(0, kByteOrderMark.size()) == kByteOrderMark ? text.substr(kByteOrderMark.size()) : text;
}

template <class Fields>
bool has_field(const Fields& fields, std::string_view column) {
  return std::find(fields.begin(), fields.end(), column) != fields.end();
}

// The delimiter of the file's first line, whatever it is: the one that occurs most.
char guess_delimiter(TextSource& source) {
  std::string_view first;
  char best = ',';
  if (source.next_line(first)) {
    const auto occurrences = [&](char c) { return std::count(first.begin(), first.end(), c); };
    for (const char c : kDelimiters)
      if (occurrences(c) > occurrences(best)) best = c;
  }
  source.rewind();
  return best;
}

}  // namespace

std::optional<char> find_csv_header(std::string_view head, std::span<const std::string_view> columns) {
  head = without_mark(head);
  const std::string_view line = head.substr(0, head.find('\n'));
  for (const char delimiter : kDelimiters) {
    const std::vector<std::string> fields = split_csv_line(line, delimiter);
    if (std::all_of(columns.begin(), columns.end(), [&](std::string_view c) { return has_field(fields, c); }))
      return delimiter;
  }
  return std::nullopt;
}

CsvRows::CsvRows(TextSource& source, std::span<const std::string_view> columns, std::size_t needed,
                 std::string_view view)
    : columns_(columns.begin(), columns.end()),
      needed_(needed),
      view_(view),
      reader_(source, guess_delimiter(source)),
      places_(columns.size(), kAbsent) {}

bool CsvRows::is_header() const {
  for (std::size_t column = 0; column < needed_; ++column)
    if (std::none_of(record_.begin(), record_.end(),
                     [&](const CsvField& field) { return field.text == columns_[column]; }))
      return false;
  return true;
}

void CsvRows::take_header() {
  std::fill(places_.begin(), places_.end(), kAbsent);
  label_place_ = pid_place_ = kAbsent;
  least_fields_ = 0;
  for (std::size_t i = 0; i < record_.size(); ++i) {
    const std::string& field = record_[i].text;
    const auto column = std::find(columns_.begin(), columns_.end(), field);
    if (column != columns_.end()) {
      std::size_t& place = places_[static_cast<std::size_t>(column - columns_.begin())];
      if (place != kAbsent) continue;
      place = i;
      least_fields_ = i + 1;
    } else if (field == "now" || field == "ts" || field == "time" || field == "clock_timestamp") {
      label_place_ = i;
    } else if (field == "pid" || field == "pg_backend_pid") {
      pid_place_ = i;
    }
  }
  has_header_ = true;
}

core::Result<bool> CsvRows::next() {
  follows_header_ = false;
  while (true) {
    const core::Result<bool> more = reader_.next(record_);
    if (!more || !*more) return more;
    if (record_.size() == 1 && record_[0].is_null()) continue;  // an empty line
    if (!has_header_) record_[0].text = std::string(without_mark(record_[0].text));
    if (is_header()) {
      take_header();
      follows_header_ = true;
      continue;
    }
    if (!has_header_)
      return error(
          fmt::format("no header with the columns of {}; write the file with COPY ... (FORMAT csv, HEADER) "
                      "or psql --csv",
                      view_));
    if (record_.size() < least_fields_)
      return error(fmt::format("{} fields where the header promises {}: the row is cut; write the file again",
                               record_.size(), least_fields_));
    return true;
  }
}

std::string_view CsvRows::text(std::size_t column) const {
  return places_[column] == kAbsent ? std::string_view{} : at(places_[column]);
}

core::Result<std::uint64_t> CsvRows::number(std::size_t column, std::uint64_t largest) const {
  if (const auto number = parse_number(text(column), largest)) return *number;
  return error(fmt::format("{} is \"{:.40}\", which is no number from 0 to {}; is this a row of {}, unchanged?",
                           columns_[column], text(column), largest, view_));
}

std::uint32_t CsvRows::pid() const {
  const auto pid = pid_place_ == kAbsent ? std::nullopt : parse_number(at(pid_place_), 0xFFFFFFFF);
  return static_cast<std::uint32_t>(pid.value_or(0));
}

core::Error CsvRows::error(std::string_view what) const {
  return {core::ErrorCode::BadFormat, fmt::format("line {}: {}", line(), what)};
}

}  // namespace palloscope::trace
