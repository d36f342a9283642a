#include "gui/panels/events_panel.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "gui/fault_text.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/event_touch.h"
#include "gui/panels/widgets.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui {
void EventsPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document) return;
  const char* label = panel.strings("events.only_selected");
  const float wanted = ImGui::CalcTextSize(label).x + panel.em() * 2.2f;
  if (width > wanted) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + width - wanted);
  if (ImGui::Checkbox(label, &only_selected_)) rows_ = 0;
}

EventsPanel::Line EventsPanel::line_of(EventNumber number, const core::EventBody& event,
                                       const trace::MemoryState& after) {
  Line line;
  line.number = number;
  line.tag = event.tag();
  if (const auto* fault = std::get_if<core::FaultFound>(&event))
    line.fault = *fault;
  else
    line.text = trace::event_text(event, after);
  line.context = touched_context(event, after);
  if (const auto* context = after.context(line.context)) line.context_born = context->born;
  return line;
}

void EventsPanel::fill(const PanelContext& panel, EventNumber first, EventNumber last) {
  panel.session.timeline()->visit(first, last,
                                  [&](EventNumber n, const core::EventBody& event, const trace::MemoryState& after) {
                                    lines_.push_back(line_of(n, event, after));
                                  });
}

// Half of the rows before the cursor, half after it.
void EventsPanel::fill_touching(const PanelContext& panel, ContextKey context, int rows) {
  const trace::Timeline& timeline = *panel.session.timeline();
  std::vector<EventNumber> numbers;
  EventNumber at = cursor_ + 1;
  for (int i = 0; i < rows / 2; ++i) {
    const auto previous = timeline.previous_touching(context, at);
    if (!previous) break;
    numbers.insert(numbers.begin(), at = *previous);
  }
  at = cursor_;
  while (static_cast<int>(numbers.size()) < rows) {
    const auto next = timeline.next_touching(context, at);
    if (!next) break;
    numbers.push_back(at = *next);
  }
  for (EventNumber number : numbers) fill(panel, number, number);
}

void EventsPanel::refresh(const PanelContext& panel, int rows) {
  const Session& session = panel.session;
  const bool moved = document_ != session.document->serial || cursor_ != session.cursor();
  ContextKey filter;
  const core::ContextSlot selected = context_of(session.selection, session.state());
  if (const auto* key = std::get_if<ContextKey>(&session.selection))
    filter = *key;
  else if (selected)
    filter = {selected, session.state().contexts()[selected.value].born};
  if (!only_selected_ || !filter.slot) filter = {};
  if (moved || rows != rows_) {  // the cursor's row stays within the middle third
    const auto third = static_cast<EventNumber>(rows / 3);
    const EventNumber cursor = std::max<EventNumber>(1, session.cursor());
    if (cursor < first_ + third) first_ = cursor > third ? cursor - third : 1;
    if (cursor > first_ + 2 * third) first_ = cursor - 2 * third;
  }
  const EventNumber total = session.event_count();
  const auto most = total > static_cast<EventNumber>(rows) ? total - static_cast<EventNumber>(rows) + 1 : 1;
  first_ = std::clamp<EventNumber>(first_, 1, std::max<EventNumber>(1, most));
  if (!moved && rows == rows_ && size_ == total && filled_first_ == first_ && filtered_ == filter) return;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  size_ = total;
  rows_ = rows;
  filled_first_ = first_;
  filtered_ = filter;
  lines_.clear();
  if (total == 0) return;
  if (filter.slot)
    fill_touching(panel, filter, rows);
  else
    fill(panel, first_, std::min(size_, first_ + static_cast<EventNumber>(rows) - 1));
}

// Where the memory came from and where its use ended: links, right-aligned. Answers where they begin.
float EventsPanel::draw_fault_links(const PanelContext& panel, const core::FaultFound& fault, ImVec2 right) {
  const auto link = [&](const char* id, std::string_view key, EventNumber event) {
    if (event == 0) return;
    const std::string text = panel.strings.fill(key, {{"event", format_event(event)}});
    right.x -= ImGui::CalcTextSize(text.c_str()).x;
    ImGui::SetCursorScreenPos(right);
    if (draw_link(panel, id, text)) panel.actions.push(Seek{event});
    right.x -= panel.em() * 0.8f;
  };
  link("##ended", "fault.ended", fault.ended);
  link("##born", "fault.born", fault.born);
  return right.x;
}

void EventsPanel::draw_line(const PanelContext& panel, const Line& line, float height) {
  const Theme& theme = panel.theme;
  const float em = panel.em();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImGui::PushID(static_cast<int>(line.number));
  ImGui::SetNextItemAllowOverlap();
  const bool clicked = ImGui::InvisibleButton("##event", {std::max(1.0f, width), height});
  ImGui::PopID();
  const ImVec2 below = ImGui::GetCursorPos();
  const ImVec2 end(at.x + width, at.y + height);
  if (line.number == cursor_) {
    draw->AddRectFilled(at, end, theme.selection, em * 0.2f);
    draw->AddRectFilled(at, {at.x + em * 0.2f, end.y}, theme.accent);
  } else if (ImGui::IsItemHovered()) {
    draw->AddRectFilled(at, end, theme.raised, em * 0.2f);
  }
  const bool future = line.number > cursor_;
  const float y = at.y + (height - em) / 2;
  const std::string number = format_count(line.number);
  const float number_width = panel.fonts.mono->CalcTextSizeA(panel.fonts.mono_size, FLT_MAX, 0, number.c_str()).x;
  const float column = em * 0.6f + panel.fonts.mono_size * 0.62f *
                                       static_cast<float>(std::max<std::size_t>(4, format_count(size_).size()));
  draw->AddText(panel.fonts.mono, panel.fonts.mono_size, {at.x + column - number_width, y}, theme.dim, number.c_str());
  draw_event_sign(panel, line.tag, {at.x + column + em * 0.6f, y + em * 0.08f}, em * 0.85f);
  const std::string text = line.fault ? fault_text(panel.strings, *line.fault) : line.text;
  const float links = line.fault ? draw_fault_links(panel, *line.fault, {end.x - em * 1.2f, y}) : end.x;
  const ImVec4 clip(at.x, at.y, links, end.y);
  const Color colour = future ? theme.dim : line.fault ? theme.fault : theme.text;
  draw->AddText(panel.fonts.text, em, {at.x + column + em * 2, y}, colour, text.c_str(), nullptr, 0, &clip);
  if (panel.session.bookmarks.contains(line.number))
    draw->AddText(panel.fonts.text, em * 0.8f, {end.x - em, y}, theme.notice, icons::kBookmark);
  go_back_to(below);
  if (!clicked) return;
  panel.actions.push(Seek{line.number});
  if (line.fault && line.fault->chunk && line.fault->born != 0)
    panel.actions.push(Select{ChunkKey{line.fault->chunk, line.fault->born}});
  else if (line.context && line.context_born != 0)
    panel.actions.push(Select{ContextKey{line.context, line.context_born}});
}

void EventsPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  if (panel.session.event_count() == 0) {
    draw_empty(panel, "events.empty");
    return;
  }
  const float height = std::round(panel.em() * 1.4f);
  const ImVec2 space = ImGui::GetContentRegionAvail();
  const int rows = std::max(1, static_cast<int>(space.y / height));
  if (ImGui::IsWindowHovered() && ImGui::GetIO().MouseWheel != 0) {
    const auto by = static_cast<std::int64_t>(-ImGui::GetIO().MouseWheel * 3);
    const auto to = static_cast<std::int64_t>(first_) + by;
    first_ = static_cast<EventNumber>(std::max<std::int64_t>(1, to));
  }
  refresh(panel, rows);
  if (lines_.empty()) {
    draw_empty(panel, "events.none_of_selected");
    return;
  }
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  for (const Line& line : lines_) draw_line(panel, line, height);
  ImGui::PopStyleVar();
}

}  // namespace palloscope::gui
