// Actions: everything that can be asked of the session, one small struct each. Panels and commands make them, the queue
// holds them until the end of the frame, apply() carries them out in order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gui/session.h"

namespace palloscope::gui {

// --- time
struct Seek {
  EventNumber to = 0;
  friend bool operator==(const Seek&, const Seek&) = default;
};
struct SeekEnd {
  friend bool operator==(const SeekEnd&, const SeekEnd&) = default;
};
// By so many events, negative: back. At the end of a running scenario a step forward runs it on.
struct Step {
  std::int64_t by = 1;
  friend bool operator==(const Step&, const Step&) = default;
};
// To the next (+1) or previous (-1) event that touches the selected context.
struct StepTouching {
  int direction = 1;
  friend bool operator==(const StepTouching&, const StepTouching&) = default;
};
// To the next or previous step of the lesson (dumps: the next snapshot).
struct StepLesson {
  int direction = 1;
  friend bool operator==(const StepLesson&, const StepLesson&) = default;
};
// To the next or previous error or failed allocation.
struct StepError {
  int direction = 1;
  friend bool operator==(const StepError&, const StepError&) = default;
};
struct StepBookmark {
  int direction = 1;
  friend bool operator==(const StepBookmark&, const StepBookmark&) = default;
};
// On to the next (+1) or back to the previous (-1) event at which a breakpoint that is on holds: a run over many
// frames.
struct RunTo {
  int direction = 1;
  std::string condition = {};  // this one instead of the breakpoints; empty: those
  friend bool operator==(const RunTo&, const RunTo&) = default;
};
// Searches by condition become frequent: the index for them is made when nothing else is to be done.
struct WantIndex {
  friend bool operator==(const WantIndex&, const WantIndex&) = default;
};
struct StopRun {
  friend bool operator==(const StopRun&, const StopRun&) = default;
};
struct TogglePlay {
  friend bool operator==(const TogglePlay&, const TogglePlay&) = default;
};
struct SetSpeed {
  int speed = kDefaultSpeed;  // index into kSpeeds, clamped
  friend bool operator==(const SetSpeed&, const SetSpeed&) = default;
};
// The menu of what was clicked: it becomes the selection. `condition`: how it is watched; empty: as watch_condition
// says.
struct OpenThingMenu {
  Selection selection;
  std::string condition = {};
  friend bool operator==(const OpenThingMenu&, const OpenThingMenu&) = default;
};
struct ToggleBookmark {
  EventNumber at = 0;
  friend bool operator==(const ToggleBookmark&, const ToggleBookmark&) = default;
};

// --- what is added to a stream (notes.h); kept beside its file
struct AddBreakpoint {
  Breakpoint breakpoint;  // one with this condition that is there already is turned on
  friend bool operator==(const AddBreakpoint&, const AddBreakpoint&) = default;
};
struct SetBreakpoint {
  std::size_t index = 0;
  Breakpoint breakpoint;
  friend bool operator==(const SetBreakpoint&, const SetBreakpoint&) = default;
};
struct RemoveBreakpoint {
  std::size_t index = 0;
  friend bool operator==(const RemoveBreakpoint&, const RemoveBreakpoint&) = default;
};
struct AddNote {
  Note note;
  friend bool operator==(const AddNote&, const AddNote&) = default;
};
struct SetNote {
  std::size_t index = 0;
  Note note;
  friend bool operator==(const SetNote&, const SetNote&) = default;
};
struct RemoveNote {
  std::size_t index = 0;
  friend bool operator==(const RemoveNote&, const RemoveNote&) = default;
};

// --- pointing
struct Select {
  Selection what;
  friend bool operator==(const Select&, const Select&) = default;
};
// The bytes of the selected chunk or block, read again if they are shown; false: they are forgotten.
struct ShowContents {
  bool shown = true;
  friend bool operator==(const ShowContents&, const ShowContents&) = default;
};
struct SetFind {
  std::string text;
  friend bool operator==(const SetFind&, const SetFind&) = default;
};
// "#123": to that event; "0x7f12...": selects what lies there; else to the next (or previous) context of the tree whose
// name contains Session::find.
struct FindNext {
  int direction = 1;
  friend bool operator==(const FindNext&, const FindNext&) = default;
};

// --- documents
struct OpenFile {
  std::filesystem::path path;
  friend bool operator==(const OpenFile&, const OpenFile&) = default;
};
// What OpenFile is reading is given up.
struct CancelOpening {
  friend bool operator==(const CancelOpening&, const CancelOpening&) = default;
};
struct OpenScenario {
  std::string name;  // of a built-in one
  friend bool operator==(const OpenScenario&, const OpenScenario&) = default;
};
// Runs this text as the open scenario, from the start (the script was edited).
struct RunScript {
  std::string text;
  friend bool operator==(const RunScript&, const RunScript&) = default;
};
// The open scenario again, from the start, on this server; the cursor goes to the same step of the lesson.
struct RunOnServer {
  ServerChoice server;
  friend bool operator==(const RunOnServer&, const RunOnServer&) = default;
};
// A console line for the running scenario; the cursor goes to the end.
struct Evaluate {
  std::string line;
  friend bool operator==(const Evaluate&, const Evaluate&) = default;
};
// A link as text (view_link.h): opens its file if it is not the open one, and goes to its view.
struct OpenLink {
  std::string text;
  friend bool operator==(const OpenLink&, const OpenLink&) = default;
};
// The link of this view into the clipboard.
struct CopyLink {
  friend bool operator==(const CopyLink&, const CopyLink&) = default;
};
struct SaveFile {
  std::filesystem::path path;  // ".pscope" is added if it has no extension
  friend bool operator==(const SaveFile&, const SaveFile&) = default;
};
// A running server process takes the place of what is open.
struct AttachTo {
  AttachRequest request;
  friend bool operator==(const AttachTo&, const AttachTo&) = default;
};
// One more moment of it, now.
struct TakeMoment {
  friend bool operator==(const TakeMoment&, const TakeMoment&) = default;
};
// A moment every so often; kFollowNever: only when asked.
struct FollowEvery {
  int ms = 1000;
  friend bool operator==(const FollowEvery&, const FollowEvery&) = default;
};
// A moment when a context of it grows past a limit; none: no longer.
struct StopWhen {
  std::optional<trace::StopRule> rule;
  friend bool operator==(const StopWhen&, const StopWhen&) = default;
};
// The process is let go; its moments stay open.
struct Detach {
  friend bool operator==(const Detach&, const Detach&) = default;
};
// Text that a server or psql printed: opened as a file of that name would be.
struct OpenText {
  std::string name, text;
  friend bool operator==(const OpenText&, const OpenText&) = default;
};
// The text in the clipboard.
struct PasteText {
  friend bool operator==(const PasteText&, const PasteText&) = default;
};
struct CloseDocument {
  friend bool operator==(const CloseDocument&, const CloseDocument&) = default;
};
struct ForgetRecent {
  std::filesystem::path path;
  friend bool operator==(const ForgetRecent&, const ForgetRecent&) = default;
};

// --- differences
// This event is what the panel of differences compares with; none: the cursor's.
struct MarkDiffBase {
  std::optional<EventNumber> at = {};
  friend bool operator==(const MarkDiffBase&, const MarkDiffBase&) = default;
};
// The end of another file is.
struct OpenDiffBase {
  std::filesystem::path path;
  friend bool operator==(const OpenDiffBase&, const OpenDiffBase&) = default;
};
// The cursor goes to the marked moment, and where it was is marked.
struct SwapDiffBase {
  friend bool operator==(const SwapDiffBase&, const SwapDiffBase&) = default;
};

// --- the window
struct SetLanguage {
  Language language = Language::English;
  friend bool operator==(const SetLanguage&, const SetLanguage&) = default;
};
struct SetTheme {
  ThemeChoice theme = ThemeChoice::Dark;
  friend bool operator==(const SetTheme&, const SetTheme&) = default;
};
struct SetMemory {
  int mb;  // clamped to kMinMemoryMb..kMaxMemoryMb
  friend bool operator==(const SetMemory&, const SetMemory&) = default;
};
struct SetTextScale {
  float scale = 1;  // clamped
  friend bool operator==(const SetTextScale&, const SetTextScale&) = default;
};
struct SetMotion {
  bool on = true;
  friend bool operator==(const SetMotion&, const SetMotion&) = default;
};
struct SetPreset {
  Preset preset = Preset::Teach;
  friend bool operator==(const SetPreset&, const SetPreset&) = default;
};
struct ShowPanel {
  std::string id;  // visible, in front, focused
  friend bool operator==(const ShowPanel&, const ShowPanel&) = default;
};
struct HidePanel {
  std::string id;
  friend bool operator==(const HidePanel&, const HidePanel&) = default;
};
struct FoldPanel {
  std::string id;
  bool folded = true;
  friend bool operator==(const FoldPanel&, const FoldPanel&) = default;
};
struct FocusPanel {
  std::string id;
  friend bool operator==(const FocusPanel&, const FocusPanel&) = default;
};
// This panel over the whole window, or back (empty: back).
struct FullScreenPanel {
  std::string id;
  friend bool operator==(const FullScreenPanel&, const FullScreenPanel&) = default;
};
struct SetWorkspace {
  WorkspaceState state;
  friend bool operator==(const SetWorkspace&, const SetWorkspace&) = default;
};
struct ShowOverlay {
  Overlay overlay = Overlay::None;
  friend bool operator==(const ShowOverlay&, const ShowOverlay&) = default;
};
struct ShowMessage {
  Message message;
  friend bool operator==(const ShowMessage&, const ShowMessage&) = default;
};
struct DismissMessage {
  friend bool operator==(const DismissMessage&, const DismissMessage&) = default;
};
struct CopyText {
  std::string text;
  friend bool operator==(const CopyText&, const CopyText&) = default;
};
// Into a file beside what is open; the message says where.
struct SavePicture {
  PictureRequest picture;
  friend bool operator==(const SavePicture&, const SavePicture&) = default;
};
// A text (an answer as CSV) into a file; an existing one is replaced.
struct SaveText {
  std::filesystem::path path;
  std::string text;
  friend bool operator==(const SaveText&, const SaveText&) = default;
};
// A question that was asked, for the settings: the newest first, each once.
struct RememberQuestion {
  std::string text;
  friend bool operator==(const RememberQuestion&, const RememberQuestion&) = default;
};
// What the answers to questions and their tables take now: the rest of what may be kept is the timeline's.
struct KeepQuestions {
  std::size_t bytes = 0;
  friend bool operator==(const KeepQuestions&, const KeepQuestions&) = default;
};
struct Quit {
  friend bool operator==(const Quit&, const Quit&) = default;
};
// The keyboard goes to the filter box of the focused panel / to the find box.
struct FocusFilter {
  friend bool operator==(const FocusFilter&, const FocusFilter&) = default;
};
struct FocusFind {
  friend bool operator==(const FocusFind&, const FocusFind&) = default;
};

using Action =
    std::variant<Seek, SeekEnd, Step, StepTouching, StepLesson, StepError, StepBookmark, RunTo, StopRun, WantIndex,
                 TogglePlay,
                 SetSpeed,                                                                                      //
                 ToggleBookmark, AddBreakpoint, SetBreakpoint, RemoveBreakpoint, AddNote, SetNote, RemoveNote,  //
                 Select, OpenThingMenu, SetFind, FindNext,                                                      //
                 OpenFile, CancelOpening, OpenScenario, OpenLink, RunScript, RunOnServer, Evaluate, SaveFile,   //
                 CloseDocument, ForgetRecent, AttachTo, TakeMoment, FollowEvery, Detach, OpenText, PasteText,   //
                 CopyLink, CopyText, SaveText, SavePicture, RememberQuestion, KeepQuestions,                    //
                 MarkDiffBase, OpenDiffBase, SwapDiffBase,                                                      //
                 SetLanguage, SetTheme, SetTextScale, SetMemory, SetMotion, SetPreset, ShowPanel, HidePanel,    //
                 FoldPanel, FocusPanel, FullScreenPanel, SetWorkspace, ShowOverlay, ShowMessage, DismissMessage, Quit,
                 FocusFilter, FocusFind, StopWhen, ShowContents>;

class ActionQueue {
 public:
  void push(Action action) { queued_.push_back(std::move(action)); }
  bool empty() const { return queued_.empty(); }
  const std::vector<Action>& queued() const { return queued_; }
  std::vector<Action> take() { return std::exchange(queued_, {}); }

 private:
  std::vector<Action> queued_;
};

// Carries one action out. Mistakes of the outside world end up in session.message.
void apply(Session& session, const Action& action);

// Opens what OpenFile or OpenScenario asked for, when it is read to its end. Apart from apply(), so that "opening ..."
// is drawn meanwhile.
void finish_opening(Session& session);

// Time has passed: play moves the cursor, a running scenario is advanced.
void advance(Session& session, double seconds);

}  // namespace palloscope::gui
