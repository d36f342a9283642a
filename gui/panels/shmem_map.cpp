#include "gui/panels/shmem_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

using trace::ShmemArea;

constexpr double kWheelStep = 1.35;

bool selected(const PanelContext& panel, const ShmemItem& item) {
  const auto* key = std::get_if<ShmemKey>(&panel.session.selection);
  if (key == nullptr) return false;
  return std::find(item.pieces.begin(), item.pieces.end(), key->allocation) != item.pieces.end() &&
         find(panel.state(), *key) != nullptr;
}

Selection selection_of(const PanelContext& panel, const ShmemItem& item) {
  return ShmemKey{item.pieces.front(), panel.state().server().allocations[item.pieces.front()].born};
}

// Text on a ground of its own, cut at `right`.
void label(const PanelContext& panel, ImFont* font, float size, ImVec2 at, float right, std::string_view text,
           Color ground, Color ink) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float width =
      std::min(font->CalcTextSizeA(size, FLT_MAX, 0, text.data(), text.data() + text.size()).x, right - at.x);
  if (width < size * 0.5f) return;
  draw->AddRectFilled({at.x - 0.15f * size, at.y}, {at.x + width + 0.15f * size, at.y + 1.2f * size}, ground,
                      0.15f * panel.em());
  const ImVec4 clip(at.x - 1, at.y, right, at.y + 2 * size);
  add_cut_text(draw, font, size, at, ink, text, clip);
}

}  // namespace

char shmem_area_letter(ShmemArea area) {
  static constexpr char kLetters[] = {'B', 'W', 'X', 'L', 'P', 'S', 'R', 'K', 'F', 'E'};
  static_assert(std::size(kLetters) == trace::kShmemAreaCount);
  return kLetters[static_cast<std::size_t>(area)];
}

Color shmem_area_colour(const Theme& theme, ShmemArea area) {
  if (area == ShmemArea::Foundation) return theme.header;
  if (area == ShmemArea::Extensions) return theme.external;
  return theme.owner[static_cast<std::size_t>(area) % kOwnerColorCount];
}

Color node_colour(const Theme& theme, std::uint32_t node) { return theme.owner[node % kOwnerColorCount]; }

void draw_area_badge(const PanelContext& panel, ImVec2 at, float side, ShmemArea area) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Color fill = shmem_area_colour(panel.theme, area);
  draw->AddRectFilled(at, {at.x + side, at.y + side}, fill, side * 0.2f);
  const char letter[] = {shmem_area_letter(area), 0};
  const float size = side * 0.8f;
  const ImVec2 extent = panel.fonts.title->CalcTextSizeA(size, FLT_MAX, 0, letter);
  draw->AddText(panel.fonts.title, size, {at.x + (side - extent.x) / 2, at.y + (side - extent.y) / 2},
                readable_on(fill), letter);
}

void fill_node(const PanelContext& panel, ImVec2 low, ImVec2 high, std::uint32_t node) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Color ink = node_colour(panel.theme, node), ground = mix(panel.theme.map_ground, ink, 0.45f);
  const float em = panel.em(), line = std::max(1.5f, 0.12f * em);
  draw->AddRectFilled(low, high, ground);
  draw->PushClipRect(low, high, true);
  const float height = high.y - low.y, step = 0.7f * em;
  switch (node % 4) {  // rising, level, falling, upright stripes
    case 0:
      for (float x = low.x - height; x < high.x; x += step) draw->AddLine({x, high.y}, {x + height, low.y}, ink, line);
      break;
    case 1:
      for (float y = low.y + step / 2; y < high.y; y += step / 1.5f) draw->AddLine({low.x, y}, {high.x, y}, ink, line);
      break;
    case 2:
      for (float x = low.x - height; x < high.x; x += step) draw->AddLine({x, low.y}, {x + height, high.y}, ink, line);
      break;
    default:
      for (float x = low.x + step / 2; x < high.x; x += step) draw->AddLine({x, low.y}, {x, high.y}, ink, line);
      break;
  }
  draw->PopClipRect();
  const std::string digit = std::to_string(node);
  const float size = std::min(panel.fonts.small_size, height);
  const ImVec2 extent = panel.fonts.title->CalcTextSizeA(size, FLT_MAX, 0, digit.c_str());
  if (high.x - low.x < extent.x * 2.2f || height < size * 0.7f) return;
  const ImVec2 centre((low.x + high.x) / 2, (low.y + high.y) / 2);
  draw->AddRectFilled({centre.x - extent.x, centre.y - extent.y * 0.5f},
                      {centre.x + extent.x, centre.y + extent.y * 0.5f}, panel.theme.map_ground, 0.2f * em);
  draw->AddText(panel.fonts.title, size, {centre.x - extent.x / 2, centre.y - extent.y / 2}, panel.theme.text,
                digit.c_str());
}

void draw_node_band(const PanelContext& panel, const NodeBand& band, ImVec2 at, float height) {
  float y = at.y;
  for (const auto& [node, share] : band.shares) {
    const float part = height * share;
    fill_node(panel, {at.x + band.x0, y}, {at.x + std::max(band.x1, band.x0 + 1), y + part}, node);
    y += part;
  }
}

std::string shmem_use_text(const Strings& strings, const ShmemItem& item) {
  if (!item.named) {
    const auto structure = trace::structure_of_purpose(item.name);
    if (!structure.empty()) return strings(shmem_use_key(structure));
    return strings("shmem.anonymous_use");
  }
  const std::string key = shmem_use_key(item.name);
  return key.empty() ? strings("shmem.extension_use") : strings(key);
}

// --- one structure's cell ---------------------------------------------------------------------------------------

void ShmemMap::draw_cell(const PanelContext& panel, const ShmemModel& model, int index, ImVec2 low, ImVec2 high,
                         bool whole) const {
  const Theme& theme = panel.theme;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float em = panel.em(), small = panel.fonts.small_size;
  if (index < 0) {  // the free rest
    draw->AddRectFilled(low, high, theme.tail);
    fill_dotted(low, high, mix(theme.map_ground, theme.dim, 0.8f), 0.6f * em);
    draw->AddRect(low, high, theme.line);
    if (high.x - low.x > 3 * small && high.y - low.y > 1.3f * small)
      label(panel, panel.fonts.text, small, {low.x + 0.3f * em, low.y + 0.15f * em}, high.x - 0.2f * em,
            fmt::format("{} {}", panel.strings("shmem.free"), format_bytes(model.free_bytes())), theme.map_ground,
            theme.text);
    return;
  }
  const ShmemItem& item = model.items[static_cast<std::size_t>(index)];
  const Color colour = shmem_area_colour(theme, item.area);
  draw->AddRectFilled(low, high, mix(theme.map_ground, colour, 0.72f));
  // What the view shows only as <anonymous> is hatched: the lower part of the whole cell.
  if (whole && item.anonymous_bytes > 0 && item.allocated_bytes > 0) {
    const auto share =
        static_cast<float>(static_cast<double>(item.anonymous_bytes) / static_cast<double>(item.allocated_bytes));
    const float top = high.y - (high.y - low.y) * share;
    fill_hatched({low.x, top}, high, mix(theme.map_ground, colour, 0.35f), with_alpha(colour, 0.75f), 0.5f * em);
  }
  if (item.area == ShmemArea::Extensions) {  // a notched corner, as on external blocks
    const float notch = std::min({0.7f * em, (high.x - low.x) / 2, (high.y - low.y) / 2});
    draw->AddTriangleFilled({high.x - notch, low.y}, {high.x, low.y}, {high.x, low.y + notch}, theme.map_ground);
  }
  draw->AddRect(low, high, theme.map_ground);
  const EventNumber cursor = panel.session.cursor();
  if (item.newest == cursor && cursor != 0) {
    const float strength = glow(panel);
    if (strength > 0) draw->AddRectFilled(low, high, with_alpha(theme.born, 0.35f * strength));
    draw->AddRect(low, high, theme.born, 0, 0, std::max(2.0f, 0.16f * em));
  }
  if (selected(panel, item)) {
    draw->AddRect(low, high, theme.text, 0, 0, 0.28f * em);
    draw->AddRect(low, high, theme.accent, 0, 0, 0.16f * em);
  }
  if (high.x - low.x < 1.4f * small || high.y - low.y < 1.25f * small) return;
  const ImVec2 at(low.x + 0.3f * em, low.y + 0.15f * em);
  const Color ground = with_alpha(theme.map_ground, 0.82f);
  label(panel, panel.fonts.text, small, at, high.x - 0.2f * em, item.name, ground, theme.text);
  if (high.y - low.y < 2.8f * small || high.x - low.x < 4 * small) return;
  label(panel, panel.fonts.mono, small, {at.x, at.y + 1.3f * small}, high.x - 0.2f * em,
        format_bytes(item.allocated_bytes), ground, theme.text);
}

void ShmemMap::tooltip(const PanelContext& panel, const ShmemModel& model, int index) const {
  if (!ImGui::BeginTooltip()) return;
  ImGui::PushTextWrapPos(26 * panel.em());
  const auto title = [&](const std::string& text) {
    ImGui::PushFont(panel.fonts.title, panel.em());
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopFont();
  };
  const auto say = [&](std::string_view key, std::initializer_list<Placeholder> values) {
    ImGui::TextUnformatted(panel.strings.fill(key, values).c_str());
  };
  if (index < 0) {
    title(panel.strings("shmem.free"));
    say("shmem.tip_bytes",
        {{"bytes", format_bytes(model.free_bytes())}, {"exactly", format_bytes_exactly(model.free_bytes())}});
    ImGui::TextUnformatted(panel.strings("shmem.free_use"));
  } else {
    const ShmemItem& item = model.items[static_cast<std::size_t>(index)];
    title(item.name);
    ImGui::TextUnformatted(shmem_use_text(panel.strings, item).c_str());
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    say("shmem.tip_allocated", {{"bytes", format_bytes(item.allocated_bytes)},
                                {"exactly", format_bytes_exactly(item.allocated_bytes)},
                                {"share", format_share(static_cast<double>(item.allocated_bytes) /
                                                       static_cast<double>(std::max<std::uint64_t>(1, model.bytes)))}});
    if (item.named && item.anonymous_bytes > 0)
      say("shmem.tip_anonymous", {{"bytes", format_bytes(item.anonymous_bytes)}});
    say("shmem.tip_offset", {{"offset", format_count(item.offset)}});
    ImGui::PopStyleColor();
  }
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
}

// --- by area ----------------------------------------------------------------------------------------------------

void ShmemMap::rebuild_treemap(const PanelContext& panel, const ShmemModel& model, const ShmemFocus& focus,
                               ImVec2 space) {
  const Key key{panel.session.document->serial, panel.session.cursor(), focus, space.x, space.y, panel.em()};
  if (key == treemap_key_) return;
  treemap_key_ = key;
  cells_.clear();
  std::vector<TreemapNode> nodes;
  const auto add = [&](Cell cell, int parent, std::uint64_t own, std::uint64_t all) {
    cells_.push_back(cell);
    nodes.push_back({{}, parent, own, all});
    return static_cast<int>(nodes.size()) - 1;
  };
  for (int a = 0; a < trace::kShmemAreaCount; ++a) {
    const auto area = static_cast<ShmemArea>(a);
    const std::uint64_t bytes = model.area_bytes[static_cast<std::size_t>(a)];
    if (bytes == 0 || (focus.area && *focus.area != area)) continue;
    const int parent = focus.area ? -1 : add({-1, area}, -1, 0, bytes);
    for (std::size_t i = 0; i < model.items.size(); ++i)
      if (model.items[i].area == area)
        add({static_cast<int>(i), area}, parent, model.items[i].allocated_bytes, model.items[i].allocated_bytes);
  }
  if (!focus.area && model.free_bytes() > 0) add({}, -1, model.free_bytes(), model.free_bytes());
  TreemapView view;
  view.width_px = space.x;
  view.height_px = space.y;
  view.title_px = std::round(panel.em() * 1.25f);
  view.padding_px = std::round(panel.em() * 0.15f);
  view.smallest_px = std::max(3.0f, panel.em() * 0.3f);
  rects_ = lay_out_treemap(nodes, view);
}

void ShmemMap::draw_treemap(const PanelContext& panel, const ShmemModel& model, ShmemFocus& focus, ImVec2 origin,
                            ImVec2 space) {
  rebuild_treemap(panel, model, focus, space);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool is_hovered = ImGui::IsItemHovered();
  int hovered = -1;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (std::size_t i = 0; i < rects_.size(); ++i) {
    const TreemapRect& rect = rects_[i];
    const Cell& cell = cells_[static_cast<std::size_t>(rect.node)];
    const ImVec2 low(origin.x + rect.x0, origin.y + rect.y0), high(origin.x + rect.x1, origin.y + rect.y1);
    if (is_hovered && mouse.x >= low.x && mouse.x < high.x && mouse.y >= low.y && mouse.y < high.y)
      hovered = static_cast<int>(i);
    const bool is_area = cell.item < 0 && cell.area;
    if (!is_area) {
      if (rect.own) draw_cell(panel, model, cell.item, low, high, true);
      continue;
    }
    const Color colour = shmem_area_colour(panel.theme, *cell.area);
    draw->AddRectFilled(low, high, mix(panel.theme.map_ground, colour, 0.28f));
    draw->AddRect(low, high, mix(panel.theme.map_ground, colour, 0.8f));
    if (!rect.titled) continue;
    const float small = panel.fonts.small_size, pad = 0.2f * panel.em();
    const bool says_more = rect.folded > 0 && high.x - low.x > 9 * small;
    const std::string more = says_more ? fmt::format("+{}", rect.folded) : std::string();
    const float extent = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, more.c_str()).x;
    const ImVec4 clip(low.x, low.y, high.x - pad - (says_more ? extent + pad : 0), high.y);
    draw_area_badge(panel, {low.x + pad, low.y + pad}, small * 1.1f, *cell.area);
    add_cut_text(draw, panel.fonts.title, small, {low.x + pad * 2 + small * 1.2f, low.y + pad}, panel.theme.text,
                 fmt::format("{}  {}", panel.strings(shmem_area_key(*cell.area)),
                             format_bytes(model.area_bytes[static_cast<std::size_t>(*cell.area)])),
                 clip);
    draw->AddText(panel.fonts.mono, small, {high.x - pad - extent, low.y + pad}, panel.theme.dim, more.c_str());
  }
  if (hovered < 0) return;
  const TreemapRect& rect = rects_[static_cast<std::size_t>(hovered)];
  const Cell& cell = cells_[static_cast<std::size_t>(rect.node)];
  draw->AddRect({origin.x + rect.x0, origin.y + rect.y0}, {origin.x + rect.x1, origin.y + rect.y1}, panel.theme.text, 0,
                0, 1.5f);
  if (cell.item >= 0 || !cell.area) tooltip(panel, model, cell.item);
  if (cell.item >= 0 && ImGui::IsItemClicked())
    panel.actions.push(Select{selection_of(panel, model.items[static_cast<std::size_t>(cell.item)])});
  const bool closer = ImGui::GetIO().MouseWheel > 0 || ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left) ||
                      (cell.item < 0 && ImGui::IsItemClicked());
  if (closer && cell.area) {
    if (!focus.area)
      focus.area = cell.area;
    else if (cell.item >= 0)
      focus.item = model.items[static_cast<std::size_t>(cell.item)].born;
  }
  if (ImGui::GetIO().MouseWheel < 0) focus = {};
}

// --- by address -------------------------------------------------------------------------------------------------

void ShmemMap::zoom(const ShmemModel& model, double factor, int around_item) {
  if (view_.to == 0) view_.to = model.bytes, view_.from = 0;
  std::uint64_t around = view_.from + (view_.to - view_.from) / 2;
  if (around_item >= 0) {
    const ShmemItem& item = model.items[static_cast<std::size_t>(around_item)];
    const std::uint64_t middle = item.offset + item.allocated_bytes / 2;
    if (middle >= view_.from && middle < view_.to) around = middle;
  }
  view_ = zoom_strip(view_, factor, around, model.bytes);
}

void ShmemMap::move(const ShmemModel& model, double shares) {
  if (view_.to != 0) view_ = move_strip(view_, shares * static_cast<double>(view_.to - view_.from), model.bytes);
}

// The whole segment on one line, with the part that is shown below.
void ShmemMap::draw_overview(const PanelContext& panel, const ShmemModel& model, ImVec2 low, ImVec2 high) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const double scale =
      static_cast<double>(high.x - low.x) / static_cast<double>(std::max<std::uint64_t>(1, model.bytes));
  const auto x_of = [&](std::uint64_t byte) { return low.x + static_cast<float>(static_cast<double>(byte) * scale); };
  draw->AddRectFilled(low, high, panel.theme.tail);
  for (const ShmemItem& item : model.items)
    draw->AddRectFilled({x_of(item.offset), low.y}, {std::max(x_of(item.end()), x_of(item.offset) + 0.5f), high.y},
                        mix(panel.theme.map_ground, shmem_area_colour(panel.theme, item.area), 0.72f));
  const ImVec2 a(x_of(view_.from), low.y - 1), b(std::max(x_of(view_.to), x_of(view_.from) + 2), high.y + 1);
  draw->AddRect(a, b, panel.theme.text, 0, 0, 2);
}

void ShmemMap::draw_strip(const PanelContext& panel, const ShmemModel& model, ShmemFocus& focus, ImVec2 origin,
                          ImVec2 space) {
  const float em = panel.em(), small = panel.fonts.small_size;
  const float overview = 0.7f * em, scale_width = 5.2f * em;
  if (view_.to == 0 || view_.to > model.bytes) view_.from = 0, view_.to = std::max<std::uint64_t>(1, model.bytes);
  draw_overview(panel, model, {origin.x + scale_width, origin.y}, {origin.x + space.x, origin.y + overview});
  const float top = origin.y + overview + 0.4f * em, pitch = 2.5f * em, height = 2.1f * em;
  view_.rows = std::max(1, static_cast<int>((origin.y + space.y - top) / pitch));
  view_.width_px = std::max(10.0f, space.x - scale_width);
  view_.smallest_px = std::max(3.0f, 0.25f * em);
  const Key key{panel.session.document->serial, panel.session.cursor(), focus, space.x, space.y, em};
  const bool same_view = boxes_view_.from == view_.from && boxes_view_.to == view_.to && boxes_view_.rows == view_.rows;
  if (!(key == strip_key_) || !same_view) {
    strip_key_ = key;
    boxes_view_ = view_;
    parts_.clear();
    for (std::size_t i = 0; i < model.items.size(); ++i)
      parts_.push_back({model.items[i].offset, model.items[i].end(), static_cast<int>(i)});
    if (model.free_bytes() > 0) parts_.push_back({model.used_bytes, model.bytes, -1});
    boxes_ = lay_out_strip(parts_, view_);
    bands_.assign(static_cast<std::size_t>(view_.rows), {});
    for (int row = 0; row < view_.rows; ++row) {
      const auto row_from = view_.from + static_cast<std::uint64_t>(row * view_.bytes_per_row());
      const auto row_to = view_.from + static_cast<std::uint64_t>((row + 1) * view_.bytes_per_row());
      bands_[static_cast<std::size_t>(row)] =
          lay_out_nodes(model.runs, row_from, row_to, view_.width_px, kNarrowestBand);
    }
  }
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const bool is_hovered = ImGui::IsItemHovered();
  const float left = origin.x + scale_width;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (int row = 0; row < view_.rows; ++row) {  // offsets at the rows' beginnings
    const std::uint64_t at = view_.from + static_cast<std::uint64_t>(row * view_.bytes_per_row());
    const std::string text = view_.bytes_per_row() < 100'000 ? format_count(at) : format_bytes(at);
    const float extent = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, text.c_str()).x;
    const float y = top + static_cast<float>(row) * pitch;
    draw->AddText(panel.fonts.mono, small, {left - 0.5f * em - extent, y + (height - small) / 2}, panel.theme.dim,
                  text.c_str());
  }
  int hovered = -2;
  for (const StripBox& box : boxes_) {
    const float y = top + static_cast<float>(box.row) * pitch;
    const ImVec2 low(left + box.x0, y), high(std::max(left + box.x1, left + box.x0 + 1), y + height);
    const int item = parts_[static_cast<std::size_t>(box.part)].kind;
    if (box.count > 1) {  // many, too narrow to be told apart
      draw->AddRectFilled(low, high, panel.theme.raised);
      for (float x = low.x + 1; x < high.x; x += 3) draw->AddLine({x, low.y}, {x, high.y}, panel.theme.dim);
    } else {
      draw_cell(panel, model, item, low, high, false);
      if (item >= 0 && model.items[static_cast<std::size_t>(item)].anonymous_bytes > 0) {
        // The pieces without a name are hatched where they lie.
        const ShmemItem& whole = model.items[static_cast<std::size_t>(item)];
        const double row_from = static_cast<double>(view_.from) + box.row * view_.bytes_per_row();
        const double px = static_cast<double>(view_.width_px) / view_.bytes_per_row();
        for (const std::uint32_t piece : whole.pieces) {
          const trace::ShmemRecord& record = panel.state().server().allocations[piece];
          if (!record.name.empty()) continue;
          const float x0 = left + static_cast<float>((static_cast<double>(record.offset) - row_from) * px);
          const float x1 = x0 + static_cast<float>(static_cast<double>(record.allocated_bytes) * px);
          const float a = std::max(low.x, x0), b = std::min(high.x, x1);
          if (b - a < 2) continue;
          const Color colour = shmem_area_colour(panel.theme, whole.area);
          fill_hatched({a, low.y + height * 0.62f}, {b, high.y}, mix(panel.theme.map_ground, colour, 0.3f), colour,
                       0.5f * em);
        }
      }
    }
    if (is_hovered && mouse.x >= low.x && mouse.x < high.x && mouse.y >= low.y && mouse.y < low.y + pitch)
      hovered = item;
  }
  for (int row = 0; by_node_ && row < view_.rows; ++row) {
    const float y = top + static_cast<float>(row) * pitch + height * 0.55f;
    for (const NodeBand& band : bands_[static_cast<std::size_t>(row)]) {
      draw_node_band(panel, band, {left, y}, height * 0.45f);
      if (band.newest == panel.session.cursor())
        draw->AddRect({left + band.x0, y}, {left + std::max(band.x1, band.x0 + 2), y + height * 0.45f},
                      panel.theme.born, 0, 0, 2);
    }
  }
  if (!is_hovered) return;
  const ImGuiIO& io = ImGui::GetIO();
  if (io.MouseWheel != 0) {
    const int row = static_cast<int>((mouse.y - top) / pitch);
    view_ = zoom_strip(view_, io.MouseWheel > 0 ? 1 / kWheelStep : kWheelStep, byte_at(view_, row, mouse.x - left),
                       model.bytes);
  }
  if (ImGui::IsMouseDragging(ImGuiMouseButton_Left))
    view_ =
        move_strip(view_, -static_cast<double>(io.MouseDelta.x / view_.width_px) * view_.bytes_per_row(), model.bytes);
  if (hovered == -2) return;
  tooltip(panel, model, hovered);
  if (hovered < 0) return;
  const ShmemItem& item = model.items[static_cast<std::size_t>(hovered)];
  if (ImGui::IsItemClicked()) panel.actions.push(Select{selection_of(panel, item)});
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) focus = {item.area, item.born};
}

// --- one structure ----------------------------------------------------------------------------------------------

void ShmemMap::draw_buffers(const PanelContext& panel, ImVec2 low, ImVec2 high) {
  const trace::ServerState& server = panel.state().server();
  const trace::PoolRecord* pool = server.shared_pool();
  if (pool == nullptr || pool->buffers == 0) return;
  const float em = panel.em();
  const float width = high.x - low.x, height = high.y - low.y - 1.5f * panel.fonts.small_size;
  if (width < 4 * em || height < em) return;
  const float least = 0.55f * em;
  const auto room = static_cast<std::size_t>(std::max(1.0f, std::floor(width / least) * std::floor(height / least)));
  const std::uint32_t per_cell = static_cast<std::uint32_t>((pool->buffers + room - 1) / room);
  if (buffers_document_ != panel.session.document->serial || buffers_cursor_ != panel.session.cursor() ||
      most_cells_ != room) {
    buffers_document_ = panel.session.document->serial;
    buffers_cursor_ = panel.session.cursor();
    most_cells_ = room;
    per_cell_ = per_cell;
    buffers_.assign((pool->buffers + per_cell - 1) / per_cell, {});
    for (std::uint32_t i = 0; i < pool->buffers && pool->first.value + i < server.buffers.size(); ++i) {
      const trace::BufferRecord& buffer = server.buffers[pool->first.value + i];
      BufferCell& cell = buffers_[i / per_cell];
      ++cell.all;
      cell.tagged += buffer.has_page() ? 1 : 0;
      cell.dirty += buffer.dirty() ? 1 : 0;
      cell.pinned += buffer.refcount() > 0 ? 1 : 0;
    }
  }
  const auto count = static_cast<float>(std::max<std::size_t>(1, buffers_.size()));
  const float side = std::clamp(std::floor(std::sqrt(width * height / count)), least, 2.5f * em);
  const int columns = std::max(1, static_cast<int>(width / side));
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    const BufferCell& cell = buffers_[i];
    const int row = static_cast<int>(i) / columns, column = static_cast<int>(i) % columns;
    const ImVec2 a(low.x + side * static_cast<float>(column), low.y + side * static_cast<float>(row));
    const ImVec2 b(a.x + side - 1, a.y + side - 1);
    if (b.y > high.y) break;
    const float all = static_cast<float>(std::max<std::uint32_t>(1, cell.all));
    const float level = b.y - (b.y - a.y) * static_cast<float>(cell.tagged) / all;
    draw->AddRectFilled(a, b, panel.theme.tail);
    draw->AddRectFilled({a.x, level}, b, panel.theme.live);
    const float dirty = (b.x - a.x) * static_cast<float>(cell.dirty) / all;
    if (cell.dirty > 0)
      draw->AddTriangleFilled({a.x, b.y}, {a.x + std::max(3.0f, dirty), b.y}, {a.x, b.y - std::max(3.0f, dirty)},
                              panel.theme.external);
    if (cell.pinned > 0) draw->AddRect(a, b, panel.theme.text, 0, 0, 2);
  }
  draw->AddText(panel.fonts.text, panel.fonts.small_size, {low.x, high.y - panel.fonts.small_size * 1.2f},
                panel.theme.dim,
                panel.strings
                    .fill("shmem.buffers_line", {{"count", format_count(pool->buffers)},
                                                 {"used", format_count(pool->tagged)},
                                                 {"dirty", format_count(pool->dirty)},
                                                 {"pinned", format_count(pool->pinned)},
                                                 {"per_cell", format_count(per_cell_)}})
                    .c_str());
}

void ShmemMap::draw_structure(const PanelContext& panel, const ShmemModel& model, const ShmemItem& item, ImVec2 origin,
                              ImVec2 space) {
  const float em = panel.em(), small = panel.fonts.small_size;
  const Theme& theme = panel.theme;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImVec2 at(origin.x + 0.3f * em, origin.y + 0.2f * em);
  const float right = origin.x + space.x - 0.3f * em;
  draw_area_badge(panel, at, 1.3f * em, item.area);
  draw->AddText(panel.fonts.title, 1.15f * em, {at.x + 1.7f * em, at.y}, theme.text, item.name.c_str());
  at.y += 1.7f * em;
  const std::string use = shmem_use_text(panel.strings, item);
  draw->AddText(panel.fonts.text, em, at, theme.text, use.c_str(), nullptr, right - at.x);
  at.y += panel.fonts.text->CalcTextSizeA(em, FLT_MAX, right - at.x, use.c_str()).y + 0.6f * em;
  // Its pieces to scale, each with its words below.
  const float bar = 1.6f * em;
  const double whole = static_cast<double>(std::max<std::uint64_t>(1, item.allocated_bytes));
  float x = at.x;
  const Color colour = shmem_area_colour(theme, item.area);
  std::vector<std::string> lines;
  for (const std::uint32_t index : item.pieces) {
    const trace::ShmemRecord& piece = panel.state().server().allocations[index];
    const float width =
        std::max(2.0f, static_cast<float>(static_cast<double>(piece.allocated_bytes) / whole) * (right - at.x));
    const ImVec2 low(x, at.y), high(std::min(x + width, right), at.y + bar);
    draw->AddRectFilled(low, high, mix(theme.map_ground, colour, 0.72f));
    if (piece.name.empty())
      fill_hatched(low, high, mix(theme.map_ground, colour, 0.35f), with_alpha(colour, 0.75f), 0.5f * em);
    draw->AddRect(low, high, theme.text);
    x = high.x;
    lines.push_back(panel.strings.fill(
        piece.name.empty() ? "shmem.piece_anonymous" : "shmem.piece_named",
        {{"name", piece.name.empty() ? piece.purpose : piece.name},
         {"bytes", format_bytes(piece.bytes)},
         {"exactly", format_bytes_exactly(piece.bytes)},
         {"padding", format_bytes_exactly(piece.allocated_bytes - std::min(piece.allocated_bytes, piece.bytes))},
         {"offset", format_count(piece.offset)}}));
  }
  at.y += bar + 0.4f * em;
  for (const std::string& line : lines) {
    if (at.y + small > origin.y + space.y) return;
    const ImVec4 clip(at.x, at.y, right, at.y + 2 * small);
    add_cut_text(draw, panel.fonts.text, small, at, theme.dim, line, clip);
    at.y += 1.35f * small;
  }
  at.y += 0.4f * em;
  if (item.name == "Buffer Blocks" || item.name == "Buffer Descriptors")
    draw_buffers(panel, at, {right, origin.y + space.y - 0.2f * em});
  (void)model;
}

// --- all of it --------------------------------------------------------------------------------------------------

void ShmemMap::draw(const PanelContext& panel, const ShmemModel& model, ShmemFocus& focus) {
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImVec2 space = ImGui::GetContentRegionAvail();
  space = {std::floor(space.x), std::floor(space.y)};
  if (space.x < 8 || space.y < 8) return;
  ImGui::InvisibleButton("##segment", space);
  ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
  ImGui::PushClipRect(origin, {origin.x + space.x, origin.y + space.y}, true);
  const auto item = std::find_if(model.items.begin(), model.items.end(),
                                 [&](const ShmemItem& one) { return focus.item != 0 && one.born == focus.item; });
  if (item != model.items.end()) {
    draw_structure(panel, model, *item, origin, space);
    if (ImGui::IsItemHovered() && ImGui::GetIO().MouseWheel < 0) focus.item = 0;
  } else if (by_address_ || by_node_) {
    draw_strip(panel, model, focus, origin, space);
  } else {
    draw_treemap(panel, model, focus, origin, space);
  }
  ImGui::PopClipRect();
}

void ShmemMap::draw_legend(const PanelContext& panel, const ShmemModel& model, float width) const {
  const float size = panel.fonts.small_size, side = size * 1.1f;
  ImVec2 at = ImGui::GetCursorScreenPos();
  const float left = at.x, right = at.x + width;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  int lines = 1;
  for (int a = 0; a < trace::kShmemAreaCount; ++a) {
    if (model.area_bytes[static_cast<std::size_t>(a)] == 0) continue;
    const auto area = static_cast<ShmemArea>(a);
    const char* text = panel.strings(shmem_area_key(area));
    const float extent = panel.fonts.text->CalcTextSizeA(size, FLT_MAX, 0, text).x;
    if (at.x + side + extent + 0.4f * size > right && at.x > left) {
      if (lines == 2) break;
      at = {left, at.y + size * 1.45f};
      ++lines;
    }
    draw_area_badge(panel, {at.x, at.y + size * 0.05f}, side, area);
    draw->AddText(panel.fonts.text, size, {at.x + side + 0.35f * size, at.y}, panel.theme.dim, text);
    at.x += side + extent + 1.3f * size;
  }
  ImGui::Dummy({width, size * 1.45f * static_cast<float>(lines)});
}

}  // namespace palloscope::gui
