// A row of small buttons at the right end of a panel's title line. Those that do not fit are left out, the first first.
#pragma once

#include <imgui.h>

#include <string>
#include <vector>

namespace palloscope::gui {

class ToolRow {
 public:
  // `width`: what there is; the labels in order, each given to button() in the same order.
  ToolRow(float width, const std::vector<const char*>& labels) {
    const ImGuiStyle& style = ImGui::GetStyle();
    float wanted = 0;
    skip_ = labels.size();
    for (std::size_t i = labels.size(); i-- > 0; skip_ = i) {
      const float one = ImGui::CalcTextSize(labels[i]).x + 2 * style.FramePadding.x + style.ItemSpacing.x;
      if (wanted + one > width) break;
      wanted += one;
    }
    if (skip_ < labels.size() && width > wanted) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + width - wanted);
  }

  // True when it was pressed; `tip` may be null.
  bool button(const char* label, const char* tip) {
    if (skip_ > 0) {
      --skip_;
      return false;
    }
    if (!first_) ImGui::SameLine();
    first_ = false;
    const bool pressed = ImGui::Button(label);
    if (tip != nullptr) ImGui::SetItemTooltip("%s", tip);
    return pressed;
  }

 private:
  std::size_t skip_ = 0;
  bool first_ = true;
};

}  // namespace palloscope::gui
