#include "gui/panels/address_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "gui/panels/backend_badge.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr double kWheelStep = 1.4;

std::string_view use_key(StripUse use) {
  static constexpr std::string_view kKeys[kStripUseCount] = {
      "shmem.strip.buffers",   "shmem.strip.rest",      "shmem.strip.free", "shmem.strip.dynamic", "shmem.strip.heap",
      "shmem.strip.work_used", "shmem.strip.work_room", "shmem.strip.over", "shmem.strip.worst"};
  return kKeys[static_cast<std::size_t>(use)];
}

Color use_colour(const Theme& theme, StripUse use) {
  switch (use) {
    case StripUse::SharedBuffers:
      return theme.owner[0];
    case StripUse::SharedRest:
      return theme.owner[1];
    case StripUse::SharedFree:
      return theme.tail;
    case StripUse::Dynamic:
      return theme.owner[2];
    case StripUse::Heap:
      return theme.owner[3];
    case StripUse::WorkUsed:
    case StripUse::WorkRoom:
      return theme.owner[4];
    case StripUse::WorkOver:
      return theme.fault;
    case StripUse::Worst:
      return theme.warning;
  }
  return theme.plain;
}

// What a part is, in its pattern too: room is hatched, free is dotted, too much is crossed out.
void paint(const Theme& theme, StripUse use, ImVec2 low, ImVec2 high, float em) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Color colour = use_colour(theme, use);
  if (use == StripUse::SharedFree) {
    draw->AddRectFilled(low, high, theme.tail);
    fill_dotted(low, high, mix(theme.map_ground, theme.dim, 0.8f), 0.6f * em);
  } else if (use == StripUse::WorkRoom) {
    fill_hatched(low, high, mix(theme.map_ground, colour, 0.14f), with_alpha(colour, 0.7f), 0.6f * em);
  } else {
    draw->AddRectFilled(low, high, mix(theme.map_ground, colour, 0.75f));
    if (use == StripUse::WorkOver || use == StripUse::Worst)
      fill_hatched(low, high, mix(theme.map_ground, colour, 0.45f), colour, 0.35f * em);
  }
  draw->AddRect(low, high, use == StripUse::WorkOver ? theme.fault : mix(theme.map_ground, theme.dim, 0.6f));
}

}  // namespace

void AddressView::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ != session.document->serial) is_fit_ = true;
  if (document_ == session.document->serial && cursor_ == session.cursor() && !is_stale_) return;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  is_stale_ = false;
  rows_ = address_rows(session.state().server(), session.state().totals());
  if (!rows_.empty()) reckon(panel);
  whole_ = 1;
  for (const AddressRow& row : rows_) whole_ = std::max(whole_, static_cast<double>(row.bytes()));
}

void AddressView::reckon(const PanelContext& panel) {
  settings_.shared_bytes = rows_.front().kind == AddressRowKind::Shared ? rows_.front().bytes() : 0;
  std::vector<core::PlanOperation> plan(sorts_);
  for (core::PlanOperation& operation : plan) operation.limit = core::NodeLimit::WorkMem;
  plan.resize(plan.size() + hashes_);
  for (std::size_t i = sorts_; i < plan.size(); ++i) plan[i].limit = core::NodeLimit::HashMem;
  worst_ = core::worst_case(settings_, plan);
  const WorstNames names{panel.strings("shmem.strip.row_shared"),
                         panel.strings.fill("shmem.worst.backends", {{"count", format_count(settings_.max_connections)},
                                                                     {"bytes", format_bytes(worst_.backend)}}),
                         panel.strings("shmem.worst.maintenance")};
  rows_.push_back(worst_row(worst_, settings_.max_connections, names));
}

namespace {

constexpr int kKnobs = 5;
constexpr std::uint32_t kMostOperations = 1000, kMostConnections = 262'143;
constexpr std::uint64_t kMostWorkMem = 2'147'483'647;  // kB, as guc has it

}  // namespace

void AddressView::choose_knob(int direction) { knob_ = std::clamp(knob_ + direction, -1, kKnobs - 1); }

void AddressView::turn_knob(int direction) {
  const auto turned = [&](std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    return std::clamp(direction > 0 ? value * 2 : value / 2, least, most);
  };
  const auto counted = [&](std::uint32_t value, std::uint32_t most) {
    const std::uint32_t next = direction > 0 ? value + 1 : value - std::min(value, 1u);
    return std::min(next, most);
  };
  if (knob_ == 0)
    settings_.max_connections = static_cast<std::uint32_t>(turned(settings_.max_connections, 1, kMostConnections));
  if (knob_ == 1) sorts_ = counted(sorts_, kMostOperations);
  if (knob_ == 2) hashes_ = counted(hashes_, kMostOperations);
  if (knob_ == 3) settings_.work.work_mem_kb = turned(settings_.work.work_mem_kb, 64, kMostWorkMem);
  if (knob_ == 4)
    settings_.work.hash_mem_multiplier =
        std::clamp(settings_.work.hash_mem_multiplier + (direction > 0 ? 0.5 : -0.5), 1.0, 1000.0);
  is_stale_ = true;
}

// The settings, each to be typed or turned, and what comes out.
void AddressView::draw_knobs(const PanelContext& panel) {
  const float em = panel.em();
  ImGui::Spacing();
  ImGui::PushFont(panel.fonts.title, em);
  ImGui::TextUnformatted(panel.strings("shmem.worst.title"));
  ImGui::PopFont();
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextWrapped("%s", panel.strings("shmem.worst.hint"));
  ImGui::PopStyleColor();
  static constexpr std::string_view kLabels[kKnobs] = {"shmem.worst.connections", "shmem.worst.sorts",
                                                       "shmem.worst.hashes", "shmem.worst.work_mem",
                                                       "shmem.worst.multiplier"};
  const float room = ImGui::GetContentRegionAvail().x;
  float x = 0;
  for (int i = 0; i < kKnobs; ++i) {
    const float label = ImGui::CalcTextSize(panel.strings(kLabels[i])).x, box = 6.5f * em;
    if (i > 0 && x + label + box + 2 * em < room)
      ImGui::SameLine(0, em);
    else
      x = 0;
    x += label + box + 2 * em;
    ImGui::AlignTextToFramePadding();
    ImGui::PushStyleColor(ImGuiCol_Text, knob_ == i ? panel.theme.accent : panel.theme.text);
    ImGui::TextUnformatted(panel.strings(kLabels[i]));
    ImGui::PopStyleColor();
    ImGui::SameLine(0, 0.4f * em);
    ImGui::SetNextItemWidth(box);
    ImGui::PushID(i);
    bool is_changed = false;
    switch (i) {
      case 0:
        is_changed = ImGui::InputScalar("##knob", ImGuiDataType_U32, &settings_.max_connections);
        break;
      case 1:
        is_changed = ImGui::InputScalar("##knob", ImGuiDataType_U32, &sorts_);
        break;
      case 2:
        is_changed = ImGui::InputScalar("##knob", ImGuiDataType_U32, &hashes_);
        break;
      case 3:
        is_changed = ImGui::InputScalar("##knob", ImGuiDataType_U64, &settings_.work.work_mem_kb);
        break;
      default:
        is_changed = ImGui::InputDouble("##knob", &settings_.work.hash_mem_multiplier, 0, 0, "%.1f");
        break;
    }
    if (knob_ == i) {
      const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
      ImGui::GetWindowDrawList()->AddRect(low, high, panel.theme.accent, 0.2f * em, 0, 0.12f * em);
    }
    ImGui::PopID();
    if (!is_changed) continue;
    settings_.max_connections = std::clamp(settings_.max_connections, 1u, kMostConnections);
    sorts_ = std::min(sorts_, kMostOperations);
    hashes_ = std::min(hashes_, kMostOperations);
    settings_.work.work_mem_kb = std::clamp<std::uint64_t>(settings_.work.work_mem_kb, 64, kMostWorkMem);
    settings_.work.hash_mem_multiplier = std::clamp(settings_.work.hash_mem_multiplier, 1.0, 1000.0);
    is_stale_ = true;
  }
  ImGui::TextWrapped("%s", panel.strings
                               .fill("shmem.worst.answer", {{"shared", format_bytes(worst_.shared)},
                                                            {"count", format_count(settings_.max_connections)},
                                                            {"backend", format_bytes(worst_.backend)},
                                                            {"base", format_bytes(worst_.base)},
                                                            {"operations", format_bytes(worst_.operations)},
                                                            {"temp", format_bytes(worst_.temp_buffers)},
                                                            {"maintenance", format_bytes(worst_.maintenance)},
                                                            {"total", format_bytes(worst_.total)}})
                               .c_str());
}

void AddressView::zoom(double factor) {
  if (scale_.logarithmic) return;
  is_fit_ = false;
  scale_ = zoom_address(scale_, factor, 0, whole_);
}

void AddressView::draw_axis(const PanelContext& panel, ImVec2 at, float height) const {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float small = panel.fonts.small_size;
  for (const std::uint64_t tick : address_ticks(scale_, 6 * panel.em())) {
    const float x = at.x + scale_.x_of(static_cast<double>(tick));
    draw->AddLine({x, at.y + small * 1.2f}, {x, at.y + height}, panel.theme.line);
    const std::string text = format_bytes(tick);
    draw->AddText(panel.fonts.mono, small, {x + 0.2f * small, at.y}, panel.theme.dim, text.c_str());
  }
}

void AddressView::draw_part(const PanelContext& panel, const AddressPart& part, ImVec2 low, ImVec2 high) const {
  const float em = panel.em(), small = panel.fonts.small_size;
  paint(panel.theme, part.use, low, high, em);
  if (const float piece = (high.x - low.x) / static_cast<float>(part.pieces); part.pieces > 1 && piece >= 3)
    for (float x = low.x + piece; x < high.x - 1; x += piece)
      ImGui::GetWindowDrawList()->AddLine({x, low.y}, {x, high.y}, panel.theme.map_ground, 1.5f);
  const std::string words = part.name.empty() ? panel.strings(use_key(part.use)) : part.name;
  const std::string text = fmt::format("{}  {}", words, format_bytes(part.bytes));
  if (ImGui::IsMouseHoveringRect(low, high) && ImGui::IsWindowHovered())
    ImGui::SetTooltip("%s\n%s\n%s", words.c_str(), panel.strings(use_key(part.use)),
                      format_bytes_exactly(part.bytes).c_str());
  const float width = panel.fonts.text->CalcTextSizeA(small, FLT_MAX, 0, text.c_str()).x;
  if (high.x - low.x < 3 * em) return;
  const float right = std::min(high.x - 0.2f * em, low.x + 0.5f * em + width);
  const float y = (low.y + high.y - small * 1.2f) / 2;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled({low.x + 0.3f * em, y}, {right, y + 1.25f * small}, with_alpha(panel.theme.map_ground, 0.82f),
                      0.15f * em);
  const ImVec4 clip(low.x, low.y, right, high.y);
  add_cut_text(draw, panel.fonts.text, small, {low.x + 0.4f * em, y}, panel.theme.text, text, clip);
}

void AddressView::draw_row(const PanelContext& panel, const AddressRow& row, ImVec2 at, float label_width,
                           float height) {
  const float em = panel.em(), small = panel.fonts.small_size;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  static constexpr std::string_view kTitles[] = {"shmem.strip.row_shared", "shmem.strip.row_dynamic",
                                                 "shmem.strip.row_process", "shmem.strip.row_backend",
                                                 "shmem.strip.row_worst"};
  float x = at.x;
  if (row.kind == AddressRowKind::Backend) {
    draw_backend_badge(panel, {x + 0.6f * em, at.y + 0.6f * em}, 1.15f * em, row.backend);
    x += 1.5f * em;
  }
  const std::string title = row.kind == AddressRowKind::Backend && row.backend
                                ? backend_text(panel, row.backend)
                                : std::string(panel.strings(kTitles[static_cast<std::size_t>(row.kind)]));
  const ImVec4 clip(at.x, at.y, at.x + label_width - 0.4f * em, at.y + height);
  add_cut_text(draw, panel.fonts.text, em, {x, at.y}, panel.theme.text, title, clip);
  const std::string sum = row.times > 1
                              ? fmt::format("{} \u00D7 {}", format_bytes(row.bytes()), format_count(row.times))
                              : format_bytes(row.bytes());
  add_cut_text(draw, panel.fonts.mono, small, {x, at.y + 1.15f * em}, panel.theme.dim, sum, clip);
  const float left = at.x + label_width;
  ImGui::PushClipRect({left, at.y}, {left + scale_.width_px, at.y + height}, true);
  double from = 0;
  for (const AddressPart& part : row.parts) {
    const double to = from + static_cast<double>(part.bytes);
    const float x0 = std::max(-4.0f, scale_.x_of(from)), x1 = std::min(scale_.width_px + 4, scale_.x_of(to));
    if (x1 > -1 && x0 < scale_.width_px + 1)
      draw_part(panel, part, {left + x0, at.y}, {left + std::max(x1, x0 + 1.5f), at.y + height - 0.2f * em});
    from = to;
  }
  ImGui::PopClipRect();
}

void AddressView::draw_legend(const PanelContext& panel) const {
  bool used[kStripUseCount] = {};
  for (const AddressRow& row : rows_)
    for (const AddressPart& part : row.parts) used[static_cast<std::size_t>(part.use)] = true;
  const float size = panel.fonts.small_size;
  ImVec2 at = ImGui::GetCursorScreenPos();
  const float left = at.x, right = at.x + ImGui::GetContentRegionAvail().x, top = at.y;
  for (int u = 0; u < kStripUseCount; ++u) {
    if (!used[u]) continue;
    const char* text = panel.strings(use_key(static_cast<StripUse>(u)));
    const float extent = panel.fonts.text->CalcTextSizeA(size, FLT_MAX, 0, text).x;
    if (at.x + extent + 1.5f * size > right && at.x > left) at = {left, at.y + 1.45f * size};
    paint(panel.theme, static_cast<StripUse>(u), {at.x, at.y + 0.15f * size}, {at.x + size, at.y + 1.1f * size},
          panel.em() * 0.6f);
    ImGui::GetWindowDrawList()->AddText(panel.fonts.text, size, {at.x + 1.4f * size, at.y}, panel.theme.dim, text);
    at.x += extent + 2.8f * size;
  }
  ImGui::Dummy({right - left, at.y - top + 1.5f * size});
}

void AddressView::draw(const PanelContext& panel) {
  refresh(panel);
  if (rows_.empty()) {
    draw_empty(panel, "shmem.strip.empty");
    return;
  }
  const float em = panel.em();
  if (ImGui::BeginChild("##strip", {0, 0}, ImGuiChildFlags_None, ImGuiWindowFlags_NoScrollWithMouse)) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    ImGui::TextWrapped("%s", panel.strings(scale_.logarithmic ? "shmem.strip.log_note" : "shmem.strip.true_note"));
    ImGui::PopStyleColor();
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const float room = ImGui::GetContentRegionAvail().x;
    const float label_width = std::min(12 * em, room * 0.3f), axis = 1.6f * em, height = 2.4f * em, pitch = 2.9f * em;
    scale_.width_px = std::max(10.0f, room - label_width);
    if (is_fit_ || scale_.logarithmic) {
      scale_.from = 0;
      scale_.bytes = whole_ * (scale_.logarithmic ? 1.0 : 1.02);
      is_fit_ = !scale_.logarithmic;
    }
    const float picture = axis + pitch * static_cast<float>(rows_.size());
    ImGui::InvisibleButton("##rows", {room, picture});
    ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
    const ImGuiIO& io = ImGui::GetIO();
    const bool is_hovered = ImGui::IsItemHovered(), is_active = ImGui::IsItemActive();
    draw_axis(panel, {origin.x + label_width, origin.y}, picture);
    for (std::size_t i = 0; i < rows_.size(); ++i)
      draw_row(panel, rows_[i], {origin.x, origin.y + axis + pitch * static_cast<float>(i)}, label_width, height);
    if (is_hovered && io.MouseWheel != 0 && !scale_.logarithmic) {
      is_fit_ = false;
      scale_ = zoom_address(scale_, io.MouseWheel > 0 ? 1 / kWheelStep : kWheelStep,
                            io.MousePos.x - origin.x - label_width, whole_);
    }
    if (is_active && io.MouseDelta.x != 0 && !scale_.logarithmic && !is_fit_) {
      const double length = scale_.bytes - scale_.from;
      const double by = -static_cast<double>(io.MouseDelta.x / scale_.width_px) * length;
      scale_.from = std::clamp(scale_.from + by, 0.0, std::max(0.0, whole_ - length));
      scale_.bytes = scale_.from + length;
    }
    draw_legend(panel);
    draw_knobs(panel);
  }
  ImGui::EndChild();
}

}  // namespace palloscope::gui
