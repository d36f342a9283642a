// Where the stretches of a life lie on its strip. Not to scale, for a moment may last one event or ten million: every
// stretch is wide enough for its words, and what room is left goes to the longer ones, by the logarithm. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trace/analysis/chunk_life.h"

namespace palloscope::gui {

struct LifeBox {
  float x = 0, width = 0;
};

class LifeLayout {
 public:
  LifeLayout() = default;
  // `size`: events in the stream, where a life goes on to the end.
  LifeLayout(std::span<const trace::LifeSegment> segments, core::EventNumber size, float width_px, float em);

  const std::vector<LifeBox>& boxes() const { return boxes_; }  // one a segment, in order
  float width() const { return boxes_.empty() ? 0 : boxes_.back().x + boxes_.back().width; }
  // The segment in force after this event.
  std::size_t segment_at(core::EventNumber event) const;
  // The place of an event: within its stretch to scale.
  float x_of(core::EventNumber event) const;

 private:
  std::vector<LifeBox> boxes_;
  std::vector<core::EventNumber> first_, last_;
};

}  // namespace palloscope::gui
