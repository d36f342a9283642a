#include "gui/layout/timeline_layout.h"

#include <algorithm>
#include <cmath>

namespace palloscope::gui {
namespace {

constexpr double kFewestEvents = 8;

}  // namespace

TimelineAxis TimelineAxis::clamped(double first, double last, double width_px, core::EventNumber total) {
  const double all = std::max(kFewestEvents, static_cast<double>(total));
  const double span = std::clamp(last - first, kFewestEvents, all);
  first = std::clamp(first, 0.0, all - span);
  return {first, first + span, width_px};
}

TimelineAxis TimelineAxis::whole(core::EventNumber total, double width_px) {
  return clamped(0, static_cast<double>(total), width_px, total);
}

TimelineAxis TimelineAxis::zoomed(double factor, double x, core::EventNumber total) const {
  const double span = std::max(kFewestEvents, (last_ - first_) * factor), anchor = event_at(x);
  const double first = anchor - x / width_ * span;
  return clamped(first, first + span, width_, total);
}

TimelineAxis TimelineAxis::panned(double events, core::EventNumber total) const {
  return clamped(first_ + events, last_ + events, width_, total);
}

TimelineAxis TimelineAxis::showing(core::EventNumber event, core::EventNumber total) const {
  const auto at = static_cast<double>(event);
  if (at >= first_ && at <= last_) return *this;
  const double room = (last_ - first_) * 0.1;
  return at < first_ ? panned(at - room - first_, total) : panned(at + room - last_, total);
}

double round_step(double at_least) {
  if (at_least <= 1) return 1;
  const double power = std::pow(10, std::floor(std::log10(at_least)));
  for (double factor : {1.0, 2.0, 5.0})
    if (factor * power >= at_least) return factor * power;
  return 10 * power;
}

}  // namespace palloscope::gui
