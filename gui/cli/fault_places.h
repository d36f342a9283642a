// FaultPlaces: says a fault of the watched program with both of its places: where it happened, and where the memory
// concerned came from and ended; as lines of the script where the stream has them. Fed with every event in order.
#pragma once

#include <map>
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
  const Line* line_of(core::EventNumber number) const;
  // "line 12 (#34)"
  std::string place(core::EventNumber number) const;
  std::string holders(core::Address at) const;  // variables that hold it

  std::vector<Line> lines_;
  std::vector<std::string> files_;                  // names, by number
  std::map<std::string, core::Address> variables_;  // of the script
};

}  // namespace palloscope::gui::cli
