#include "gui/command_table.h"

#include <algorithm>
#include <cmath>

#include "core/version/version_profile.h"
#include "gui/icons.h"
#include "gui/panels/panel_table.h"
#include "gui/watch_condition.h"

namespace palloscope::gui {
namespace {

bool always(const Session&) { return true; }
bool has_document(const Session& session) { return session.document.has_value(); }
bool can_go_back(const Session& session) { return session.document && session.cursor() > 0; }
bool can_go_on(const Session& session) {
  return session.document && (session.cursor() < session.event_count() || session.can_run_on());
}
bool has_script(const Session& session) { return session.document && !session.document->script.empty(); }
bool has_bookmarks(const Session& session) { return session.document && !session.bookmarks.empty(); }
bool has_breakpoints(const Session& session) { return session.document && !session.breakpoints.empty(); }
bool can_filter(const Session& session) { return session.document && !session.focused_panel.empty(); }
bool has_found(const Session& session) { return session.document && !session.find.empty(); }

template <int kBy>
Action step(const Session&) {
  return Step{kBy};
}
template <int kDirection>
Action step_touching(const Session&) {
  return StepTouching{kDirection};
}
template <int kDirection>
Action step_lesson(const Session&) {
  return StepLesson{kDirection};
}
template <int kDirection>
Action step_error(const Session&) {
  return StepError{kDirection};
}
template <int kDirection>
Action step_bookmark(const Session&) {
  return StepBookmark{kDirection};
}
template <int kDirection>
Action find_next(const Session&) {
  return FindNext{kDirection};
}
template <Overlay kOverlay>
Action show_overlay(const Session& session) {
  return ShowOverlay{session.overlay == kOverlay ? Overlay::None : kOverlay};
}
template <Preset kPreset>
Action set_preset(const Session&) {
  return SetPreset{kPreset};
}
template <int kSteps>
Action change_text_size(const Session& session) {
  const float steps = std::round(session.preferences.text_scale / kTextScaleStep) + kSteps;
  return SetTextScale{steps * kTextScaleStep};
}
Action more_memory(const Session& session) { return SetMemory{session.preferences.memory_mb * 2}; }
Action less_memory(const Session& session) { return SetMemory{session.preferences.memory_mb / 2}; }
template <int kBy>
Action change_speed(const Session& session) {
  return SetSpeed{session.playback.speed + kBy};
}
template <std::size_t kRow>
bool has_panel(const Session& session) {
  return session.document && kRow < panel_table().size();
}
template <std::size_t kRow>
Action show_panel_row(const Session&) {
  return ShowPanel{std::string(panel_table()[kRow].placement.id)};
}
Action show_compare(const Session&) { return ShowPanel{"compare"}; }
Action show_shared_memory(const Session&) { return ShowPanel{"shmem"}; }
Action show_buffers(const Session&) { return ShowPanel{"buffers"}; }
Action show_operations(const Session&) { return ShowPanel{"operations"}; }
Action show_differences(const Session&) { return ShowPanel{"diff"}; }
Action mark_base(const Session&) { return MarkDiffBase{}; }
Action swap_base(const Session&) { return SwapDiffBase{}; }
bool can_swap_base(const Session& session) {
  const auto& base = session.diff_base;
  return session.document && base && (base->document == session.document->serial || !base->path.empty());
}
// Of the panel that has the keys; where none has, of the window.
template <bool kSvg, bool kWindow>
Action save_picture(const Session& session) {
  return SavePicture{{kSvg, kWindow || !session.document ? std::string() : session.focused_panel}};
}
bool is_attached(const Session& session) { return session.document && session.document->live; }
bool can_take_moment(const Session& session) { return is_attached(session) && !session.document->live->ended(); }
Action take_moment(const Session&) { return TakeMoment{}; }
// On and off: on again as it was chosen when the process was attached to.
Action toggle_follow(const Session& session) {
  const LiveView& live = *session.document->live;
  const int chosen = live.request().every_ms;
  if (live.every_ms() != kFollowNever) return FollowEvery{kFollowNever};
  return FollowEvery{chosen != kFollowNever ? chosen : 1000};
}
Action detach(const Session&) { return Detach{}; }
Action toggle_contents(const Session& session) { return ShowContents{shown_contents(session) == nullptr}; }
Action paste_text(const Session&) { return PasteText{}; }
Action show_process(const Session&) { return ShowPanel{"process"}; }
Action copy_link(const Session&) { return CopyLink{}; }
Action show_questions(const Session&) { return ShowPanel{"query"}; }
Action show_findings(const Session&) { return ShowPanel{"findings"}; }
Action show_breakpoints(const Session&) { return ShowPanel{"breakpoints"}; }
template <int kDirection>
Action run_to(const Session&) {
  return RunTo{kDirection};
}
bool can_watch(const Session& session) { return session.document && !watch_condition(session).empty(); }
Action watch_selection(const Session& session) { return AddBreakpoint{{watch_condition(session), "", true}}; }
template <int kDirection>
Action run_to_selection(const Session& session) {
  return RunTo{kDirection, watch_condition(session)};
}
Action open_thing_menu(const Session&) { return OpenThingMenu{}; }
Action note_here(const Session& session) { return AddNote{{session.cursor(), session.cursor(), ""}}; }
Action full_screen_panel(const Session& session) {
  if (!session.preferences.workspace.full_screen.empty()) return FullScreenPanel{};
  return FullScreenPanel{session.focused_panel.empty() ? "map" : session.focused_panel};
}
Action toggle_language(const Session& session) {
  return SetLanguage{session.preferences.language == Language::English ? Language::Chinese : Language::English};
}
Action toggle_theme(const Session& session) {
  return SetTheme{session.preferences.theme == ThemeChoice::Dark ? ThemeChoice::Light : ThemeChoice::Dark};
}
Action toggle_motion(const Session& session) { return SetMotion{!session.preferences.motion}; }
Action toggle_play(const Session&) { return TogglePlay{}; }
Action seek_start(const Session&) { return Seek{0}; }
Action seek_end(const Session&) { return SeekEnd{}; }
Action bookmark(const Session& session) { return ToggleBookmark{session.cursor()}; }
Action focus_find(const Session&) { return FocusFind{}; }
Action focus_filter(const Session&) { return FocusFilter{}; }
Action close_document(const Session&) { return CloseDocument{}; }
Action run_again(const Session& session) { return RunScript{session.document->script}; }
bool can_choose_server(const Session& session) { return session.can_choose_server(); }
template <int kBy>
bool has_other_version(const Session& session) {
  return session.can_choose_server() &&
         core::find_profile(session.server().pg_major + kBy, session.server().checking) != nullptr;
}
template <int kBy>
Action run_on_version(const Session& session) {
  return RunOnServer{{session.server().pg_major + kBy, session.server().checking}};
}
Action toggle_checking(const Session& session) {
  return RunOnServer{{session.server().pg_major, !session.server().checking}};
}
bool can_leave(const Session& session) {
  return session.overlay != Overlay::None || session.opening || session.run_to.is_running() ||
         !session.preferences.workspace.full_screen.empty() || session.message ||
         !std::holds_alternative<NothingSelected>(session.selection);
}
// Out of the innermost thing.
Action leave(const Session& session) {
  if (session.overlay != Overlay::None) return ShowOverlay{Overlay::None};
  if (session.opening) return CancelOpening{};
  if (session.run_to.is_running()) return StopRun{};
  if (session.message) return DismissMessage{};
  if (!session.preferences.workspace.full_screen.empty()) return FullScreenPanel{};
  return Select{};
}
Action quit(const Session&) { return Quit{}; }

using G = CommandGroup;

constexpr Command panel_command(std::string_view id, Key key, bool (*available)(const Session&),
                                Action (*make)(const Session&)) {
  return {id, "", G::Panels, {{{key}}}, false, available, make};
}

constexpr Command kCommands[] = {
    {"open", icons::kOpen, G::File, {{{Key::O, kCtrl}}}, false, always, show_overlay<Overlay::OpenDialog>},
    {"scenarios", icons::kLesson, G::File, {{{Key::L, kCtrl}}}, false, always, show_overlay<Overlay::Scenarios>},
    {"attach", icons::kServer, G::File, {{{Key::A, kCtrl | kShift}}}, false, always, show_overlay<Overlay::Attach>},
    {"paste", icons::kCopy, G::File, {{{Key::V, kCtrl}}}, false, always, paste_text},
    {"save", icons::kSave, G::File, {{{Key::S, kCtrl}}}, false, has_document, show_overlay<Overlay::SaveDialog>},
    {"copy_link", icons::kAttach, G::File, {{{Key::L, kCtrl | kShift}}}, false, has_document, copy_link},
    {"picture_panel", icons::kSnapshot, G::File, {{{Key::E, kCtrl}}}, false, has_document, save_picture<false, false>},
    {"picture_window",
     icons::kSnapshot,
     G::File,
     {{{Key::E, kCtrl | kShift}}},
     false,
     always,
     save_picture<false, true>},
    {"svg_panel", icons::kSnapshot, G::File, {{{Key::E, kAlt}}}, false, has_document, save_picture<true, false>},
    {"svg_window", icons::kSnapshot, G::File, {{{Key::E, kAlt | kShift}}}, false, always, save_picture<true, true>},
    {"run_again", icons::kRestart, G::File, {{{Key::R, kCtrl}}}, false, has_script, run_again},
    {"newer_server", icons::kServer, G::File, {{{Key::V}}}, false, has_other_version<1>, run_on_version<1>},
    {"older_server", icons::kServer, G::File, {{{Key::V, kShift}}}, false, has_other_version<-1>, run_on_version<-1>},
    {"checking_build", icons::kServer, G::File, {{{Key::V, kAlt}}}, false, can_choose_server, toggle_checking},
    {"close", icons::kHome, G::File, {{{Key::W, kCtrl}}}, false, has_document, close_document},
    {"quit", icons::kQuit, G::File, {{{Key::Q, kCtrl}}}, false, always, quit},

    {"seek_start", icons::kStart, G::Time, {{{Key::Home}}}, false, can_go_back, seek_start},
    {"previous_touch", icons::kBackTouch, G::Time, {{{Key::Left, kCtrl}}}, true, can_go_back, step_touching<-1>},
    {"back_ten", icons::kBackTen, G::Time, {{{Key::Left, kShift}}}, true, can_go_back, step<-10>},
    {"back", icons::kBack, G::Time, {{{Key::Left}}}, true, can_go_back, step<-1>},
    {"play", icons::kPlay, G::Time, {{{Key::Space}}}, false, has_document, toggle_play},
    {"forward", icons::kForward, G::Time, {{{Key::Right}}}, true, can_go_on, step<1>},
    {"forward_ten", icons::kForwardTen, G::Time, {{{Key::Right, kShift}}}, true, can_go_on, step<10>},
    {"next_touch", icons::kForwardTouch, G::Time, {{{Key::Right, kCtrl}}}, true, can_go_on, step_touching<1>},
    {"seek_end", icons::kEnd, G::Time, {{{Key::End}}}, false, can_go_on, seek_end},
    {"previous_lesson", icons::kPreviousLesson, G::Time, {{{Key::PageUp}}}, true, can_go_back, step_lesson<-1>},
    {"next_lesson", icons::kNextLesson, G::Time, {{{Key::PageDown}}}, true, can_go_on, step_lesson<1>},
    {"slower", icons::kSlower, G::Time, {{{Key::LeftBracket}}}, true, has_document, change_speed<-1>},
    {"faster", icons::kFaster, G::Time, {{{Key::RightBracket}}}, true, has_document, change_speed<1>},
    {"next_error", icons::kError, G::Time, {{{Key::E}}}, true, has_document, step_error<1>},
    {"previous_error", icons::kError, G::Time, {{{Key::E, kShift}}}, true, has_document, step_error<-1>},
    {"bookmark", icons::kBookmark, G::Time, {{{Key::B}}}, false, has_document, bookmark},
    {"next_bookmark", icons::kBookmarkOff, G::Time, {{{Key::N}}}, true, has_bookmarks, step_bookmark<1>},
    {"previous_bookmark", icons::kBookmarkOff, G::Time, {{{Key::N, kShift}}}, true, has_bookmarks, step_bookmark<-1>},

    {"take_moment", icons::kSnapshot, G::Time, {{{Key::F5}}}, true, can_take_moment, take_moment},
    {"follow", icons::kRecent, G::Time, {{{Key::F5, kCtrl}}}, false, can_take_moment, toggle_follow},
    {"detach", icons::kDetach, G::File, {{{Key::F5, kShift}}}, false, is_attached, detach},

    {"contents", icons::kChip, G::Find, {{{Key::I}}}, false, can_show_contents, toggle_contents},

    {"run_to_next", icons::kBreakpoint, G::Time, {{{Key::F8}}}, true, has_breakpoints, run_to<1>},
    {"run_to_previous", icons::kBreakpoint, G::Time, {{{Key::F8, kShift}}}, true, has_breakpoints, run_to<-1>},
    {"watch_selection", icons::kBreakpoint, G::Time, {{{Key::B, kCtrl | kShift}}}, false, can_watch, watch_selection},
    {"run_to_touch", icons::kForwardTouch, G::Time, {{{Key::F8, kCtrl}}}, true, can_watch, run_to_selection<1>},
    {"run_back_to_touch",
     icons::kBackTouch,
     G::Time,
     {{{Key::F8, kCtrl | kShift}}},
     true,
     can_watch,
     run_to_selection<-1>},
    {"thing_menu", icons::kCommands, G::Find, {{{Key::F10, kShift}}}, false, can_watch, open_thing_menu},
    {"note_here", icons::kNote, G::Time, {{{Key::M, kCtrl}}}, false, has_document, note_here},

    {"find", icons::kSearch, G::Find, {{{Key::F}, {Key::F, kCtrl}}}, false, has_document, focus_find},
    {"find_next", icons::kSearch, G::Find, {{{Key::F3}}}, true, has_found, find_next<1>},
    {"find_previous", icons::kSearch, G::Find, {{{Key::F3, kShift}}}, true, has_found, find_next<-1>},
    {"filter", icons::kFilter, G::Find, {{{Key::Slash}}}, false, can_filter, focus_filter},
    {"palette", icons::kCommands, G::Find, {{{Key::K, kCtrl}}}, false, always, show_overlay<Overlay::Palette>},

    {"leave", icons::kClose, G::View, {{{Key::Escape}}}, false, can_leave, leave},
    {"full_screen", icons::kFullScreen, G::View, {{{Key::Z}}}, false, has_document, full_screen_panel},
    {"text_larger", icons::kTextLarger, G::View, {{{Key::Plus, kCtrl}}}, true, always, change_text_size<1>},
    {"text_smaller", icons::kTextSmaller, G::View, {{{Key::Minus, kCtrl}}}, true, always, change_text_size<-1>},
    {"language", icons::kLanguage, G::View, {{{Key::L}}}, false, always, toggle_language},
    {"theme", icons::kTheme, G::View, {{{Key::T}}}, false, always, toggle_theme},
    {"motion", icons::kMotion, G::View, {}, false, always, toggle_motion},
    {"memory_more", icons::kChip, G::View, {}, false, always, more_memory},
    {"memory_less", icons::kChip, G::View, {}, false, always, less_memory},
    {"preset_teach", icons::kLayout, G::View, {{{Key::Digit1, kCtrl}}}, false, always, set_preset<Preset::Teach>},
    {"preset_debug", icons::kLayout, G::View, {{{Key::Digit2, kCtrl}}}, false, always, set_preset<Preset::Debug>},
    {"preset_server", icons::kLayout, G::View, {{{Key::Digit3, kCtrl}}}, false, always, set_preset<Preset::Server>},

    panel_command("panel_1", Key::Digit1, has_panel<0>, show_panel_row<0>),
    panel_command("panel_2", Key::Digit2, has_panel<1>, show_panel_row<1>),
    panel_command("panel_3", Key::Digit3, has_panel<2>, show_panel_row<2>),
    panel_command("panel_4", Key::Digit4, has_panel<3>, show_panel_row<3>),
    panel_command("panel_5", Key::Digit5, has_panel<4>, show_panel_row<4>),
    panel_command("panel_6", Key::Digit6, has_panel<5>, show_panel_row<5>),
    panel_command("panel_7", Key::Digit7, has_panel<6>, show_panel_row<6>),
    panel_command("panel_8", Key::Digit8, has_panel<7>, show_panel_row<7>),
    panel_command("panel_9", Key::Digit9, has_panel<8>, show_panel_row<8>),
    panel_command("panel_10", Key::H, has_panel<9>, show_panel_row<9>),  // H: the life, or history, of a place

    {"compare", icons::kCompare, G::Panels, {{{Key::C}}}, false, has_document, show_compare},
    {"shared_memory", icons::kSharedMemory, G::Panels, {{{Key::M}}}, false, has_document, show_shared_memory},
    {"buffers", icons::kBuffers, G::Panels, {{{Key::P}}}, false, has_document, show_buffers},
    {"breakpoints", icons::kBreakpoint, G::Panels, {{{Key::B, kCtrl}}}, false, has_document, show_breakpoints},
    {"operations", icons::kOperations, G::Panels, {{{Key::W}}}, false, has_document, show_operations},
    {"differences", icons::kDiff, G::Panels, {{{Key::D, kCtrl}}}, false, has_document, show_differences},
    {"diff_mark", icons::kDiff, G::Time, {{{Key::D, kCtrl | kShift}}}, false, has_document, mark_base},
    {"diff_swap", icons::kSwitch, G::Time, {{{Key::D, kAlt}}}, false, can_swap_base, swap_base},
    {"diff_open", icons::kOpen, G::File, {}, false, has_document, show_overlay<Overlay::BaseDialog>},
    {"questions", icons::kQuestions, G::Panels, {{{Key::Q}}}, false, has_document, show_questions},
    {"findings", icons::kFindings, G::Panels, {{{Key::Y, kCtrl}}}, false, has_document, show_findings},

    {"process", icons::kChip, G::Panels, {{{Key::P, kCtrl}}}, false, has_document, show_process},

    {"help", icons::kHelp, G::Help, {{{Key::Slash, kShift}, {Key::F1}}}, false, always, show_overlay<Overlay::Help>},
};

consteval bool has_unique_ids() {
  for (const Command& a : kCommands)
    for (const Command& b : kCommands)
      if (&a != &b && a.id == b.id) return false;
  return true;
}
consteval bool has_unique_keys() {
  for (const Command& a : kCommands)
    for (const Command& b : kCommands)
      for (const KeyChord chord : a.keys)
        for (const KeyChord other : b.keys)
          if (&a != &b && chord.key != Key::None && chord == other) return false;
  return true;
}
static_assert(has_unique_ids());
static_assert(has_unique_keys());

// Which row a "panel_n" command stands for; -1 for other commands.
int panel_row(const Command& command) {
  constexpr std::string_view kPrefix = "panel_";
  if (!command.id.starts_with(kPrefix)) return -1;
  int number = 0;
  for (const char digit : command.id.substr(kPrefix.size())) number = number * 10 + (digit - '0');
  return number - 1;
}

}  // namespace

std::span<const Command> command_table() { return kCommands; }

const Command* find_command(std::string_view id) {
  const auto table = command_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const Command& row) { return row.id == id; });
  return found == table.end() ? nullptr : &*found;
}

std::string command_title_key(const Command& command) {
  const int row = panel_row(command);
  if (row >= 0 && static_cast<std::size_t>(row) < panel_table().size())
    return panel_title_key(panel_table()[static_cast<std::size_t>(row)].placement.id);
  return "command." + std::string(command.id);
}

std::vector<KeyChord> keys_of(const Command& command, const Preferences& preferences) {
  const auto own = preferences.keys.find(std::string(command.id));
  if (own != preferences.keys.end()) return parse_key_chords(own->second);
  std::vector<KeyChord> keys;
  for (const KeyChord chord : command.keys)
    if (chord.key != Key::None) keys.push_back(chord);
  return keys;
}

}  // namespace palloscope::gui
