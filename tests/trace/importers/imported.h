// A text imported as if it were a file.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "trace/exporters/exporter.h"
#include "trace/importers/import_dump.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct Imported {
  core::Result<Timeline> timeline;
  std::vector<std::string> problems;  // of the SnapshotEnded events, one per moment
  std::vector<core::SnapshotBegan> moments;
  std::vector<EventNumber> ends;  // numbers of the SnapshotEnded events

  // What the exporter of this name writes at the cursor.
  std::string exported(std::string_view format) const {
    for (const Exporter& exporter : exporter_table())
      if (exporter.name == format) {
        std::ostringstream out;
        exporter.write(*timeline, out);
        return out.str();
      }
    return "no such exporter";
  }
};

inline Imported import_text(const std::string& text, const std::string& name = "dump.log", int pg_major = 0) {
  std::istringstream in(text);
  TextSource source(in, text.size(), {});
  const std::string head = text.substr(0, kSniffedBytes);
  const core::Result<DumpSurvey> survey = survey_dumps(source, head, name, pg_major);
  if (!survey) return {survey.error(), {}, {}, {}};
  Timeline timeline = Timeline::recording(survey->description);
  if (const core::Status status = emit_dumps(source, *survey, timeline.sink()); !status)
    return {status.error(), {}, {}, {}};
  timeline.seek(timeline.size());
  Imported imported{std::move(timeline), {}, {}, {}};
  for (EventNumber n = 1; n <= imported.timeline->size(); ++n) {
    const core::EventBody event = imported.timeline->event(n);
    if (const auto* began = std::get_if<core::SnapshotBegan>(&event)) imported.moments.push_back(*began);
    if (const auto* ended = std::get_if<core::SnapshotEnded>(&event)) {
      imported.problems.push_back(ended->problem);
      imported.ends.push_back(n);
    }
  }
  return imported;
}

}  // namespace palloscope::trace
