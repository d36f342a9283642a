#include "gui/layout/clock_layout.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace palloscope::gui {
namespace {

constexpr float kTurn = 2 * std::numbers::pi_v<float>;

}  // namespace

float ClockLayout::sector() const { return buffers == 0 ? kTurn : kTurn / static_cast<float>(buffers); }

float ClockLayout::angle(std::uint32_t buffer) const { return static_cast<float>(buffer) * sector() - kTurn / 4; }

ClockPoint ClockLayout::point(float angle, float radius) const {
  return {centre.x + std::cos(angle) * radius, centre.y + std::sin(angle) * radius};
}

std::optional<std::uint32_t> ClockLayout::at(float x, float y) const {
  const float dx = x - centre.x, dy = y - centre.y, radius = std::hypot(dx, dy);
  if (buffers == 0 || radius < inner_px || radius > label_px + (label_px - outer_px)) return std::nullopt;
  float turned = std::atan2(dy, dx) + kTurn / 4 + sector() / 2;
  turned = std::fmod(turned + kTurn, kTurn);
  return std::min(buffers - 1, static_cast<std::uint32_t>(turned / sector()));
}

ClockLayout lay_out_clock(std::uint32_t buffers, float width, float height, float em) {
  ClockLayout clock;
  clock.buffers = buffers;
  clock.centre = {width / 2, height / 2};
  const float radius = std::max(2 * em, std::min(width, height) / 2 - 0.3f * em);
  clock.label_px = radius - 0.5f * em;
  clock.outer_px = std::max(em, radius - 1.3f * em);
  clock.inner_px = clock.outer_px * 0.56f;
  return clock;
}

}  // namespace palloscope::gui
