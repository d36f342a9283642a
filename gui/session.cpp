#include "gui/session.h"

#include <algorithm>

namespace palloscope::gui {

const trace::MemoryState& Session::state() const {
  static const trace::MemoryState empty;
  return document ? document->timeline.state() : empty;
}

const std::string& Session::title() const {
  static const std::string none;
  if (!document) return none;
  const core::LocalizedText& title = document->title;
  return preferences.language == Language::Chinese && !title.zh.empty() ? title.zh : title.en;
}

ServerChoice Session::server() const {
  if (!document) return {};
  return {document->timeline.description().pg_major, document->timeline.description().checking};
}

bool Session::is_moving() const {
  if (opening || opens_next()) return true;
  if (document && document->live && document->live->has_news()) return true;
  if (document && (run_to.is_running() || run_to.has_work(breakpoints))) return true;
  return document && (playback.playing || document->runs_to_end || !document->faults.is_whole(document->timeline));
}

double Session::seconds_to_next_move() const {
  if (!is_moving()) return -1;
  if (!playback.playing) return 0;
  return std::max(0.0, (1 - playback.owed_events) / kSpeeds[playback.speed]);
}

}  // namespace palloscope::gui
