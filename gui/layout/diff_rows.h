// The rows of the tree of differences: which paths are shown, in what order, what is folded. Made anew when one of the
// two moments, the measure or the folding changes; drawing loops over the visible rows. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "trace/analysis/path_table.h"

namespace palloscope::gui {

enum class DiffSide : std::uint8_t { Both, OnlyA, OnlyB };

struct DiffRow {
  std::uint32_t node = 0;  // of the table
  int depth = 0;
  bool has_children = false, open = true;
  DiffSide side = DiffSide::Both;
  std::uint64_t a_contexts = 0, b_contexts = 0;
  std::uint64_t a = 0, b = 0;       // with all below
  std::int64_t whole = 0, own = 0;  // b - a: with all below; of the path's contexts alone
  std::string label;
};

struct DiffRequest {
  trace::PathMeasure measure = trace::PathMeasure::Total;
  bool with_equal = false;       // also paths below which nothing differs
  std::set<std::string> closed;  // paths whose children are hidden
};

struct DiffRows {
  std::vector<DiffRow> rows;
  std::uint64_t largest = 1;  // |whole| of a row, for the bars
  std::size_t came = 0, went = 0, changed = 0;
  std::uint64_t a = 0, b = 0;  // of all contexts
};

DiffRows lay_out_differences(const trace::PathTable& table, trace::PathPair pair, const DiffRequest& request);

}  // namespace palloscope::gui
