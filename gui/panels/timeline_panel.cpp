#include "gui/panels/timeline_panel.h"

#include <algorithm>
#include <cmath>

#include "gui/event_look.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"
#include "imgui.h"

namespace palloscope::gui {
namespace {

constexpr int kMostMarks = 400;
constexpr double kWheelZoom = 0.75;

bool is_flag(std::uint8_t tag) {
  return tag == core::ErrorReported::kTag || tag == core::FaultFound::kTag || tag == core::SnapshotBegan::kTag ||
         tag == core::Narration::kTag;
}

}  // namespace

void TimelinePanel::refresh(const PanelContext& panel, float width) {
  const Session& session = panel.session;
  const EventNumber total = session.event_count();
  if (document_ != session.document->serial) {
    document_ = session.document->serial;
    whole_ = true;
    sampled_.reset();
  }
  if (whole_)
    axis_ = TimelineAxis::whole(total, width);
  else
    axis_ = TimelineAxis(axis_.first(), axis_.last(), width);
  if (cursor_ != session.cursor() && !whole_ && !ImGui::IsMouseDown(ImGuiMouseButton_Left))
    axis_ = axis_.showing(session.cursor(), total);
  cursor_ = session.cursor();
  if (sampled_ && *sampled_ == axis_ && size_ == total) return;
  sampled_ = axis_;
  size_ = total;
  const auto first = static_cast<EventNumber>(std::max(1.0, std::floor(axis_.first())));
  const auto last = std::min(total, static_cast<EventNumber>(std::ceil(axis_.last())));
  samples_.clear();
  marks_.clear();
  if (total == 0 || last < first) return;
  samples_ = session.timeline()->samples(first, last, std::max(1, static_cast<int>(width)));
  marks_ = session.timeline()->marks(first, last, kMostMarks);
  peak_ = 1;
  for (const trace::TimelineSample& sample : samples_)
    peak_ = std::max({peak_, sample.context_bytes_max, sample.malloc_bytes_max});
  peak_ += peak_ / 12;  // room above the highest point
}

void TimelinePanel::handle_mouse(const PanelContext& panel, float x0) {
  const ImGuiIO& io = ImGui::GetIO();
  const double x = io.MousePos.x - x0;
  const EventNumber total = panel.session.event_count();
  const auto event =
      static_cast<EventNumber>(std::clamp(std::round(axis_.event_at(x)), 0.0, static_cast<double>(total)));
  if (ImGui::IsItemActive() && !ImGui::IsMouseDragging(ImGuiMouseButton_Right) && event != panel.session.cursor())
    panel.actions.push(Seek{event});
  if (!ImGui::IsItemHovered()) return;
  if (ImGui::IsMouseDragging(ImGuiMouseButton_Right) || (io.MouseWheelH != 0)) {
    const double pixels = io.MouseWheelH != 0 ? io.MouseWheelH * -40.0 : -io.MouseDelta.x;
    axis_ = axis_.panned(axis_.event_at(pixels) - axis_.event_at(0), total);
    whole_ = false;
  }
  if (io.MouseWheel != 0) {
    axis_ = axis_.zoomed(io.MouseWheel > 0 ? kWheelZoom : 1 / kWheelZoom, x, total);
    whole_ = axis_.last() - axis_.first() >= static_cast<double>(total);
  }
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) whole_ = true;
  if (!ImGui::IsMouseDown(ImGuiMouseButton_Left)) draw_tooltip(panel, event);
}

void TimelinePanel::draw_tooltip(const PanelContext& panel, EventNumber event) const {
  if (event == 0 || samples_.empty() || !ImGui::BeginTooltip()) return;
  ImGui::TextUnformatted(format_event(event).c_str());
  const auto at = std::partition_point(samples_.begin(), samples_.end(),
                                       [&](const trace::TimelineSample& sample) { return sample.last < event; });
  if (at != samples_.end()) {
    const auto say = [&](std::string_view key, std::uint64_t bytes) {
      ImGui::TextUnformatted(panel.strings.fill(key, {{"bytes", format_bytes(bytes)}}).c_str());
    };
    say("timeline.tip_kept", at->context_bytes_max);
    say("timeline.tip_live", at->granted_bytes_max);
  }
  ImGui::EndTooltip();
}

void TimelinePanel::draw_grid(const PanelContext& panel, float x0, float y0, float width, float height) const {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float small = panel.fonts.small_size;
  // Bytes: about three lines, at round numbers of PostgreSQL's units.
  double step = std::exp2(std::ceil(std::log2(static_cast<double>(peak_) / 3)));
  step = std::max(step, 1.0);
  for (double bytes = step; bytes <= static_cast<double>(peak_); bytes += step) {
    const float y = y0 + height - static_cast<float>(bytes / static_cast<double>(peak_)) * height;
    draw->AddLine({x0, y}, {x0 + width, y}, with_alpha(panel.theme.line, 0.6f));
    const std::string text = format_bytes(static_cast<std::uint64_t>(bytes));
    draw->AddText(panel.fonts.mono, small, {x0 + small * 0.3f, y}, panel.theme.dim, text.c_str());
  }
  const double events_per_label = (axis_.last() - axis_.first()) / std::max(1.0f, width / (small * 7));
  const double tick = round_step(events_per_label);
  for (double event = std::ceil(axis_.first() / tick) * tick; event <= axis_.last(); event += tick) {
    const float x = x0 + static_cast<float>(axis_.x_of(event));
    draw->AddLine({x, y0 + height}, {x, y0 + height + small * 0.35f}, panel.theme.dim);
    const std::string text = format_count(static_cast<std::uint64_t>(event));
    draw->AddText(panel.fonts.mono, small, {x + small * 0.2f, y0 + height + small * 0.1f}, panel.theme.dim,
                  text.c_str());
  }
}

// Kept (all that contexts hold) as an outline, live (what chunks use of it) filled; each column from its least to its
// most.
void TimelinePanel::draw_curve(const PanelContext& panel, float x0, float y0, float width, float height) const {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Theme& theme = panel.theme;
  const auto y_of = [&](std::uint64_t bytes) {
    return y0 + height - static_cast<float>(static_cast<double>(bytes) / static_cast<double>(peak_)) * height;
  };
  float kept_y = y0 + height;
  for (const trace::TimelineSample& sample : samples_) {
    const float a = x0 + static_cast<float>(axis_.x_of(static_cast<double>(sample.first)));
    const float b = std::max(a + 1, x0 + static_cast<float>(axis_.x_of(static_cast<double>(sample.last) + 1)));
    if (b < x0 || a > x0 + width) continue;
    const float top = y_of(sample.context_bytes_max), low = y_of(sample.context_bytes_min);
    draw->AddRectFilled({a, top}, {b, y0 + height}, with_alpha(theme.accent, 0.13f));
    draw->AddRectFilled({a, y_of(sample.granted_bytes_max)}, {b, y0 + height}, with_alpha(theme.live, 0.75f));
    draw->AddLine({a, kept_y}, {a, top}, theme.accent);
    draw->AddRectFilled({a, top - 1}, {b, std::max(top + 1, low)}, theme.accent);
    if (sample.malloc_bytes_max > sample.context_bytes_max) {  // also malloc'ed, in no context
      const float all = y_of(sample.malloc_bytes_max);
      draw->AddRectFilled({a, all}, {b, all + 1}, theme.plain);
    }
    kept_y = low;
  }
}

void TimelinePanel::draw_marks(const PanelContext& panel, float x0, float y0, float height) const {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float small = panel.fonts.small_size;
  for (const trace::TimelineMark& mark : marks_) {
    const float x = x0 + static_cast<float>(axis_.x_of(static_cast<double>(mark.event)));
    if (is_flag(mark.tag)) {
      draw->AddLine({x, y0}, {x, y0 + height}, with_alpha(panel.theme.*look_of(mark.tag).colour, 0.45f));
      draw_event_sign(panel, mark.tag, {x + 1, y0 - small * 1.1f}, small * 0.85f);
    } else {
      draw_event_sign(panel, mark.tag, {x - small * 0.3f, y0 + height - small * 0.8f}, small * 0.7f);
    }
  }
  for (EventNumber bookmark : panel.session.bookmarks) {
    const float x = x0 + static_cast<float>(axis_.x_of(static_cast<double>(bookmark)));
    draw->AddText(panel.fonts.text, small, {x - small * 0.3f, y0 - small * 1.1f}, panel.theme.notice, icons::kBookmark);
  }
}

void TimelinePanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  const ImVec2 origin = ImGui::GetCursorScreenPos(), space = ImGui::GetContentRegionAvail();
  const float small = panel.fonts.small_size;
  if (space.x < small * 4 || space.y < small * 4) return;
  refresh(panel, space.x);
  if (panel.session.event_count() == 0) {
    ImGui::TextWrapped("%s", panel.strings("timeline.empty"));
    return;
  }
  ImGui::InvisibleButton("##timeline", space, ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  handle_mouse(panel, origin.x);
  const float y0 = origin.y + small * 1.3f, height = space.y - small * 2.7f;
  ImGui::PushClipRect(origin, {origin.x + space.x, origin.y + space.y}, true);
  draw_curve(panel, origin.x, y0, space.x, height);
  draw_grid(panel, origin.x, y0, space.x, height);
  draw_marks(panel, origin.x, y0, height);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float x = origin.x + static_cast<float>(axis_.x_of(static_cast<double>(panel.session.cursor())));
  draw->AddLine({x, y0 - small * 0.3f}, {x, y0 + height + small}, panel.theme.text, std::max(1.5f, panel.em() * 0.12f));
  draw->AddTriangleFilled({x - small * 0.45f, y0 - small * 0.6f}, {x + small * 0.45f, y0 - small * 0.6f},
                          {x, y0 + small * 0.1f}, panel.theme.text);
  ImGui::PopClipRect();
}

}  // namespace palloscope::gui
