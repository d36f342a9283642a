#include "gui/panels/waste_bar.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "gui/finding_text.h"
#include "gui/format_text.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kFree = 3, kTails = 4, kEmpty = 5;  // of trace::kWasteParts

Color ground_of(const Theme& theme, std::size_t part) {
  const Color colors[] = {theme.live, theme.waste, theme.header, theme.free, theme.tail, theme.map_ground};
  return colors[part];
}

void fill_part(const PanelContext& panel, std::size_t part, ImVec2 low, ImVec2 high) {
  const Theme& theme = panel.theme;
  const float em = panel.em();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (part == kFree) return fill_hatched(low, high, theme.free, theme.text, 0.5f * em);
  draw->AddRectFilled(low, high, ground_of(theme, part));
  if (part == kTails) fill_dotted(low, high, theme.dim, 0.5f * em);
  if (part == kEmpty) draw->AddRect(low, high, theme.dim, 0, 0, 0.12f * em);
}

// The pattern of one column of a layer; those of neighbours join, as it begins at `origin` and not at the column.
void fill_column(const PanelContext& panel, std::size_t part, ImVec2 low, ImVec2 high, ImVec2 origin) {
  const Theme& theme = panel.theme;
  const float step = 0.5f * panel.em(), ink = std::max(1.5f, step * 0.18f);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(low, high, ground_of(theme, part));
  if (part == kFree) {
    // Lines on which x + y is the same; each is cut to the column.
    const float first = std::ceil((low.x - origin.x + low.y - origin.y) / step) * step;
    for (float sum = first; sum <= high.x - origin.x + high.y - origin.y; sum += step) {
      const float line = sum + origin.x + origin.y;
      const float from = std::max(low.x, line - high.y), to = std::min(high.x, line - low.y);
      if (from < to) draw->AddLine({from, line - from}, {to, line - to}, theme.text, ink);
    }
  } else if (part == kTails) {
    const float dot = std::max(1.5f, step * 0.2f);
    for (float x = origin.x + std::ceil((low.x - origin.x) / step) * step; x < high.x; x += step)
      for (float y = origin.y + std::ceil((low.y - origin.y) / step) * step; y + dot <= high.y; y += step)
        draw->AddRectFilled({x, y}, {x + dot, y + dot}, theme.dim);
  }
  // Each layer ends in a line, so that it is seen beside one as dark.
  draw->AddRectFilled(low, {high.x, low.y + 1}, theme.line);
}

std::string part_text(const PanelContext& panel, std::size_t part, bool is_dump) {
  // What a dump counts as used may be rounding and headers too.
  if (is_dump && part == 0) return panel.strings("waste.used");
  return waste_part_text(trace::kWasteParts[part], panel.strings);
}

// Nor does a snapshot of a production build know what was asked for.
bool is_dump(const PanelContext& panel) {
  const core::StreamDescription& description = panel.session.timeline()->description();
  return description.source == core::SourceKind::Dump || !core::requested_known(description);
}

void draw_curve_tooltip(const PanelContext& panel, const trace::SurveySample& sample) {
  if (!ImGui::BeginTooltip()) return;
  ImGui::TextUnformatted((format_event(sample.event) + "  " + format_bytes(sample.waste.total_bytes)).c_str());
  for (std::size_t part = std::size(trace::kWasteParts); part-- > 0;)
    if (const std::uint64_t bytes = sample.waste.*trace::kWasteParts[part].bytes; bytes != 0)
      ImGui::TextUnformatted(
          fmt::format("{}  {}  {}", part_text(panel, part, is_dump(panel)), format_bytes(bytes),
                      format_share(static_cast<double>(bytes) / static_cast<double>(sample.waste.total_bytes)))
              .c_str());
  ImGui::EndTooltip();
}

}  // namespace

void draw_waste_bar(const PanelContext& panel, const trace::Waste& waste) {
  const float width = ImGui::GetContentRegionAvail().x, height = 1.1f * panel.em();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("##waste", {std::max(1.0f, width), height});
  const bool hovered = ImGui::IsItemHovered();
  float x = at.x;
  for (std::size_t i = 0; i < std::size(trace::kWasteParts); ++i) {
    const std::uint64_t bytes = waste.*trace::kWasteParts[i].bytes;
    if (bytes == 0) continue;
    const float wide = static_cast<float>(static_cast<double>(bytes) / static_cast<double>(waste.total_bytes)) * width;
    const ImVec2 low(x, at.y), high(x + wide, at.y + height);
    fill_part(panel, i, low, high);
    x += wide;
    if (hovered && ImGui::IsMouseHoveringRect(low, high))
      ImGui::SetTooltip("%s: %s\n%s", part_text(panel, i, is_dump(panel)).c_str(), format_bytes_exactly(bytes).c_str(),
                        waste_part_hint(trace::kWasteParts[i], panel.strings).c_str());
  }
  ImGui::GetWindowDrawList()->AddRect(at, {at.x + width, at.y + height}, panel.theme.line);
}

void draw_waste_legend(const PanelContext& panel, const trace::Waste& waste) {
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x;
  ImGui::PushFont(panel.fonts.text, panel.fonts.small_size);
  float left = 0;
  for (std::size_t i = 0; i < std::size(trace::kWasteParts); ++i) {
    const std::uint64_t bytes = waste.*trace::kWasteParts[i].bytes;
    if (bytes == 0) continue;
    const std::string text = fmt::format("{} {}", part_text(panel, i, is_dump(panel)), format_bytes(bytes));
    const float wide = ImGui::CalcTextSize(text.c_str()).x + 2.2f * em;
    if (left > 0 && left + wide <= width)
      ImGui::SameLine(0, em);
    else
      left = 0;
    left += wide + em;
    const ImVec2 box = ImGui::GetCursorScreenPos();
    const ImVec2 low(box.x, box.y + 0.1f * em), high(box.x + 0.85f * em, box.y + 0.95f * em);
    fill_part(panel, i, low, high);
    ImGui::GetWindowDrawList()->AddRect(low, high, panel.theme.line);
    ImGui::Dummy({0.9f * em, ImGui::GetTextLineHeight()});
    ImGui::SameLine(0, 0.2f * em);
    ImGui::TextUnformatted(text.c_str());
  }
  ImGui::PopFont();
}

std::optional<EventNumber> draw_waste_curve(const PanelContext& panel, const std::vector<trace::SurveySample>& samples,
                                            const trace::Survey& survey, float height) {
  const float em = panel.em(), small = panel.fonts.small_size, width = ImGui::GetContentRegionAvail().x;
  const Theme& theme = panel.theme;
  if (samples.empty() || width < 4 * em || height < 2 * em) return std::nullopt;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("##waste_curve", {width, height});
  const bool hovered = ImGui::IsItemHovered();
  const ImVec2 end(at.x + width, at.y + height);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->PushClipRect(at, end, true);
  std::uint64_t most = 1;
  for (const trace::SurveySample& sample : samples) most = std::max(most, sample.waste.total_bytes);
  // Events to scale; a dump has moments and no time between.
  const bool by_moment = survey.is_of_dump();
  const auto events = static_cast<double>(std::max<EventNumber>(survey.events(), 1));
  const auto x_of = [&](double event) { return at.x + static_cast<float>(event / events) * width; };
  const auto left_of = [&](std::size_t i) {
    if (by_moment) return at.x + width * static_cast<float>(i) / static_cast<float>(samples.size());
    return i == 0 ? at.x : std::floor(x_of(static_cast<double>(samples[i - 1].event)));
  };
  const auto right_of = [&](std::size_t i) {
    return by_moment ? left_of(i + 1) - 0.2f * em : std::floor(x_of(static_cast<double>(samples[i].event)));
  };
  const float scale = (height - 1.2f * small) / static_cast<float>(most);
  const float line = std::max(1.0f, 0.1f * em);
  float last_y = 0;
  std::optional<std::size_t> pointed;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const float left = left_of(i), right = std::max(left + 1, right_of(i));
    float y = end.y;
    for (std::size_t part = 0; part < std::size(trace::kWasteParts); ++part) {
      const float high = static_cast<float>(samples[i].waste.*trace::kWasteParts[part].bytes) * scale;
      if (high > 0) fill_column(panel, part, {left, y - high}, {right, y}, at);
      y -= high;
    }
    draw->AddRectFilled({left, y - line}, {right, y}, theme.text);
    if (i > 0 && !by_moment)
      draw->AddRectFilled({left, std::min(y, last_y) - line}, {left + line, std::max(y, last_y)}, theme.text);
    last_y = y;
    if (hovered && ImGui::GetIO().MousePos.x >= left && ImGui::GetIO().MousePos.x < right) pointed = i;
  }
  const auto mark = [&](EventNumber event, Color color, bool dashed) {
    float x = x_of(static_cast<double>(event));
    for (std::size_t i = 0; by_moment && i < samples.size(); ++i)
      if (samples[i].event >= event || i + 1 == samples.size()) {
        x = (left_of(i) + right_of(i)) / 2;
        break;
      }
    for (float y = at.y; y < end.y; y += dashed ? small : height)
      draw->AddLine({x, y}, {x, dashed ? y + 0.6f * small : end.y}, color, std::max(1.5f, 0.12f * em));
  };
  mark(survey.peak().event, theme.accent, true);
  mark(panel.session.cursor(), theme.text, false);
  draw->AddText(panel.fonts.mono, small, {at.x + 0.3f * small, at.y}, theme.dim, format_bytes(most).c_str());
  draw->PopClipRect();
  draw->AddRect(at, end, theme.line);
  if (!pointed) return std::nullopt;
  draw_curve_tooltip(panel, samples[*pointed]);
  if (!ImGui::IsItemActive() || !ImGui::IsMouseDown(ImGuiMouseButton_Left)) return std::nullopt;
  if (by_moment) return samples[*pointed].event;
  const double share = (ImGui::GetIO().MousePos.x - at.x) / width;
  return static_cast<EventNumber>(std::lround(std::clamp(share, 0.0, 1.0) * events));
}

}  // namespace palloscope::gui
