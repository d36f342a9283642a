// What one event did and by which rule of PostgreSQL, in one to three sentences with this moment's numbers.
#pragma once

#include <string>
#include <vector>

#include "core/events/event.h"
#include "gui/selection.h"
#include "gui/strings.h"
#include "trace/replay/memory_state.h"

namespace palloscope::gui {

struct Explanation {
  std::vector<std::string> sentences;  // never empty
  core::ContextSlot about;             // the context concerned; none if there is none
  friend bool operator==(const Explanation&, const Explanation&) = default;
};

// `after`: the state after the event.
Explanation explain(const core::EventBody& event, const trace::MemoryState& after, const Strings& strings);

}  // namespace palloscope::gui
