#include "gui/chrome/palette.h"

#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "gui/chrome/chrome.h"
#include "gui/command_table.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

struct Row {
  const Command* command;
  const char* title;
  int score;
  bool is_available;
};

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Both languages are searched, so that a person who learnt one finds the command in the other.
std::vector<Row> matching_rows(const PanelContext& context, std::string_view typed) {
  std::vector<Row> rows;
  const Session& session = context.session;
  for (const Command& command : command_table()) {
    if (command.id == "palette") continue;
    const std::string key = command_title_key(command);
    if (!strings_of(Language::English).has(key)) continue;  // a panel key without a panel
    const int score =
        std::max({match_score(typed, strings_of(Language::English)(key)),
                  match_score(typed, strings_of(Language::Chinese)(key)), match_score(typed, command.id)});
    if (score >= 0) rows.push_back({&command, context.strings(key), score, command.available(session)});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.is_available != b.is_available ? a.is_available : a.score > b.score;
  });
  return rows;
}

}  // namespace

int match_score(std::string_view typed, std::string_view text) {
  int score = 0;
  std::size_t at = 0;
  bool was_adjacent = false;
  for (const char wanted : typed) {
    if (wanted == ' ') continue;
    const std::size_t from = at;
    while (at < text.size() && lower(text[at]) != lower(wanted)) ++at;
    if (at == text.size()) return -1;
    const bool starts_word = at == 0 || text[at - 1] == ' ' || text[at - 1] == '_';
    was_adjacent = at == from && at > 0;
    score += starts_word ? 8 : was_adjacent ? 4 : 1;
    ++at;
  }
  return score;
}

void Palette::open() {
  text_.clear();
  chosen_ = 0;
  needs_focus_ = true;
}

void Palette::draw(const PanelContext& context) {
  if (!begin_overlay(context, "##palette", 34, 26)) return;
  ImGui::SetNextItemWidth(-1);
  if (needs_focus_) ImGui::SetKeyboardFocusHere();
  needs_focus_ = false;
  if (ImGui::InputTextWithHint("##command", context.strings("palette.hint"), &text_)) chosen_ = 0;

  const std::vector<Row> rows = matching_rows(context, text_);
  const int count = static_cast<int>(rows.size());
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) ++chosen_;
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) --chosen_;
  chosen_ = std::clamp(chosen_, 0, std::max(0, count - 1));
  bool run = count > 0 && (ImGui::IsKeyPressed(ImGuiKey_Enter) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter));
  int ran = chosen_;

  ImGui::BeginChild("##rows");
  if (count == 0) draw_empty(context, "palette.nothing");
  for (int i = 0; i < count; ++i) {
    const Row& row = rows[static_cast<std::size_t>(i)];
    ImGui::PushID(row.command->id.data());
    const ImVec2 start = ImGui::GetCursorPos();
    const float height = 1.9f * context.em();
    if (ImGui::Selectable("##row", i == chosen_, 0, {0, height})) {
      ran = i;
      run = true;
    }
    if (i == chosen_ && !ImGui::IsItemVisible()) ImGui::SetScrollHereY();
    const ImVec2 after = ImGui::GetCursorPos();
    const float y = start.y + (height - ImGui::GetTextLineHeight()) / 2;
    ImGui::PushStyleColor(ImGuiCol_Text, row.is_available ? context.theme.text : context.theme.dim);
    ImGui::SetCursorPos({start.x + 0.4f * context.em(), y});
    ImGui::TextUnformatted(row.command->icon.data());
    ImGui::SetCursorPos({start.x + 2.2f * context.em(), y});
    ImGui::TextUnformatted(row.title);
    ImGui::PopStyleColor();
    const std::string keys =
        row.is_available ? first_key(context, *row.command) : context.strings("palette.unavailable");
    ImGui::SetCursorPosY(y);
    ImGui::SetCursorPosX(start.x + 2.2f * context.em());
    draw_number(context, keys, right_edge() - 0.6f * context.em(), context.theme.dim);
    go_back_to(after);
    ImGui::PopID();
  }
  ImGui::EndChild();
  if (run && rows[static_cast<std::size_t>(ran)].is_available) {
    const Command& command = *rows[static_cast<std::size_t>(ran)].command;
    context.actions.push(ShowOverlay{Overlay::None});
    context.actions.push(command.make(context.session));
  }
  end_overlay();
}

}  // namespace palloscope::gui
