#include "gui/panels/statistics_panel.h"

#include <imgui.h>

#include <set>

#include "gui/icons.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"
#include "trace/exporters/stats_text.h"

namespace palloscope::gui {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

void StatisticsPanel::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  const bool other = document_ != session.document->serial;
  if (!other && cursor_ == session.cursor()) return;
  const bool stepped = !other && session.timeline()->last_change().known;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  std::set<std::string> before;
  if (stepped) before.insert(lines_.begin(), lines_.end());
  lines_ = split(trace::stats_text(session.state(), session.timeline()->description()));
  changed_.assign(lines_.size(), false);
  for (std::size_t i = 0; i < lines_.size() && stepped; ++i) changed_[i] = !before.contains(lines_[i]);
}

void StatisticsPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document) return;
  ToolRow tools(width, {icons::kCopy});
  if (!tools.button(icons::kCopy, panel.strings("statistics.copy"))) return;
  std::string text;
  for (const std::string& line : lines_) text += line + '\n';
  panel.actions.push(CopyText{text});
}

void StatisticsPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  refresh(panel);
  if (lines_.empty()) {
    draw_empty(panel, "statistics.empty");
    return;
  }
  if (!ImGui::BeginChild("##lines", {0, 0}, ImGuiChildFlags_None, ImGuiWindowFlags_HorizontalScrollbar)) {
    ImGui::EndChild();
    return;
  }
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(lines_.size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const auto index = static_cast<std::size_t>(i);
      ImGui::PushStyleColor(ImGuiCol_Text, changed_[index] ? panel.theme.changed : panel.theme.text);
      ImGui::TextUnformatted(changed_[index] ? "\u25CF" : " ");
      ImGui::SameLine();
      ImGui::TextUnformatted(lines_[index].c_str());
      ImGui::PopStyleColor();
    }
  ImGui::PopFont();
  ImGui::EndChild();
}

}  // namespace palloscope::gui
