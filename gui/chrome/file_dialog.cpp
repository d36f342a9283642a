#include "gui/chrome/file_dialog.h"

#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "gui/chrome/chrome.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"
#include "gui/view_link.h"

namespace palloscope::gui {
namespace {

std::filesystem::path home_folder() {
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != 0 ? std::filesystem::path(home) : std::filesystem::path("/");
}

std::filesystem::path current_folder() {
  std::error_code failed;
  const std::filesystem::path folder = std::filesystem::current_path(failed);
  return failed ? home_folder() : folder;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  return text;
}

bool contains(const std::string& name, const std::string& part) {
  return lower(name).find(lower(part)) != std::string::npos;
}

}  // namespace

std::vector<FolderEntry> list_folder(const std::filesystem::path& folder, bool* readable) {
  std::vector<FolderEntry> entries;
  std::error_code failed;
  std::filesystem::directory_iterator at(folder, std::filesystem::directory_options::skip_permission_denied, failed);
  *readable = !failed;
  for (; !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    FolderEntry entry{at->path(), at->path().filename().string(), false, 0};
    if (entry.name.starts_with('.')) continue;
    std::error_code unknown;
    entry.is_folder = at->is_directory(unknown);
    if (!entry.is_folder) {
      if (!at->is_regular_file(unknown)) continue;
      const std::uintmax_t bytes = at->file_size(unknown);
      entry.bytes = unknown ? 0 : bytes;
    }
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const FolderEntry& a, const FolderEntry& b) {
    return a.is_folder != b.is_folder ? a.is_folder : lower(a.name) < lower(b.name);
  });
  return entries;
}

void FileDialog::open(FileDialogKind kind, const Session& session) {
  kind_ = kind;
  const std::filesystem::path near = session.document && !session.document->path.empty()
                                         ? session.document->path.parent_path()
                                         : std::filesystem::path{};
  if (folder_.empty()) folder_ = near.empty() ? current_folder() : std::filesystem::absolute(near);
  go_to(folder_);
  if (kind == FileDialogKind::Save) {
    const std::string name = session.document && !session.document->scenario_name.empty()
                                 ? session.document->scenario_name
                             : session.document ? session.document->path.stem().string()
                                                : std::string();
    filter_ = (name.empty() ? "trace" : name) + ".pscope";
  }
}

void FileDialog::go_to(const std::filesystem::path& folder) {
  folder_ = folder.lexically_normal();
  entries_ = list_folder(folder_, &readable_);
  if (kind_ != FileDialogKind::Save) filter_.clear();
  chosen_ = 0;
  needs_focus_ = scroll_to_chosen_ = true;
  replace_asked_.clear();
}

void FileDialog::finish(const PanelContext& context, const std::filesystem::path& file) {
  if (kind_ == FileDialogKind::Open) {
    context.actions.push(OpenFile{file});
    return;
  }
  if (kind_ == FileDialogKind::Base) {
    context.actions.push(OpenDiffBase{file});
    return;
  }
  std::error_code failed;
  if (std::filesystem::exists(file, failed) && replace_asked_ != file) {
    replace_asked_ = file;
    needs_focus_ = true;
    return;
  }
  context.actions.push(SaveFile{file});
}

// True: another folder is shown from now on, or the dialog is through; `rows` is no longer good.
bool FileDialog::draw_rows(const PanelContext& context, const std::vector<const FolderEntry*>& rows) {
  ImGuiListClipper clipper;
  const float height = 1.75f * context.em();
  clipper.Begin(static_cast<int>(rows.size()), height + ImGui::GetStyle().ItemSpacing.y);
  if (chosen_ >= 0) clipper.IncludeItemByIndex(chosen_);
  const FolderEntry* taken = nullptr;
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const FolderEntry& entry = *rows[static_cast<std::size_t>(i)];
      ImGui::PushID(i);
      const ImVec2 start = ImGui::GetCursorPos();
      const std::string label = "##" + std::string(entry.name);
      if (ImGui::Selectable(label.c_str(), i == chosen_, ImGuiSelectableFlags_AllowDoubleClick, {0, height})) {
        chosen_ = i;
        if (kind_ == FileDialogKind::Save && !entry.is_folder) filter_ = entry.name;
        if (entry.is_folder || ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) taken = &entry;
      }
      if (i == chosen_ && scroll_to_chosen_) {
        ImGui::SetScrollHereY();
        scroll_to_chosen_ = false;
      }
      const ImVec2 after = ImGui::GetCursorPos();
      const float y = start.y + (height - ImGui::GetTextLineHeight()) / 2;
      ImGui::SetCursorPos({start.x + 0.4f * context.em(), y});
      ImGui::PushStyleColor(ImGuiCol_Text, entry.is_folder ? context.theme.accent : context.theme.dim);
      ImGui::TextUnformatted(entry.is_folder ? icons::kFolder : icons::kFile);
      ImGui::PopStyleColor();
      ImGui::SetCursorPos({start.x + 2.1f * context.em(), y});
      const float right = right_edge() - 0.6f * context.em();
      draw_cut_text(entry.name, right - start.x - 8 * context.em(), context.theme.text);
      if (!entry.is_folder) {
        ImGui::SetCursorPos({start.x + 2.1f * context.em(), y});
        draw_number(context, format_bytes(entry.bytes), right, context.theme.dim);
      }
      go_back_to(after);
      ImGui::PopID();
    }
  if (taken == nullptr) return false;
  if (taken->is_folder)
    go_to(taken->path);
  else
    finish(context, taken->path);
  return true;
}

void FileDialog::draw(const PanelContext& context) {
  const bool saves = kind_ == FileDialogKind::Save;
  if (!begin_overlay(context, saves ? "##save" : "##open", 44, 32)) return;

  ImGui::PushFont(context.fonts.title, context.fonts.title_size);
  ImGui::TextUnformatted(context.strings(saves                           ? "dialog.save"
                                         : kind_ == FileDialogKind::Base ? "dialog.base"
                                                                         : "dialog.open"));
  ImGui::PopFont();
  if (draw_icon_button(context, "home", icons::kHome, nullptr, context.strings("dialog.home"))) go_to(home_folder());
  ImGui::SameLine(0, 0.2f * context.em());
  if (draw_icon_button(context, "up", icons::kUp, nullptr, context.strings("dialog.up"), folder_.has_parent_path()))
    go_to(folder_.parent_path());
  ImGui::SameLine();
  ImGui::AlignTextToFramePadding();
  draw_cut_text(folder_.string(), ImGui::GetContentRegionAvail().x, context.theme.dim);

  std::vector<const FolderEntry*> rows;
  for (const FolderEntry& entry : entries_)
    if (saves || filter_.empty() || contains(entry.name, filter_)) rows.push_back(&entry);
  const int count = static_cast<int>(rows.size());
  chosen_ = std::clamp(chosen_, 0, std::max(0, count - 1));

  const float buttons = ImGui::GetFrameHeight() + ImGui::GetTextLineHeight() + 3 * ImGui::GetStyle().ItemSpacing.y;
  const bool was_empty = filter_.empty();  // before this frame's Backspace
  ImGui::SetNextItemWidth(-1);
  if (needs_focus_) ImGui::SetKeyboardFocusHere();
  needs_focus_ = false;
  if (ImGui::InputTextWithHint("##name", context.strings(saves ? "dialog.name" : "dialog.filter"), &filter_)) {
    replace_asked_.clear();
    if (!saves) chosen_ = 0;
  }
  bool moved = false;
  ImGui::BeginChild("##files", {0, -buttons}, ImGuiChildFlags_Borders);
  if (!readable_)
    draw_empty(context, "dialog.cannot_read");
  else if (count == 0)
    draw_empty(context, "dialog.empty");
  else
    moved = draw_rows(context, rows);
  ImGui::EndChild();

  if (move_choice(chosen_, count)) scroll_to_chosen_ = true;
  if (was_empty && ImGui::IsKeyPressed(ImGuiKey_Backspace) && folder_.has_parent_path()) {
    go_to(folder_.parent_path());
    moved = true;
  }

  if (!replace_asked_.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.warning);
    ImGui::TextUnformatted(
        context.strings.fill("dialog.replace", {{"name", replace_asked_.filename().string()}}).c_str());
  } else {
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
    ImGui::TextUnformatted(context.strings("dialog.hint"));
  }
  ImGui::PopStyleColor();

  const char* go = context.strings(saves ? "dialog.save_button" : "dialog.open_button");
  const bool is_link = kind_ == FileDialogKind::Open && looks_like_view_link(filter_);
  const bool can_go = saves ? !filter_.empty() : is_link || count > 0;
  bool confirmed = ImGui::IsKeyPressed(ImGuiKey_Enter) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter);
  const float go_width = std::max(6 * context.em(), ImGui::CalcTextSize(go).x + 2 * context.em());
  const float cancel_width =
      std::max(6 * context.em(), ImGui::CalcTextSize(context.strings("dialog.cancel")).x + 2 * context.em());
  ImGui::SetCursorPosX(right_edge() - go_width - cancel_width - 0.6f * context.em());
  ImGui::PushStyleColor(ImGuiCol_Button, context.theme.raised);
  if (ImGui::Button(context.strings("dialog.cancel"), {cancel_width, 0}))
    context.actions.push(ShowOverlay{Overlay::None});
  ImGui::PopStyleColor();
  ImGui::SameLine(0, 0.6f * context.em());
  ImGui::BeginDisabled(!can_go);
  ImGui::PushStyleColor(ImGuiCol_Button, context.theme.accent);
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, mix(context.theme.accent, context.theme.on_accent, 0.12f));
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.on_accent);
  if (ImGui::Button(go, {go_width, 0})) confirmed = true;
  ImGui::PopStyleColor(3);
  ImGui::EndDisabled();

  if (confirmed && can_go && !moved) {
    if (saves) {
      finish(context, folder_ / filter_);
    } else if (is_link) {
      context.actions.push(OpenLink{filter_});
    } else {
      const FolderEntry entry = *rows[static_cast<std::size_t>(chosen_)];
      if (entry.is_folder)
        go_to(entry.path);
      else
        finish(context, entry.path);
    }
  }
  end_overlay();
}

}  // namespace palloscope::gui
