#include "gui/panels/pool_clock.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/clock_layout.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

class Face {
 public:
  Face(const PoolScene& scene, ClockLayout clock, ImVec2 origin)
      : scene_(scene), panel_(scene.panel), clock_(clock), origin_(origin), draw_(ImGui::GetWindowDrawList()) {}

  void draw() {
    for (std::uint32_t place = 0; place < clock_.buffers; ++place) draw_sector(place);
    for (const std::uint32_t place : scene_.changed) outline(place, panel_.theme.changed, 0.16f);
    if (scene_.pointed) outline(*scene_.pointed, panel_.theme.text, 0.12f);
    if (scene_.selected) outline(*scene_.selected, panel_.theme.accent, 0.18f);
    draw_centre();
    if (scene_.has_hand()) draw_pointer();
  }

 private:
  ImVec2 at(float angle, float radius) const {
    const ClockPoint point = clock_.point(angle, radius);
    return {origin_.x + point.x, origin_.y + point.y};
  }
  // Half a sector, less the gap beside it.
  float half() const { return clock_.sector() / 2 - std::min(0.02f, clock_.sector() * 0.08f); }

  void path(std::uint32_t place, float from, float to) const {
    const float middle = clock_.angle(place), reach = half();
    const ImVec2 centre{origin_.x + clock_.centre.x, origin_.y + clock_.centre.y};
    draw_->PathArcTo(centre, to, middle - reach, middle + reach);
    draw_->PathArcTo(centre, from, middle + reach, middle - reach);
  }

  void outline(std::uint32_t place, Color colour, float line) const {
    if (place >= clock_.buffers) return;
    path(place, clock_.inner_px, clock_.outer_px);
    draw_->PathStroke(colour, ImDrawFlags_Closed, line * panel_.em());
  }

  // The sector's ground; over it a bar as long as the usage count, in the colour of the mode; pin and pencil outside.
  void draw_sector(std::uint32_t place) const {
    const trace::BufferRecord* buffer = scene_.buffer(place);
    if (buffer == nullptr || place >= scene_.cells.size()) return;
    const Theme& theme = panel_.theme;
    const PoolCell& cell = scene_.cells[place];
    const bool has_page = (cell.flags & kHasPage) != 0;
    const Color fill = pool_fill(theme, tint_of(scene_.cells, cell, scene_.mode));
    const float depth = clock_.outer_px - clock_.inner_px, em = panel_.em(), angle = clock_.angle(place);
    path(place, clock_.inner_px, clock_.outer_px);
    draw_->PathFillConcave(mix(theme.map_ground, fill, has_page ? 0.28f : 0.1f));
    if (has_page && cell.usage > 0) {
      path(place, clock_.inner_px, clock_.inner_px + depth * static_cast<float>(cell.usage) / core::kMaxUsage);
      draw_->PathFillConcave(fill);
    }
    // Lines between the steps of the count, so that bars can be read off.
    const ImVec2 centre{origin_.x + clock_.centre.x, origin_.y + clock_.centre.y};
    for (std::uint32_t step = 1; step < core::kMaxUsage; ++step) {
      draw_->PathArcTo(centre, clock_.inner_px + depth * static_cast<float>(step) / core::kMaxUsage, angle - half(),
                       angle + half());
      draw_->PathStroke(with_alpha(theme.map_ground, 0.8f), 0, std::max(1.0f, 0.09f * em));
    }
    path(place, clock_.inner_px, clock_.outer_px);
    draw_->PathStroke(with_alpha(fill, has_page ? 0.9f : 0.5f), ImDrawFlags_Closed, std::max(1.0f, 0.08f * em));
    const float chord = 2 * clock_.outer_px * std::sin(clock_.sector() / 2);
    const float side = std::clamp(chord * 0.42f, 0.5f * em, 1.15f * em);
    const ImVec2 sign = at(angle, clock_.outer_px - side * 0.85f);
    if (!has_page || (cell.flags & (kDirtyPage | kPinnedNow)) != 0) {
      const ImVec2 low{sign.x - side / 2, sign.y - side / 2}, high{sign.x + side / 2, sign.y + side / 2};
      draw_->AddRectFilled(low, high, fill, side * 0.15f);
      draw_state_shape(panel_, low, high, !has_page, (cell.flags & kDirtyPage) != 0, (cell.flags & kPinnedNow) != 0,
                       fill);
    }
    const std::string number = buffer_number(scene_.pool, place);
    const float size = clock_.buffers > 32 ? panel_.fonts.small_size * 0.9f : panel_.fonts.mono_size;
    centred(panel_.fonts.mono, size, at(angle, clock_.label_px), theme.text, number);
    // A page's name where there is room for it.
    if (has_page && chord > 5.2f * em)
      centred(panel_.fonts.text, panel_.fonts.small_size, at(angle, clock_.inner_px + depth * 0.3f), theme.text,
              page_name(scene_.server, buffer->tag));
  }

  void centred(ImFont* font, float size, ImVec2 middle, Color colour, const std::string& text) const {
    const ImVec2 extent = font->CalcTextSizeA(size, FLT_MAX, 0, text.c_str());
    draw_->AddText(font, size, {middle.x - extent.x / 2, middle.y - extent.y / 2}, colour, text.c_str());
  }

  // What the hand did last, in words; how often it came round.
  void draw_centre() const {
    const Theme& theme = panel_.theme;
    const float em = panel_.em(), width = clock_.inner_px * 1.25f;
    if (width < 7 * em) return;
    const ImVec2 centre{origin_.x + clock_.centre.x, origin_.y + clock_.centre.y};
    float y = centre.y + clock_.inner_px * 0.16f;
    const auto line = [&](ImFont* font, float size, Color colour, const std::string& text) {
      const ImVec2 extent = font->CalcTextSizeA(size, FLT_MAX, width, text.c_str());
      draw_->AddText(font, size, {centre.x - extent.x / 2, y}, colour, text.c_str(), nullptr, width);
      y += extent.y + 0.15f * em;
    };
    if (scene_.tick && scene_.pool.holds(scene_.tick->buffer)) {
      const std::uint32_t place = scene_.tick->buffer.value - scene_.pool.first.value;
      line(panel_.fonts.title, em, theme.text,
           panel_.strings.fill("buffers.clock.buffer", {{"n", buffer_number(scene_.pool, place)}}));
      line(panel_.fonts.text, panel_.fonts.small_size, theme.text, verdict_text(scene_, *scene_.tick));
    }
    line(panel_.fonts.text, panel_.fonts.small_size, theme.dim,
         panel_.strings.fill("buffers.clock.passes", {{"n", format_count(scene_.pool.complete_passes)}}));
  }

  void draw_pointer() const {
    const Theme& theme = panel_.theme;
    const float em = panel_.em(), angle = clock_.angle(scene_.pool.hand());
    const ImVec2 centre{origin_.x + clock_.centre.x, origin_.y + clock_.centre.y};
    // On a small face the head and the mark are smaller, so that the shaft stays to be seen.
    const float head = std::min(1.1f * em, 0.42f * clock_.inner_px),
                disc = std::min(0.7f * em, 0.27f * clock_.inner_px);
    const ImVec2 tip = at(angle, clock_.inner_px - 0.25f * em), neck = at(angle, clock_.inner_px - 0.8f * head);
    draw_->AddLine(centre, neck, theme.accent, 0.22f * em);
    draw_->AddCircleFilled(centre, std::min(0.4f * em, 0.16f * clock_.inner_px), theme.accent);
    draw_hand(panel_, tip, angle, head);
    // Where it has just been: a mark that also tells the verdict.
    if (!scene_.tick || !scene_.pool.holds(scene_.tick->buffer)) return;
    const std::uint32_t place = scene_.tick->buffer.value - scene_.pool.first.value;
    const char* sign = scene_.tick->verdict == core::ClockVerdict::Taken    ? icons::kCheck
                       : scene_.tick->verdict == core::ClockVerdict::Pinned ? icons::kPin
                                                                            : icons::kSlower;
    const ImVec2 spot = at(clock_.angle(place), clock_.inner_px - disc - 0.2f * em);
    draw_->AddCircleFilled(spot, disc, theme.raised);
    draw_->AddCircle(spot, disc, theme.changed, 0, 0.1f * em);
    centred(panel_.fonts.text, std::min(panel_.fonts.small_size, disc * 1.2f), spot, theme.text, sign);
  }

  const PoolScene& scene_;
  const PanelContext& panel_;
  ClockLayout clock_;
  ImVec2 origin_;
  ImDrawList* draw_;
};

}  // namespace

void draw_pool_clock(const PoolScene& scene) {
  const ImVec2 origin = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  if (room.x < 6 * scene.panel.em() || room.y < 6 * scene.panel.em()) return;
  const ClockLayout clock = lay_out_clock(scene.pool.buffers, room.x, room.y, scene.panel.em());
  Face(scene, clock, origin).draw();
  ImGui::SetCursorScreenPos(origin);
  ImGui::InvisibleButton("##pool_clock", room);
  if (!ImGui::IsItemHovered()) return;
  const auto place = clock.at(ImGui::GetIO().MousePos.x - origin.x, ImGui::GetIO().MousePos.y - origin.y);
  if (!place) return;
  scene.pointed_now = *place;
  draw_buffer_tooltip(scene, *place);
  if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) scene.select(*place);
}

}  // namespace palloscope::gui
