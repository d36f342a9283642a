#include "gui/layout/life_layout.h"

#include <algorithm>
#include <cmath>

namespace palloscope::gui {
namespace {

float least_width(trace::LifeUse use, float em) {
  switch (use) {
    case trace::LifeUse::Live:
    case trace::LifeUse::Free:
      return em * 9;
    case trace::LifeUse::Rest:
    case trace::LifeUse::Header:
    case trace::LifeUse::Recycled:
      return em * 8;
    case trace::LifeUse::Plain:
    case trace::LifeUse::Unmapped:
      break;
  }
  return em * 6;
}

}  // namespace

LifeLayout::LifeLayout(std::span<const trace::LifeSegment> segments, core::EventNumber size, float width_px, float em) {
  float least = 0, weights = 0;
  std::vector<float> weight;
  for (const trace::LifeSegment& segment : segments) {
    first_.push_back(segment.first);
    last_.push_back(segment.last == 0 ? std::max(size, segment.first) : segment.last);
    weight.push_back(std::log2(2.0f + static_cast<float>(last_.back() - first_.back())));
    weights += weight.back();
    least += least_width(segment.use, em);
  }
  const float room = std::max(0.0f, width_px - least);
  float x = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const float width = least_width(segments[i].use, em) + room * weight[i] / weights;
    boxes_.push_back({x, width});
    x += width;
  }
}

std::size_t LifeLayout::segment_at(core::EventNumber event) const {
  const auto after = std::upper_bound(first_.begin(), first_.end(), event);
  return after == first_.begin() ? 0 : static_cast<std::size_t>(after - first_.begin()) - 1;
}

float LifeLayout::x_of(core::EventNumber event) const {
  if (boxes_.empty()) return 0;
  const std::size_t i = segment_at(event);
  const auto length = static_cast<double>(last_[i] - first_[i]) + 1;
  const double done = event < first_[i] ? 0 : static_cast<double>(event - first_[i]) + 0.5;
  return boxes_[i].x + boxes_[i].width * static_cast<float>(std::clamp(done / length, 0.0, 1.0));
}

}  // namespace palloscope::gui
