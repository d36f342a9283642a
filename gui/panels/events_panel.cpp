#include "gui/panels/events_panel.h"

#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "gui/fault_text.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/event_touch.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/widgets.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui {
namespace {

constexpr auto kSlice = std::chrono::milliseconds(6);  // of each frame, while a filter looks for its events

}  // namespace

void EventsPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document) return;
  if (filter_.draw(panel, width)) go(panel, ImGui::GetIO().KeyShift ? -1 : 1);
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

// A slice of the search, which begins anew where the filter changes or the cursor leaves what is kept of it.
void EventsPanel::look_on(const PanelContext& panel) {
  const auto until = std::chrono::steady_clock::now() + kSlice;
  while ((searching_ = search_->advance()) && std::chrono::steady_clock::now() < until) {
  }
  if (searching_ && panel.wants_frame != nullptr) *panel.wants_frame = true;
}

// The rows around the cursor, of what was found so far.
void EventsPanel::refresh_found(const PanelContext& panel, const trace::EventFilter& filter, int rows) {
  const Session& session = panel.session;
  const bool other = !search_ || document_ != session.document->serial || !(search_->filter() == filter);
  if (other || !search_->reaches(session.cursor()))
    search_ = std::make_unique<trace::EventSearch>(*session.timeline(), filter, session.cursor(),
                                                   trace::EventSearch::kMostFound, session.run_to.index());
  if (other && !filter.condition.empty()) panel.actions.push(WantIndex{});
  look_on(panel);
  if (other || cursor_ != session.cursor()) scrolled_ = 0;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  size_ = session.event_count();
  rows_ = 0;  // what the whole list showed is no longer there
  const auto found = static_cast<std::int64_t>(search_->found());
  const auto most = std::max<std::int64_t>(0, found - rows);
  const auto middle = static_cast<std::int64_t>(search_->first_from(cursor_)) - rows / 2;
  const std::int64_t top = std::clamp<std::int64_t>(middle + scrolled_, 0, most);
  scrolled_ = std::clamp<std::int64_t>(scrolled_, -found, found);
  top_ = static_cast<std::size_t>(top);
  const std::size_t shown = std::min(search_->found() - top_, static_cast<std::size_t>(rows));
  bool same = !other && lines_.size() == shown;
  for (std::size_t i = 0; same && i < shown; ++i) same = lines_[i].number == (*search_)[top_ + i];
  if (same) return;
  lines_.clear();
  for (std::size_t i = 0; i < shown; ++i) fill(panel, (*search_)[top_ + i], (*search_)[top_ + i]);
}

void EventsPanel::refresh(const PanelContext& panel, int rows) {
  const Session& session = panel.session;
  search_.reset();
  const bool moved = document_ != session.document->serial || cursor_ != session.cursor();
  if (moved || rows != rows_) {  // the cursor's row stays within the middle third
    const auto third = static_cast<EventNumber>(rows / 3);
    const EventNumber cursor = std::max<EventNumber>(1, session.cursor());
    if (cursor < first_ + third) first_ = cursor > third ? cursor - third : 1;
    if (cursor > first_ + 2 * third) first_ = cursor - 2 * third;
  }
  const EventNumber total = session.event_count();
  const auto most = total > static_cast<EventNumber>(rows) ? total - static_cast<EventNumber>(rows) + 1 : 1;
  first_ = std::clamp<EventNumber>(first_, 1, std::max<EventNumber>(1, most));
  if (!moved && rows == rows_ && size_ == total && filled_first_ == first_) return;
  document_ = session.document->serial;
  cursor_ = session.cursor();
  size_ = total;
  rows_ = rows;
  filled_first_ = first_;
  lines_.clear();
  if (total == 0) return;
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
  add_cut_text(draw, panel.fonts.text, em, {at.x + column + em * 2, y}, colour, text, clip);
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

// To the next or previous event that is listed.
void EventsPanel::go(const PanelContext& panel, std::int64_t by) {
  const EventNumber cursor = panel.session.cursor();
  if (!search_) return panel.actions.push(Step{by});
  if (search_->found() == 0) return;
  // Index of the first one behind the cursor (on), or of the last one before it (back).
  const auto last = static_cast<std::int64_t>(search_->found()) - 1;
  const std::int64_t from =
      static_cast<std::int64_t>(by > 0 ? search_->first_from(cursor + 1) : search_->first_from(cursor));
  const std::int64_t to = by > 0 ? from + by - 1 : from + by;
  if (to < 0 && from == 0) return;
  if (by > 0 && from > last) return;
  panel.actions.push(Seek{(*search_)[static_cast<std::size_t>(std::clamp<std::int64_t>(to, 0, last))]});
}

void EventsPanel::take_keys(const PanelContext& panel) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!panel.is_focused || io.WantTextInput || io.KeyCtrl || io.KeyAlt) return;
  const std::int64_t step = io.KeyShift ? 10 : 1;
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) go(panel, step);
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) go(panel, -step);
  if (ImGui::IsKeyPressed(ImGuiKey_Backspace, false)) filter_.clear();
}

// How many there are, and how far the search is: the panel's last line.
void EventsPanel::draw_search_state(const PanelContext& panel) {
  const float width = ImGui::GetContentRegionAvail().x;
  if (filter_.mistake()) {
    draw_cut_text(filter_.mistake()->message + " " + panel.strings("events.or_quotes"), width, panel.theme.problem);
    return;
  }
  if (!search_) return;
  const std::string found = format_count(search_->found());
  const bool whole = search_->progress() >= 1;
  const std::string text =
      searching_
          ? panel.strings.fill("events.searching", {{"found", found}, {"share", format_share(search_->progress())}})
          : panel.strings.fill(whole ? "events.found" : "events.found_near",
                               {{"found", found},
                                {"first", format_count(search_->looked_first())},
                                {"last", format_count(search_->looked_last())}});
  const bool is_condition = !search_->filter().condition.empty();
  draw_cut_text(is_condition ? panel.strings.fill("events.as_condition", {{"found", text}}) : text, width,
                panel.theme.dim);
}

void EventsPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  if (panel.session.event_count() == 0) {
    draw_empty(panel, "events.empty");
    return;
  }
  take_keys(panel);
  const trace::EventFilter filter = filter_.filter(panel.session);
  const float height = std::round(panel.em() * 1.4f);
  const bool has_state_line = !filter.empty() || filter_.mistake();
  const float room = ImGui::GetContentRegionAvail().y - (has_state_line ? height : 0);
  const int rows = std::max(1, static_cast<int>(room / height));
  if (ImGui::IsWindowHovered() && ImGui::GetIO().MouseWheel != 0) {
    const auto by = static_cast<std::int64_t>(-ImGui::GetIO().MouseWheel * 3);
    const auto to = static_cast<std::int64_t>(first_) + by;
    first_ = static_cast<EventNumber>(std::max<std::int64_t>(1, to));
    scrolled_ += by;
  }
  if (filter.empty())
    refresh(panel, rows);
  else
    refresh_found(panel, filter, rows);
  const ImVec2 start = ImGui::GetCursorPos();
  if (lines_.empty() && search_ && !searching_ && !filter_.mistake()) {
    draw_empty(panel, filter.words.empty() && filter.context.slot ? "events.none_of_selected" : "events.nothing_found");
    return;
  }
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  for (const Line& line : lines_) draw_line(panel, line, height);
  ImGui::PopStyleVar();
  if (!has_state_line) return;
  ImGui::SetCursorPos({start.x, start.y + static_cast<float>(rows) * height});
  draw_search_state(panel);
}

}  // namespace palloscope::gui
