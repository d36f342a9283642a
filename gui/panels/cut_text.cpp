#include "gui/panels/cut_text.h"

#include <algorithm>
#include <cfloat>

namespace palloscope::gui {
namespace {

constexpr std::string_view kDots = "\u2026";

float width_of(ImFont* font, float size, std::string_view text) {
  return font->CalcTextSizeA(size, FLT_MAX, 0, text.data(), text.data() + text.size()).x;
}

}  // namespace

std::size_t fitting_bytes(ImFont* font, float size, std::string_view text, float width) {
  if (text.empty()) return 0;
  const char *begin = text.data(), *end = begin + text.size(), *rest = nullptr;
  // ImGui stops in front of the sign that reaches the width: what fills it exactly still fits.
  font->CalcTextSizeA(size, std::max(0.0f, width) + 0.5f, 0, begin, end, &rest);
  if (rest == end) return text.size();
  const float room = std::max(0.0f, width - width_of(font, size, kDots));
  font->CalcTextSizeA(size, room, 0, begin, end, &rest);
  while (rest > begin && rest[-1] == ' ') --rest;
  return static_cast<std::size_t>(rest - begin);
}

std::string cut_to_width(ImFont* font, float size, std::string_view text, float width) {
  const std::size_t fitting = fitting_bytes(font, size, text, width);
  std::string shown(text.substr(0, fitting));
  if (fitting < text.size()) shown += kDots;
  return shown;
}

bool add_cut_text(ImDrawList* draw, ImFont* font, float size, ImVec2 at, Color color, std::string_view text,
                  const ImVec4& clip) {
  const std::size_t fitting = fitting_bytes(font, size, text, clip.z - at.x);
  if (fitting == text.size()) {
    draw->AddText(font, size, at, color, text.data(), text.data() + text.size(), 0, &clip);
    return false;
  }
  if (fitting == 0) return true;  // dots alone say nothing
  const std::string shown = std::string(text.substr(0, fitting)).append(kDots);
  draw->AddText(font, size, at, color, shown.data(), shown.data() + shown.size(), 0, &clip);
  return true;
}

bool add_cut_text(ImDrawList* draw, ImFont* font, float size, ImVec2 at, Color color, std::string_view text,
                  float right) {
  return add_cut_text(draw, font, size, at, color, text, ImVec4(at.x - size, at.y - size, right + 1, at.y + 2 * size));
}

}  // namespace palloscope::gui
