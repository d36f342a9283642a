#include "trace/importers/import_dump.h"

#include <fmt/format.h>

#include <utility>

#include "trace/importers/dump_events.h"
#include "trace/importers/dump_origin.h"

namespace palloscope::trace {
namespace {

core::Error cancelled(const std::string& file) {
  return {core::ErrorCode::Cancelled, fmt::format("{}: stopped before its end", file)};
}

// Why no importer will have it, in the user's terms.
core::Error not_recognised(std::string_view head, const std::string& file) {
  const auto starts_with = [&](std::string_view start) { return head.substr(0, start.size()) == start; };
  std::string reason = "not recognised";
  if (head.empty())
    reason = "the file is empty";
  else if (starts_with("\xFF\xFE") || starts_with("\xFE\xFF"))
    reason = "the text is UTF-16; save it as UTF-8 and open that";
  else if (starts_with("\x1F\x8B") || starts_with("\x28\xB5\x2F\xFD") ||
           starts_with("\xFD"
                       "7zXZ") ||
           starts_with("BZh"))
    reason = "the file is compressed; unpack it and open that";
  else if (starts_with("PK\x03\x04"))
    reason = "the file is an archive; unpack it and open what is inside";
  std::string looked_for = "a palloscope trace";
  for (const Importer& importer : importer_table()) looked_for += fmt::format(", {}", importer.looks_for);
  return {core::ErrorCode::BadFormat, fmt::format("{}: {}. Looked for: {}.", file, reason, looked_for)};
}

core::Error in_file(core::Error error, const std::string& file) {
  error.message = file + ": " + error.message;
  return error;
}

// For the first pass.
struct Nowhere final : core::EventSink {
  void emit(const core::EventBody&) override {}
};

}  // namespace

core::Result<DumpSurvey> survey_dumps(TextSource& source, std::string_view head, const std::string& file,
                                      int pg_major) {
  DumpSurvey survey;
  int best = 0;
  for (const Importer& importer : importer_table())
    if (const int sure = importer.sniff(head); sure > best) survey.importer = &importer, best = sure;
  if (survey.importer == nullptr || head.empty()) return not_recognised(head, file);

  Nowhere nowhere;
  const auto* emit = std::get_if<EventEmitter>(&survey.importer->read);
  const core::Result<DumpFacts> facts = emit != nullptr
                                            ? (*emit)(source, nowhere)
                                            : std::get<DumpReader>(survey.importer->read)(source, [](const Dump&) {});
  if (source.stopped()) return cancelled(file);
  if (!facts) return in_file(facts.error(), file);
  if (facts->dumps == 0)
    return core::Error{
        core::ErrorCode::NotFound,
        fmt::format("{}: no {} found in {} lines, read as {}. Is this the right file, and is the dump whole?", file,
                    emit != nullptr ? "rows" : "memory contexts", source.line_number(), survey.importer->looks_for)};
  survey.facts = *facts;
  survey.description.source = core::SourceKind::Dump;
  survey.description.pg_major = facts->pg_major != 0 ? facts->pg_major : pg_major;
  survey.description.title = file.substr(file.find_last_of("/\\") + 1);
  survey.description.origin = origin_of(*facts);
  return survey;
}

core::Result<DumpFacts> import_events(const Importer& importer, TextSource& source, core::ContextKind standard_kind,
                                      core::EventSink& sink) {
  if (const auto* emit = std::get_if<EventEmitter>(&importer.read)) return (*emit)(source, sink);
  DumpEvents events(sink, standard_kind);
  return std::get<DumpReader>(importer.read)(source, [&](Dump dump) { events.emit(std::move(dump)); });
}

core::Status emit_dumps(TextSource& source, const DumpSurvey& survey, core::EventSink& sink) {
  source.rewind();
  // From 16 on Slab's line has a shape of its own, so the standard shape is AllocSet's.
  const auto kind = survey.description.pg_major >= 16 ? core::ContextKind::AllocSet : core::ContextKind::Unknown;
  const core::Result<DumpFacts> facts = import_events(*survey.importer, source, kind, sink);
  if (source.stopped()) return cancelled(survey.description.title);
  if (!facts) return in_file(facts.error(), survey.description.title);
  return core::Done{};
}

}  // namespace palloscope::trace
