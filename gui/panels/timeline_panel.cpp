#include "gui/panels/timeline_panel.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <string>
#include <utility>

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

constexpr int kHits = 3;  // in the legend, behind the series

float line_width(const PanelContext& panel) { return std::max(2.0f, 0.12f * panel.em()); }

// Of private memory only what is malloc'ed beside the contexts is a line of its own.
bool shows_other(CurveTrack track, const trace::CurvePoint& point) {
  return track == CurveTrack::Heap ? point.other > point.whole : look_of(track).draws_other && point.other != 0;
}

}  // namespace

void TimelinePanel::refresh(const PanelContext& panel, float width) {
  const Session& session = panel.session;
  const EventNumber total = session.event_count();
  if (document_ != session.document->serial) {
    document_ = session.document->serial;
    whole_ = true;
    sampled_.reset();
    track_ = track_of(*session.document);
    curve_.reset();
  }
  if (!curve_ || curve_->track() != track_) curve_.emplace(*session.timeline(), track_);
  if (whole_)
    axis_ = TimelineAxis::whole(total, width);
  else
    axis_ = TimelineAxis(axis_.first(), axis_.last(), width);
  if (cursor_ != session.cursor() && !whole_ && !ImGui::IsMouseDown(ImGuiMouseButton_Left))
    axis_ = axis_.showing(session.cursor(), total);
  if (cursor_ != session.cursor() || !sampled_) now_ = trace::curve_point(session.state(), track_);
  cursor_ = session.cursor();
  if (sampled_ && *sampled_ == axis_ && size_ == total && curve_->complete()) return;
  sampled_ = axis_;
  size_ = total;
  const auto first = static_cast<EventNumber>(std::max(1.0, std::floor(axis_.first())));
  const auto last = std::min(total, static_cast<EventNumber>(std::ceil(axis_.last())));
  samples_.clear();
  marks_.clear();
  if (total == 0 || last < first) return;
  samples_ = curve_->samples(first, last, std::max(1, static_cast<int>(width)));
  if (!curve_->complete() && panel.wants_frame != nullptr) *panel.wants_frame = true;
  marks_ = session.timeline()->marks(first, last, kMostMarks);
  has_other_ = std::any_of(samples_.begin(), samples_.end(), [&](const trace::TrackSample& sample) {
    return shows_other(track_, {sample.points.whole_max, sample.points.part_max, sample.points.other_max});
  });
  top_ = track_top(track_, samples_, curve_->pool_buffers());
}

void TimelinePanel::next_track(const PanelContext& panel) {
  const std::vector<CurveTrack> tracks = tracks_of(panel.state(), track_);
  const auto here = std::find(tracks.begin(), tracks.end(), track_);
  track_ = here == tracks.end() || here + 1 == tracks.end() ? tracks.front() : *(here + 1);
  sampled_.reset();
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
  if (!ImGui::IsMouseDown(ImGuiMouseButton_Left)) draw_tooltip(panel, event, static_cast<float>(x));
}

// What is marked at that pixel, or next to it.
void TimelinePanel::say_marks(const PanelContext& panel, float x) const {
  const float near = 0.5f * panel.fonts.small_size;
  const auto x_of = [&](EventNumber event) { return static_cast<float>(axis_.x_of(static_cast<double>(event))); };
  hits_.say(panel, x);
  for (const Note& note : panel.session.notes)
    if (x >= x_of(note.first) - near && x <= x_of(note.last) + near && !note.text.empty())
      ImGui::TextUnformatted((std::string(icons::kNote) + " " + note.text.substr(0, 200)).c_str());
  const auto& bookmarks = panel.session.bookmarks;
  const auto first = static_cast<EventNumber>(std::max(0.0, axis_.event_at(x - near)));
  if (const auto at = bookmarks.lower_bound(first); at != bookmarks.end() && x_of(*at) <= x + near)
    ImGui::TextUnformatted((std::string(icons::kBookmark) + " " + panel.strings("timeline.bookmark_tip")).c_str());
}

void TimelinePanel::draw_tooltip(const PanelContext& panel, EventNumber event, float x) const {
  if (event == 0 || samples_.empty() || !ImGui::BeginTooltip()) return;
  ImGui::TextUnformatted(format_event(event).c_str());
  const auto at = std::partition_point(samples_.begin(), samples_.end(),
                                       [&](const trace::TrackSample& sample) { return sample.last < event; });
  if (at != samples_.end() && at->known) {
    const TrackLook& look = look_of(track_);
    const auto say = [&](std::string_view key, std::uint64_t value) {
      ImGui::Text("%s  %s", panel.strings(key), track_value(track_, value).c_str());
    };
    say(look.whole, at->points.whole_max);
    say(look.part, at->points.part_max);
    if (shows_other(track_, {at->points.whole_max, at->points.part_max, at->points.other_max}))
      say(look.other, at->points.other_max);
  }
  say_marks(panel, x);
  ImGui::EndTooltip();
}

void TimelinePanel::draw_grid(const PanelContext& panel, float x0, float y0, float width, float height) const {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float small = panel.fonts.small_size;
  const std::uint64_t step = track_grid_step(track_, top_);
  for (std::uint64_t line = 1; line <= top_ / step; ++line) {
    const std::uint64_t value = line * step;
    const float y = y0 + height - static_cast<float>(static_cast<double>(value) / static_cast<double>(top_)) * height;
    draw->AddLine({x0, y}, {x0 + width, y}, with_alpha(panel.theme.line, 0.6f));
    const std::string text = track_value(track_, value);
    draw->AddText(panel.fonts.mono, small, {x0 + small * 0.3f, y}, panel.theme.dim, text.c_str());
  }
  const double events_per_label = (axis_.last() - axis_.first()) / std::max(1.0f, width / (small * 7));
  const double tick = round_step(events_per_label);
  for (double event = std::ceil(axis_.first() / tick) * tick; event <= axis_.last(); event += tick) {
    const float x = x0 + static_cast<float>(axis_.x_of(event));
    draw->AddLine({x, y0 + height}, {x, y0 + height + small * 0.35f}, panel.theme.dim);
    const std::string text = format_count(static_cast<std::uint64_t>(event));
    const float text_width = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, text.c_str()).x;
    if (x + small * 0.2f + text_width > x0 + width) continue;  // half a number is another one
    draw->AddText(panel.fonts.mono, small, {x + small * 0.2f, y0 + height + small * 0.1f}, panel.theme.dim,
                  text.c_str());
  }
}

// The whole as an outline, the part of it in use filled, the third number as a dashed line; each column from its least
// to its most.
void TimelinePanel::draw_curve(const PanelContext& panel, float x0, float y0, float width, float height) const {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Theme& theme = panel.theme;
  const auto y_of = [&](std::uint64_t value) {
    return y0 + height - static_cast<float>(static_cast<double>(value) / static_cast<double>(top_)) * height;
  };
  const float thick = line_width(panel), dash = 0.5f * panel.fonts.small_size;
  float whole_y = y0 + height;
  for (const trace::TrackSample& sample : samples_) {
    const float a = x0 + static_cast<float>(axis_.x_of(static_cast<double>(sample.first)));
    const float b = std::max(a + 1, x0 + static_cast<float>(axis_.x_of(static_cast<double>(sample.last) + 1)));
    if (!sample.known || b < x0 || a > x0 + width) continue;
    const float top = y_of(sample.points.whole_max), low = y_of(sample.points.whole_min);
    draw->AddRectFilled({a, top}, {b, y0 + height}, with_alpha(theme.accent, 0.13f));
    draw->AddRectFilled({a, y_of(sample.points.part_max)}, {b, y0 + height}, with_alpha(theme.live, 0.75f));
    draw->AddLine({a, whole_y}, {a, top}, theme.accent);
    draw->AddRectFilled({a, top - 1}, {b, std::max(top + 1, low)}, theme.accent);
    whole_y = low;
    if (!shows_other(track_, {sample.points.whole_max, sample.points.part_max, sample.points.other_max})) continue;
    const float y = y_of(sample.points.other_max);
    for (float x = x0 + std::floor((a - x0) / (2 * dash)) * 2 * dash; x < b; x += 2 * dash)
      if (const float from = std::max(x, a), to = std::min(x + dash, b); from < to)
        draw->AddRectFilled({from, y - thick / 2}, {to, y + thick / 2}, theme.text);
  }
}

// On the title line: each series as it is drawn, its name, and what it is at the cursor. Right-aligned; what does not
// fit is left out from the end.
void TimelinePanel::draw_legend(const PanelContext& panel, float width) const {
  const Theme& theme = panel.theme;
  const TrackLook& look = look_of(track_);
  const float small = panel.fonts.small_size, swatch = 1.2f * small, gap = 0.8f * small;
  struct Entry {
    std::string text;
    float width = 0;
    int series = 0;
  };
  std::vector<Entry> entries;
  float wanted = 0;
  const auto add = [&](int series, std::string_view key, std::uint64_t value, bool plain_count) {
    Entry entry{
        std::string(panel.strings(key)) + "  " + (plain_count ? format_count(value) : track_value(track_, value)), 0,
        series};
    entry.width = swatch + 0.4f * small + panel.fonts.text->CalcTextSizeA(small, FLT_MAX, 0, entry.text.c_str()).x;
    if (wanted + entry.width + gap > width) return;
    wanted += entry.width + gap;
    entries.push_back(std::move(entry));
  };
  add(0, look.whole, now_.whole, false);
  add(1, look.part, now_.part, false);
  if (has_other_ || !look.draws_other) add(2, look.other, now_.other, !look.draws_other);
  std::uint64_t hits = 0;
  for (std::size_t i = 0; i < panel.session.breakpoints.size(); ++i)
    if (panel.session.breakpoints[i].on) hits += panel.session.run_to.count_of(i).value_or(0);
  if (hits != 0) add(kHits, "timeline.hits", hits, true);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float middle = at.y + ImGui::GetFrameHeight() / 2, half = 0.45f * small;
  float x = at.x + width - wanted;
  for (const Entry& entry : entries) {
    const ImVec2 low(x, middle - half), high(x + swatch, middle + half);
    if (entry.series == 0) {
      draw->AddRectFilled(low, high, with_alpha(theme.accent, 0.13f));
      draw->AddRectFilled(low, {high.x, low.y + line_width(panel)}, theme.accent);
    } else if (entry.series == 1) {
      draw->AddRectFilled(low, high, with_alpha(theme.live, 0.75f));
    } else if (entry.series == kHits) {
      TimelineHits::draw_sign(panel, {x + swatch / 2, middle});
    } else if (look.draws_other) {
      for (const float from : {0.0f, 0.4f, 0.8f})
        draw->AddRectFilled({x + from * swatch, middle - line_width(panel) / 2},
                            {x + (from + 0.2f) * swatch, middle + line_width(panel) / 2}, theme.text);
    }
    const float text_x = entry.series == 2 && !look.draws_other ? x : high.x + 0.4f * small;
    draw->AddText(panel.fonts.text, small, {text_x, middle - small / 2}, theme.dim, entry.text.c_str());
    x += entry.width + gap;
  }
}

void TimelinePanel::draw_title_tools(const PanelContext& panel, float width) {
  if (panel.session.document && core::has_moments(panel.session.timeline()->description().source)) return;
  if (!panel.session.document || document_ != panel.session.document->serial) return;
  const ImVec2 start = ImGui::GetCursorPos();
  float left = width;
  if (tracks_of(panel.state(), track_).size() > 1) {
    const std::string label = std::string(panel.strings(look_of(track_).title)) + "##track";
    const ImGuiStyle& style = ImGui::GetStyle();
    left -= ImGui::CalcTextSize(label.c_str(), nullptr, true).x + 2 * style.FramePadding.x + 2 * style.ItemSpacing.x;
    if (left > 0) {
      ImGui::SetCursorPos({start.x + left + style.ItemSpacing.x, start.y});
      if (ImGui::Button(label.c_str())) next_track(panel);
      ImGui::SetItemTooltip("%s", panel.strings("timeline.track_hint"));
    }
  }
  ImGui::SetCursorPos(start);
  draw_legend(panel, left);
}

void TimelinePanel::draw_marks(const PanelContext& panel, float x0, float y0, float height) const {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float small = panel.fonts.small_size;
  std::array<float, 256> last_x;  // of each kind's sign; signs that would lie on one another become ticks
  last_x.fill(-FLT_MAX);
  for (const trace::TimelineMark& mark : marks_) {
    const float x = x0 + static_cast<float>(axis_.x_of(static_cast<double>(mark.event)));
    if (is_flag(mark.tag)) {
      draw->AddLine({x, y0}, {x, y0 + height}, with_alpha(panel.theme.*look_of(mark.tag).colour, 0.45f));
      draw_event_sign(panel, mark.tag, {x + 1, y0 - small * 1.1f}, small * 0.85f);
      continue;
    }
    const bool crowded = x - last_x[mark.tag] < small * 0.75f;
    if (crowded) {
      draw->AddLine({x, y0 + height - small * 0.35f}, {x, y0 + height}, panel.theme.*look_of(mark.tag).colour);
      continue;
    }
    draw_event_sign(panel, mark.tag, {x - small * 0.3f, y0 + height - small * 0.8f}, small * 0.7f);
    last_x[mark.tag] = x;
  }
  for (const Note& note : panel.session.notes) {
    const float x = x0 + static_cast<float>(axis_.x_of(static_cast<double>(note.first)));
    const float end = x0 + static_cast<float>(axis_.x_of(static_cast<double>(note.last)));
    if (note.last != note.first) {
      draw->AddRectFilled({x, y0}, {end, y0 + height}, with_alpha(panel.theme.notice, 0.12f));
      draw->AddRectFilled({x, y0}, {end, y0 + small * 0.2f}, panel.theme.notice);
    }
    draw->AddText(panel.fonts.text, small, {x - small * 0.3f, y0 - small * 1.1f}, panel.theme.notice, icons::kNote);
  }
  for (EventNumber bookmark : panel.session.bookmarks) {
    const float x = x0 + static_cast<float>(axis_.x_of(static_cast<double>(bookmark)));
    draw->AddText(panel.fonts.text, small, {x - small * 0.3f, y0 - small * 1.1f}, panel.theme.notice, icons::kBookmark);
  }
}

// What A held, as a dashed line over all of it, and at the cursor how much more or less there is: an arrow from A's
// level to B's, with the number. So A may also be of another file.
void TimelinePanel::draw_difference(const PanelContext& panel, float x0, float y0, float width, float height) {
  const DiffBase& base = *panel.session.diff_base;
  if (track_ != CurveTrack::Heap) return;
  if (base_ != base.serial) {
    base_ = base.serial;
    base_bytes_ = base.table.whole(0).total_bytes;
  }
  const float small = panel.fonts.small_size, thick = line_width(panel);
  const auto y_of = [&](std::uint64_t bytes) {
    const double share = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(top_));
    return y0 + height * static_cast<float>(1 - share);
  };
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float from = y_of(base_bytes_), to = y_of(now_.whole);
  for (float x = x0; x < x0 + width; x += small)
    draw->AddLine({x, from}, {x + 0.5f * small, from}, panel.theme.notice, thick);
  if (base_bytes_ == now_.whole) return;
  const bool more = now_.whole > base_bytes_;
  const Color color = more ? panel.theme.warning : panel.theme.notice;
  const float at = x0 + static_cast<float>(axis_.x_of(static_cast<double>(panel.session.cursor())));
  const float x = std::clamp(at, x0 + 0.5f * small, std::max(x0 + 0.5f * small, x0 + width - 0.5f * small));
  const float tip = (more ? -0.5f : 0.5f) * small;
  draw->AddLine({x, from}, {x, to}, color, 2 * thick);
  draw->AddTriangleFilled({x, to}, {x - 0.4f * small, to - tip}, {x + 0.4f * small, to - tip}, color);
  const std::string said = format_change(static_cast<std::int64_t>(now_.whole - base_bytes_));
  const ImVec2 size = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, said.c_str());
  const float left = x + 0.6f * small + size.x < x0 + width ? x + 0.6f * small : x - 0.6f * small - size.x;
  const float middle = std::clamp((from + to) / 2 - size.y / 2, y0, y0 + height - size.y);
  draw->AddRectFilled({left - 2, middle - 1}, {left + size.x + 2, middle + size.y + 1},
                      with_alpha(panel.theme.panel, 0.85f));
  draw->AddText(panel.fonts.mono, small, {left, middle}, color, said.c_str());
}

// The two moments that are compared, and what lies between them.
void TimelinePanel::draw_compared(const PanelContext& panel, float x0, float y0, float width, float height) {
  const auto& base = panel.session.diff_base;
  if (!base) return;
  draw_difference(panel, x0, y0, width, height);
  if (base->document != panel.session.document->serial) return;
  const float small = panel.fonts.small_size;
  const auto x_of = [&](EventNumber event) { return x0 + static_cast<float>(axis_.x_of(static_cast<double>(event))); };
  const float a = x_of(base->event), b = x_of(panel.session.cursor());
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled({std::min(a, b), y0}, {std::max(a, b), y0 + height}, with_alpha(panel.theme.notice, 0.10f));
  for (float y = y0; y < y0 + height; y += small)
    draw->AddLine({a, y}, {a, std::min(y + small * 0.6f, y0 + height)}, panel.theme.notice, line_width(panel));
  const auto letter = [&](float x, const char* text, Color color) {
    const ImVec2 size = panel.fonts.title->CalcTextSizeA(small, FLT_MAX, 0, text);
    const float right = x0 + static_cast<float>(axis_.x_of(axis_.last())) - small * 0.5f;
    x = std::clamp(x, x0 + small * 0.5f, std::max(right, x0 + small * 0.5f));
    const ImVec2 low{x - small * 0.5f, y0 + height - small * 1.1f};
    draw->AddRectFilled(low, {low.x + small, low.y + small * 1.1f}, color, small * 0.2f);
    draw->AddText(panel.fonts.title, small, {x - size.x / 2, low.y + (small * 1.1f - size.y) / 2}, readable_on(color),
                  text);
  };
  letter(a, "A", panel.theme.notice);
  letter(b, "B", panel.theme.text);
}

void TimelinePanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  const ImVec2 origin = ImGui::GetCursorScreenPos(), space = ImGui::GetContentRegionAvail();
  const float small = panel.fonts.small_size;
  if (space.x < small * 4 || space.y < small * 4) return;
  if (core::has_moments(panel.session.timeline()->description().source)) return moments_.draw(panel);
  const bool has_keys = panel.is_focused && !ImGui::GetIO().WantTextInput && panel.session.overlay == Overlay::None;
  if (has_keys && !ImGui::GetIO().KeyCtrl && ImGui::IsKeyPressed(ImGuiKey_A, false)) next_track(panel);
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
  hits_.refresh(panel.session, axis_);
  hits_.draw(panel, origin.x, y0);
  draw_compared(panel, origin.x, y0, space.x, height);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float x = origin.x + static_cast<float>(axis_.x_of(static_cast<double>(panel.session.cursor())));
  draw->AddLine({x, y0 - small * 0.3f}, {x, y0 + height + small}, panel.theme.text, std::max(1.5f, panel.em() * 0.12f));
  draw->AddTriangleFilled({x - small * 0.45f, y0 - small * 0.6f}, {x + small * 0.45f, y0 - small * 0.6f},
                          {x, y0 + small * 0.1f}, panel.theme.text);
  ImGui::PopClipRect();
}

}  // namespace palloscope::gui
