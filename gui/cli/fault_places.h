// FaultPlaces: says a fault of the watched program with both of its places: where it happened, and where the memory
// concerned came from and ended; as lines of the script where the stream has them. Fed with every event in order.
#pragma once

#include <string>
#include <vector>

#include "core/events/event.h"
#include "trace/replay/memory_state.h"

namespace palloscope::gui::cli {

class FaultPlaces {
 public:
  void note(core::EventNumber number, const core::EventBody& event);
  // One line. `state` is the one after the fault's own event, `number`.
  std::string text(const core::FaultFound& fault, core::EventNumber number, const trace::MemoryState& state) const;

 private:
  struct Line {
    core::EventNumber from = 0;  // events from here on come from this line
    std::uint32_t file = 0, line = 0;
  };
  std::string place(core::EventNumber number) const;  // "work.lua:12 (event 34)"

  std::vector<Line> lines_;
  std::vector<std::string> files_;  // names, by number
};

}  // namespace palloscope::gui::cli
