// Rows of one of the server's views as CSV, with a header line: columns are found by their names, so they may stand in
// any order and others may be among them; `now` (or ts, time, clock_timestamp) becomes the moment's label, `pid` its
// PID. What the values mean is left to the importer; here they are only taken out, with errors that name line and
// column.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "trace/importers/csv_reader.h"
#include "trace/importers/stats_line.h"

namespace palloscope::trace {

// The delimiter (, ; or tab) with which the first line of `head` is a header that names all of these columns.
std::optional<char> find_csv_header(std::string_view head, std::span<const std::string_view> columns);

class CsvRows {
 public:
  // `columns`: those that are known, numbered by their order here; a header is a line that names the first `needed` of
  // them. `view`: for messages.
  CsvRows(TextSource& source, std::span<const std::string_view> columns, std::size_t needed, std::string_view view);

  // To the next row. False at the end. An Error: no header, a row that is cut.
  core::Result<bool> next();
  bool follows_header() const { return follows_header_; }  // the row is the first one below a header
  std::uint64_t line() const { return reader_.line_number(); }
  bool cut() const { return reader_.cut(); }  // the file ended inside quotes

  bool has(std::size_t column) const { return places_[column] != kAbsent; }
  // Absent and NULL are empty.
  std::string_view text(std::size_t column) const;
  bool is_null(std::size_t column) const { return text(column).empty(); }
  core::Result<std::uint64_t> number(std::size_t column, std::uint64_t largest = kLargestNumber) const;
  std::string_view label() const { return label_place_ == kAbsent ? std::string_view{} : at(label_place_); }
  std::uint32_t pid() const;

  // "line 7: ..."
  core::Error error(std::string_view what) const;

 private:
  static constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);
  std::string_view at(std::size_t place) const {
    return place < record_.size() ? std::string_view(record_[place].text) : std::string_view{};
  }
  bool is_header() const;
  void take_header();

  std::vector<std::string> columns_;
  std::size_t needed_;
  std::string view_;
  CsvReader reader_;
  std::vector<CsvField> record_;
  std::vector<std::size_t> places_;  // by column
  std::size_t label_place_ = kAbsent, pid_place_ = kAbsent, least_fields_ = 0;
  bool has_header_ = false, follows_header_ = false;
};

}  // namespace palloscope::trace
