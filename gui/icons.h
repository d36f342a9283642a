// Glyphs of the icon font (Font Awesome 4.7) that the program uses; the set-up step cuts the font to these.
#pragma once

namespace palloscope::gui::icons {

inline constexpr const char* kOpen = "\uf07c";    // folder-open
inline constexpr const char* kSave = "\uf0c7";    // floppy
inline constexpr const char* kLesson = "\uf19d";  // graduation-cap
inline constexpr const char* kPlay = "\uf04b";
inline constexpr const char* kPause = "\uf04c";
inline constexpr const char* kStart = "\uf049";           // fast-backward
inline constexpr const char* kEnd = "\uf050";             // fast-forward
inline constexpr const char* kBack = "\uf053";            // chevron-left
inline constexpr const char* kForward = "\uf054";         // chevron-right
inline constexpr const char* kBackTen = "\uf100";         // angle-double-left
inline constexpr const char* kForwardTen = "\uf101";      // angle-double-right
inline constexpr const char* kBackTouch = "\uf060";       // arrow-left
inline constexpr const char* kForwardTouch = "\uf061";    // arrow-right
inline constexpr const char* kPreviousLesson = "\uf048";  // step-backward
inline constexpr const char* kNextLesson = "\uf051";      // step-forward
inline constexpr const char* kSearch = "\uf002";
inline constexpr const char* kFilter = "\uf0b0";
inline constexpr const char* kBookmark = "\uf02e";
inline constexpr const char* kBookmarkOff = "\uf097";
inline constexpr const char* kCommands = "\uf120";  // terminal
inline constexpr const char* kTextLarger = "A+";    // letters say it better than any icon
inline constexpr const char* kTextSmaller = "A−";
inline constexpr const char* kLanguage = "\uf0ac";       // globe
inline constexpr const char* kTheme = "\uf042";          // adjust
inline constexpr const char* kHelp = "\uf059";           // question-circle
inline constexpr const char* kClose = "\uf00d";          // times
inline constexpr const char* kFullScreen = "\uf065";     // expand
inline constexpr const char* kFullScreenOff = "\uf066";  // compress
inline constexpr const char* kFold = "\uf078";           // chevron-down
inline constexpr const char* kUnfold = "\uf054";         // chevron-right
inline constexpr const char* kProblem = "\uf071";        // warning triangle
inline constexpr const char* kNotice = "\uf05a";         // info-circle
inline constexpr const char* kFile = "\uf15b";
inline constexpr const char* kFolder = "\uf07b";
inline constexpr const char* kHome = "\uf015";
inline constexpr const char* kUp = "\uf062";      // arrow-up
inline constexpr const char* kRecent = "\uf017";  // clock
inline constexpr const char* kSlower = "\uf068";  // minus
inline constexpr const char* kFaster = "\uf067";  // plus
inline constexpr const char* kFault = "\uf00d";
inline constexpr const char* kMotion = "\uf021";
inline constexpr const char* kServer = "\uf233";
inline constexpr const char* kQuit = "\uf011";
inline constexpr const char* kLayout = "\uf0db";   // columns
inline constexpr const char* kRestart = "\uf01e";  // repeat
inline constexpr const char* kCopy = "\uf0c5";
inline constexpr const char* kCheck = "\uf00c";
inline constexpr const char* kCurrent = "\uf0da";     // caret-right
inline constexpr const char* kTree = "\uf0e8";        // sitemap
inline constexpr const char* kMap = "\uf00a";         // th
inline constexpr const char* kFreelists = "\uf0c1";   // link
inline constexpr const char* kInspector = "\uf05b";   // crosshairs
inline constexpr const char* kWhy = "\uf0eb";         // lightbulb
inline constexpr const char* kBreakpoint = "\uf111";  // circle
inline constexpr const char* kNote = "\uf249";        // sticky-note
inline constexpr const char* kTimeline = "\uf1fe";    // area-chart
inline constexpr const char* kEvents = "\uf0ca";      // list-ul
inline constexpr const char* kSource = "\uf121";      // code
inline constexpr const char* kStatistics = "\uf080";  // bar-chart
inline constexpr const char* kOperations = "\uf085";  // cogs
inline constexpr const char* kBorn = "\uf067";        // plus
inline constexpr const char* kGone = "\uf00d";        // times
inline constexpr const char* kReset = "\uf0e2";       // undo
inline constexpr const char* kSwitch = "\uf0ec";      // exchange
inline constexpr const char* kMove = "\uf07d";        // arrows-v
inline constexpr const char* kBlock = "\uf0c8";       // square
inline constexpr const char* kChunk = "\uf1b2";       // cube
inline constexpr const char* kError = "\uf06a";       // exclamation-circle
inline constexpr const char* kPencil = "\uf040";
inline constexpr const char* kTag = "\uf02b";
inline constexpr const char* kLife = "\uf1da";      // history
inline constexpr const char* kSnapshot = "\uf030";  // camera

// Around private memory.
inline constexpr const char* kAsk = "\uf128";         // question
inline constexpr const char* kRing = "\uf1ce";        // circle-o-notch
inline constexpr const char* kClockHand = "\uf252";   // hourglass-half
inline constexpr const char* kDisk = "\uf0a0";        // hdd
inline constexpr const char* kCheckpoint = "\uf11e";  // flag-checkered
inline constexpr const char* kSweep = "\uf1b8";       // recycle
inline constexpr const char* kAttach = "\uf0c6";      // paperclip
inline constexpr const char* kDetach = "\uf127";      // chain-broken
inline constexpr const char* kBackend = "\uf007";     // user
inline constexpr const char* kGear = "\uf013";        // cog
inline constexpr const char* kChip = "\uf2db";        // microchip

inline constexpr const char* kQuestions = "\uf120";  // terminal

inline constexpr const char* kFindings = "\uf0f0";  // user-md: who looks for what is wrong
inline constexpr const char* kCompare = "\uf24e";   // balance-scale

inline constexpr const char* kDiff = "\uf0dc";  // sort: up and down

inline constexpr const char* kSharedMemory = "\uf1c0";  // database
inline constexpr const char* kBuffers = "\uf0ce";       // table
inline constexpr const char* kPin = "\uf08d";           // thumb-tack
inline constexpr const char* kZoomIn = "\uf00e";        // search-plus
inline constexpr const char* kZoomOut = "\uf010";       // search-minus

}  // namespace palloscope::gui::icons
