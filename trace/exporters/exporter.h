// The forms in which the state at a timeline's cursor can be written, one row each: `palloscope state --format NAME`.
#pragma once

#include <iosfwd>
#include <span>
#include <string_view>

namespace palloscope::trace {

class Timeline;

struct Exporter {
  std::string_view name;     // "csv"
  std::string_view summary;  // one line
  void (*write)(const Timeline& timeline, std::ostream& out) = nullptr;
  std::string_view
      rows_of;         // "shared buffers": what there may be none of, so that only the head is written; else empty
  int head_lines = 1;  // before the first row
};

std::span<const Exporter> exporter_table();

}  // namespace palloscope::trace
