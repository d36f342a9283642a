// What psql printed of the server's views, in any of its table formats (aligned, unaligned, rows only, expanded;
// linestyle ascii or unicode, border 1 or 2), turned into the CSV that the views' importers read. Titles, prompts and
// other lines around the tables may stay; the time in \watch's title becomes the moment's label.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "trace/importers/importer.h"
#include "trace/importers/psql_cells.h"

namespace palloscope::trace {

class PsqlTables {
 public:
  // The tables of one view, one behind the other, each with its names unless it had none.
  struct View {
    const Importer* importer = nullptr;
    std::string csv;
    std::vector<std::uint64_t> lines;  // of the source, by line of the CSV
  };

  // Lines as they come; `number` from 1.
  void line(std::string_view line, std::uint64_t number);
  void finish();
  const std::vector<View>& views() const { return views_; }
  std::vector<View> take_views() { return std::move(views_); }
  std::size_t bytes() const { return bytes_; }  // of all CSV so far

 private:
  enum class In { Nothing, Aligned, Unaligned, Expanded, ExpandedUnaligned };
  using Fields = std::vector<std::string>;

  bool goes_on(std::string_view line);  // the table that is being read; false: it ended before this line
  void begin(std::string_view line);    // perhaps a table begins
  bool begin_unaligned(std::string_view line);

  bool aligned_line(std::string_view line);
  bool unaligned_line(std::string_view line);
  bool expanded_line(std::string_view line);
  bool expanded_unaligned_line(std::string_view line);
  void end_record();
  void end_table();

  bool open_view(const Fields& names, bool has_names);
  void write_row(const Fields& fields);

  std::vector<View> views_;
  View* view_ = nullptr;  // of the table that is being read
  std::size_t bytes_ = 0;
  In in_ = In::Nothing;
  std::uint64_t line_ = 0, row_line_ = 0;
  std::string before_, label_;

  Fields names_, row_;
  std::vector<CellSpan> spans_;  // aligned
  std::vector<CellGoesOn> marks_;
  std::string joined_;          // unaligned: a row of several lines
  std::size_t surplus_at_ = 0;  // the column that may hold bars
  RecordRule rule_;             // expanded
  Fields record_names_;
  std::string number_;
};

}  // namespace palloscope::trace
