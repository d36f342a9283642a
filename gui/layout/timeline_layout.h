// The timeline's axis: which events the panel shows, and where. The axis counts events, not seconds (reading a clock
// costs more than recording). Pure.
#pragma once

#include <cstdint>

#include "core/base/ids.h"

namespace palloscope::gui {

// Events first..last over width_px. Always at least 8 events wide, always within 0..total.
class TimelineAxis {
 public:
  TimelineAxis() = default;
  TimelineAxis(double first, double last, double width_px) : first_(first), last_(last), width_(width_px) {}

  double first() const { return first_; }
  double last() const { return last_; }
  double x_of(double event) const { return (event - first_) / (last_ - first_) * width_; }
  double event_at(double x) const { return first_ + x / width_ * (last_ - first_); }

  // All of it.
  static TimelineAxis whole(core::EventNumber total, double width_px);
  // factor < 1: closer; the event under x stays where it is.
  TimelineAxis zoomed(double factor, double x, core::EventNumber total) const;
  TimelineAxis panned(double events, core::EventNumber total) const;
  // Moved just so far that the event is inside, with a little room.
  TimelineAxis showing(core::EventNumber event, core::EventNumber total) const;

  friend bool operator==(const TimelineAxis&, const TimelineAxis&) = default;

 private:
  static TimelineAxis clamped(double first, double last, double width_px, core::EventNumber total);
  double first_ = 0, last_ = 8, width_ = 1;
};

// The smallest of 1, 2, 5 * 10^n that is at least `at_least`: distances of grid lines.
double round_step(double at_least);

}  // namespace palloscope::gui
