// From a file of dumps to a stream of events, in two passes over its lines: the first learns what the file is about
// (a stream is described before its first event), the second emits. Nothing but the last dump of each process is kept.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/events/event_sink.h"
#include "trace/importers/importer.h"

namespace palloscope::trace {

// What the first pass found.
struct DumpSurvey {
  const Importer* importer = nullptr;
  DumpFacts facts;
  core::StreamDescription description;
};

// `head`: the first bytes of the same source; `file`: its name for messages and title; `pg_major`: what the caller
// knows of the version (0: nothing), used where the file does not tell. Not recognised, or no dump in it: an Error that
// names what was looked for.
core::Result<DumpSurvey> survey_dumps(TextSource& source, std::string_view head, const std::string& file,
                                      int pg_major = 0);

// What the source holds, as events, read by this importer. `standard_kind`: as DumpEvents takes it.
core::Result<DumpFacts> import_events(const Importer& importer, TextSource& source, core::ContextKind standard_kind,
                                      core::EventSink& sink);

core::Status emit_dumps(TextSource& source, const DumpSurvey& survey, core::EventSink& sink);

}  // namespace palloscope::trace
