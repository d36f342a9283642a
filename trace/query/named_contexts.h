// Names of contexts that conditions speak of and that no context of a stream ever has: most likely they are misspelt,
// and a condition that never holds (or a budget that is always kept) would hide it.
#pragma once

#include <string>
#include <vector>

#include "trace/query/condition.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct NamedContext {
  std::string name;
  bool whole = true;  // else a part of the name is enough
  friend bool operator==(const NamedContext&, const NamedContext&) = default;
};
// Of the names in it, and of each step of its paths.
std::vector<NamedContext> contexts_named_in(const Condition& condition);
// A name or a path, "a/b", as sums take it.
std::vector<NamedContext> contexts_named_in(std::string_view path);

struct MissingContext {
  std::string name;
  std::string nearest;  // that occurs; empty: none is near
};
// Looks at the events that name contexts, until all were seen; a name that is nowhere costs a look at all of them.
std::vector<MissingContext> missing_contexts(const Timeline& timeline, std::vector<NamedContext> wanted);

// `no context is ever called "ExecutorSate"; did you mean "ExecutorState"?`
std::string missing_text(const MissingContext& missing);

}  // namespace palloscope::trace
