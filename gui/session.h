// Session: everything the window knows, without a pixel. Panels read it const and put Actions into the queue;
// apply() in session_apply.cpp is the only place that changes it, once a frame.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/scenario/scenario_run.h"
#include "core/walk/memory_source.h"
#include "gui/breakpoint_run.h"
#include "gui/contents.h"
#include "gui/diff_base.h"
#include "gui/live_view.h"
#include "gui/notes.h"
#include "gui/preferences.h"
#include "gui/selection.h"
#include "trace/analysis/fault_list.h"
#include "trace/replay/timeline.h"

namespace palloscope::gui {

struct ConsoleEntry {
  std::string line;
  core::ConsoleAnswer answer;
};

// The server that a scenario is run on.
struct ServerChoice {
  int pg_major = 17;
  bool checking = false;
  friend bool operator==(const ServerChoice&, const ServerChoice&) = default;
};

// What is open: one stream of events, where it came from, and the scenario that still feeds it, if one does.
struct Document {
  trace::Timeline timeline;
  std::filesystem::path path = {};  // empty: not a file (a scenario that was not saved)
  core::LocalizedText title = {};
  std::string scenario_name = {};             // of the scenario it came from; empty: none
  std::string script = {};                    // its text
  std::string panel = {};                     // which panel its scenario wants in front; empty: none
  std::optional<ServerChoice> server = {};    // chosen by the user; none: what the script asks for
  std::unique_ptr<LiveView> live = {};        // a process that is looked into; none: nothing comes by itself
  EventNumber live_end = 0;                   // of its last moment that is whole
  std::optional<core::ScenarioRun> run = {};  // feeds the timeline (so it stands behind it); none: nothing can run on
  bool runs_to_end = false;                   // advance() lets the script run on until it is through
  std::uint64_t serial = 0;                   // another for every opened document: panels key their caches by it
  bool unsaved = false;                       // a recording that no file holds yet
  trace::FaultList faults = {};               // the program's mistakes in it; advance() follows the stream
  std::vector<ConsoleEntry> console = {};     // what was typed, oldest first
  std::unique_ptr<core::MemorySource> memory = {};  // of a core, or a snapshot with contents; none: see contents.h
  bool is_headers_only = false;                     // a snapshot without contents
};

// Speeds of play, in events a second.
inline constexpr double kSpeeds[] = {0.5, 1, 2, 5, 10, 25, 100, 500, 2'000, 10'000, 100'000, 1'000'000};
inline constexpr int kDefaultSpeed = 2;
inline constexpr int kSpeedCount = static_cast<int>(std::size(kSpeeds));

struct Playback {
  bool playing = false;
  int speed = kDefaultSpeed;  // index into kSpeeds
  double owed_events = 0;     // fraction of an event carried to the next frame
  friend bool operator==(const Playback&, const Playback&) = default;
};

enum class Overlay : std::uint8_t { None, Palette, Help, OpenDialog, SaveDialog, Scenarios, BaseDialog, Thing, Attach };

enum class MessageKind : std::uint8_t { Notice, Problem };

// Said once in a banner until dismissed. Text is ready to show; `detail` is in the words of whoever failed.
struct Message {
  MessageKind kind = MessageKind::Notice;
  std::string key;     // string table: the sentence
  std::string detail;  // file name, the reader's reason; may be empty
  friend bool operator==(const Message&, const Message&) = default;
};

class Opening;  // gui/opening.h
// A picture of the window as it will be drawn next.
struct PictureRequest {
  bool svg = false;
  std::string panel = {};  // empty: of the whole window
  friend bool operator==(const PictureRequest&, const PictureRequest&) = default;
};

struct Session {
  std::optional<Document> document;  // none: the welcome screen
  Selection selection;
  Playback playback;
  Preferences preferences;
  std::set<EventNumber> bookmarks;
  std::vector<Breakpoint> breakpoints;
  std::vector<Note> notes;         // by their first events
  bool notes_are_damaged = false;  // what lies beside the file could not be read: it is not written over
  BreakpointRun run_to;            // to the next or previous hit of a breakpoint; how often each holds
  std::optional<Message> message;
  Overlay overlay = Overlay::None;
  std::string focused_panel;  // id: what keys like '/' mean
  std::string find;           // what F looks for

  std::string menu_condition;  // of Overlay::Thing: how the thing is watched

  std::optional<DiffBase> diff_base;  // none: nothing is compared

  std::uint64_t documents_opened = 0, bases_made = 0;
  std::shared_ptr<Opening> opening;  // a file that is being read; null: none
  std::string opening_view;          // a link (view_link.h) to go to when that is open; empty: none

  std::filesystem::path proc_folder = "/proc";  // where processes are looked for
  std::function<void()> wake;                   // draws a frame though nobody touches the window; called by any thread

  std::size_t questions_bytes = 0;  // what the panel of questions keeps of the trace

  // To be done by the app after the frame that says so was drawn.
  std::string opening_scenario;  // a built-in scenario's name; empty: none
  std::optional<PictureRequest> picture_wanted;
  std::string clipboard;       // to be copied; empty: nothing
  bool paste_wanted = false;   // the clipboard's text is to be opened
  bool filter_wanted = false;  // the focused panel's filter box takes the keyboard next frame
  bool find_wanted = false;    // so does the find box of the top bar
  bool quit = false;

  std::optional<ShownContents> contents;  // read because somebody asked; gone with what it is of
  std::uint64_t contents_read = 0;        // so often

  // In the language of the window; empty where nothing is open.
  const std::string& title() const;
  const trace::Timeline* timeline() const { return document ? &document->timeline : nullptr; }
  // At the cursor; an empty state where nothing is open.
  const trace::MemoryState& state() const;
  EventNumber cursor() const { return document ? document->timeline.cursor() : 0; }
  EventNumber event_count() const { return document ? document->timeline.size() : 0; }
  // The cursor is at the end of a stream that a scenario still feeds: calls in the console happen here.
  bool at_live_end() const { return document && document->run && cursor() == event_count(); }
  // The scenario that is open can be run on another server (a recording cannot).
  bool can_choose_server() const { return document && document->run; }
  ServerChoice server() const;  // of the open document
  // The script has more to do.
  bool can_run_on() const { return document && document->run && document->run->state() == core::RunState::Paused; }
  // The program's mistakes known so far, in the order of their events.
  std::span<const trace::FoundFault> faults() const {
    return document ? document->faults.faults() : std::span<const trace::FoundFault>{};
  }
  // Something is to be opened between this frame and the next.
  bool opens_next() const { return !opening_scenario.empty(); }
  // What may be kept of the trace beside what cannot be done without, in bytes; and what is, outside its timeline.
  std::size_t memory_limit() const { return static_cast<std::size_t>(preferences.memory_mb) << 20; }
  std::size_t kept_beside_timeline() const { return questions_bytes + run_to.index_bytes(); }
  // Something moves by itself: the window has to draw without input.
  bool is_moving() const;
  // Until it does: 0 for at once, negative for never.
  double seconds_to_next_move() const;
};

}  // namespace palloscope::gui
