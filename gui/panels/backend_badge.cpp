#include "gui/panels/backend_badge.h"

#include <fmt/format.h>

#include <array>

namespace palloscope::gui {
namespace {

constexpr std::uint32_t kShapes = 5;  // as many as no two of the owner colours' neighbours share

}  // namespace

std::string backend_letter(core::BackendSlot slot) {
  if (!slot) return "?";
  std::string letter(1, static_cast<char>('A' + slot.value % 26));
  return slot.value < 26 ? letter : letter + std::to_string(slot.value / 26);
}

void draw_backend_badge(const PanelContext& context, ImVec2 centre, float size, core::BackendSlot slot) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float r = size / 2;
  if (!slot) {
    draw->AddCircle(centre, r, context.theme.dim, 0, std::max(1.5f, size * 0.1f));
    return;
  }
  const Color fill = context.theme.owner[slot.value % kOwnerColorCount];
  float lower = 0;  // where the shape's middle is, below the centre
  switch (slot.value % kShapes) {
    case 0:
      draw->AddCircleFilled(centre, r, fill);
      break;
    case 1:
      draw->AddRectFilled({centre.x - r * 0.92f, centre.y - r * 0.92f}, {centre.x + r * 0.92f, centre.y + r * 0.92f},
                          fill, r * 0.15f);
      break;
    case 2:
      draw->AddTriangleFilled({centre.x, centre.y - r * 1.1f}, {centre.x + r * 1.2f, centre.y + r},
                              {centre.x - r * 1.2f, centre.y + r}, fill);
      lower = r * 0.3f;
      break;
    case 3:
      draw->AddNgonFilled(centre, r * 1.18f, fill, 4);
      break;
    default:
      draw->AddNgonFilled(centre, r * 1.08f, fill, 6);
      break;
  }
  const std::string letter = backend_letter(slot);
  const float text = size * (letter.size() > 1 ? 0.5f : 0.68f);
  const ImVec2 extent = context.fonts.title->CalcTextSizeA(text, FLT_MAX, 0, letter.c_str());
  draw->AddText(context.fonts.title, text, {centre.x - extent.x / 2, centre.y - extent.y / 2 + lower},
                readable_on(fill), letter.c_str());
}

std::string backend_text(const PanelContext& context, core::BackendSlot slot) {
  const trace::BackendRecord* backend = context.state().server().backend(slot);
  if (backend == nullptr || backend->name.empty()) return backend_letter(slot);
  if (backend->pid == 0) return backend->name;
  return fmt::format("{} (pid {})", backend->name, backend->pid);
}

}  // namespace palloscope::gui
