// The table of `palloscope top`: which contexts of a process hold most, or grow fastest.
#pragma once

#include <cstddef>
#include <string>

#include "trace/live/growth.h"
#include "trace/live/moment.h"

namespace palloscope::gui::cli {

struct TopShape {
  trace::GrowthOrder order = trace::GrowthOrder::Total;
  std::size_t rows = 20;
  std::size_t width = 0;  // of a line, in characters; longer ones are cut; 0: as long as they are
};

// Of the last moment against the one before it. `facts`, `build`: of the last moment.
std::string top_table(const trace::MomentHistory& history, const trace::CaptureFacts& facts,
                      const trace::ServerBuild& build, const TopShape& shape);

}  // namespace palloscope::gui::cli
