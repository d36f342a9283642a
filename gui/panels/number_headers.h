// The header row of a table whose first columns are words and the rest numbers: those stand to the right, and so do
// their names.
#pragma once

#include <imgui.h>

#include <string>

#include "gui/panels/widgets.h"

namespace palloscope::gui {

inline void draw_number_headers(const PanelContext& panel, int words) {
  ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
  for (int i = 0; i < ImGui::TableGetColumnCount(); ++i) {
    if (!ImGui::TableSetColumnIndex(i)) continue;
    const std::string name = ImGui::TableGetColumnName(i);
    const float room = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(name.c_str()).x;
    if (i >= words && room > 0) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room);
    draw_cut_text(name, ImGui::GetContentRegionAvail().x, panel.theme.dim);
  }
}

}  // namespace palloscope::gui
