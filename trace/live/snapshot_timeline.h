// A look into a process as a stream of its own, of one moment: what a snapshot file or a core is opened as.
#pragma once

#include <string>

#include "core/base/result.h"
#include "trace/live/moment.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// At its end; `title`: the file's name. The error of `capture` is handed on.
core::Result<Timeline> timeline_of(const core::Result<Capture>& capture, const std::string& title);

}  // namespace palloscope::trace
