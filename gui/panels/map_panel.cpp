#include "gui/panels/map_panel.h"

#include <algorithm>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/map_tint.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"
#include "imgui.h"

namespace palloscope::gui {
namespace {

constexpr std::string_view kModeKeys[kColourModeCount] = {"map.mode.state", "map.mode.owner", "map.mode.kind",
                                                          "map.mode.size_class", "map.mode.age"};
constexpr std::string_view kKindKeys[] = {"map.kind.allocset", "map.kind.generation", "map.kind.slab", "map.kind.bump",
                                          "map.kind.unknown"};
constexpr std::string_view kAgeKeys[] = {"map.age.0", "map.age.1", "map.age.2", "map.age.3", "map.age.4"};
constexpr double kZoomStep = 1.42;

ImU32 packed(const Rgb& c) { return ImGui::ColorConvertFloat4ToU32({c.r, c.g, c.b, 1}); }

}  // namespace

bool MapPanel::shows_treemap(const PanelContext& panel) const {
  if (picture_ != Picture::Automatic) return picture_ == Picture::Treemap;
  return panel.state().totals().region_count == 0;  // a dump knows no blocks
}

void MapPanel::handle_keys(const PanelContext& panel) {
  if (!panel.is_focused || ImGui::GetIO().WantTextInput) return;
  if (ImGui::IsKeyPressed(ImGuiKey_Equal) || ImGui::IsKeyPressed(ImGuiKey_KeypadAdd)) blocks_.zoom(1 / kZoomStep);
  if (ImGui::IsKeyPressed(ImGuiKey_Minus) || ImGui::IsKeyPressed(ImGuiKey_KeypadSubtract)) blocks_.zoom(kZoomStep);
  if (ImGui::IsKeyPressed(ImGuiKey_0)) blocks_.fit();
  if (ImGui::IsKeyPressed(ImGuiKey_Backspace)) {
    if (focus_.block.slot)
      focus_.block = {};
    else
      focus_.context = {};
  }
}

void MapPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document) return;
  const bool treemap = shows_treemap(panel);
  const char* picture = panel.strings(treemap ? "map.show_blocks" : "map.show_treemap");
  const char* fit = panel.strings("map.fit");
  const char* mode = panel.strings(kModeKeys[static_cast<int>(mode_)]);
  ToolRow tools(width, treemap ? std::vector{picture} : std::vector{picture, "-", "+", fit, mode});
  if (tools.button(picture, panel.strings("map.picture_hint"))) picture_ = treemap ? Picture::Blocks : Picture::Treemap;
  if (treemap) return;
  if (tools.button("-", panel.strings("map.zoom_out"))) blocks_.zoom(kZoomStep);
  if (tools.button("+", panel.strings("map.zoom_in"))) blocks_.zoom(1 / kZoomStep);
  if (tools.button(fit, panel.strings("map.fit_hint"))) blocks_.fit();
  if (tools.button(mode, panel.strings("map.mode_hint"))) ImGui::OpenPopup("##colour_mode");
  if (ImGui::BeginPopup("##colour_mode")) {
    for (int i = 0; i < kColourModeCount; ++i)
      if (ImGui::MenuItem(panel.strings(kModeKeys[i]), nullptr, static_cast<int>(mode_) == i))
        mode_ = static_cast<ColourMode>(i);
    ImGui::EndPopup();
  }
}

void MapPanel::draw_breadcrumb(const PanelContext& panel) {
  const trace::ContextRecord* context = find(panel.state(), focus_.context);
  const trace::BlockRecord* block = find(panel.state(), focus_.block);
  if (context == nullptr && block == nullptr) return;
  if (ImGui::SmallButton(panel.strings("map.whole_heap"))) focus_ = {};
  if (context != nullptr) {
    ImGui::SameLine();
    ImGui::TextUnformatted(icons::kCurrent);
    ImGui::SameLine();
    if (ImGui::SmallButton(context->name.c_str())) focus_.block = {};
  }
  if (block != nullptr) {
    ImGui::SameLine();
    ImGui::TextUnformatted(icons::kCurrent);
    ImGui::SameLine();
    ImGui::Text("%s %s", panel.strings(block_role_key(block->role)), format_bytes(block->bytes).c_str());
  }
}

// What patterns and colours mean, on one line; as many entries as fit.
void MapPanel::draw_legend(const PanelContext& panel, float width) {
  const float size = panel.fonts.small_size, swatch = size * 0.9f;
  const MapColours colours = map_colours(panel.theme, 1);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImVec2 at = ImGui::GetCursorScreenPos();
  const float right = at.x + width;
  const auto entry = [&](const char* text, auto&& paint) {
    const float extent = panel.fonts.text->CalcTextSizeA(size, FLT_MAX, 0, text).x;
    if (at.x + swatch + extent + size > right) return;
    const ImVec2 a(at.x, at.y + size * 0.15f), b(at.x + swatch, at.y + size * 0.15f + swatch);
    draw->PushClipRect(a, b, true);
    paint(a, b);
    draw->PopClipRect();
    draw->AddRect(a, b, panel.theme.dim);
    draw->AddText(panel.fonts.text, size, {b.x + size * 0.35f, at.y}, panel.theme.dim, text);
    at.x = b.x + extent + size * 1.2f;
  };
  const Color tint = mode_ == ColourMode::Owner ? panel.theme.owner[0] : panel.theme.live;
  const auto fill = [&](Color colour) {
    return [draw, colour](ImVec2 a, ImVec2 b) { draw->AddRectFilled(a, b, colour); };
  };
  entry(panel.strings("map.use.chunk_header"), fill(panel.theme.header));
  entry(panel.strings("map.use.live"), fill(tint));
  entry(panel.strings("map.use.rounding"), fill(mix(panel.theme.map_ground, tint, 0.42f)));
  entry(panel.strings("map.use.free"),
        [&](ImVec2 a, ImVec2 b) { fill_hatched(a, b, mix(panel.theme.map_ground, tint, 0.14f), tint, size * 0.33f); });
  entry(panel.strings("map.use.tail"), [&](ImVec2 a, ImVec2 b) { fill_dotted(a, b, panel.theme.dim, size * 0.33f); });
  if (!panel.session.faults().empty()) {
    entry(panel.strings("map.use.fault"), [&](ImVec2 a, ImVec2 b) {
      draw_fault_cross(panel, {(a.x + b.x) / 2, (a.y + b.y) / 2}, swatch * 0.8f);
    });
  }
  for (const LegendRow& row : legend_of(mode_)) {
    std::string text;
    if (mode_ == ColourMode::Age) text = panel.strings(kAgeKeys[std::min(row.value, 4)]);
    if (mode_ == ColourMode::Kind) text = panel.strings(kKindKeys[row.value]);
    if (mode_ == ColourMode::SizeClass) text = format_bytes(static_cast<std::uint64_t>(row.value));
    entry(text.c_str(), fill(packed(colours.tints[row.tint])));
  }
  ImGui::Dummy({width, size * 1.3f});
}

void MapPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  if (document_ != panel.session.document->serial) {
    document_ = panel.session.document->serial;
    focus_ = {};
    picture_ = Picture::Automatic;
    blocks_.fit();
  }
  handle_keys(panel);
  draw_breadcrumb(panel);
  const trace::HeapTotals& totals = panel.state().totals();
  const bool treemap = shows_treemap(panel);
  if (totals.context_count == 0 && totals.region_count == 0) {
    ImGui::TextWrapped("%s", panel.strings("map.empty"));
    return;
  }
  if (!treemap && totals.region_count == 0) {
    ImGui::TextWrapped("%s", panel.strings("map.no_blocks"));
    return;
  }
  const ImVec2 space = ImGui::GetContentRegionAvail();
  const float legend = treemap ? 0 : panel.fonts.small_size * 1.3f + ImGui::GetStyle().ItemSpacing.y + 1;
  if (ImGui::BeginChild("##picture", {0, std::max(8.0f, space.y - legend)}, ImGuiChildFlags_None,
                        ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse)) {
    if (treemap)
      treemap_.draw(panel, focus_.context);
    else
      blocks_.draw(panel, focus_, mode_);
  }
  ImGui::EndChild();
  if (!treemap) draw_legend(panel, space.x);
}

}  // namespace palloscope::gui
