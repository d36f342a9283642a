#include "gui/layout/treemap_layout.h"

#include <algorithm>

namespace palloscope::gui {
namespace {

struct Box {
  float x0, y0, x1, y1;
  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
};

struct Item {
  int node;
  bool own;
  double bytes;
};

class Treemap {
 public:
  Treemap(const std::vector<TreemapNode>& nodes, const TreemapView& view)
      : nodes_(nodes), view_(view), children_(nodes.size()) {
    std::vector<Item> roots;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const auto at = static_cast<int>(i);
      if (nodes[i].parent >= 0)
        children_[static_cast<std::size_t>(nodes[i].parent)].push_back(at);
      else
        roots.push_back({at, false, static_cast<double>(nodes[i].inclusive_bytes)});
    }
    fill({0, 0, view.width_px, view.height_px}, std::move(roots), 0);
  }

  std::vector<TreemapRect> take() { return std::move(rects_); }

 private:
  bool visible(const Box& box) const { return box.width() >= view_.smallest_px && box.height() >= view_.smallest_px; }

  // Lays the items out in the box; returns how many were too small.
  int fill(Box box, std::vector<Item> items, int depth) {
    std::erase_if(items, [](const Item& item) { return item.bytes <= 0; });
    std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.bytes > b.bytes; });
    double left = 0;
    for (const Item& item : items) left += item.bytes;
    int folded = 0;
    for (std::size_t i = 0; i < items.size();) {
      if (!visible(box)) return folded + static_cast<int>(items.size() - i);
      const std::size_t end = strip_end(items, i, box, left);
      double bytes = 0;
      for (std::size_t k = i; k < end; ++k) bytes += items[k].bytes;
      Box strip = cut(box, bytes / left);
      double strip_left = bytes;
      const bool vertical = strip.width() < strip.height();
      for (; i < end; ++i) {
        Box cell = strip;
        const auto part = static_cast<float>(items[i].bytes / strip_left);
        if (vertical)
          cell.y1 = strip.y0 = strip.y0 + strip.height() * part;
        else
          cell.x1 = strip.x0 = strip.x0 + strip.width() * part;
        strip_left -= items[i].bytes;
        folded += place(items[i], cell, depth);
      }
      left -= bytes;
    }
    return folded;
  }

  // As many items in one strip along the shorter side as make the worst of them squarer.
  static std::size_t strip_end(const std::vector<Item>& items, std::size_t from, const Box& box, double left) {
    const double area = static_cast<double>(box.width()) * box.height();
    const double side = std::min(box.width(), box.height());
    double bytes = 0, worst = 1e300;
    std::size_t end = from;
    while (end < items.size()) {
      const double with = bytes + items[end].bytes;
      const double strip = with / left * area / side;  // the strip's thickness
      double ratio = 1;
      for (double item : {items[from].bytes, items[end].bytes}) {
        const double length = item / with * side;
        ratio = std::max({ratio, length / strip, strip / length});
      }
      if (ratio > worst) break;
      worst = ratio;
      bytes = with;
      ++end;
    }
    return std::max(end, from + 1);
  }

  static Box cut(Box& box, double part) {
    Box strip = box;
    if (box.width() >= box.height())
      strip.x1 = box.x0 = box.x0 + box.width() * static_cast<float>(part);
    else
      strip.y1 = box.y0 = box.y0 + box.height() * static_cast<float>(part);
    return strip;
  }

  int place(const Item& item, Box box, int depth) {
    if (!visible(box)) return 1;
    const auto& children = children_[static_cast<std::size_t>(item.node)];
    TreemapRect rect{item.node, box.x0, box.y0, box.x1, box.y1, depth, item.own || children.empty(), false, 0};
    rect.titled = box.height() >= view_.title_px * 2 && box.width() >= view_.title_px * 2;
    const std::size_t at = rects_.size();
    rects_.push_back(rect);
    if (rect.own) return 0;
    Box inside{box.x0 + view_.padding_px, box.y0 + (rect.titled ? view_.title_px : view_.padding_px),
               box.x1 - view_.padding_px, box.y1 - view_.padding_px};
    if (!visible(inside)) return 0;
    std::vector<Item> items;
    items.push_back({item.node, true, static_cast<double>(nodes_[static_cast<std::size_t>(item.node)].own_bytes)});
    for (int child : children)
      items.push_back({child, false, static_cast<double>(nodes_[static_cast<std::size_t>(child)].inclusive_bytes)});
    const int folded = fill(inside, std::move(items), depth + 1);
    rects_[at].folded = folded;
    return 0;
  }

  const std::vector<TreemapNode>& nodes_;
  const TreemapView& view_;
  std::vector<std::vector<int>> children_;
  std::vector<TreemapRect> rects_;
};

}  // namespace

std::vector<TreemapRect> lay_out_treemap(const std::vector<TreemapNode>& nodes, const TreemapView& view) {
  return Treemap(nodes, view).take();
}

}  // namespace palloscope::gui
