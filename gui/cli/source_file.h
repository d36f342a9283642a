// The file that a verb works on: opened whatever its kind, and the moment in it that is meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/ids.h"
#include "gui/cli/verb.h"
#include "trace/replay/timeline.h"

namespace palloscope::gui::cli {

// Opens `file` (trace/open_any.h); what is missing of it is told on `err`. None: it could not be, and that was told.
std::optional<trace::Timeline> open_source(std::string_view verb, const std::string& file, Streams io,
                                           int pg_major = 0);

// Moves to event `at`, or to the end. False: there is no such event, and that was told.
bool stand_at(std::string_view verb, const std::string& file, trace::Timeline& timeline,
              std::optional<core::EventNumber> at, Streams io);

// "trace.pscope@12": the file and the event; without "@12" at the end (or where such a file exists): no event.
struct Moment {
  std::string file;
  std::optional<core::EventNumber> at;
};
Moment parse_moment(const std::string& text);

}  // namespace palloscope::gui::cli
