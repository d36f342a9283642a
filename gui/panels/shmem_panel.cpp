#include "gui/panels/shmem_panel.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "gui/format_text.h"
#include "gui/front_panel.h"
#include "gui/icons.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr double kKeyStep = 1.6;

constexpr std::string_view kViewKeys[] = {"shmem.view.segment", "shmem.view.dynamic", "shmem.view.pages",
                                          "shmem.view.strip"};
constexpr std::string_view kKeyStart = "shmem.view.";

}  // namespace

std::optional<ShmemView> shmem_view_named(std::string_view name) {
  for (int i = 0; i < kShmemViewCount; ++i)
    if (kViewKeys[i].substr(kKeyStart.size()) == name) return static_cast<ShmemView>(i);
  return std::nullopt;
}

void ShmemPanel::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  const bool is_other = document_ != session.document->serial;
  if (!is_other && cursor_ == session.cursor()) return;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  model_ = shmem_model(session.state().server());
  if (!is_other) return;
  focus_ = {};
  map_.fit();
  view_ = shmem_view_named(front_view(*session.document)).value_or(View::Segment);
  shown_ = {};
}

void ShmemPanel::show_selected(const PanelContext& panel) {
  const Selection& selection = panel.session.selection;
  if (shown_ == selection) return;
  shown_ = selection;
  if (std::holds_alternative<ShmemKey>(selection)) view_ = View::Segment;
  if (const auto* key = std::get_if<SegmentKey>(&selection))
    if (const trace::SegmentRecord* segment = find(panel.state(), *key))
      view_ = segment->kind == core::SegmentKind::Main ? View::Segment : View::Dynamic;
}

int ShmemPanel::selected_item(const PanelContext& panel) const {
  const auto* key = std::get_if<ShmemKey>(&panel.session.selection);
  return key == nullptr || find(panel.state(), *key) == nullptr ? -1 : model_.item_of(key->allocation);
}

void ShmemPanel::select(const PanelContext& panel, int item) const {
  const std::uint32_t piece = model_.items[static_cast<std::size_t>(item)].pieces.front();
  panel.actions.push(Select{ShmemKey{piece, panel.state().server().allocations[piece].born}});
}

void ShmemPanel::handle_keys(const PanelContext& panel) {
  if (!panel.is_focused || ImGui::GetIO().WantTextInput || panel.session.overlay != Overlay::None) return;
  const auto pressed = [](ImGuiKey key) { return ImGui::IsKeyPressed(key); };
  const int turn = (pressed(ImGuiKey_Period) ? 1 : 0) - (pressed(ImGuiKey_Comma) ? 1 : 0);
  if (turn != 0) view_ = static_cast<View>((static_cast<int>(view_) + kShmemViewCount + turn) % kShmemViewCount);
  const int step = pressed(ImGuiKey_DownArrow) ? 1 : pressed(ImGuiKey_UpArrow) ? -1 : 0;
  const int zoom = (pressed(ImGuiKey_Equal) || pressed(ImGuiKey_KeypadAdd) ? 1 : 0) -
                   (pressed(ImGuiKey_Minus) || pressed(ImGuiKey_KeypadSubtract) ? 1 : 0);
  if (view_ == View::Strip) {
    if (step != 0) strip_.choose_knob(step);
    if (zoom != 0 && strip_.has_knob())
      strip_.turn_knob(zoom);
    else if (zoom != 0)
      strip_.zoom(zoom > 0 ? 1 / kKeyStep : kKeyStep);
    if (pressed(ImGuiKey_0)) strip_.fit();
    if (pressed(ImGuiKey_A)) strip_.set_logarithmic(!strip_.logarithmic());
    return;
  }
  if (view_ == View::Dynamic) {
    if (step != 0)
      if (const auto key = dynamic_.next(panel, step)) panel.actions.push(Select{*key});
    return;
  }
  if (view_ == View::Pages && step != 0) pages_.scroll(3.0f * static_cast<float>(step));
  if (view_ != View::Segment || !model_.segment) return;
  const int selected = selected_item(panel);
  if (step != 0)
    if (const int item = list_.next(selected, step); item >= 0) select(panel, item);
  if (pressed(ImGuiKey_A)) map_.set_by_address(!map_.by_address());
  if (pressed(ImGuiKey_G) && !model_.runs.empty()) map_.set_by_node(!map_.by_node());
  if (pressed(ImGuiKey_0)) map_.fit();
  if (pressed(ImGuiKey_Enter) && selected >= 0) {
    const ShmemItem& item = model_.items[static_cast<std::size_t>(selected)];
    if (focus_.area == item.area || map_.by_address())
      focus_ = {item.area, item.born};
    else
      focus_ = {item.area, 0};
  }
  if (pressed(ImGuiKey_Backspace))
    focus_ = focus_.item != 0 && !map_.by_address() ? ShmemFocus{focus_.area, 0} : ShmemFocus{};
  if (zoom == 0) return;
  if (map_.by_address() || map_.by_node()) {
    map_.zoom(model_, zoom > 0 ? 1 / kKeyStep : kKeyStep, selected);
  } else if (zoom < 0) {
    focus_ = focus_.item != 0 ? ShmemFocus{focus_.area, 0} : ShmemFocus{};
  } else if (selected >= 0) {
    const ShmemItem& item = model_.items[static_cast<std::size_t>(selected)];
    focus_ = focus_.area == item.area ? ShmemFocus{item.area, item.born} : ShmemFocus{item.area, 0};
  }
}

void ShmemPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document) return;
  if (view_ == View::Strip) {
    const char* scale = panel.strings(strip_.logarithmic() ? "shmem.strip.to_true" : "shmem.strip.to_log");
    ToolRow tools(width, {scale, panel.strings("map.fit")});
    if (tools.button(scale, panel.strings("shmem.strip.scale_hint"))) strip_.set_logarithmic(!strip_.logarithmic());
    if (tools.button(panel.strings("map.fit"), panel.strings("map.fit_hint"))) strip_.fit();
    return;
  }
  if (view_ != View::Segment || !model_.segment) return;
  const float filter = std::min(10 * panel.em(), width * 0.35f);
  const ImVec2 start = ImGui::GetCursorPos();
  const char* order = panel.strings(map_.by_address() ? "shmem.show_areas" : "shmem.show_addresses");
  const char* nodes = panel.strings(map_.by_node() ? "shmem.hide_nodes" : "shmem.show_nodes");
  std::vector<const char*> labels;
  if (!model_.runs.empty()) labels.push_back(nodes);
  labels.push_back(order);
  ToolRow tools(width - filter - ImGui::GetStyle().ItemSpacing.x, labels);
  if (!model_.runs.empty() && tools.button(nodes, panel.strings("shmem.nodes_hint"))) map_.set_by_node(!map_.by_node());
  if (tools.button(order, panel.strings("shmem.order_hint"))) map_.set_by_address(!map_.by_address());
  if (filter < 5 * panel.em()) return;
  ImGui::SetCursorPos({start.x + width - filter, start.y});
  list_.draw_filter(panel, filter);
}

void ShmemPanel::draw_views(const PanelContext& panel) {
  for (int i = 0; i < kShmemViewCount; ++i) {
    if (i > 0) ImGui::SameLine();
    const bool is_here = static_cast<int>(view_) == i;
    if (is_here) {
      ImGui::PushStyleColor(ImGuiCol_Button, panel.theme.accent);
      ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.on_accent);
    }
    if (ImGui::SmallButton(panel.strings(kViewKeys[i]))) view_ = static_cast<View>(i);
    if (is_here) ImGui::PopStyleColor(2);
    ImGui::SetItemTooltip("%s", panel.strings("shmem.view_hint"));
  }
}

void ShmemPanel::draw_breadcrumb(const PanelContext& panel) {
  const auto arrow = [] {
    ImGui::SameLine();
    ImGui::TextUnformatted(icons::kCurrent);
    ImGui::SameLine();
  };
  ImGui::SameLine(0, 1.5f * panel.em());
  if (ImGui::SmallButton(panel.strings("shmem.segment.main"))) focus_ = {};
  if (focus_.area) {
    arrow();
    if (ImGui::SmallButton(panel.strings(shmem_area_key(*focus_.area)))) focus_.item = 0;
  }
  const auto item = std::find_if(model_.items.begin(), model_.items.end(),
                                 [&](const ShmemItem& one) { return focus_.item != 0 && one.born == focus_.item; });
  if (item != model_.items.end()) {
    arrow();
    ImGui::TextUnformatted(item->name.c_str());
    return;
  }
  if (focus_.area) return;
  ImGui::SameLine(0, panel.em());
  const std::string facts = panel.strings.fill("shmem.facts", {{"bytes", format_bytes(model_.bytes)},
                                                               {"count", format_count(model_.items.size())},
                                                               {"anonymous", format_bytes(model_.anonymous_bytes)},
                                                               {"free", format_bytes(model_.free_bytes())}});
  draw_cut_text(facts, ImGui::GetContentRegionAvail().x, panel.theme.dim);
}

void ShmemPanel::draw_segment(const PanelContext& panel) {
  if (!model_.segment) {
    draw_empty(panel, "shmem.no_segment");
    return;
  }
  const ImVec2 space = ImGui::GetContentRegionAvail();
  const float em = panel.em(), gap = ImGui::GetStyle().ItemSpacing.x;
  const bool has_list = space.x > 34 * em;
  const float list = has_list ? std::clamp(space.x * 0.38f, 16 * em, 42 * em) : 0;
  const float picture = has_list ? space.x - list - gap : space.x;
  ImGui::BeginGroup();
  const bool has_legend = focus_.item == 0 && space.y > 12 * em;
  const float legend = has_legend ? panel.fonts.small_size * 2.9f + ImGui::GetStyle().ItemSpacing.y : 0;
  if (ImGui::BeginChild("##picture", {picture, std::max(8.0f, space.y - legend)}, ImGuiChildFlags_None,
                        ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse))
    map_.draw(panel, model_, focus_);
  ImGui::EndChild();
  if (has_legend) map_.draw_legend(panel, model_, picture);
  ImGui::EndGroup();
  if (!has_list) return;
  ImGui::SameLine();
  if (ImGui::BeginChild("##list", {list, space.y})) list_.draw(panel, model_, selected_item(panel));
  ImGui::EndChild();
}

void ShmemPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  refresh(panel);
  show_selected(panel);
  const trace::ServerState& server = panel.state().server();
  if (server.empty() && server.nodes.empty() && server.requests.empty() && view_ != View::Strip) {
    draw_empty(panel, "shmem.empty");
    return;
  }
  handle_keys(panel);
  draw_views(panel);
  switch (view_) {
    case View::Segment:
      if (model_.segment) draw_breadcrumb(panel);
      draw_segment(panel);
      break;
    case View::Dynamic:
      dynamic_.draw(panel);
      break;
    case View::Pages:
      pages_.draw(panel, model_);
      break;
    case View::Strip:
      strip_.draw(panel);
      break;
  }
}

}  // namespace palloscope::gui
