// CSV as COPY writes it: fields quoted with ", a quote inside doubled, newlines within quotes kept. An unquoted empty
// field is NULL, a quoted one the empty text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "trace/importers/text_source.h"

namespace palloscope::trace {

struct CsvField {
  std::string text;
  bool quoted = false;
  bool is_null() const { return text.empty() && !quoted; }
};

class CsvReader {
 public:
  static constexpr std::size_t kLongestRecord = std::size_t{16} << 20;  // bytes
  static constexpr std::size_t kMostFields = 1000;

  CsvReader(TextSource& source, char delimiter) : source_(source), delimiter_(delimiter) {}

  // False at the end. An Error: a record that cannot be one, with its line.
  core::Result<bool> next(std::vector<CsvField>& record);
  std::uint64_t line_number() const { return first_line_; }  // of the record's first line
  bool cut() const { return cut_; }                          // the file ended inside quotes; the record is left out

 private:
  TextSource& source_;
  char delimiter_;
  std::uint64_t first_line_ = 0;
  bool cut_ = false;
};

// The fields of one line, for a first look; newlines within quotes end it.
std::vector<std::string> split_csv_line(std::string_view line, char delimiter);

}  // namespace palloscope::trace
