// One line of a table that psql drew: where its columns are, and what stands in them. Lines of - + | and those that
// \pset linestyle unicode draws; border 1 and 2.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace palloscope::trace {

// From one column of the screen up to another: a cell with its margins.
struct CellSpan {
  std::size_t begin = 0, end = 0;
};

// How a cell goes on in the next line of the same row.
enum class CellGoesOn : char { No, NewLine, Wrapped };

struct PsqlCell {
  std::string text;
  CellGoesOn goes_on = CellGoesOn::No;
};

// "-----+------", the line below the names.
std::optional<std::vector<CellSpan>> parse_psql_rule(std::string_view line);

// None: the line is no row of this table.
std::optional<std::vector<PsqlCell>> split_psql_row(std::string_view line, std::span<const CellSpan> spans);

// "-[ RECORD 1 ]-+-----" of \pset expanded, in any language.
struct RecordRule {
  std::string_view number;
  std::size_t width = 0;  // of the screen
  bool has_border = false;
};
std::optional<RecordRule> parse_record_rule(std::string_view line);

// "name   | value" below such a rule; an empty name: the value before goes on.
struct RecordLine {
  std::string_view name;
  PsqlCell value;
};
std::optional<RecordLine> split_record_line(std::string_view line, const RecordRule& rule);

std::string_view trimmed(std::string_view text);

}  // namespace palloscope::trace
