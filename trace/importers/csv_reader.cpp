#include "trace/importers/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace palloscope::trace {
namespace {

// Takes lines one after the other and cuts them into fields.
class FieldSplitter {
 public:
  FieldSplitter(char delimiter, std::vector<CsvField>& record) : delimiter_(delimiter), record_(record) {
    record_.clear();
    record_.emplace_back();
  }
  bool in_quotes() const { return in_quotes_; }
  void newline() { record_.back().text += '\n'; }

  void take(std::string_view line) {
    for (std::size_t i = 0; i < line.size();) {
      if (in_quotes_) {
        const std::size_t quote = std::min(line.find('"', i), line.size());
        record_.back().text.append(line.substr(i, quote - i));
        i = quote + 1;
        if (quote == line.size()) return;
        if (i < line.size() && line[i] == '"')
          record_.back().text += '"', ++i;
        else
          in_quotes_ = false;
      } else if (line[i] == '"') {
        in_quotes_ = record_.back().quoted = true;
        ++i;
      } else if (line[i] == delimiter_) {
        record_.emplace_back();
        ++i;
      } else {
        record_.back().text += line[i++];
      }
    }
  }

 private:
  char delimiter_;
  std::vector<CsvField>& record_;
  bool in_quotes_ = false;
};

}  // namespace

core::Result<bool> CsvReader::next(std::vector<CsvField>& record) {
  std::string_view line;
  if (!source_.next_raw_line(line)) return false;
  first_line_ = source_.line_number();
  FieldSplitter splitter(delimiter_, record);
  std::size_t bytes = 0;
  while (true) {
    bytes += line.size();
    splitter.take(line);
    if (bytes > kLongestRecord || record.size() > kMostFields)
      return core::Error{
          core::ErrorCode::BadFormat,
          fmt::format("line {}: a CSV record that long cannot be right. Is a quote missing before it?", first_line_)};
    if (!splitter.in_quotes()) break;
    splitter.newline();
    if (!source_.next_raw_line(line)) {
      cut_ = true;
      return false;
    }
  }
  CsvField& last = record.back();
  if (!last.text.empty() && last.text.back() == '\r') last.text.pop_back();
  return true;
}

std::vector<std::string> split_csv_line(std::string_view line, char delimiter) {
  std::vector<CsvField> record;
  FieldSplitter(delimiter, record).take(line);
  if (!record.back().text.empty() && record.back().text.back() == '\r') record.back().text.pop_back();
  std::vector<std::string> fields;
  for (CsvField& field : record) fields.push_back(std::move(field.text));
  return fields;
}

}  // namespace palloscope::trace
