#include "gui/look.h"

#include <imgui.h>

#include <cmath>

#include "generated/fonts.h"

namespace palloscope::gui {
namespace {

// ImGui sizes fonts by ascent minus descent: these make their letters match Inter's.
constexpr float kChineseSize = 1.22f, kIconSize = 0.95f, kMonoSize = 0.92f;

ImFont* add_font(std::span<const unsigned char> font, float size, bool merge) {
  ImFontConfig config;
  config.FontDataOwnedByAtlas = false;
  config.MergeMode = merge;
  config.PixelSnapH = true;
  // The atlas only reads it, whatever its signature says.
  return ImGui::GetIO().Fonts->AddFontFromMemoryTTF(const_cast<unsigned char*>(font.data()),
                                                    static_cast<int>(font.size()), size, &config);
}

void merge_icons() {
  ImFontConfig config;
  config.FontDataOwnedByAtlas = false;
  config.MergeMode = true;
  config.GlyphMinAdvanceX = kBaseTextPx * 1.1f;
  config.GlyphOffset = {0, kBaseTextPx * 0.02f};
  const auto font = generated::font_awesome();
  ImGui::GetIO().Fonts->AddFontFromMemoryTTF(const_cast<unsigned char*>(font.data()), static_cast<int>(font.size()),
                                             kBaseTextPx * kIconSize, &config);
}

void merge_chinese(std::span<const unsigned char> system_chinese) {
  add_font(generated::font_noto_sans_sc(), kBaseTextPx * kChineseSize, true);
  if (system_chinese.empty()) return;
  ImFontConfig config;
  config.FontDataOwnedByAtlas = false;
  config.MergeMode = true;
  config.PixelSnapH = true;
  config.FontNo = 2;  // simplified Chinese within the Noto collection
  ImGui::GetIO().Fonts->AddFontFromMemoryTTF(const_cast<unsigned char*>(system_chinese.data()),
                                             static_cast<int>(system_chinese.size()), kBaseTextPx * kChineseSize,
                                             &config);
}

ImVec4 vec(Color color) { return ImGui::ColorConvertU32ToFloat4(color); }

void set_colors(const Theme& theme, ImVec4* colors) {
  const Color clear = with_alpha(theme.panel, 0);
  const Color hovered = mix(theme.raised, theme.text, 0.10f), pressed = mix(theme.raised, theme.text, 0.18f);
  for (int i = 0; i < ImGuiCol_COUNT; ++i) colors[i] = vec(theme.raised);
  colors[ImGuiCol_Text] = vec(theme.text);
  colors[ImGuiCol_TextDisabled] = vec(theme.dim);
  colors[ImGuiCol_WindowBg] = vec(theme.ground);
  colors[ImGuiCol_ChildBg] = vec(clear);
  colors[ImGuiCol_PopupBg] = vec(mix(theme.panel, theme.raised, 0.35f));
  colors[ImGuiCol_Border] = vec(theme.line);
  colors[ImGuiCol_BorderShadow] = vec(clear);
  colors[ImGuiCol_FrameBg] = vec(theme.raised);
  colors[ImGuiCol_FrameBgHovered] = vec(hovered);
  colors[ImGuiCol_FrameBgActive] = vec(hovered);
  colors[ImGuiCol_TitleBg] = colors[ImGuiCol_TitleBgActive] = colors[ImGuiCol_TitleBgCollapsed] = vec(theme.panel);
  colors[ImGuiCol_MenuBarBg] = vec(theme.panel);
  colors[ImGuiCol_ScrollbarBg] = vec(clear);
  colors[ImGuiCol_ScrollbarGrab] = vec(mix(theme.raised, theme.text, 0.14f));
  colors[ImGuiCol_ScrollbarGrabHovered] = vec(mix(theme.raised, theme.text, 0.28f));
  colors[ImGuiCol_ScrollbarGrabActive] = vec(theme.accent);
  colors[ImGuiCol_CheckMark] = vec(theme.accent);
  colors[ImGuiCol_SliderGrab] = colors[ImGuiCol_SliderGrabActive] = vec(theme.accent);
  colors[ImGuiCol_Button] = vec(clear);
  colors[ImGuiCol_ButtonHovered] = vec(hovered);
  colors[ImGuiCol_ButtonActive] = vec(pressed);
  colors[ImGuiCol_Header] = vec(theme.selection);
  colors[ImGuiCol_HeaderHovered] = vec(with_alpha(theme.text, theme.is_dark ? 0.08f : 0.06f));
  colors[ImGuiCol_HeaderActive] = vec(theme.selection);
  colors[ImGuiCol_Separator] = vec(theme.line);
  colors[ImGuiCol_SeparatorHovered] = colors[ImGuiCol_SeparatorActive] = vec(theme.accent);
  colors[ImGuiCol_ResizeGrip] = vec(clear);
  colors[ImGuiCol_ResizeGripHovered] = colors[ImGuiCol_ResizeGripActive] = vec(theme.accent);
  colors[ImGuiCol_InputTextCursor] = vec(theme.text);
  colors[ImGuiCol_PlotLines] = colors[ImGuiCol_PlotHistogram] = vec(theme.accent);
  colors[ImGuiCol_PlotLinesHovered] = colors[ImGuiCol_PlotHistogramHovered] = vec(theme.accent);
  colors[ImGuiCol_TableHeaderBg] = vec(theme.panel);
  colors[ImGuiCol_TableBorderStrong] = colors[ImGuiCol_TableBorderLight] = vec(theme.line);
  colors[ImGuiCol_TableRowBg] = vec(clear);
  colors[ImGuiCol_TableRowBgAlt] = vec(with_alpha(theme.text, 0.025f));
  colors[ImGuiCol_TextLink] = vec(theme.accent);
  colors[ImGuiCol_TextSelectedBg] = vec(theme.selection);
  colors[ImGuiCol_TreeLines] = vec(theme.line);
  colors[ImGuiCol_NavCursor] = vec(theme.accent);
  colors[ImGuiCol_ModalWindowDimBg] = colors[ImGuiCol_NavWindowingDimBg] = vec(with_alpha(rgb(0x000000), 0.45f));
}

}  // namespace

Fonts load_fonts(std::span<const unsigned char> system_chinese) {
  Fonts fonts;
  // What is merged goes into the font added last: each font with its own additions in turn.
  fonts.text = add_font(generated::font_inter_regular(), kBaseTextPx, false);
  merge_icons();
  merge_chinese(system_chinese);
  fonts.title = add_font(generated::font_inter_semibold(), kBaseTextPx, false);
  merge_icons();
  merge_chinese(system_chinese);
  fonts.mono = add_font(generated::font_jetbrains_mono(), kBaseTextPx, false);
  add_font(generated::font_inter_regular(), kBaseTextPx, true);  // thin spaces
  merge_icons();
  merge_chinese(system_chinese);
  return fonts;
}

void apply_look(const Theme& theme, float em, Fonts& fonts) {
  fonts.em = em;
  fonts.mono_size = std::round(em * kMonoSize);
  fonts.title_size = std::round(em * 1.25f);
  fonts.small_size = std::round(em * 0.8125f);

  const float unit = em / kBaseTextPx;
  ImGuiStyle style;
  style.WindowPadding = {12, 10};
  style.FramePadding = {9, 5};
  style.ItemSpacing = {8, 6};
  style.ItemInnerSpacing = {6, 4};
  style.CellPadding = {8, 4};
  style.IndentSpacing = 16;
  style.ScrollbarSize = 11;
  style.GrabMinSize = 18;
  style.WindowRounding = 8;
  style.FrameRounding = 5;
  style.ChildRounding = style.PopupRounding = 6;
  style.ScrollbarRounding = 6;
  style.GrabRounding = 5;
  style.TabRounding = 5;
  style.WindowBorderSize = 0;
  style.ChildBorderSize = style.PopupBorderSize = 1;
  style.FrameBorderSize = 0;
  style.SeparatorTextBorderSize = 1;
  style.SeparatorTextPadding = {0, 4};
  style.ScaleAllSizes(unit);
  style.ChildBorderSize = style.PopupBorderSize = std::max(1.0f, std::floor(unit));
  style.FontSizeBase = em;
  style.HoverDelayNormal = 0.35f;
  style.DisabledAlpha = 0.42f;
  set_colors(theme, style.Colors);
  ImGui::GetStyle() = style;
}

}  // namespace palloscope::gui
