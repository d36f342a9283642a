// What differs between two moments, context by context: which came, which went, which have other numbers.
#pragma once

#include <string>
#include <vector>

#include "core/events/event_sink.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

struct ContextDifference {
  enum class What { Came, Went, Changed };
  What what = What::Changed;
  std::string path;  // "TopMemoryContext > CacheMemoryContext > index info [pg_class_oid_index]"
  ReportedCounters before, after;
  friend bool operator==(const ContextDifference&, const ContextDifference&) = default;
};

struct Moment {
  const MemoryState& state;
  const core::StreamDescription& description;
};

// `same_stream`: both moments are of one stream, where slot and birth say which contexts are the same. Else contexts
// are the same if parent, name and ident are; of several equal ones the oldest is matched with the oldest.
// In the order of the trees: of the later moment first, then what went.
std::vector<ContextDifference> diff_contexts(const Moment& before, const Moment& after, bool same_stream);

}  // namespace palloscope::trace
