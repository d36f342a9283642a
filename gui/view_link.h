// A view as a short text: the file, the event, what is selected and which panels are in front. A link that was copied
// in one window opens the same view in another: palloscope:/home/me/a.pscope#at=120&sel=context:3@17&panels=map,diff
// Scenarios of the program's own are scenario:NAME in the place of the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "gui/session.h"

namespace palloscope::gui {

struct ViewLink {
  std::string file;                         // absolute where we made it
  std::string scenario = {};                // instead of a file
  std::optional<ServerChoice> server = {};  // pg=17, checking=1: of a scenario
  std::optional<EventNumber> at = {};       // at=120
  std::optional<EventNumber> of = {};       // of=998: how many events there were
  std::optional<Selection> selection = {};  // sel=chunk:12@345
  std::optional<EventNumber> base = {};     // base=12: A of the differences
  std::optional<Preset> preset = {};        // preset=debug
  std::vector<std::string> panels = {};     // panels=map,diff: in front
  std::string full_screen = {};             // full=diff
  friend bool operator==(const ViewLink&, const ViewLink&) = default;
};

// Does it mean to be one? A file of this name has the better right: ask for that first.
bool looks_like_view_link(std::string_view text);
// An Error says which part is wrong, and what would be right.
core::Result<ViewLink> parse_view_link(std::string_view text);
std::string format_view_link(const ViewLink& link);

// The view as it is now; an Error: what is open is nowhere to be found again (a script that was edited and not saved).
core::Result<ViewLink> view_link_of(const Session& session);
// Of an open document that the link is of: goes there. What it cannot do it says in session.message.
void show_view(Session& session, const ViewLink& link);

}  // namespace palloscope::gui
