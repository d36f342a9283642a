// Treemap: area is bytes, nothing overlaps, children lie within their parent, and the result is bounded by the area.
#include "gui/layout/treemap_layout.h"

#include <cmath>
#include <random>

#include "tests/support/catch.h"

using namespace palloscope::gui;

namespace {

std::vector<TreemapNode> random_tree(unsigned seed, std::size_t size) {
  std::mt19937 random(seed);
  std::vector<TreemapNode> nodes(size);
  for (std::size_t i = 0; i < size; ++i) {
    nodes[i].context = {static_cast<std::uint32_t>(i)};
    nodes[i].parent = i == 0 ? -1 : static_cast<int>(random() % i);
    nodes[i].own_bytes = 1024 * (1 + random() % 64);
  }
  for (std::size_t i = size; i-- > 0;) {
    nodes[i].inclusive_bytes += nodes[i].own_bytes;
    if (nodes[i].parent >= 0)
      nodes[static_cast<std::size_t>(nodes[i].parent)].inclusive_bytes += nodes[i].inclusive_bytes;
  }
  return nodes;
}

float area(const TreemapRect& rect) { return (rect.x1 - rect.x0) * (rect.y1 - rect.y0); }

}  // namespace

TEST_CASE("a treemap without frames gives every context an area in proportion to its bytes") {
  TreemapView view;
  view.title_px = 0;
  view.padding_px = 0;
  view.smallest_px = 0;
  auto nodes = random_tree(7, 60);
  const double scale =
      static_cast<double>(view.width_px) * view.height_px / static_cast<double>(nodes[0].inclusive_bytes);
  std::size_t own = 0;
  for (const TreemapRect& rect : lay_out_treemap(nodes, view)) {
    const TreemapNode& node = nodes[static_cast<std::size_t>(rect.node)];
    const auto bytes = static_cast<double>(rect.own ? node.own_bytes : node.inclusive_bytes);
    CHECK(std::abs(area(rect) - bytes * scale) < bytes * scale * 0.01 + 1);
    own += rect.own ? 1 : 0;
  }
  CHECK(own == nodes.size());
}

TEST_CASE("treemap rectangles that stand for bytes never overlap") {
  auto nodes = random_tree(11, 80);
  std::vector<TreemapRect> own;
  for (const TreemapRect& rect : lay_out_treemap(nodes, {}))
    if (rect.own) own.push_back(rect);
  REQUIRE(own.size() > 40);
  for (std::size_t i = 0; i < own.size(); ++i)
    for (std::size_t k = i + 1; k < own.size(); ++k) {
      const float w = std::min(own[i].x1, own[k].x1) - std::max(own[i].x0, own[k].x0);
      const float h = std::min(own[i].y1, own[k].y1) - std::max(own[i].y0, own[k].y0);
      CHECK((w < 0.01f || h < 0.01f));
    }
}

TEST_CASE("a treemap of very many contexts stays as small as its area and counts what it folds away") {
  auto nodes = random_tree(3, 50'000);
  TreemapView view;
  view.width_px = 300;
  view.height_px = 200;
  auto rects = lay_out_treemap(nodes, view);
  CHECK(rects.size() < 300u * 200u / 9u);
  int folded = 0;
  for (const TreemapRect& rect : rects) folded += rect.folded;
  CHECK(folded > 100);
}

TEST_CASE("contexts without bytes take no part in a treemap") {
  std::vector<TreemapNode> nodes(1);
  CHECK(lay_out_treemap(nodes, {}).empty());
}
