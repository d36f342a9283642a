// The lower part of the breakpoints panel: notes on moments and ranges, and bookmarks.
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <utility>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/breakpoints_panel.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {

void BreakpointsPanel::draw_notes(const PanelContext& panel) {
  const Session& session = panel.session;
  // One that was just made is written at once.
  if (session.notes.size() == notes_seen_ + 1)
    for (std::size_t i = 0; i < session.notes.size(); ++i)
      if (session.notes[i].text.empty() && session.notes[i].first == session.cursor() && !note_) {
        note_ = i;
        note_text_.clear();
        note_wants_keys_ = true;
      }
  notes_seen_ = session.notes.size();
  ImGui::Dummy({1, 0.4f * panel.em()});
  ImGui::PushFont(panel.fonts.title, panel.em());
  ImGui::TextUnformatted(panel.strings("breakpoints.notes"));
  ImGui::PopFont();
  ImGui::SameLine(0, panel.em());
  if (draw_link(panel, "##note_here", panel.strings("breakpoints.note_here")))
    panel.actions.push(AddNote{{session.cursor(), session.cursor(), ""}});
  if (session.notes.empty() && session.bookmarks.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    draw_paragraphs(panel.strings("breakpoints.no_notes"));
    ImGui::PopStyleColor();
  }
  for (std::size_t i = 0; i < session.notes.size(); ++i) draw_note(panel, i);
  constexpr std::size_t kMostShown = 200;
  std::size_t shown = 0;
  for (const EventNumber bookmark : session.bookmarks) {
    if (++shown > kMostShown) break;
    const std::string text = fmt::format("{} {}", icons::kBookmark, format_event(bookmark));
    if (ImGui::GetItemRectMax().x + 6 * panel.em() < right_edge() + ImGui::GetWindowPos().x && shown > 1)
      ImGui::SameLine(0, panel.em());
    if (draw_link(panel, fmt::format("##bookmark{}", bookmark).c_str(), text)) panel.actions.push(Seek{bookmark});
  }
}

void BreakpointsPanel::draw_note(const PanelContext& panel, std::size_t i) {
  const Note& note = panel.session.notes[i];
  const float em = panel.em(), height = 1.7f * em;
  const EventNumber cursor = panel.session.cursor();
  ImGui::PushID(static_cast<int>(i + kMostNotes));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float right = at.x + ImGui::GetContentRegionAvail().x;
  const std::size_t row = panel.session.breakpoints.size() + i;
  draw_row(panel, row, fmt::format("##note{}", i).c_str(), height, note.first <= cursor && cursor <= note.last);
  std::string span = format_event(note.first);
  if (note.last != note.first) span += "\u2013" + format_count(note.last);
  ImGui::SetCursorScreenPos({at.x + 0.5f * em, at.y + 0.25f * em});
  if (draw_link(panel, fmt::format("##go{}", i).c_str(), span)) panel.actions.push(Seek{note.first});
  const float text_x = ImGui::GetItemRectMax().x + 0.8f * em, cross = right - 1.5f * em;
  if (note_ && *note_ == i) {
    ImGui::SetCursorScreenPos({text_x, at.y});
    ImGui::SetNextItemWidth(std::max(em, cross - text_x));
    if (note_wants_keys_) ImGui::SetKeyboardFocusHere();
    const bool fresh = std::exchange(note_wants_keys_, false);
    const bool entered = ImGui::InputTextWithHint("##note_text", panel.strings("breakpoints.note_hint"), &note_text_,
                                                  ImGuiInputTextFlags_EnterReturnsTrue);
    if (entered || (!fresh && ImGui::IsItemDeactivated())) {
      Note changed = note;
      changed.text = note_text_;
      panel.actions.push(SetNote{i, changed});
      note_.reset();
    }
  } else {
    ImGui::SetCursorScreenPos({text_x, at.y + 0.25f * em});
    draw_cut_text(note.text.empty() ? panel.strings("breakpoints.empty_note") : note.text,
                  std::max(1.0f, cross - text_x - (cursor > note.last ? 1.8f * em : 0)),
                  note.text.empty() ? panel.theme.dim : panel.theme.text);
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) {
      note_ = i;
      note_text_ = note.text;
      note_wants_keys_ = true;
    }
    if (cursor > note.last) {
      ImGui::SetCursorScreenPos({cross - 1.6f * em, at.y});
      if (ImGui::InvisibleButton("##extend", {1.5f * em, height}))
        panel.actions.push(SetNote{i, {note.first, cursor, note.text}});
      ImGui::GetWindowDrawList()->AddText({cross - 1.3f * em, at.y + 0.25f * em},
                                          ImGui::IsItemHovered() ? panel.theme.text : panel.theme.dim,
                                          icons::kForwardTouch);
      ImGui::SetItemTooltip("%s", panel.strings("breakpoints.extend_note"));
    }
  }
  ImGui::SetCursorScreenPos({cross, at.y});
  if (ImGui::InvisibleButton("##remove_note", {1.5f * em, height})) {
    panel.actions.push(RemoveNote{i});
    note_.reset();
  }
  ImGui::GetWindowDrawList()->AddText({cross + 0.4f * em, at.y + 0.25f * em},
                                      ImGui::IsItemHovered() ? panel.theme.text : panel.theme.dim, icons::kClose);
  ImGui::SetItemTooltip("%s", panel.strings("breakpoints.remove_note"));
  ImGui::SetCursorScreenPos({at.x, at.y + height});
  ImGui::Dummy({1, 0.1f * em});
  ImGui::PopID();
}

}  // namespace palloscope::gui
