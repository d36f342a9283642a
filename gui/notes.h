// What a person adds to a stream without changing it: breakpoints, bookmarks, notes on moments and ranges. Kept beside
// the file, in FILE.pscope-notes, as JSON.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"

namespace palloscope::gui {

struct Breakpoint {
  std::string condition;  // its text; it is one (trace/query)
  std::string name;       // may be empty
  bool on = true;
  friend bool operator==(const Breakpoint&, const Breakpoint&) = default;
};

struct Note {
  core::EventNumber first = 0, last = 0;  // the same: a moment
  std::string text;
  friend bool operator==(const Note&, const Note&) = default;
};

struct Notes {
  std::vector<Breakpoint> breakpoints;  // in the order in which they were made
  std::set<core::EventNumber> bookmarks;
  std::vector<Note> notes;  // by their first events
  bool empty() const { return breakpoints.empty() && bookmarks.empty() && notes.empty(); }
  friend bool operator==(const Notes&, const Notes&) = default;
};

inline constexpr std::size_t kMostNotes = 10'000;  // of each sort, in a file

std::string notes_json(const Notes& notes);
// A file that is no such JSON, or has a condition that is none, is refused as a whole: with the place.
core::Result<Notes> parse_notes(std::string_view json);

// Beside the file: "trace.pscope" has "trace.pscope-notes", any other gets ".pscope-notes" behind its name.
std::filesystem::path notes_path(const std::filesystem::path& file);
// Nothing is there: no notes.
core::Result<Notes> read_notes(const std::filesystem::path& file);
// Replaced when all is written; without notes the file goes.
core::Status write_notes(const std::filesystem::path& file, const Notes& notes);

}  // namespace palloscope::gui
