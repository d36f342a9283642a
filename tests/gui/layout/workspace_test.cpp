#include "gui/layout/workspace.h"

#include <algorithm>
#include <cmath>

#include "tests/support/catch.h"

using namespace palloscope::gui;

namespace {

constexpr PanelPlacement kPanels[] = {
    {"contexts", Place::LeftTop, {true, true, true}},        {"source", Place::LeftBottom, {true, true, false}},
    {"map", Place::CentreTop, {true, true, true}},           {"freelists", Place::CentreMiddle, {true, true, false}},
    {"statistics", Place::CentreMiddle, {true, true, true}}, {"timeline", Place::CentreLower, {true, true, true}},
    {"events", Place::CentreBottom, {true, true, true}},     {"inspector", Place::RightTop, {true, true, true}},
    {"why", Place::RightBottom, {true, true, false}},
};
constexpr float kTitle = 30;

WorkspaceLayout lay_out_at(float width, float height, float em, const WorkspaceState& state = {}) {
  return lay_out(state, kPanels, {0, 0, width, height}, em, kTitle);
}

const WorkspaceCell* cell_with(const WorkspaceLayout& layout, std::string_view panel) {
  for (const WorkspaceCell& cell : layout.cells)
    if (std::find(cell.tabs.begin(), cell.tabs.end(), panel) != cell.tabs.end()) return &cell;
  return nullptr;
}

bool overlap(const RectF& a, const RectF& b) {
  return a.x + a.width > b.x + 0.01f && b.x + b.width > a.x + 0.01f && a.y + a.height > b.y + 0.01f &&
         b.y + b.height > a.y + 0.01f;
}

}  // namespace

TEST_CASE("every visible panel has a place inside the window, and places never overlap") {
  for (const float em : {16.0f, 24.0f, 32.0f, 40.0f})
    for (const auto& [width, height] : {std::pair{1280.0f, 740.0f}, {1920.0f, 1020.0f}, {640.0f, 400.0f}}) {
      const WorkspaceLayout layout = lay_out_at(width, height, em);
      for (const PanelPlacement& panel : kPanels) REQUIRE(cell_with(layout, panel.id) != nullptr);
      for (const WorkspaceCell& cell : layout.cells) {
        REQUIRE(cell.rect.x >= 0);
        REQUIRE(cell.rect.y >= 0);
        REQUIRE(cell.rect.x + cell.rect.width <= width + 0.5f);
        REQUIRE(cell.rect.y + cell.rect.height <= height + 0.5f);
        for (const WorkspaceCell& other : layout.cells) REQUIRE((&cell == &other || !overlap(cell.rect, other.rect)));
      }
    }
}

TEST_CASE("large text merges places into tabs instead of making them too small to read") {
  const WorkspaceLayout large = lay_out_at(1280, 740, 32);
  for (const WorkspaceCell& cell : large.cells) REQUIRE(cell.rect.height >= 7 * 32);
  REQUIRE(large.cells.size() < lay_out_at(1280, 740, 16).cells.size());
  REQUIRE(cell_with(large, "inspector") == cell_with(large, "contexts"));
}

TEST_CASE("a full-screen panel has the window for itself") {
  WorkspaceState state;
  state.full_screen = "map";
  const WorkspaceLayout layout = lay_out_at(1280, 740, 16, state);
  REQUIRE(layout.cells.size() == 1);
  REQUIRE(layout.cells[0].front == "map");
  REQUIRE(layout.cells[0].rect == RectF{0, 0, 1280, 740});
  REQUIRE(layout.splitters.empty());
}

TEST_CASE("a folded panel leaves only its title line to the others") {
  WorkspaceState state;
  const float before = cell_with(lay_out_at(1280, 740, 16, state), "contexts")->rect.height;
  state.folded["source"] = true;
  const WorkspaceLayout layout = lay_out_at(1280, 740, 16, state);
  REQUIRE(cell_with(layout, "source")->folded);
  REQUIRE(cell_with(layout, "source")->rect.height == kTitle);
  REQUIRE(cell_with(layout, "contexts")->rect.height > before);
}

TEST_CASE("dragging a wall moves it by that much, and dragging it back restores the layout") {
  const RectF area{0, 0, 1600, 900};
  const WorkspaceState state;
  const WorkspaceLayout layout = lay_out_at(1600, 900, 16, state);
  for (const Splitter& splitter : layout.splitters) {
    const bool is_row = splitter.kind == Splitter::Kind::Rows;
    const WorkspaceState moved = drag(state, layout, splitter, area, 16, 12);
    const WorkspaceLayout after = lay_out_at(1600, 900, 16, moved);
    const auto found = std::find_if(after.splitters.begin(), after.splitters.end(), [&](const Splitter& other) {
      return other.kind == splitter.kind && other.above == splitter.above;
    });
    REQUIRE(found != after.splitters.end());
    if (is_row)
      REQUIRE(std::abs(found->rect.y - (splitter.rect.y + 12)) < 0.6f);
    else
      REQUIRE(std::abs(found->rect.x - (splitter.rect.x + 12)) < 0.6f);
    const WorkspaceLayout back = lay_out_at(1600, 900, 16, drag(moved, after, *found, area, 16, -12));
    for (std::size_t i = 0; i < layout.cells.size(); ++i)
      REQUIRE(std::abs(back.cells[i].rect.height - (layout.cells[i].rect.height)) < 0.6f);
  }
}

TEST_CASE("a wall cannot be dragged until a panel is gone") {
  const RectF area{0, 0, 1600, 900};
  const WorkspaceLayout layout = lay_out_at(1600, 900, 16);
  for (const Splitter& splitter : layout.splitters)
    for (const float delta : {-5000.0f, 5000.0f}) {
      const WorkspaceLayout after = lay_out_at(1600, 900, 16, drag({}, layout, splitter, area, 16, delta));
      for (const WorkspaceCell& cell : after.cells) {
        REQUIRE(cell.rect.width >= 10 * 16);
        REQUIRE(cell.rect.height >= 7 * 16);
      }
    }
}

TEST_CASE("showing a panel brings it to the front, at any window size") {
  WorkspaceState state;
  state.visible["events"] = false;
  show_panel(state, kPanels[6]);
  for (const float em : {16.0f, 32.0f}) {
    const WorkspaceLayout layout = lay_out_at(1280, 740, em, state);
    REQUIRE(cell_with(layout, "events")->front == "events");
  }
}
