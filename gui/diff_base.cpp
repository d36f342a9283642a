#include "gui/diff_base.h"

#include <algorithm>

#include "gui/document.h"

namespace palloscope::gui {

DiffBase base_at(const Document& document, core::EventNumber event, const std::string& title) {
  const trace::Timeline& timeline = document.timeline;
  const core::StreamDescription& description = timeline.description();
  const core::VersionProfile* profile = core::find_profile(description.pg_major, description.checking);
  DiffBase base;
  base.document = document.serial;
  base.event = std::min(event, timeline.size());
  base.title = title;
  base.path = document.path;
  if (base.event == timeline.cursor())
    base.table.add(timeline.state(), profile);
  else if (base.event == 0)
    base.table.add(trace::MemoryState{}, profile);
  else
    timeline.visit(base.event, base.event,
                   [&](core::EventNumber, const core::EventBody&, const trace::MemoryState& then) {
                     base.table.add(then, profile);
                   });
  if (base.table.sources() == 0) base.table.add(trace::MemoryState{}, profile);  // it could not be read
  return base;
}

core::Result<DiffBase> base_of_file(const std::filesystem::path& path, const std::function<bool(double)>& progress) {
  constexpr std::uint64_t kSliceInstructions = 1'000'000;  // of a script, between looks at whether it is still wanted
  core::Result<Document> document = open_document(path, progress);
  if (!document) return document.error();
  while (document->run && document->run->state() == core::RunState::Paused) {
    if (progress && !progress(0)) return core::Error{core::ErrorCode::Cancelled, path.string() + ": given up"};
    document->run->advance({.instructions = kSliceInstructions});
  }
  document->timeline.seek(document->timeline.size());
  return base_at(*document, document->timeline.size(), path.filename().string());
}

}  // namespace palloscope::gui
