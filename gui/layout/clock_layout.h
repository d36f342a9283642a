// A small pool as a clock face: buffers around the circle, the first at twelve o'clock, on to the right. Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace palloscope::gui {

inline constexpr std::uint32_t kMostOnClock = 64;  // buffers; more have no room for their numbers

struct ClockPoint {
  float x = 0, y = 0;
};

struct ClockLayout {
  std::uint32_t buffers = 0;
  ClockPoint centre;
  float inner_px = 0, outer_px = 0;  // where usage begins and ends
  float label_px = 0;                // where the numbers stand

  // The middle of a buffer's sector, in radians as the screen counts them (0 right, on clockwise).
  float angle(std::uint32_t buffer) const;
  float sector() const;  // angle of one
  ClockPoint point(float angle, float radius) const;
  // The buffer whose sector this is; none: too near the middle or outside.
  std::optional<std::uint32_t> at(float x, float y) const;
};

// In a room of these pixels; `em`: text size.
ClockLayout lay_out_clock(std::uint32_t buffers, float width, float height, float em);

}  // namespace palloscope::gui
