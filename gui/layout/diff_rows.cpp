#include "gui/layout/diff_rows.h"

#include <algorithm>

namespace palloscope::gui {

using trace::PathNode;
using trace::PathShare;

DiffRows lay_out_differences(const trace::PathTable& table, trace::PathPair pair, const DiffRequest& request) {
  const std::vector<PathNode>& nodes = table.nodes();
  DiffRows out;
  std::vector<bool> shown(nodes.size()), has_shown_child(nodes.size());
  for (std::size_t i = nodes.size(); i-- > 0;) {
    const auto node = static_cast<std::uint32_t>(i);
    const PathShare *a = table.share(node, pair.a), *b = table.share(node, pair.b);
    if (a == nullptr && b == nullptr) continue;
    const bool is_different = differs(table, node, pair);
    if (is_different) ++(a == nullptr ? out.came : b == nullptr ? out.went : out.changed);
    shown[i] = shown[i] || is_different || request.with_equal;
    if (!shown[i] || nodes[i].parent == PathNode::kNone) continue;
    shown[nodes[i].parent] = has_shown_child[nodes[i].parent] = true;
  }
  int hidden_below = -1;  // the depth of a closed row
  for (const std::uint32_t i : ordered_nodes(table, difference_weights(table, pair, request.measure, /*own=*/false))) {
    const int depth = static_cast<int>(nodes[i].depth);
    if (hidden_below >= 0 && depth > hidden_below) continue;
    hidden_below = -1;
    if (!shown[i]) continue;
    const PathShare *a = table.share(i, pair.a), *b = table.share(i, pair.b);
    DiffRow row{.node = i, .depth = depth, .has_children = has_shown_child[i], .label = table.label(i)};
    row.side = a == nullptr ? DiffSide::OnlyB : b == nullptr ? DiffSide::OnlyA : DiffSide::Both;
    row.a_contexts = a == nullptr ? 0 : a->own.contexts;
    row.b_contexts = b == nullptr ? 0 : b->own.contexts;
    row.a = a == nullptr ? 0 : measured(a->all, request.measure);
    row.b = b == nullptr ? 0 : measured(b->all, request.measure);
    row.whole = whole_difference(table, i, pair, request.measure);
    row.own = own_difference(table, i, pair, request.measure);
    row.open = !row.has_children || request.closed.count(table.path(i)) == 0;
    if (!row.open) hidden_below = depth;
    out.largest = std::max(out.largest, static_cast<std::uint64_t>(row.whole < 0 ? -row.whole : row.whole));
    out.rows.push_back(std::move(row));
  }
  out.a = measured(table.whole(pair.a), request.measure);
  out.b = measured(table.whole(pair.b), request.measure);
  return out;
}

}  // namespace palloscope::gui
