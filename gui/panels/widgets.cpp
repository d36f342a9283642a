#include "gui/panels/widgets.h"

#include <imgui.h>

#include <algorithm>

#include "gui/event_look.h"
#include "gui/format_text.h"
#include "gui/layout/text_wrap.h"
#include "gui/panels/cut_text.h"

namespace palloscope::gui {
namespace {

constexpr double kGlowSeconds = 0.2;

const char* begin(std::string_view text) { return text.data(); }
const char* end(std::string_view text) { return text.data() + text.size(); }

}  // namespace

float right_edge() { return ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x; }

void offer_menu(const PanelContext& context, const Selection& thing, std::string condition) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!ImGui::IsItemHovered() || !ImGui::IsMouseReleased(ImGuiMouseButton_Right)) return;
  if (io.MouseDragMaxDistanceSqr[ImGuiMouseButton_Right] >= 16) return;
  context.actions.push(OpenThingMenu{thing, std::move(condition)});
}

void go_back_to(ImVec2 position) {
  // ImGui wants an item after a cursor that was set; an empty one adds only the spacing that is taken off first.
  ImGui::SetCursorPos({position.x, position.y - ImGui::GetStyle().ItemSpacing.y});
  ImGui::Dummy({0, 0});
}

void draw_empty(const PanelContext& context, std::string_view key) {
  const char* text = context.strings(key);
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float width = std::min(room.x - 2 * context.em(), 26 * context.em());
  const ImVec2 size = ImGui::CalcTextSize(text, nullptr, false, width);
  const ImVec2 start = ImGui::GetCursorPos();
  ImGui::SetCursorPos(
      {start.x + std::max(0.0f, (room.x - size.x) / 2), start.y + std::max(0.0f, (room.y - size.y) / 2)});
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width);
  ImGui::TextUnformatted(text);
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
}

void draw_paragraphs(std::string_view text, float indent) {
  ImFontBaked* font = ImGui::GetFontBaked();
  const float em = ImGui::GetFontSize(), room = std::max(em, ImGui::GetContentRegionAvail().x - indent);
  const auto lines =
      wrap_text(text, room, [&](char32_t sign) { return font->GetCharAdvance(static_cast<ImWchar>(sign)); });
  const float height = ImGui::GetTextLineHeight() + 0.15f * em;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Color color = ImGui::GetColorU32(ImGuiCol_Text);
  ImDrawList* list = ImGui::GetWindowDrawList();
  float y = at.y;
  for (const std::string_view line : lines) {
    if (!line.empty()) list->AddText({at.x + indent, y}, color, begin(line), end(line));
    y += height;
  }
  ImGui::Dummy({indent + room, y - at.y});
}

void draw_number(const PanelContext& context, std::string_view text, float right_x, Color color) {
  ImGui::PushFont(context.fonts.mono, context.fonts.mono_size);
  const float width = ImGui::CalcTextSize(begin(text), end(text)).x;
  ImGui::SetCursorPosX(std::max(ImGui::GetCursorPosX(), right_x - width));
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextUnformatted(begin(text), end(text));
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

void draw_bytes(const PanelContext& context, std::uint64_t bytes, Color color) {
  draw_number(context, format_bytes(bytes), right_edge(), color);
  if (bytes >= 1024 && ImGui::IsItemHovered()) ImGui::SetTooltip("%s", format_bytes_exactly(bytes).c_str());
}

void draw_bytes(const PanelContext& context, std::uint64_t bytes) { draw_bytes(context, bytes, context.theme.text); }

void draw_count(const PanelContext& context, std::uint64_t count) {
  draw_number(context, format_count(count), right_edge(), context.theme.text);
}

void draw_share_bar(const PanelContext& context, float share, float width, Color color) {
  const float line = ImGui::GetTextLineHeight(), height = 0.4f * context.em(), rounding = height / 2;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 low{at.x, at.y + (line - height) / 2}, high{at.x + width, low.y + height};
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(low, high, context.theme.raised, rounding);
  const float filled = std::clamp(share, 0.0f, 1.0f) * width;
  if (filled > 0) list->AddRectFilled(low, {low.x + std::max(filled, height), high.y}, color, rounding);
  ImGui::Dummy({width, line});
}

void draw_field(const PanelContext& context, std::string_view label_key, std::string_view value) {
  const float right = right_edge();
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
  ImGui::TextUnformatted(context.strings(label_key));
  ImGui::PopStyleColor();
  ImGui::SameLine();
  draw_number(context, value, right, context.theme.text);
}

bool draw_link(const PanelContext& context, const char* id, std::string_view text) {
  const std::string shown =
      cut_to_width(ImGui::GetFont(), ImGui::GetFontSize(), text, ImGui::GetContentRegionAvail().x);
  const ImVec2 size = ImGui::CalcTextSize(shown.c_str()), at = ImGui::GetCursorScreenPos();
  const bool clicked = ImGui::InvisibleButton(id, {std::max(1.0f, size.x), size.y});
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddText(at, context.theme.accent, shown.c_str());
  if (ImGui::IsItemHovered()) {
    if (shown != text) ImGui::SetTooltip("%.*s", static_cast<int>(text.size()), text.data());
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    list->AddLine({at.x, at.y + size.y}, {at.x + size.x, at.y + size.y}, context.theme.accent);
  }
  return clicked;
}

void draw_kind_badge(const PanelContext& context, ImVec2 at, float side, core::ContextKind kind, Color fill) {
  static constexpr const char* kLetters[] = {"A", "G", "S", "B", "?"};
  const char* letter = kLetters[static_cast<std::size_t>(kind)];
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, {at.x + side, at.y + side}, fill, side * 0.2f);
  const float size = side * 0.75f;
  const ImVec2 extent = context.fonts.title->CalcTextSizeA(size, FLT_MAX, 0, letter);
  list->AddText(context.fonts.title, size, {at.x + (side - extent.x) / 2, at.y + (side - extent.y) / 2},
                context.theme.map_text, letter);
}

void draw_event_sign(const PanelContext& context, std::uint8_t tag, ImVec2 at, float size) {
  if (tag == core::FaultFound::kTag) return draw_fault_cross(context, {at.x + size / 2, at.y + size / 2}, size * 0.8f);
  const EventLook look = look_of(tag);
  ImGui::GetWindowDrawList()->AddText(context.fonts.text, size, at, context.theme.*look.colour, look.icon);
}

void draw_fault_cross(const PanelContext& context, ImVec2 centre, float size) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float r = size / 2, line = std::max(2.0f, size * 0.24f), halo = line + std::max(2.0f, size * 0.16f);
  const auto cross = [&](float reach, Color color, float width) {
    list->AddLine({centre.x - reach, centre.y - reach}, {centre.x + reach, centre.y + reach}, color, width);
    list->AddLine({centre.x - reach, centre.y + reach}, {centre.x + reach, centre.y - reach}, color, width);
  };
  cross(r * 1.12f, context.theme.panel, halo);
  cross(r, context.theme.fault, line);
}

void fill_hatched(ImVec2 low, ImVec2 high, Color ground, Color ink, float step) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->PushClipRect(low, high, true);
  list->AddRectFilled(low, high, ground);
  const float height = high.y - low.y;
  for (float x = low.x - height; x < high.x; x += step)
    list->AddLine({x, high.y}, {x + height, low.y}, ink, std::max(1.5f, step * 0.18f));
  list->PopClipRect();
}

void fill_dotted(ImVec2 low, ImVec2 high, Color ink, float step) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float dot = std::max(1.5f, step * 0.2f);
  for (float y = low.y + step / 2; y + dot <= high.y; y += step)
    for (float x = low.x + step / 2; x + dot <= high.x; x += step) list->AddRectFilled({x, y}, {x + dot, y + dot}, ink);
}

void draw_cut_text(std::string_view text, float width, Color color) {
  const std::string shown = cut_to_width(ImGui::GetFont(), ImGui::GetFontSize(), text, width);
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextUnformatted(shown.c_str());
  ImGui::PopStyleColor();
  if (shown != text && ImGui::IsItemHovered()) ImGui::SetTooltip("%.*s", static_cast<int>(text.size()), text.data());
}

float glow(const PanelContext& context) {
  const double age = context.now_s - context.changed_s;
  if (!context.session.preferences.motion || age < 0 || age >= kGlowSeconds) return 0;
  if (context.wants_frame != nullptr) *context.wants_frame = true;
  return static_cast<float>(1 - age / kGlowSeconds);
}

}  // namespace palloscope::gui
