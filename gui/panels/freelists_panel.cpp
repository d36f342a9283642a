#include "gui/panels/freelists_panel.h"

#include <imgui.h>

#include <algorithm>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/profile_of.h"
#include "gui/panels/widgets.h"
#include "gui/watch_condition.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui {
namespace {

// The last address digits tell chunks of one context apart and fit where sixteen would not.
std::string short_address(core::Address at) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int shift = 16; shift >= 0; shift -= 4) text += kDigits[(at.value >> shift) & 15];
  return text;
}

bool was_free(const trace::ChangeSet& change, core::ChunkSlot chunk) {
  const auto found =
      std::find_if(change.chunks.begin(), change.chunks.end(), [&](auto& c) { return c.first == chunk; });
  return found == change.chunks.end() || found->second.state == trace::ChunkState::Free;
}

}  // namespace

void FreelistsPanel::refresh(const PanelContext& panel, core::ContextSlot slot) {
  const ContextKey key{slot, panel.state().contexts()[slot.value].born};
  const Session& session = panel.session;
  if (document_ == session.document->serial && cursor_ == session.cursor() && context_ == key) return;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  context_ = key;
  rows_ = lay_out_freelists(panel.state(), slot, profile_of(session));
}

void FreelistsPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  const Session& session = panel.session;
  if (recycled_document_ != session.document->serial || recycled_cursor_ != session.cursor()) {
    recycled_document_ = session.document->serial;
    recycled_cursor_ = session.cursor();
    for (int list = 0; list < trace::kRecycledLists; ++list)
      recycled_[static_cast<std::size_t>(list)] = trace::recycled_contexts(*session.timeline(), list);
  }
  // A server's dump does not tell them; in a trace they are there, empty or not.
  const bool tells = session.state().totals().region_count > 0;
  const float room = ImGui::GetContentRegionAvail().y, line = ImGui::GetFrameHeightWithSpacing();
  const auto lines = std::count_if(recycled_.begin(), recycled_.end(), [](const auto& list) { return !list.empty(); });
  const float below = tells ? static_cast<float>(std::max<std::ptrdiff_t>(1, lines)) * line : 0;
  if (ImGui::BeginChild("##of_context", {0, std::max(3 * line, room - below)})) draw_context(panel);
  ImGui::EndChild();
  if (tells) draw_recycled(panel);
}

// A line for each list in which somebody waits, the next to be taken first.
void FreelistsPanel::draw_recycled(const PanelContext& panel) {
  bool none = true;
  for (int list = 0; list < trace::kRecycledLists; ++list) {
    if (recycled_[static_cast<std::size_t>(list)].empty()) continue;
    none = false;
    draw_recycled_list(panel, list);
  }
  if (!none) return;
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(panel.strings("freelists.recycled_none"));
  ImGui::PopStyleColor();
  ImGui::SetItemTooltip("%s", panel.strings("freelists.recycled_hint"));
}

void FreelistsPanel::draw_recycled_list(const PanelContext& panel, int list) {
  const auto& waiting = recycled_[static_cast<std::size_t>(list)];
  const float em = panel.em(), right = right_edge();
  ImGui::PushID(list);
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(
      panel.strings
          .fill(list == 0 ? "freelists.recycled_0" : "freelists.recycled_1",
                {{"count", format_count(waiting.size())}, {"most", format_count(trace::kMostRecycled)}})
          .c_str());
  ImGui::PopStyleColor();
  ImGui::SetItemTooltip("%s", panel.strings("freelists.recycled_hint"));
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const trace::RecycledContext& context = waiting[i];
    std::string text = context.born != 0 ? context.was.name : std::string("?");
    text += " " + format_bytes(context.bytes);
    const float width = ImGui::CalcTextSize(text.c_str()).x + 0.8f * em;
    ImGui::SameLine(0, 0.5f * em);
    if (ImGui::GetCursorPosX() + width + (i + 1 < waiting.size() ? 5 * em : 0) > right) {
      ImGui::TextUnformatted(
          panel.strings.fill("freelists.more", {{"count", format_count(waiting.size() - i)}}).c_str());
      break;
    }
    ImGui::PushID(static_cast<int>(context.region.value));
    const ImVec2 at = ImGui::GetCursorScreenPos(), end(at.x + width, at.y + 1.3f * em);
    const bool clicked = ImGui::InvisibleButton("##recycled", {width, 1.3f * em});
    ImDrawList* draw = ImGui::GetWindowDrawList();
    draw->AddRectFilled(at, end,
                        ImGui::IsItemHovered() ? panel.theme.raised : mix(panel.theme.panel, panel.theme.dim, 0.2f),
                        0.25f * em);
    draw->AddRect(at, end, i == 0 ? panel.theme.text : panel.theme.line, 0.25f * em, 0, i == 0 ? 0.12f * em : 1.0f);
    draw->AddText({at.x + 0.4f * em, at.y + 0.12f * em}, panel.theme.text, text.c_str());
    if (ImGui::IsItemHovered() && ImGui::BeginTooltip()) {
      if (context.born == 0) {
        ImGui::TextUnformatted(panel.strings("freelists.recycled_unknown"));
      } else {
        ImGui::TextUnformatted(context.was.name.c_str());
        ImGui::TextUnformatted(
            panel.strings
                .fill("freelists.recycled_tip", {{"event", format_event(context.born)},
                                                 {"bytes", format_bytes(context.bytes)},
                                                 {"limit", format_bytes(context.was.chunk_limit_bytes)}})
                .c_str());
      }
      ImGui::EndTooltip();
    }
    if (clicked)
      panel.actions.push(Select{BlockKey{context.region, panel.state().blocks()[context.region.value].born}});
    ImGui::PopID();
  }
  ImGui::PopID();
}

void FreelistsPanel::draw_context(const PanelContext& panel) {
  const trace::MemoryState& state = panel.state();
  core::ContextSlot slot = context_of(panel.session.selection, state);
  if (!slot) slot = state.point().current;
  const trace::ContextRecord* context = state.context(slot);
  if (context == nullptr) {
    draw_empty(panel, "freelists.empty");
    return;
  }
  refresh(panel, slot);
  if (rows_.empty()) {
    draw_empty(panel, context->at ? "freelists.other_kind" : "freelists.unknown");
    return;
  }
  if (const auto taken = trace::taken_over(*panel.session.timeline(), slot)) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.changed);
    ImGui::PushTextWrapPos(0);
    ImGui::TextUnformatted(panel.strings
                               .fill("freelists.taken", {{"name", context->name},
                                                         {"old", taken->was.name},
                                                         {"event", format_event(taken->born)},
                                                         {"limit", format_bytes(context->chunk_limit_bytes)}})
                               .c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
  }
  if (draw_link(panel, "##owner", std::string(trace::printed_name(*context))))
    panel.actions.push(Select{ContextKey{slot, context->born}});
  ImGui::SameLine();
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(panel.strings
                             .fill("freelists.summary", {{"count", format_count(context->free_chunk_count)},
                                                         {"bytes", format_bytes(context->free_chunk_bytes)},
                                                         {"next", format_bytes(context->next_block_bytes)}})
                             .c_str());
  ImGui::PopStyleColor();
  if (!ImGui::BeginTable("##freelists", 4, ImGuiTableFlags_ScrollY | ImGuiTableFlags_BordersInnerH)) return;
  const float em = panel.em();
  ImGui::TableSetupScrollFreeze(0, 1);
  ImGui::TableSetupColumn(panel.strings("freelists.class"), ImGuiTableColumnFlags_WidthFixed, em * 4);
  ImGui::TableSetupColumn(panel.strings("freelists.count"), ImGuiTableColumnFlags_WidthFixed, em * 3);
  ImGui::TableSetupColumn(panel.strings("freelists.next"), ImGuiTableColumnFlags_WidthFixed, em * 11);
  ImGui::TableSetupColumn(panel.strings("freelists.chain"), ImGuiTableColumnFlags_WidthStretch);
  ImGui::TableHeadersRow();
  for (const FreelistRow& row : rows_) draw_class(panel, row);
  ImGui::EndTable();
}

void FreelistsPanel::draw_next(const PanelContext& panel, const FreelistRow& row) const {
  const Theme& theme = panel.theme;
  const char* icon = icons::kForward;
  std::string text;
  Color colour = theme.dim;
  switch (row.next) {
    case NextSource::Freelist:
      text = panel.strings("freelists.next_this");
      icon = icons::kCheck;
      colour = theme.accent;
      break;
    case NextSource::Tail:
      text = panel.strings("freelists.next_tail");
      break;
    case NextSource::NewBlock:
      text = panel.strings.fill("freelists.next_block", {{"bytes", format_bytes(row.new_block_bytes)}});
      icon = icons::kBorn;
      break;
    case NextSource::External:
      text = panel.strings("freelists.next_external");
      icon = icons::kBlock;
  }
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::Text("%s %s", icon, text.c_str());
  ImGui::PopStyleColor();
}

bool FreelistsPanel::draw_link_box(const PanelContext& panel, core::ChunkSlot slot, bool is_head) const {
  const trace::ChunkRecord& chunk = panel.state().chunks()[slot.value];
  const Theme& theme = panel.theme;
  const float em = panel.em();
  const std::string text = short_address(chunk.at);
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  const ImVec2 extent = ImGui::CalcTextSize(text.c_str());
  const ImVec2 at = ImGui::GetCursorScreenPos(), size(extent.x + em * 0.7f, em * 1.25f);
  ImGui::PushID(static_cast<int>(slot.value));
  const bool clicked = ImGui::InvisibleButton("##link", size);
  ImGui::PopID();
  const trace::ChangeSet& change = panel.session.timeline()->last_change();
  const bool arrived = change.known && !was_free(change, slot);
  const auto* selected = std::get_if<ChunkKey>(&panel.session.selection);
  const bool is_selected = selected != nullptr && selected->slot == slot && selected->born == chunk.born;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 end(at.x + size.x, at.y + size.y);
  draw->AddRectFilled(at, end, ImGui::IsItemHovered() ? theme.raised : mix(theme.panel, theme.free, 0.25f), em * 0.25f);
  const Color border = is_selected ? theme.accent : arrived ? theme.born : is_head ? theme.text : theme.line;
  draw->AddRect(at, end, border, em * 0.25f, 0, is_selected || arrived || is_head ? em * 0.12f : 1.0f);
  draw->AddText({at.x + em * 0.35f, at.y + (size.y - extent.y) / 2}, theme.text, text.c_str());
  ImGui::PopFont();
  if (ImGui::IsItemHovered() && ImGui::BeginTooltip()) {
    ImGui::TextUnformatted(format_address(chunk.at).c_str());
    ImGui::TextUnformatted(
        panel.strings.fill("freelists.link_tip", {{"bytes", format_bytes(chunk.granted_bytes)}}).c_str());
    ImGui::EndTooltip();
  }
  return clicked;
}

void FreelistsPanel::draw_class(const PanelContext& panel, const FreelistRow& row) {
  const float em = panel.em();
  ImGui::TableNextRow(ImGuiTableRowFlags_None, em * 1.5f);
  ImGui::TableNextColumn();
  draw_bytes(panel, row.class_bytes);
  offer_menu(panel, context_, watch_freelist(context_, row.size_class));
  ImGui::TableNextColumn();
  if (!row.chunks.empty()) draw_count(panel, row.chunks.size());
  ImGui::TableNextColumn();
  draw_next(panel, row);
  ImGui::TableNextColumn();
  ImGui::PushID(row.size_class);
  for (std::size_t i = 0; i < row.chunks.size(); ++i) {
    if (ImGui::GetContentRegionAvail().x < em * 6 && i + 1 < row.chunks.size()) {
      ImGui::TextUnformatted(
          panel.strings.fill("freelists.more", {{"count", (row.cut ? "> " : "") + format_count(row.chunks.size() - i)}})
              .c_str());
      break;
    }
    const core::ChunkSlot chunk = row.chunks[i];
    if (draw_link_box(panel, chunk, i == 0))
      panel.actions.push(Select{ChunkKey{chunk, panel.state().chunks()[chunk.value].born}});
    offer_menu(panel, ChunkKey{chunk, panel.state().chunks()[chunk.value].born});
    if (i + 1 == row.chunks.size()) break;
    ImGui::SameLine(0, em * 0.2f);
    ImGui::TextUnformatted("\u2192");
    ImGui::SameLine(0, em * 0.2f);
  }
  ImGui::PopID();
}

}  // namespace palloscope::gui
