#include "gui/layout/workspace.h"

#include <algorithm>

namespace palloscope::gui {
namespace {

// In multiples of the text size: below these a panel cannot be read.
constexpr float kMinColumn = 13, kMinRow = 7.5f, kGap = 0.4f;
constexpr float kThreeColumnsFrom = 76, kTwoColumnsFrom = 34;

enum class Column : std::uint8_t { Left, Centre, Right };

Column column_of(Place place) {
  if (place <= Place::LeftBottom) return Column::Left;
  return place <= Place::CentreBottom ? Column::Centre : Column::Right;
}

std::size_t index(Place place) { return static_cast<std::size_t>(place); }

// Where a place's panels go when there is room for fewer columns.
Place merged_place(Place place, int columns) {
  if (columns < 3 && place == Place::RightTop) return columns == 2 ? Place::LeftTop : Place::CentreTop;
  if (columns < 3 && place == Place::RightBottom) return columns == 2 ? Place::LeftBottom : Place::CentreMiddle;
  if (columns < 2 && place == Place::LeftTop) return Place::CentreTop;
  if (columns < 2 && place == Place::LeftBottom) return Place::CentreMiddle;
  return place;
}

using Tabs = std::array<std::vector<std::string_view>, kPlaceCount>;

bool is_folded(const WorkspaceState& state, const std::vector<std::string_view>& tabs) {
  return std::all_of(tabs.begin(), tabs.end(), [&](std::string_view id) {
    const auto found = state.folded.find(std::string(id));
    return found != state.folded.end() && found->second;
  });
}

// While the column's rows would be too low, the lowest becomes tabs of the one above.
void merge_rows(const WorkspaceState& state, Tabs& tabs, std::vector<Place>& rows, float height, float em,
                float title_height) {
  const auto needed = [&] {
    float sum = 0;
    for (const Place row : rows) sum += is_folded(state, tabs[index(row)]) ? title_height : kMinRow * em;
    return sum + kGap * em * static_cast<float>(rows.size() - 1);
  };
  while (rows.size() > 1 && needed() > height) {
    auto& into = tabs[index(rows[rows.size() - 2])];
    auto& from = tabs[index(rows.back())];
    into.insert(into.end(), from.begin(), from.end());
    from.clear();
    rows.pop_back();
  }
}

std::string_view front_of(const WorkspaceState& state, Place place, const std::vector<std::string_view>& tabs) {
  // A merged place remembers the front of every place it stands for: the wish of its own place first.
  if (std::find(tabs.begin(), tabs.end(), state.front[index(place)]) != tabs.end())
    return *std::find(tabs.begin(), tabs.end(), state.front[index(place)]);
  return tabs.front();
}

void lay_out_column(const WorkspaceState& state, Tabs& tabs, std::vector<Place> rows, RectF area, float em,
                    float title_height, WorkspaceLayout& into) {
  merge_rows(state, tabs, rows, area.height, em, title_height);
  const float gap = kGap * em;
  float open_height = area.height - gap * static_cast<float>(rows.size() - 1), open_weight = 0;
  for (const Place row : rows) {
    if (is_folded(state, tabs[index(row)]))
      open_height -= title_height;
    else
      open_weight += std::max(0.05f, state.weight[index(row)]);
  }
  // Every open row gets its least height; the rest is shared by weight.
  const auto open_count = static_cast<float>(
      std::count_if(rows.begin(), rows.end(), [&](Place row) { return !is_folded(state, tabs[index(row)]); }));
  const float least = open_count > 0 ? std::min(kMinRow * em, open_height / open_count) : 0;
  const float spare = std::max(0.0f, open_height - least * open_count);

  float y = area.y;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row_tabs = tabs[index(rows[i])];
    WorkspaceCell cell{.place = rows[i], .rect = {area.x, y, area.width, 0}, .tabs = row_tabs, .front = {}};
    cell.front = front_of(state, rows[i], row_tabs);
    cell.folded = is_folded(state, row_tabs);
    cell.rect.height =
        cell.folded ? title_height : least + spare * std::max(0.05f, state.weight[index(rows[i])]) / open_weight;
    if (open_count == 0 && i + 1 == rows.size()) cell.rect.height = title_height;
    y += cell.rect.height;
    into.cells.push_back(std::move(cell));
    if (i + 1 < rows.size()) {
      into.splitters.push_back({Splitter::Kind::Rows, rows[i], rows[i + 1], {area.x, y, area.width, gap}});
      y += gap;
    }
  }
}

}  // namespace

bool is_visible(const WorkspaceState& state, const PanelPlacement& panel) {
  const auto found = state.visible.find(std::string(panel.id));
  if (found != state.visible.end()) return found->second;
  return panel.visible[static_cast<std::size_t>(state.preset)];
}

WorkspaceLayout lay_out(const WorkspaceState& state, std::span<const PanelPlacement> panels, RectF area, float em,
                        float title_height) {
  WorkspaceLayout layout;
  for (const PanelPlacement& panel : panels)
    if (!state.full_screen.empty() && panel.id == state.full_screen) {
      layout.cells.push_back({panel.place, area, {panel.id}, panel.id, false});
      return layout;
    }

  const float width_em = area.width / em;
  const int columns = width_em >= kThreeColumnsFrom ? 3 : width_em >= kTwoColumnsFrom ? 2 : 1;
  Tabs tabs;
  for (const PanelPlacement& panel : panels)
    if (is_visible(state, panel)) tabs[index(merged_place(panel.place, columns))].push_back(panel.id);

  std::array<std::vector<Place>, 3> rows;
  for (int i = 0; i < kPlaceCount; ++i) {
    const auto place = static_cast<Place>(i);
    if (!tabs[index(place)].empty()) rows[static_cast<std::size_t>(column_of(place))].push_back(place);
  }
  auto& [left, centre, right] = rows;
  const float gap = kGap * em, least = std::min(kMinColumn * em, area.width / 3);
  const bool has_centre = !centre.empty();
  float left_width = 0, right_width = 0;
  if (!left.empty()) left_width = std::max(least, state.left_share * area.width);
  if (!right.empty()) right_width = std::max(least, state.right_share * area.width);
  if (columns == 2) left_width = std::max(left_width, std::min(0.36f * area.width, 18 * em) * float(!left.empty()));
  const float most = area.width - (has_centre ? least : 0);
  if (left_width + right_width > most) {
    const float shrink = most / (left_width + right_width);
    left_width *= shrink;
    right_width *= shrink;
  }
  if (!has_centre) {  // the outer columns share everything
    const float both = left_width + right_width;
    if (both > 0) {
      left_width *= area.width / both;
      right_width *= area.width / both;
    }
  }

  float x = area.x;
  if (!left.empty()) {
    const bool is_last = !has_centre && right.empty();
    lay_out_column(state, tabs, left, {x, area.y, left_width - (is_last ? 0 : gap), area.height}, em, title_height,
                   layout);
    x += left_width;
    if (!is_last) layout.splitters.push_back({Splitter::Kind::LeftColumn, {}, {}, {x - gap, area.y, gap, area.height}});
  }
  const float right_edge = area.x + area.width;
  if (has_centre) {
    const float centre_width = right_edge - right_width - x - (right.empty() ? 0 : gap);
    lay_out_column(state, tabs, centre, {x, area.y, centre_width, area.height}, em, title_height, layout);
    x += centre_width;
    if (!right.empty()) {
      layout.splitters.push_back({Splitter::Kind::RightColumn, {}, {}, {x, area.y, gap, area.height}});
      x += gap;
    }
  }
  if (!right.empty())
    lay_out_column(state, tabs, right, {x, area.y, right_edge - x, area.height}, em, title_height, layout);
  return layout;
}

WorkspaceState drag(const WorkspaceState& state, const WorkspaceLayout& layout, const Splitter& splitter, RectF area,
                    float em, float delta_px) {
  WorkspaceState dragged = state;
  const float least = kMinColumn * em;
  const auto width_of = [&](Column column) {
    for (const WorkspaceCell& cell : layout.cells)
      if (column_of(cell.place) == column) return cell.rect.width;
    return 0.0f;
  };
  if (splitter.kind == Splitter::Kind::LeftColumn || splitter.kind == Splitter::Kind::RightColumn) {
    const bool is_left = splitter.kind == Splitter::Kind::LeftColumn;
    const float moved = is_left ? delta_px : -delta_px;
    const Column column = is_left ? Column::Left : Column::Right;
    const float width = width_of(column) + (is_left ? kGap * em : 0);
    const float room = width_of(Column::Centre) - least;
    const float wanted = std::max(least, width + std::min(moved, std::max(0.0f, room)));
    (is_left ? dragged.left_share : dragged.right_share) = wanted / area.width;
    return dragged;
  }
  // Rows: the two heights become weights so that their sum stays. Heights hold a least part (lay_out_column), so
  // weights are taken from what is above it.
  const WorkspaceCell *above = nullptr, *below = nullptr;
  for (const WorkspaceCell& cell : layout.cells) {
    if (cell.place == splitter.above) above = &cell;
    if (cell.place == splitter.below) below = &cell;
  }
  if (above == nullptr || below == nullptr || above->folded || below->folded) return dragged;
  const float minimum = std::min({kMinRow * em, above->rect.height, below->rect.height});
  const float upper = above->rect.height - minimum, both = upper + below->rect.height - minimum;
  if (both <= 0) return dragged;
  const float weights = state.weight[index(above->place)] + state.weight[index(below->place)];
  const float share = std::clamp((upper + delta_px) / both, 0.0f, 1.0f);
  dragged.weight[index(above->place)] = std::max(0.05f, weights * share);
  dragged.weight[index(below->place)] = std::max(0.05f, weights * (1 - share));
  return dragged;
}

void show_panel(WorkspaceState& state, const PanelPlacement& panel) {
  if (!is_visible(state, panel)) state.visible[std::string(panel.id)] = true;
  state.folded.erase(std::string(panel.id));
  // Also the places it may be merged into, so that it is in front at every window size.
  for (const int columns : {3, 2, 1}) state.front[index(merged_place(panel.place, columns))] = panel.id;
  if (column_of(panel.place) == Column::Centre)
    for (auto place = Place::CentreTop; place < panel.place; place = static_cast<Place>(index(place) + 1))
      if (index(place) >= index(Place::CentreMiddle)) state.front[index(place)] = panel.id;
  if (!state.full_screen.empty() && state.full_screen != panel.id) state.full_screen = panel.id;
}

}  // namespace palloscope::gui
