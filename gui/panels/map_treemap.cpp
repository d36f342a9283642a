#include "gui/panels/map_treemap.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "gui/format_text.h"
#include "gui/layout/map_tint.h"
#include "gui/layout/tree_layout.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/profile_of.h"
#include "gui/panels/widgets.h"
#include "imgui.h"

namespace palloscope::gui {
namespace {

std::string title_of(const trace::ContextRecord& context) {
  auto [name, ident] = name_and_ident(context);
  return ident.empty() ? name : name + " \u00B7 " + ident;
}

// Preorder walk without recursion: dumps may nest a hundred levels and more.
std::vector<TreemapNode> collect(const trace::MemoryState& state, core::ContextSlot root,
                                 const core::VersionProfile& profile) {
  std::vector<TreemapNode> nodes;
  struct Waiting {
    core::ContextSlot context;
    int parent;
  };
  std::vector<Waiting> waiting;
  if (root) waiting.push_back({root, -1});
  if (!root)
    for (auto at = state.first_root(); at; at = state.contexts()[at.value].next_sibling) waiting.push_back({at, -1});
  while (!waiting.empty()) {
    const Waiting next = waiting.back();
    waiting.pop_back();
    const trace::ContextRecord& context = state.contexts()[next.context.value];
    const auto index = static_cast<int>(nodes.size());
    nodes.push_back({next.context, next.parent, own_bytes(state, context, &profile).own, 0});
    for (auto child = context.first_child; child; child = state.contexts()[child.value].next_sibling)
      waiting.push_back({child, index});
  }
  for (std::size_t i = nodes.size(); i-- > 0;) {
    nodes[i].inclusive_bytes += nodes[i].own_bytes;
    if (nodes[i].parent >= 0)
      nodes[static_cast<std::size_t>(nodes[i].parent)].inclusive_bytes += nodes[i].inclusive_bytes;
  }
  return nodes;
}

}  // namespace

void MapTreemap::rebuild(const PanelContext& panel, const ContextKey& root, float width, float height) {
  TreemapView view;
  view.width_px = width;
  view.height_px = height;
  view.title_px = std::round(panel.em() * 1.25f);
  view.padding_px = std::round(panel.em() * 0.15f);
  view.smallest_px = std::max(3.0f, panel.em() * 0.3f);
  const Session& session = panel.session;
  if (valid_ && document_ == session.document->serial && cursor_ == session.cursor() && root == root_ &&
      view.width_px == view_.width_px && view.height_px == view_.height_px && view.title_px == view_.title_px)
    return;
  valid_ = true;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  root_ = root;
  view_ = view;
  const bool root_lives = root.slot && find(session.state(), root) != nullptr;
  nodes_ = collect(session.state(), root_lives ? root.slot : core::ContextSlot{}, profile_of(session));
  rects_ = lay_out_treemap(nodes_, view_);
  const trace::ChangeSet& change = session.timeline()->last_change();
  changed_.assign(nodes_.size(), false);
  if (!change.known) return;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    changed_[i] = std::any_of(change.contexts.begin(), change.contexts.end(),
                              [&](const auto& entry) { return entry.first == nodes_[i].context; });
}

int MapTreemap::hovered_rect(float x, float y) const {
  int found = -1;
  for (std::size_t i = 0; i < rects_.size(); ++i) {
    const TreemapRect& rect = rects_[i];
    if (x >= rect.x0 && x < rect.x1 && y >= rect.y0 && y < rect.y1) found = static_cast<int>(i);
  }
  return found;
}

void MapTreemap::draw(const PanelContext& panel, ContextKey& root) {
  const ImVec2 origin = ImGui::GetCursorScreenPos(), space = ImGui::GetContentRegionAvail();
  if (space.x < 8 || space.y < 8) return;
  rebuild(panel, root, std::floor(space.x), std::floor(space.y));
  ImGui::InvisibleButton("##treemap", space);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const int hovered = ImGui::IsItemHovered() ? hovered_rect(mouse.x - origin.x, mouse.y - origin.y) : -1;
  ImGui::PushClipRect(origin, {origin.x + space.x, origin.y + space.y}, true);
  for (std::size_t i = 0; i < rects_.size(); ++i)
    draw_rect(panel, rects_[i], origin.x, origin.y, static_cast<int>(i) == hovered);
  ImGui::PopClipRect();
  if (hovered < 0) return;
  const TreemapRect& rect = rects_[static_cast<std::size_t>(hovered)];
  const core::ContextSlot slot = nodes_[static_cast<std::size_t>(rect.node)].context;
  const ContextKey key{slot, panel.state().contexts()[slot.value].born};
  if (ImGui::IsItemClicked()) panel.actions.push(Select{key});
  offer_menu(panel, key);
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) root = key;
  draw_tooltip(panel, rect);
}

void MapTreemap::draw_rect(const PanelContext& panel, const TreemapRect& rect, float x0, float y0, bool hovered) const {
  const Theme& theme = panel.theme;
  const core::ContextSlot slot = nodes_[static_cast<std::size_t>(rect.node)].context;
  const trace::ContextRecord& context = panel.state().contexts()[slot.value];
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 a(x0 + rect.x0, y0 + rect.y0), b(x0 + rect.x1, y0 + rect.y1);
  const bool selected = context_of(panel.session.selection, panel.state()) == slot;
  const float em = panel.em(), small = panel.fonts.small_size;
  if (!rect.own) {
    draw->AddRectFilled(a, b, mix(theme.map_ground, theme.raised, 0.35f + 0.12f * static_cast<float>(rect.depth % 4)));
    draw->AddRect(a, b, selected ? theme.accent : theme.line, 0, 0, selected ? em * 0.15f : 1.0f);
  } else {
    // Filled from below as far as it is used; what is only kept is hatched.
    const Color colour = theme.owner[static_cast<std::size_t>(owner_colour_index(slot))];
    const TreeBytes bytes = own_bytes(panel.state(), context, &profile_of(panel.session));
    const float share = bytes.own == 0 ? 0 : static_cast<float>(bytes.used) / static_cast<float>(bytes.own);
    const float level = b.y - (b.y - a.y) * std::clamp(share, 0.0f, 1.0f);
    draw->AddRectFilled(a, {b.x, level}, mix(theme.map_ground, colour, 0.22f));
    draw->PushClipRect(a, {b.x, level}, true);
    const float gap = em * 0.5f;
    for (float x = a.x - (level - a.y); x < b.x; x += gap)
      draw->AddLine({x, level}, {x + (level - a.y), a.y}, with_alpha(colour, 0.35f), 1);
    draw->PopClipRect();
    draw->AddRectFilled({a.x, level}, b, mix(theme.map_ground, colour, 0.72f));
    draw->AddRect(a, b, theme.map_ground, 0, 0, 1);
    if (selected) draw->AddRect(a, b, theme.accent, 0, 0, em * 0.18f);
  }
  if (changed_[static_cast<std::size_t>(rect.node)]) draw->AddRect(a, b, theme.born, 0, 0, em * 0.12f);
  if (hovered) draw->AddRect(a, b, theme.text, 0, 0, 1.5f);
  if (b.x - a.x < small * 2.5f || b.y - a.y < small * 1.3f || (!rect.own && !rect.titled)) return;
  const ImVec4 clip(a.x + em * 0.2f, a.y, b.x - em * 0.2f, b.y);
  const std::string title = title_of(context);
  ImFont* font = rect.own ? panel.fonts.text : panel.fonts.title;
  const ImVec2 at(a.x + em * 0.3f, a.y + em * 0.15f);
  if (rect.own) {  // a ground of its own, so that it reads on fill and hatching alike
    const ImVec2 extent = font->CalcTextSizeA(small, FLT_MAX, 0, title.c_str());
    draw->AddRectFilled({at.x - em * 0.1f, at.y}, {std::min(at.x + extent.x + em * 0.1f, b.x - 1), at.y + extent.y},
                        with_alpha(theme.map_ground, 0.75f), em * 0.15f);
  }
  add_cut_text(draw, font, small, at, theme.text, title, clip);
  if (!rect.own || b.y - a.y < small * 2.9f) return;
  const std::string size = format_bytes(own_bytes(panel.state(), context, &profile_of(panel.session)).own);
  const ImVec2 below(at.x, at.y + small * 1.35f);
  const ImVec2 extent = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, size.c_str());
  draw->AddRectFilled({below.x - em * 0.1f, below.y},
                      {std::min(below.x + extent.x + em * 0.1f, b.x - 1), below.y + extent.y},
                      with_alpha(theme.map_ground, 0.75f), em * 0.15f);
  add_cut_text(draw, panel.fonts.mono, small, below, theme.text, size, clip);
}

void MapTreemap::draw_tooltip(const PanelContext& panel, const TreemapRect& rect) const {
  if (!ImGui::BeginTooltip()) return;
  const TreemapNode& node = nodes_[static_cast<std::size_t>(rect.node)];
  const trace::ContextRecord& context = panel.state().contexts()[node.context.value];
  const TreeBytes own = own_bytes(panel.state(), context, &profile_of(panel.session));
  ImGui::PushFont(panel.fonts.title, panel.em());
  ImGui::TextUnformatted(title_of(context).substr(0, 200).c_str());
  ImGui::PopFont();
  const auto say = [&](std::string_view key, std::uint64_t bytes) {
    ImGui::TextUnformatted(
        panel.strings.fill(key, {{"bytes", format_bytes(bytes)}, {"exactly", format_bytes_exactly(bytes)}}).c_str());
  };
  say("map.treemap_own", own.own);
  say("map.treemap_used", own.used);
  say("map.treemap_inclusive", node.inclusive_bytes);
  if (rect.folded > 0)
    ImGui::TextUnformatted(
        panel.strings.fill("map.treemap_folded", {{"count", format_count(static_cast<std::uint64_t>(rect.folded))}})
            .c_str());
  ImGui::EndTooltip();
}

}  // namespace palloscope::gui
