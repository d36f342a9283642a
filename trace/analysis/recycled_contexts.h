// Who waits in the two lists of recycled contexts (spec 3.9): deleted AllocSets whose header and keeper the next
// context of the same sizes takes over, with its chunk limit (spec 3.10). PostgreSQL shows them nowhere.
#pragma once

#include <optional>
#include <vector>

#include "trace/replay/timeline.h"

namespace palloscope::trace {

inline constexpr int kRecycledLists = 2;
inline constexpr std::size_t kMostRecycled = 100;  // a list that would grow beyond is emptied first

struct RecycledContext {
  BlockSlot region;
  std::uint64_t bytes = 0;   // of header and keeper
  EventNumber born = 0;      // the ContextCreated of who waits; 0: not known
  core::ContextCreated was;  // that event: name, sizes, chunk limit
};

// Of one list, in its order: the next to be taken first. At the timeline's cursor.
std::vector<RecycledContext> recycled_contexts(const Timeline& timeline, int list);

// Whose header and keeper the context took over when it was created; none: malloc'ed ones.
std::optional<RecycledContext> taken_over(const Timeline& timeline, ContextSlot context);

}  // namespace palloscope::trace
