// Which PostgreSQL a heap is of, found out from its bytes alone: the node tag of TopMemoryContext names the major, and
// only the layout of the build that wrote them lets its blocks be walked without a finding (spec 1.2, 2.1).
#pragma once

#include "core/base/result.h"
#include "core/walk/memory_source.h"

namespace palloscope::core {

struct ProbedLayout {
  int major = 0;
  bool checking = false;  // a MEMORY_CONTEXT_CHECKING build
  friend bool operator==(const ProbedLayout&, const ProbedLayout&) = default;
};

// `top`: the context itself. Errors: NotFound (nothing that can be read is there), Unsupported (no node tag of 15 to
// 18), BadFormat (neither build's layout fits: an unknown build, or a process that was caught inside its allocator, so
// worth another try).
Result<ProbedLayout> probe_layout(const MemorySource& memory, Address top);

}  // namespace palloscope::core
