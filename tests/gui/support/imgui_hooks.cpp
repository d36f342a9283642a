// The four functions that ImGui calls in a build with IMGUI_ENABLE_TEST_ENGINE: where each item lies, what it is called
// and in which state it is. Remembered per frame for Headless to find items by label.
#include <imgui.h>
#include <imgui_internal.h>

#include "tests/gui/support/item_log.h"

using palloscope::test::item_log;

void ImGuiTestEngineHook_ItemAdd(ImGuiContext* imgui, ImGuiID id, const ImRect& box, const ImGuiLastItemData*) {
  if (id == 0) return;
  ImRect visible = box;
  if (imgui->CurrentWindow != nullptr) visible.ClipWith(imgui->CurrentWindow->ClipRect);
  auto& item = item_log().current[id];
  item.left = visible.Min.x;
  item.top = visible.Min.y;
  item.right = visible.Max.x;
  item.bottom = visible.Max.y;
  item.is_clipped = visible.Min.x >= visible.Max.x || visible.Min.y >= visible.Max.y;
}

void ImGuiTestEngineHook_ItemInfo(ImGuiContext*, ImGuiID id, const char* label, ImGuiItemStatusFlags flags) {
  auto& item = item_log().current[id];
  item.label = label;
  item.is_checked = (flags & ImGuiItemStatusFlags_Checked) != 0;
}

void ImGuiTestEngineHook_Log(ImGuiContext*, const char*, ...) {}

const char* ImGuiTestEngine_FindItemDebugLabel(ImGuiContext*, ImGuiID) { return nullptr; }
