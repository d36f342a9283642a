#include "gui/panels/timeline_hits.h"

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "imgui.h"
#include "trace/query/hit_marks.h"

namespace palloscope::gui {
namespace {

float radius(const PanelContext& panel) { return 0.32f * panel.fonts.small_size; }

}  // namespace

float TimelineHits::height(const PanelContext& panel) { return 2.6f * radius(panel); }

void TimelineHits::refresh(const Session& session, const TimelineAxis& axis) {
  std::uint64_t counted = 0;
  std::size_t on = 0;  // which ones: as bits, of the first that are drawn
  for (std::size_t i = 0; i < session.breakpoints.size(); ++i) {
    if (!session.breakpoints[i].on) continue;
    counted = counted * 31 + session.run_to.count_of(i).value_or(0) + i;
    ++on;
  }
  if (document_ == session.document->serial && axis == axis_ && counted == counted_ && on == on_) return;
  document_ = session.document->serial;
  axis_ = axis;
  counted_ = counted;
  on_ = on;
  spans_.clear();
  const auto first = static_cast<EventNumber>(std::max(1.0, std::floor(axis.first())));
  const auto last = static_cast<EventNumber>(std::max(1.0, std::ceil(axis.last())));
  std::size_t drawn = 0;
  for (std::size_t i = 0; i < session.breakpoints.size() && drawn < kMostBreakpoints; ++i) {
    const trace::HitMarks* marks = session.breakpoints[i].on ? session.run_to.marks_of(i) : nullptr;
    if (marks == nullptr) continue;
    ++drawn;
    const std::size_t begin = spans_.size();
    marks->visit(first, last, [&](EventNumber from, EventNumber to) {
      const auto a = static_cast<float>(axis.x_of(static_cast<double>(from)));
      const auto b = static_cast<float>(axis.x_of(static_cast<double>(to)));
      // What one column holds is one.
      if (spans_.size() > begin && a < spans_.back().to + 1) {
        spans_.back().to = std::max(b, spans_.back().to);
        spans_.back().last = to;
      } else {
        spans_.push_back({a, b, from, to, static_cast<std::uint32_t>(i)});
      }
    });
  }
}

void TimelineHits::draw_sign(const PanelContext& panel, ImVec2 centre) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float r = radius(panel);
  draw->AddCircleFilled(centre, r, panel.theme.problem);
  draw->AddCircle(centre, r, panel.theme.panel);
}

void TimelineHits::draw(const PanelContext& panel, float x0, float y) const {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float r = radius(panel), middle = y + height(panel) / 2;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    const Span& span = spans_[i];
    // Discs that would lie on one another become a bar.
    const bool near_last = i > 0 && spans_[i - 1].breakpoint == span.breakpoint && span.from - spans_[i - 1].to < 2 * r;
    const bool near_next =
        i + 1 < spans_.size() && spans_[i + 1].breakpoint == span.breakpoint && spans_[i + 1].from - span.to < 2 * r;
    if (near_last || near_next || span.to - span.from > r)
      draw->AddRectFilled({x0 + span.from - 1, middle - 0.4f * r}, {x0 + span.to + 1, middle + 0.4f * r},
                          panel.theme.problem);
    else
      draw_sign(panel, {x0 + span.from, middle});
  }
}

void TimelineHits::say(const PanelContext& panel, float x) const {
  const float near = radius(panel);
  const auto& breakpoints = panel.session.breakpoints;
  std::size_t said = breakpoints.size();
  for (const Span& span : spans_) {
    if (span.breakpoint == said || span.breakpoint >= breakpoints.size() || x < span.from - near || x > span.to + near)
      continue;
    said = span.breakpoint;
    const Breakpoint& breakpoint = breakpoints[said];
    const std::string& name = breakpoint.name.empty() ? breakpoint.condition : breakpoint.name;
    const bool one = span.first == span.last;
    ImGui::TextUnformatted(
        panel.strings
            .fill(one ? "timeline.hit_tip" : "timeline.hits_tip",
                  {{"name", name}, {"first", format_count(span.first)}, {"last", format_count(span.last)}})
            .c_str());
  }
}

}  // namespace palloscope::gui
