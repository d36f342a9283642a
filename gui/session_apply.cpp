// The one place where the session changes: an overload per action.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>

#include "gui/action.h"
#include "gui/document.h"
#include "gui/format_text.h"
#include "gui/front_panel.h"
#include "gui/opening.h"
#include "gui/panels/panel_table.h"
#include "gui/view_link.h"
#include "gui/watch_condition.h"

namespace palloscope::gui {
namespace {

// Script slices: enough for one frame, and the most that one command may take.
constexpr std::uint64_t kFrameInstructions = 50'000, kCommandInstructions = 5'000'000;
// Of a frame, for moments of a process that come while the window goes on.
constexpr std::chrono::microseconds kAppendTime{4000};

// What can be a step of a lesson, best first.
constexpr std::array<std::uint8_t, 3> kLessonTags = {core::Narration::kTag, core::SnapshotEnded::kTag,
                                                     core::Statement::kTag};
constexpr std::array<std::uint8_t, 3> kErrorTags = {core::ErrorReported::kTag, core::AllocationFailed::kTag,
                                                    core::FaultFound::kTag};

void say(Session& session, MessageKind kind, std::string key, std::string detail = {}) {
  session.message = Message{kind, std::move(key), std::move(detail)};
}

void report_failed_run(Session& session) {
  Document& document = *session.document;
  if (document.run && document.run->state() == core::RunState::Failed)
    say(session, MessageKind::Problem, "message.script_failed", document.run->error());
}

// What makes one step of this document's lesson: the words of a teacher if there are any, else dumps, else statements.
std::span<const std::uint8_t> lesson_tags(const trace::Timeline& timeline) {
  const std::span<const std::uint8_t> tags(kLessonTags);
  for (std::size_t i = 0; i < tags.size(); ++i)
    if (timeline.next_of(tags.subspan(i, 1), 0)) return tags.subspan(i, 1);
  return tags.first(1);
}

// How many steps of the lesson lie at or in front of the cursor.
EventNumber lesson_steps_before(const Session& session) {
  const auto tags = std::span<const std::uint8_t>(kLessonTags).first(1);
  EventNumber count = 0, at = 0;
  while (const auto next = session.timeline()->next_of(tags, at)) {
    if (*next > session.cursor()) break;
    at = *next;
    ++count;
  }
  return count;
}

// A dump has no source and no lesson, a lesson is lost in a server's arrangement. Debug suits everything, and what the
// user has arranged by hand stays.
void suit_arrangement(Session& session) {
  WorkspaceState& workspace = session.preferences.workspace;
  if (!workspace.visible.empty()) return;
  const core::SourceKind source = session.document->timeline.description().source;
  if (core::has_moments(source) && workspace.preset == Preset::Teach) workspace.preset = Preset::Server;
  if (source == core::SourceKind::Scenario && workspace.preset == Preset::Server) workspace.preset = Preset::Teach;
}

// One limit for all: what is kept elsewhere is not the timeline's, but half of it stays.
void keep_budget(Session& session) {
  const std::size_t limit = session.memory_limit();
  session.document->timeline.set_memory_budget({limit - std::min(limit / 2, session.kept_beside_timeline())});
}

// After each change. What could not be read is not written over.
void keep_notes(Session& session) {
  if (!session.document || session.document->path.empty() || session.notes_are_damaged) return;
  const core::Status kept =
      write_notes(session.document->path, {session.breakpoints, session.bookmarks, session.notes});
  if (!kept) say(session, MessageKind::Problem, "message.notes_not_kept", kept.error().message);
}

void open(Session& session, core::Result<Document> opened) {
  if (!opened) {
    say(session, MessageKind::Problem, "message.cannot_open", opened.error().message);
    return;
  }
  session.run_to.forget_stream();
  const bool same_script = session.document && session.document->path == opened->path &&
                           session.document->scenario_name == opened->scenario_name;
  session.document.reset();  // the old run goes before its timeline
  session.document.emplace(std::move(*opened));
  session.document->serial = ++session.documents_opened;
  keep_budget(session);
  session.selection = {};
  session.playback.playing = false;
  session.playback.owed_events = 0;
  session.message.reset();
  if (!same_script) take_notes(session);  // a script that runs again keeps them
  suit_arrangement(session);
  suit_front(session.preferences.workspace, *session.document);
  if (!session.document->timeline.problem().empty())
    say(session, MessageKind::Problem, "message.opened_in_part", session.document->timeline.problem());
  if (!session.document->path.empty()) {
    auto& recent = session.preferences.recent_files;
    std::erase(recent, session.document->path);
    recent.insert(recent.begin(), session.document->path);
    if (recent.size() > kMaxRecentFiles) recent.resize(kMaxRecentFiles);
  }
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
         }) != text.end();
}

// The chunk, else the block, that this address lies in; else the bare address.
Selection what_lies_at(const trace::MemoryState& state, Address address) {
  for (std::uint32_t i = 0; i < state.blocks().size(); ++i) {
    const trace::BlockRecord& block = state.blocks()[i];
    if (block.born == 0 || address < block.at || address >= block.end()) continue;
    for (core::ChunkSlot slot = block.first_chunk; slot;) {
      const trace::ChunkRecord* chunk = state.chunk(slot);
      if (chunk == nullptr) break;
      if (address >= chunk->at && address < chunk->at + std::max<std::uint64_t>(1, chunk->granted_bytes))
        return ChunkKey{slot, chunk->born};
      slot = chunk->next_in_block;
    }
    return BlockKey{{i}, block.born};
  }
  return address;
}

// The context, block or chunk that begins with this event.
Selection what_was_made_by(const trace::Timeline& timeline, EventNumber number) {
  if (number == 0 || number > timeline.size()) return {};
  const core::EventBody event = timeline.event(number);
  if (const auto* made = std::get_if<core::ContextCreated>(&event)) return ContextKey{made->context, number};
  if (const auto* made = std::get_if<core::ChunkAllocated>(&event)) return ChunkKey{made->chunk, number};
  if (const auto* made = std::get_if<core::ChunkCarved>(&event)) return ChunkKey{made->chunk, number};
  if (const auto* made = std::get_if<core::Malloc>(&event)) return BlockKey{made->block, number};
  return {};
}

void bring_to_front(Session& session, std::string_view id) {
  for (const PanelPlacement& panel : panel_placements())
    if (panel.id == id) show_panel(session.preferences.workspace, panel);
}

// What the process that is looked into has told since, as far as it can be appended in so long. The cursor goes along
// if it stands at the end.
void append_news(Session& session, std::chrono::microseconds most) {
  Document& document = *session.document;
  if (!document.live || !document.live->has_news()) return;
  const EventNumber cursor = document.timeline.cursor();
  const bool was_at_end = document.live_end == cursor && document.live->goes_along_from(cursor);
  const LiveView::News news = document.live->append(document.timeline, most);
  if (news.has_moment) {
    document.live_end = document.timeline.size();
    document.unsaved = document.live->request().record.empty();
    if (was_at_end) document.timeline.seek(document.live_end);
  }
  if (news.has_hit) {
    const trace::StopHit& hit = document.live->passed().back().hit;
    document.timeline.seek(document.live_end);
    say(session, MessageKind::Notice, "message.limit_passed",
        fmt::format("{}: {} > {}", hit.rule.context, format_bytes(hit.hit.bytes), format_bytes(hit.rule.bytes)));
    bring_to_front(session, "process");
  }
  if (news.problem) say(session, MessageKind::Problem, "message.no_moment", news.problem->message);
  if (news.has_ended) say(session, MessageKind::Notice, "message.process_ended", session.title());
}

struct Applier {
  Session& session;

  Document* document() { return session.document ? &*session.document : nullptr; }
  WorkspaceState& workspace() { return session.preferences.workspace; }

  void seek(EventNumber to) {
    session.run_to.stop();
    if (document() != nullptr) document()->timeline.seek(to);
  }
  void run_on(const core::AdvanceLimits& limits) {
    document()->run->advance(limits);
    report_failed_run(session);
  }

  void operator()(const Seek& action) {
    session.playback.playing = false;
    seek(action.to);
  }
  void operator()(const SeekEnd&) {
    session.playback.playing = false;
    if (document() == nullptr) return;
    if (session.at_live_end() && session.can_run_on()) document()->runs_to_end = true;
    seek(session.event_count());
  }
  void operator()(const Step& action) {
    session.playback.playing = false;
    if (document() == nullptr) return;
    const EventNumber from = session.cursor();
    if (action.by < 0) {
      const auto back = static_cast<EventNumber>(-action.by);
      seek(from > back ? from - back : 0);
      return;
    }
    const auto forward = static_cast<EventNumber>(action.by);
    const EventNumber recorded = session.event_count() - from;
    if (recorded < forward && session.can_run_on())
      run_on({.instructions = kCommandInstructions, .events = forward - recorded});
    seek(from + forward);
  }
  void operator()(const StepTouching& action) {
    session.playback.playing = false;
    if (document() == nullptr) return;
    const trace::MemoryState& state = session.state();
    ContextKey key;
    if (const auto* selected = std::get_if<ContextKey>(&session.selection)) {
      key = *selected;
    } else {
      key.slot = context_of(session.selection, state);
      if (!key.slot) key.slot = state.point().current;
      if (const auto* record = state.context(key.slot)) key.born = record->born;
    }
    if (key.born == 0) return;
    const trace::Timeline& timeline = document()->timeline;
    const EventNumber from = session.cursor();
    auto found = action.direction > 0 ? timeline.next_touching(key, from) : timeline.previous_touching(key, from);
    for (int lines = 0; !found && action.direction > 0 && session.can_run_on() && lines < 10'000; ++lines) {
      const EventNumber before = session.event_count();
      run_on({.instructions = kCommandInstructions, .events = 1});
      found = timeline.next_touching(key, before);
    }
    if (found)
      seek(*found);
    else
      say(session, MessageKind::Notice, action.direction > 0 ? "message.no_later_touch" : "message.no_earlier_touch");
  }
  void operator()(const StepLesson& action) {
    session.playback.playing = false;
    if (document() == nullptr) return;
    const trace::Timeline& timeline = document()->timeline;
    const EventNumber from = session.cursor();
    const auto tags = lesson_tags(timeline);
    if (action.direction < 0) {
      seek(timeline.previous_of(tags, from).value_or(0));
      return;
    }
    auto found = timeline.next_of(tags, from);
    if (!found && session.can_run_on()) {
      run_on({.instructions = kCommandInstructions, .at_narration = true});
      found = timeline.next_of(tags, from);
    }
    seek(found.value_or(session.event_count()));
  }
  void operator()(const StepError& action) {
    session.playback.playing = false;
    if (document() == nullptr) return;
    const trace::Timeline& timeline = document()->timeline;
    const auto found = action.direction > 0 ? timeline.next_of(kErrorTags, session.cursor())
                                            : timeline.previous_of(kErrorTags, session.cursor());
    if (!found) {
      say(session, MessageKind::Notice, "message.no_error");
      return;
    }
    seek(*found);
    const core::EventBody event = timeline.event(*found);
    if (const auto* fault = std::get_if<core::FaultFound>(&event); fault && fault->chunk && fault->born != 0)
      session.selection = ChunkKey{fault->chunk, fault->born};
  }
  void operator()(const StepBookmark& action) {
    session.playback.playing = false;
    const auto& marks = session.bookmarks;
    if (marks.empty()) return;
    if (action.direction > 0) {
      const auto next = marks.upper_bound(session.cursor());
      seek(next == marks.end() ? *marks.begin() : *next);
    } else {
      const auto next = marks.lower_bound(session.cursor());
      seek(next == marks.begin() ? *marks.rbegin() : *std::prev(next));
    }
  }
  void operator()(const TogglePlay&) {
    if (document() == nullptr) return;
    session.playback.playing = !session.playback.playing;
    session.playback.owed_events = 0;
    document()->runs_to_end = false;
    // At the very end there is nothing to play: from the start again.
    if (session.playback.playing && session.cursor() == session.event_count() && !session.can_run_on()) seek(0);
  }
  void operator()(const SetSpeed& action) { session.playback.speed = std::clamp(action.speed, 0, kSpeedCount - 1); }
  void operator()(const ToggleBookmark& action) {
    if (session.bookmarks.erase(action.at) == 0) session.bookmarks.insert(action.at);
    keep_notes(session);
  }

  void operator()(const RunTo& action) {
    session.playback.playing = false;
    if (document() == nullptr) return;
    if (!action.condition.empty()) {
      session.run_to.start_alone(document()->timeline, action.condition, session.cursor(), action.direction);
      return;
    }
    if (!session.run_to.start(document()->timeline, session.breakpoints, session.cursor(), action.direction))
      say(session, MessageKind::Notice, "message.no_breakpoint");
  }
  void operator()(const StopRun&) { session.run_to.stop(); }
  void operator()(const OpenThingMenu& action) {
    if (document() == nullptr) return;
    if (!std::holds_alternative<NothingSelected>(action.selection)) (*this)(Select{action.selection});
    session.menu_condition = action.condition.empty() ? watch_condition(session) : action.condition;
    if (!session.menu_condition.empty()) session.overlay = Overlay::Thing;
  }
  void operator()(const WantIndex&) { session.run_to.want_index(); }
  void breakpoints_changed() {
    session.run_to.stop();
    session.run_to.forget_counts();
    keep_notes(session);
  }
  void operator()(const AddBreakpoint& action) {
    if (document() == nullptr) return;
    auto& list = session.breakpoints;
    const auto same = std::find_if(list.begin(), list.end(), [&](const Breakpoint& breakpoint) {
      return breakpoint.condition == action.breakpoint.condition;
    });
    if (same != list.end())
      same->on = true;
    else if (list.size() < kMostNotes)
      list.push_back(action.breakpoint);
    breakpoints_changed();
  }
  void operator()(const SetBreakpoint& action) {
    if (action.index >= session.breakpoints.size()) return;
    Breakpoint& breakpoint = session.breakpoints[action.index];
    const bool same_condition = breakpoint.condition == action.breakpoint.condition;
    breakpoint = action.breakpoint;
    if (!same_condition) return breakpoints_changed();
    session.run_to.stop();
    keep_notes(session);
  }
  void operator()(const RemoveBreakpoint& action) {
    if (action.index >= session.breakpoints.size()) return;
    session.breakpoints.erase(session.breakpoints.begin() + static_cast<std::ptrdiff_t>(action.index));
    breakpoints_changed();
  }
  void put_note(const Note& note) {
    const auto place = std::upper_bound(session.notes.begin(), session.notes.end(), note,
                                        [](const Note& a, const Note& b) { return a.first < b.first; });
    if (session.notes.size() < kMostNotes) session.notes.insert(place, note);
  }
  void operator()(const AddNote& action) {
    if (document() == nullptr || action.note.last < action.note.first) return;
    put_note(action.note);
    keep_notes(session);
  }
  void operator()(const SetNote& action) {
    if (action.index >= session.notes.size() || action.note.last < action.note.first) return;
    session.notes.erase(session.notes.begin() + static_cast<std::ptrdiff_t>(action.index));
    put_note(action.note);
    keep_notes(session);
  }
  void operator()(const RemoveNote& action) {
    if (action.index >= session.notes.size()) return;
    session.notes.erase(session.notes.begin() + static_cast<std::ptrdiff_t>(action.index));
    keep_notes(session);
  }

  void operator()(const Select& action) { session.selection = action.what; }
  void operator()(const SetFind& action) { session.find = action.text; }
  void operator()(const FindNext& action) {
    if (document() == nullptr || session.find.empty()) return;
    std::string_view text = session.find;
    std::uint64_t number = 0;
    const bool is_event = text.front() == '#', is_born = text.front() == '@', is_address = text.starts_with("0x");
    if (is_event || is_born || is_address) {
      text.remove_prefix(is_address ? 2 : 1);
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, is_address ? 16 : 10);
      if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
        say(session, MessageKind::Notice, "message.not_found", session.find);
      } else if (is_event) {
        (*this)(Seek{number});
      } else if (is_born) {
        const Selection made = what_was_made_by(document()->timeline, number);
        if (std::holds_alternative<NothingSelected>(made))
          say(session, MessageKind::Notice, "message.not_found", session.find);
        else
          session.selection = made;
      } else {
        session.selection = what_lies_at(session.state(), {number});
      }
      return;
    }
    find_context(action.direction);
  }
  void find_context(int direction) {
    const auto& contexts = session.state().contexts();
    const auto count = static_cast<std::int64_t>(contexts.size());
    std::int64_t at = direction > 0 ? -1 : count;
    if (const auto* selected = std::get_if<ContextKey>(&session.selection)) at = selected->slot.value;
    for (std::int64_t tried = 0; tried < count; ++tried) {
      at = (at + direction + count) % count;
      const trace::ContextRecord& record = contexts[static_cast<std::size_t>(at)];
      if (record.born == 0) continue;
      if (contains_ignoring_case(record.name, session.find) ||
          (record.ident && contains_ignoring_case(*record.ident, session.find))) {
        session.selection = ContextKey{{static_cast<std::uint32_t>(at)}, record.born};
        return;
      }
    }
    say(session, MessageKind::Notice, "message.not_found", session.find);
  }

  void operator()(const OpenFile& action) {
    session.opening = std::make_shared<Opening>(action.path);
    session.opening_view.clear();
    session.overlay = Overlay::None;
  }
  void operator()(const CancelOpening&) {
    session.opening.reset();
    session.opening_view.clear();
  }
  void operator()(const OpenScenario& action) {
    (*this)(CancelOpening{});
    session.opening_scenario = action.name;
    session.overlay = Overlay::None;
  }
  void operator()(const RunScript& action) {
    const std::string name =
        document() != nullptr && !document()->scenario_name.empty() ? document()->scenario_name : std::string("script");
    const std::filesystem::path path = document() != nullptr ? document()->path : std::filesystem::path{};
    core::Result<Document> started =
        start_script(name, action.text, document() != nullptr ? document()->server : std::nullopt);
    if (started) started->path = path;
    open(session, std::move(started));
  }
  void operator()(const RunOnServer& action) {
    if (!session.can_choose_server()) return;
    const Document& old = *document();
    const std::filesystem::path path = old.path;
    const core::LocalizedText title = old.title;
    const std::vector<ConsoleEntry> console = old.console;
    const EventNumber before = lesson_steps_before(session);
    const bool was_at_end = session.at_live_end() && !session.can_run_on();
    core::Result<Document> started = start_script(old.scenario_name, old.script, action.server);
    if (!started) return open(session, std::move(started));
    started->path = path;
    started->title = title;
    open(session, std::move(started));
    if (document()->script.empty()) {  // the console's own world: the same lines once more
      document()->run->advance({.instructions = kCommandInstructions});
      for (const ConsoleEntry& entry : console) (*this)(Evaluate{entry.line});
      return seek(session.event_count());
    }
    for (EventNumber step = 0; step < before && session.can_run_on(); ++step) (*this)(StepLesson{1});
    if (was_at_end) (*this)(SeekEnd{});
  }
  void operator()(const Evaluate& action) {
    if (document() == nullptr || !document()->run) return;
    session.playback.playing = false;
    document()->console.push_back({action.line, document()->run->execute(action.line)});
    document()->unsaved = true;
    seek(session.event_count());
  }
  void operator()(const SaveFile& action) {
    if (document() == nullptr) return;
    std::filesystem::path path = action.path;
    if (!path.has_extension()) path += ".pscope";
    const core::Status saved = document()->timeline.save(path);
    if (!saved) {
      say(session, MessageKind::Problem, "message.cannot_save", saved.error().message);
      return;
    }
    document()->unsaved = false;
    session.overlay = Overlay::None;
    auto& recent = session.preferences.recent_files;
    std::erase(recent, path);
    recent.insert(recent.begin(), path);
    if (recent.size() > kMaxRecentFiles) recent.resize(kMaxRecentFiles);
    say(session, MessageKind::Notice, "message.saved", path.string());
  }
  void operator()(const CloseDocument&) {
    session.run_to.forget_stream();
    session.breakpoints.clear();
    session.notes.clear();
    session.document.reset();
    session.selection = {};
    session.playback.playing = false;
    session.bookmarks.clear();
    workspace().full_screen.clear();
  }
  void open_by_thread(std::string name, std::string_view refused,
                      std::function<core::Result<Document>(const Opening::Progress&)> way) {
    session.opening = std::make_shared<Opening>(std::move(name), refused, std::move(way));
    session.opening_view.clear();
    session.overlay = Overlay::None;
  }
  void operator()(const AttachTo& action) {
    open_by_thread(
        "PID " + std::to_string(action.request.pid), "message.cannot_attach",
        [request = action.request, wake = session.wake](const auto&) { return open_process(request, wake); });
  }
  void operator()(const TakeMoment&) {
    if (document() != nullptr && document()->live) document()->live->take_moment();
  }
  void operator()(const FollowEvery& action) {
    if (document() != nullptr && document()->live) document()->live->follow_every(action.ms);
  }
  void operator()(const StopWhen& action) {
    if (document() != nullptr && document()->live) document()->live->stop_when(action.rule);
  }
  void operator()(const Detach&) {
    if (document() == nullptr || !document()->live) return;
    append_news(session, std::chrono::hours(1));  // what was taken already is whole when the process goes
    document()->live.reset();
    say(session, MessageKind::Notice, "message.detached", session.title());
  }
  void operator()(const ShowContents& action) {
    if (!action.shown)
      session.contents.reset();
    else if (can_show_contents(session))
      read_contents(session);
  }
  void operator()(const OpenText& action) {
    open_by_thread(action.name, "message.cannot_open_text",
                   [name = action.name, text = action.text](const auto&) { return open_text_document(name, text); });
  }
  void operator()(const PasteText&) { session.paste_wanted = true; }
  void operator()(const ForgetRecent& action) { std::erase(session.preferences.recent_files, action.path); }

  void operator()(const OpenLink& action) {
    session.overlay = Overlay::None;
    const core::Result<ViewLink> link = parse_view_link(action.text);
    if (!link) return say(session, MessageKind::Problem, "message.bad_link", link.error().message);
    std::error_code ignored;
    const bool is_open = document() != nullptr &&
                         (link->scenario.empty() ? std::filesystem::equivalent(link->file, document()->path, ignored)
                                                 : document()->scenario_name == link->scenario);
    if (is_open) return show_view(session, *link);
    if (link->scenario.empty())
      (*this)(OpenFile{link->file});
    else
      (*this)(OpenScenario{link->scenario});
    session.opening_view = action.text;
  }
  void operator()(const CopyLink&) {
    const core::Result<ViewLink> link = view_link_of(session);
    if (!link) return say(session, MessageKind::Problem, "message.no_link", link.error().message);
    session.clipboard = format_view_link(*link);
    say(session, MessageKind::Notice, "message.link_copied", session.clipboard);
  }

  void compare_with(DiffBase base) {
    base.serial = ++session.bases_made;
    session.diff_base = std::move(base);
    (*this)(ShowPanel{"diff"});
  }
  void operator()(const MarkDiffBase& action) {
    if (document() != nullptr)
      compare_with(base_at(*document(), action.at.value_or(session.cursor()), session.title()));
  }
  void operator()(const OpenDiffBase& action) {
    (*this)(CancelOpening{});
    session.opening = std::make_shared<Opening>(action.path, OpeningUse::Compare);
    session.overlay = Overlay::None;
  }
  void operator()(const SwapDiffBase&) {
    if (document() == nullptr || !session.diff_base) return;
    const EventNumber to = session.diff_base->event;
    const bool is_here = session.diff_base->document == document()->serial;
    const std::filesystem::path other = session.diff_base->path;
    if (!is_here && other.empty()) return;
    compare_with(base_at(*document(), session.cursor(), session.title()));
    if (is_here) return (*this)(Seek{to});
    ViewLink link;
    link.file = other;
    link.at = to;
    (*this)(OpenLink{format_view_link(link)});
  }

  void operator()(const SaveText& action) {
    std::ofstream out(action.path, std::ios::binary);
    out << action.text;
    out.close();
    if (out) return say(session, MessageKind::Notice, "message.saved", action.path.string());
    say(session, MessageKind::Problem, "message.cannot_write", action.path.string());
  }
  void operator()(const RememberQuestion& action) {
    auto& questions = session.preferences.questions;
    std::erase(questions, action.text);
    questions.insert(questions.begin(), action.text);
    if (questions.size() > kMaxQuestions) questions.resize(kMaxQuestions);
  }
  void operator()(const KeepQuestions& action) {
    session.questions_bytes = action.bytes;
    if (document() != nullptr) keep_budget(session);
  }

  void operator()(const SetLanguage& action) { session.preferences.language = action.language; }
  void operator()(const SetTheme& action) { session.preferences.theme = action.theme; }
  void operator()(const SetMemory& action) {
    session.preferences.memory_mb = std::clamp(action.mb, kMinMemoryMb, kMaxMemoryMb);
    if (document() != nullptr) keep_budget(session);
  }
  void operator()(const SetTextScale& action) {
    session.preferences.text_scale = std::clamp(action.scale, kMinTextScale, kMaxTextScale);
  }
  void operator()(const SetMotion& action) { session.preferences.motion = action.on; }
  void operator()(const SetPreset& action) {
    workspace().preset = action.preset;
    workspace().visible.clear();
    workspace().folded.clear();
    workspace().full_screen.clear();
  }
  void operator()(const ShowPanel& action) {
    bring_to_front(session, action.id);
    session.focused_panel = action.id;
  }
  void operator()(const HidePanel& action) {
    workspace().visible[action.id] = false;
    if (workspace().full_screen == action.id) workspace().full_screen.clear();
  }
  void operator()(const FoldPanel& action) { workspace().folded[action.id] = action.folded; }
  void operator()(const FocusPanel& action) { session.focused_panel = action.id; }
  void operator()(const FullScreenPanel& action) {
    workspace().full_screen = action.id;
    if (!action.id.empty()) session.focused_panel = action.id;
  }
  void operator()(const SetWorkspace& action) { workspace() = action.state; }
  void operator()(const ShowOverlay& action) { session.overlay = action.overlay; }
  void operator()(const ShowMessage& action) { session.message = action.message; }
  void operator()(const DismissMessage&) { session.message.reset(); }
  void operator()(const CopyText& action) { session.clipboard = action.text; }
  void operator()(const SavePicture& action) {
    session.overlay = Overlay::None;
    session.message.reset();
    session.picture_wanted = action.picture;
  }
  void operator()(const Quit&) { session.quit = true; }
  void operator()(const FocusFilter&) { session.filter_wanted = true; }
  void operator()(const FocusFind&) { session.find_wanted = true; }
};

}  // namespace

void apply(Session& session, const Action& action) {
  std::visit(Applier{session}, action);
  if (shown_contents(session) == nullptr) session.contents.reset();  // people's data: gone with what it is of
}

void finish_opening(Session& session) {
  const std::uint64_t opened_before = session.documents_opened;
  if (session.opening) {
    const std::shared_ptr<Opening> opening = std::exchange(session.opening, nullptr);
    core::Result<Opening::Opened> opened = opening->take();
    if (!opened)
      say(session, MessageKind::Problem, opening->refused_key(), opened.error().message);
    else if (auto* base = std::get_if<DiffBase>(&*opened))
      Applier{session}.compare_with(std::move(*base));
    else
      open(session, std::get<Document>(std::move(*opened)));
  }
  if (!session.opening_scenario.empty()) {
    const std::string name = std::exchange(session.opening_scenario, {});
    open(session, open_scenario(name));
    // Straight to the lesson's first words.
    if (session.document && session.document->scenario_name == name && session.can_run_on())
      apply(session, StepLesson{1});
  }
  const std::string view = std::exchange(session.opening_view, {});
  if (view.empty() || session.documents_opened == opened_before) return;
  if (const core::Result<ViewLink> link = parse_view_link(view)) show_view(session, *link);
}

namespace {

bool playing_or_running(const Session& session) { return session.playback.playing || session.document->runs_to_end; }

// A slice of the run to a breakpoint's hit; a script that is not through goes on meanwhile.
void run_on_to_hit(Session& session) {
  Document& document = *session.document;
  const BreakpointRun::Outcome outcome = session.run_to.advance();
  if (outcome == BreakpointRun::Outcome::Goes) return;
  if (outcome == BreakpointRun::Outcome::Found) {
    document.timeline.seek(session.run_to.hit()->event);
    return;
  }
  const bool forward = session.run_to.direction() > 0;
  if (forward && session.can_run_on()) {
    document.run->advance({.instructions = kFrameInstructions});
    report_failed_run(session);
    return;
  }
  session.run_to.stop();
  say(session, MessageKind::Notice, forward ? "message.no_later_hit" : "message.no_earlier_hit");
}

}  // namespace

void advance(Session& session, double seconds) {
  if (!session.document) return;
  Document& document = *session.document;
  append_news(session, kAppendTime);
  document.faults.follow(document.timeline);
  if (session.run_to.is_running()) return run_on_to_hit(session);
  if (!playing_or_running(session) && session.run_to.is_counting())
    session.run_to.count(document.timeline, session.breakpoints);
  if (document.runs_to_end) {
    document.run->advance({.instructions = kFrameInstructions});
    document.timeline.seek(document.timeline.size());
    document.runs_to_end = session.can_run_on();
    report_failed_run(session);
    return;
  }
  Playback& playback = session.playback;
  if (!playback.playing) return;
  // A frame that took long (a window moved, a laptop asleep) must not leap: at most a quarter of a second's worth.
  const double speed = kSpeeds[playback.speed];
  playback.owed_events = std::min(playback.owed_events + speed * seconds, std::max(1.0, speed * 0.25));
  const auto due = static_cast<EventNumber>(playback.owed_events);
  if (due == 0) return;
  playback.owed_events -= static_cast<double>(due);
  const EventNumber recorded = session.event_count() - session.cursor();
  if (recorded < due && session.can_run_on()) {
    document.run->advance({.instructions = kFrameInstructions, .events = due - recorded});
    report_failed_run(session);
  }
  document.timeline.seek(session.cursor() + due);
  if (session.cursor() == session.event_count() && !session.can_run_on()) playback.playing = false;
}

}  // namespace palloscope::gui
