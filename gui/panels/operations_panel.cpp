#include "gui/panels/operations_panel.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kEventsPerFrame = 150'000;  // some milliseconds

using core::OperationKind;
using trace::OperationRecord;

Color operation_color(const Theme& theme, OperationKind kind) {
  return theme.owner[static_cast<std::size_t>(kind) == 0 ? 0 : static_cast<std::size_t>(kind) == 1 ? 2 : 4];
}

void dim_text(const PanelContext& panel, const std::string& text) {
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopStyleColor();
}

}  // namespace

void OperationsPanel::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ != session.document->serial) {
    document_ = session.document->serial;
    shown_.clear();
  }
  const auto& operations = panel.state().server().operations;
  // Those that are gone from the state leave; the others keep what was read of them.
  std::erase_if(shown_, [&](const Shown& shown) {
    return shown.slot.value >= operations.size() || operations[shown.slot.value].born != shown.story->born();
  });
  for (std::uint32_t slot = 0; slot < operations.size(); ++slot) {
    const OperationRecord& operation = operations[slot];
    const bool known = std::any_of(shown_.begin(), shown_.end(), [&](const Shown& s) { return s.slot.value == slot; });
    if (operation.born == 0 || known) continue;
    Shown shown;
    shown.slot = {slot};
    shown.story = std::make_unique<trace::OperationStory>(*session.timeline(), operation.born);
    shown_.push_back(std::move(shown));
  }
  std::stable_sort(shown_.begin(), shown_.end(), [&](const Shown& a, const Shown& b) {
    const OperationRecord &x = operations[a.slot.value], &y = operations[b.slot.value];
    return (x.ended == 0) != (y.ended == 0) ? x.ended == 0 : x.born < y.born;
  });
  for (Shown& shown : shown_) {
    if (!shown.story->ended() && shown.story->known_to() < session.event_count() &&
        !shown.story->advance(kEventsPerFrame) && panel.wants_frame != nullptr)
      *panel.wants_frame = true;
    if (shown.cursor == session.cursor() && shown.known == shown.story->known_to()) continue;
    shown.cursor = session.cursor();
    shown.known = shown.story->known_to();
    shown.parts = shown.story->parts_at(shown.cursor);
  }
}

void OperationsPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  refresh(panel);
  if (shown_.empty()) {
    draw_empty(panel, "operations.empty");
    return;
  }
  if (ImGui::BeginChild("##operations", {0, 0})) {
    for (Shown& shown : shown_) draw_card(panel, shown);
  }
  ImGui::EndChild();
}

void OperationsPanel::draw_card(const PanelContext& panel, Shown& shown) {
  const OperationRecord& operation = panel.state().server().operations[shown.slot.value];
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x;
  const bool wide = width > 44 * em;
  const float curve = wide ? std::min(22 * em, width * 0.34f) : 0;
  const float left = wide ? width - curve - 1.5f * em : width;
  ImGui::PushID(static_cast<int>(shown.slot.value));
  const ImVec2 top = ImGui::GetCursorScreenPos();
  ImGui::BeginGroup();
  draw_head(panel, operation);
  draw_phases(panel, operation, left);
  draw_memory(panel, shown, operation, left);
  draw_parts(panel, shown, operation, left);
  draw_forecast(panel, operation, left);
  ImGui::EndGroup();
  const float height = ImGui::GetItemRectSize().y;
  const ImVec2 below = ImGui::GetCursorScreenPos();
  if (wide) {
    ImGui::SetCursorScreenPos({top.x + left + 1.5f * em, top.y});
    draw_curve(panel, shown, operation, curve, height);
    ImGui::SetCursorScreenPos(below);
  } else if (ImGui::GetWindowHeight() > 13 * em) {
    draw_curve(panel, shown, operation, width, 0);
  }
  ImGui::Dummy({0, 0.15f * em});
  ImGui::Separator();
  ImGui::Dummy({0, 0.15f * em});
  ImGui::PopID();
}

void OperationsPanel::draw_head(const PanelContext& panel, const OperationRecord& operation) {
  const float em = panel.em();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Color fill = operation.ended == 0 ? operation_color(panel.theme, operation.kind) : panel.theme.dim;
  draw->AddRectFilled({at.x, at.y + 0.15f * em}, {at.x + 0.35f * em, at.y + 1.15f * em}, fill, 0.1f * em);
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + 0.8f * em);
  ImGui::PushFont(panel.fonts.title, em * 1.05f);
  if (draw_link(panel, "##name", operation.name) && operation.context) {
    if (const auto* context = panel.state().context(operation.context))
      panel.actions.push(Select{ContextKey{operation.context, context->born}});
  }
  ImGui::PopFont();
  ImGui::SetItemTooltip("%s", panel.strings("operations.context_tip"));
  ImGui::SameLine(0, 0.8f * em);
  std::string kind = panel.strings(operation_kind_key(operation.kind));
  if (operation.ended != 0)
    kind += " \u00B7 " + panel.strings.fill("operations.ended", {{"event", format_event(operation.ended)},
                                                                 {"bytes", format_bytes(operation.peak_bytes)}});
  dim_text(panel, kind);
}

void OperationsPanel::draw_phases(const PanelContext& panel, const OperationRecord& operation, float width) {
  const Theme& theme = panel.theme;
  const float em = panel.em(), height = 1.5f * em;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const auto arrow = [&](float left, float middle) {
    draw->AddLine({left, middle}, {left + 0.7f * em, middle}, theme.dim, 0.08f * em);
    draw->AddTriangleFilled({left + 0.75f * em, middle}, {left + 0.45f * em, middle - 0.2f * em},
                            {left + 0.45f * em, middle + 0.2f * em}, theme.dim);
  };
  const std::string either = panel.strings("operations.or");
  float x = 0, y = 0;
  for (const PhaseBox& box : phase_boxes(operation)) {
    const std::string text = panel.strings(phase_key(box.phase));
    const float wide = ImGui::CalcTextSize(text.c_str()).x + 1.2f * em + (box.now ? 0.9f * em : 0);
    const float joint = box.joint == PhaseJoint::Or     ? ImGui::CalcTextSize(either.c_str()).x + 0.8f * em
                        : box.joint == PhaseJoint::Next ? 1.1f * em
                                                        : 0;
    const bool wraps = joint > 0 && x + joint + wide > width;
    if (wraps || box.joint == PhaseJoint::Branch) {
      const float above = y + height;
      x = 1.7f * em;
      y += height + 0.3f * em;
      // A branch hangs on the first state: down from it, and to the right.
      const float stem = origin.x + 0.7f * em, middle = origin.y + y + height / 2;
      if (box.joint == PhaseJoint::Branch) {
        draw->AddLine({stem, origin.y + above}, {stem, middle}, theme.dim, 0.08f * em);
        arrow(stem, middle);
      }
    }
    if (box.joint == PhaseJoint::Or) {
      draw->AddText({origin.x + x + 0.4f * em, origin.y + y + (height - ImGui::GetTextLineHeight()) / 2}, theme.dim,
                    either.c_str());
      x += joint;
    } else if (box.joint == PhaseJoint::Next && wraps) {
      arrow(origin.x + x - 1.0f * em, origin.y + y + height / 2);
    } else if (box.joint == PhaseJoint::Next) {
      arrow(origin.x + x + 0.2f * em, origin.y + y + height / 2);
      x += joint;
    }
    const ImVec2 low(origin.x + x, origin.y + y), high(low.x + wide, low.y + height);
    const bool now = box.now && operation.ended == 0;
    draw->AddRectFilled(low, high, now ? theme.accent : theme.raised, 0.3f * em);
    draw->AddRect(low, high, box.now ? theme.text : theme.line, 0.3f * em, 0, box.now ? 0.12f * em : 1.0f);
    const Color ink = now ? theme.on_accent : box.now ? theme.text : theme.dim;
    float text_x = low.x + 0.6f * em;
    if (box.now) {
      draw->AddTriangleFilled({text_x, low.y + 0.45f * em}, {text_x, low.y + 1.05f * em},
                              {text_x + 0.5f * em, low.y + 0.75f * em}, ink);
      text_x += 0.9f * em;
    }
    draw->AddText({text_x, low.y + (height - ImGui::GetTextLineHeight()) / 2}, ink, text.c_str());
    x += wide;
  }
  ImGui::Dummy({width, y + height + 0.1f * em});
}

// To scale: full width is the greatest of limit and what it ever used; what is over the limit is hatched.
void OperationsPanel::draw_memory(const PanelContext& panel, const Shown& shown, const OperationRecord& operation,
                                  float width) {
  const Theme& theme = panel.theme;
  const float em = panel.em(), height = 1.1f * em;
  const std::string text = panel.strings.fill(
      operation.used_bytes > operation.limit_bytes ? "operations.over" : "operations.used",
      {{"used", format_bytes(operation.used_bytes)}, {"limit", format_bytes(operation.limit_bytes)}});
  const float words = 15 * em, bar = std::max(8 * em, width - words);
  const double whole = static_cast<double>(
      std::max({operation.used_bytes, operation.limit_bytes, shown.story->highest_bytes(), std::uint64_t{1}}));
  const auto share = [&](std::uint64_t bytes) { return static_cast<float>(static_cast<double>(bytes) / whole) * bar; };
  const ImVec2 low = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("##memory", {bar, height + 0.3f * em});
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 from(low.x, low.y + 0.15f * em), to(low.x + bar, from.y + height);
  draw->AddRectFilled(from, to, theme.map_ground);
  const float limit = share(operation.limit_bytes), used = share(operation.used_bytes);
  const Color fill = operation.ended == 0 ? operation_color(theme, operation.kind) : theme.dim;
  draw->AddRectFilled(from, {from.x + std::min(used, limit), to.y}, fill);
  if (used > limit)
    fill_hatched({from.x + limit, from.y}, {from.x + used, to.y}, theme.panel, theme.problem, 0.4f * em);
  draw->AddRect(from, to, theme.line);
  draw->AddLine({from.x + limit, low.y}, {from.x + limit, to.y + 0.15f * em}, theme.text, 0.14f * em);
  if (hovered)
    ImGui::SetTooltip("%s", panel.strings
                                .fill("operations.memory_tip", {{"used", format_count(operation.used_bytes)},
                                                                {"limit", format_count(operation.limit_bytes)},
                                                                {"peak", format_count(operation.peak_bytes)}})
                                .c_str());
  ImGui::SameLine(0, 0.7f * em);
  ImGui::PushStyleColor(ImGuiCol_Text, operation.used_bytes > operation.limit_bytes ? theme.problem : theme.text);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopStyleColor();
}

void OperationsPanel::draw_parts(const PanelContext& panel, const Shown& shown, const OperationRecord& operation,
                                 float width) {
  const Theme& theme = panel.theme;
  const float em = panel.em();
  // Slots: how many of memtuples, or rows against buckets.
  const char* key = operation.kind == OperationKind::Sort       ? "operations.slots"
                    : operation.kind == OperationKind::HashJoin ? "operations.buckets"
                                                                : "operations.groups";
  dim_text(panel, panel.strings.fill(key, {{"tuples", format_count(operation.tuples)},
                                           {"slots", format_count(operation.slots)},
                                           {"parts", format_count(operation.parts)},
                                           {"part", format_count(operation.part)}}));
  const float cell_width = 5.2f * em, height = 2.5f * em, gap = 0.3f * em;
  const auto fitting = static_cast<std::size_t>(std::max(1.0f, (width + gap) / (cell_width + gap)));
  const std::vector<PartCell> cells = part_cells(operation, shown.parts, 2 * fitting);
  if (cells.empty() || (operation.kind == OperationKind::HashJoin && operation.parts <= 1)) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const PartCell& cell = cells[i];
    const auto cell_row = i / fitting;
    const ImVec2 low(origin.x + static_cast<float>(i % fitting) * (cell_width + gap),
                     origin.y + static_cast<float>(cell_row) * (height + gap));
    const ImVec2 high(low.x + cell_width, low.y + height);
    const char* state = "operations.part.empty";
    Color edge = theme.line, ink = theme.text;
    switch (cell.state) {
      case PartState::InMemory:
        draw->AddRectFilled(low, high, operation_color(theme, operation.kind), 0.25f * em);
        ink = readable_on(operation_color(theme, operation.kind));
        edge = theme.text;
        state = "operations.part.memory";
        break;
      case PartState::OnDisk:
        fill_hatched(low, high, theme.panel, mix(theme.panel, theme.text, 0.22f), 0.5f * em);
        edge = theme.dim;
        state = "operations.part.disk";
        break;
      case PartState::ReadBack:
        edge = theme.line;
        ink = theme.dim;
        state = "operations.part.read";
        break;
      case PartState::Empty:
        ink = theme.dim;
        break;
    }
    draw->AddRect(low, high, edge, 0.25f * em, 0, cell.state == PartState::InMemory ? 0.14f * em : 1.0f);
    const std::string number = std::to_string(cell.number);
    const std::string name = panel.strings.fill(operation.kind == OperationKind::Sort       ? "operations.run"
                                                : operation.kind == OperationKind::HashJoin ? "operations.batch"
                                                                                            : "operations.partition",
                                                {{"number", number}});
    const std::string bytes = cell.state == PartState::OnDisk ? format_bytes(cell.bytes) : panel.strings(state);
    // Words on a hatch need a ground of their own.
    const float line = panel.fonts.small_size * 1.25f;
    ImGui::PushFont(panel.fonts.text, panel.fonts.small_size);
    for (int row = 0; row < 2; ++row) {
      const std::string text =
          cut_to_width(panel.fonts.text, panel.fonts.small_size, row == 0 ? name : bytes, cell_width - 0.5f * em);
      const ImVec2 at(low.x + 0.35f * em, low.y + 0.18f * em + static_cast<float>(row) * line);
      if (cell.state == PartState::OnDisk)
        draw->AddRectFilled({at.x - 0.1f * em, at.y},
                            {at.x + ImGui::CalcTextSize(text.c_str()).x + 0.1f * em, at.y + line}, theme.panel);
      draw->AddText(at, ink, text.c_str());
    }
    ImGui::PopFont();
    if (ImGui::IsMouseHoveringRect(low, high) && ImGui::IsWindowHovered())
      ImGui::SetTooltip("%s", panel.strings
                                  .fill("operations.part_tip", {{"name", name},
                                                                {"state", panel.strings(state)},
                                                                {"tuples", format_count(cell.tuples)},
                                                                {"bytes", format_bytes(cell.bytes)}})
                                  .c_str());
  }
  const auto rows = (cells.size() + fitting - 1) / fitting;
  ImGui::Dummy({width, static_cast<float>(rows) * (height + gap)});
}

void OperationsPanel::draw_forecast(const PanelContext& panel, const OperationRecord& operation, float /*width*/) {
  const Forecast next = forecast(operation);
  if (next.what == NextDecision::None) return;
  ImGui::PushStyleColor(ImGuiCol_Text, next.what == NextDecision::GaveUp ? panel.theme.problem : panel.theme.text);
  ImGui::PushTextWrapPos(0);
  const std::string words = std::string(icons::kForwardTouch) + "  " +
                            panel.strings.fill(decision_key(next.what), {{"rows", format_count(next.rows)}});
  ImGui::TextUnformatted(words.c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
}

// Used as an area, the limit as a line, over the events of its life; a click goes there.
void OperationsPanel::draw_curve(const PanelContext& panel, const Shown& shown, const OperationRecord& operation,
                                 float width, float height) {
  const auto points = shown.story->points();
  const Theme& theme = panel.theme;
  const float em = panel.em();
  const ImVec2 low = ImGui::GetCursorScreenPos(), high(low.x + width, low.y + std::max(height, 4 * em));
  ImGui::InvisibleButton("##curve", {width, high.y - low.y});
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(low, high, theme.map_ground, 0.25f * em);
  draw->AddRect(low, high, theme.line, 0.25f * em);
  if (points.empty()) return;
  const auto first = static_cast<double>(shown.story->born());
  const double span = std::max(1.0, static_cast<double>(shown.story->last()) - first);
  const auto x_of = [&](core::EventNumber event) {
    return low.x + static_cast<float>((static_cast<double>(event) - first) / span) * width;
  };
  const double most = static_cast<double>(std::max<std::uint64_t>(shown.story->highest_bytes(), 1)) * 1.08;
  const auto y_of = [&](std::uint64_t bytes) {
    return high.y - static_cast<float>(static_cast<double>(bytes) / most) * (high.y - low.y);
  };
  draw->PushClipRect(low, high, true);
  const Color fill = operation_color(theme, operation.kind);
  // A column of pixels each: the highest and the last of its points.
  float column = -1, last_limit_y = y_of(points.front().counted.limit_bytes), last_x = low.x;
  std::size_t at = 0;
  for (float x = low.x; x < high.x; x += 1) {
    std::uint64_t used = at == 0 ? 0 : points[at - 1].counted.used_bytes;
    while (at < points.size() && x_of(points[at].event) <= x) used = std::max(used, points[at++].counted.used_bytes);
    if (at == 0) continue;
    const trace::OperationPoint& point = points[at - 1];
    if (x_of(shown.story->last()) < x) break;
    draw->AddRectFilled({x, y_of(used)}, {x + 1, high.y}, with_alpha(fill, 0.75f));
    const float limit_y = y_of(point.counted.limit_bytes);
    if (limit_y != last_limit_y) {
      draw->AddLine({last_x, last_limit_y}, {x, last_limit_y}, theme.text, 0.1f * em);
      draw->AddLine({x, last_limit_y}, {x, limit_y}, theme.text, 0.1f * em);
      last_x = x;
      last_limit_y = limit_y;
    }
    column = x;
  }
  draw->AddLine({last_x, last_limit_y}, {std::max(column, last_x), last_limit_y}, theme.text, 0.1f * em);
  const float cursor = std::clamp(x_of(panel.session.cursor()), low.x, high.x - 1);
  draw->AddLine({cursor, low.y}, {cursor, high.y}, theme.accent, 0.14f * em);
  draw->PopClipRect();
  ImGui::PushFont(panel.fonts.text, panel.fonts.small_size);
  draw->AddText({low.x + 0.4f * em, last_limit_y + 0.15f * em}, theme.text, panel.strings("operations.limit"));
  ImGui::PopFont();
  if (!ImGui::IsItemHovered()) return;
  const float mouse = std::clamp(ImGui::GetIO().MousePos.x, low.x, high.x);
  const auto event = static_cast<core::EventNumber>(first + static_cast<double>((mouse - low.x) / width) * span + 0.5);
  if (const trace::OperationPoint* point = shown.story->at(event))
    ImGui::SetTooltip("%s", panel.strings
                                .fill("operations.curve_tip", {{"event", format_event(event)},
                                                               {"used", format_bytes(point->counted.used_bytes)},
                                                               {"limit", format_bytes(point->counted.limit_bytes)}})
                                .c_str());
  if (ImGui::IsItemActive() && operation.born != 0) panel.actions.push(Seek{event});
}

}  // namespace palloscope::gui
