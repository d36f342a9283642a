// Shared memory in the window: a real server's map opened, walked by mouse and keys; dynamic segments; pages and nodes;
// the strip.
#include "gui/panels/shmem_panel.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gui/document.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "tests/support/golden_files.h"

namespace palloscope::gui {
namespace {

using test::Headless;

// A sample of a real server, opened as a file.
void open_sample(Headless& window, const std::string& name) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("palloscope_shmem_" + std::to_string(getpid()) + "_" + name.substr(name.find('/') + 1));
  std::ofstream(path, std::ios::binary) << test::read_golden(name);
  apply(window.session(), OpenFile{path});
  finish_opening(window.session());
  window.frames(4);
  std::filesystem::remove(path);
  REQUIRE(window.session().document);
}

// A stream of the test's own; the cursor stands at its end.
void show(Headless& window, const std::vector<core::EventBody>& events) {
  trace::Timeline timeline = trace::Timeline::recording({});
  for (const core::EventBody& event : events) timeline.sink().emit(event);
  timeline.seek(timeline.size());
  Session& session = window.session();
  session.document.reset();
  session.document.emplace(Document{.timeline = std::move(timeline)});
  session.document->serial = ++session.documents_opened;
  apply(session, ShowPanel{"shmem"});
  window.frames(3);
}

constexpr core::SegmentSlot kMain{0}, kDynamic{1};
constexpr core::BackendSlot kLeader{0}, kWorker{1};

std::vector<core::EventBody> small_server() {
  core::SegmentCreated main;
  main.segment = kMain;
  main.bytes = 64 << 20;
  std::vector<core::EventBody> events = {
      core::BackendStarted{kLeader, core::BackendKind::Client, 4711, "leader"},
      core::BackendStarted{kWorker, core::BackendKind::ParallelWorker, 4712, "worker"},
      core::ShmemRequested{"pg_stat_statements", 1'000'000, 1},
      core::HugePagesTried{core::HugePages::Try, 2 << 20, 32, 16, false},
      main,
      core::ShmemAllocated{kMain, 0, 1000, 1024, "", "LWLock array"},
      core::ShmemAllocated{kMain, 1024, 8 << 20, 8 << 20, "Buffer Blocks", ""},
      core::ShmemAllocated{kMain, 1024 + (8 << 20), 4000, 4096, "pg_stat_statements", ""},
      core::NumaNodeAdded{0, 8, std::uint64_t{64} << 30},
      core::NumaNodeAdded{1, 8, std::uint64_t{64} << 30},
      core::BackendPlaced{kLeader, 0},
      core::BackendPlaced{kWorker, 1},
  };
  return events;
}

std::vector<core::EventBody> with_dynamic() {
  std::vector<core::EventBody> events = small_server();
  core::SegmentCreated dynamic;
  dynamic.segment = kDynamic;
  dynamic.kind = core::SegmentKind::Dynamic;
  dynamic.bytes = 1 << 20;
  dynamic.handle = 1234;
  dynamic.name = "/PostgreSQL.1234";
  events.push_back(dynamic);
  events.push_back(core::SegmentAttached{kDynamic, kLeader, core::Address{0x7f0000000000}, 2});
  events.push_back(core::SegmentAttached{kDynamic, kWorker, core::Address{0x7f0000100000}, 3});
  events.push_back(core::SegmentDetached{kDynamic, kWorker, 2});
  events.push_back(core::SegmentDetached{kDynamic, kLeader, 1});
  events.push_back(core::SegmentDestroyed{kDynamic});
  return events;
}

std::string selected_name(const Session& session) {
  const auto* key = std::get_if<ShmemKey>(&session.selection);
  const trace::ShmemRecord* piece = key == nullptr ? nullptr : find(session.state(), *key);
  return piece == nullptr ? std::string() : piece->name.empty() ? piece->purpose : piece->name;
}

void front(Headless& window) {
  window.key("M");
  window.frames(2);
  REQUIRE(window.session().focused_panel == "shmem");
}

}  // namespace

TEST_CASE("opening a server's shared memory brings its map to the front, and a later dump the heap's map") {
  Headless window(1900, 1000);
  open_sample(window, "views/pg17-shmem-allocations-128MB.csv");
  const auto& workspace = window.session().preferences.workspace;
  REQUIRE(workspace.front[static_cast<std::size_t>(Place::CentreTop)] == "shmem");
  REQUIRE(window.sees("##segment"));
  REQUIRE(window.sees("##structures"));
  open_sample(window, "dumps/pg17-backend-memory-contexts.csv");
  REQUIRE(workspace.front[static_cast<std::size_t>(Place::CentreTop)] != "shmem");
}

TEST_CASE("Up and Down walk the list, Enter goes closer, Backspace back, and the selection is the inspector's") {
  Headless window(1900, 1000);
  open_sample(window, "views/pg17-shmem-allocations-128MB.csv");
  front(window);
  // Where there is no room for the offsets the largest come first.
  window.key("Down");
  window.frames(2);
  REQUIRE(selected_name(window.session()) == "Buffer Blocks");
  window.key("Down");
  window.key("Down");
  window.frames(2);
  REQUIRE(selected_name(window.session()) == "PREDICATELOCK hash");
  window.key("Up");
  window.frames(2);
  REQUIRE(selected_name(window.session()) == "XLOG Ctl");
  window.key("Enter");
  window.frames(2);
  REQUIRE(window.sees(strings_of(Language::English)("shmem.area.wal")));
  window.key("Enter");
  window.frames(2);
  window.key("Backspace");
  window.key("Backspace");
  window.frames(2);
  REQUIRE_FALSE(window.sees(strings_of(Language::English)("shmem.area.wal")));
}

TEST_CASE("a click on the picture selects what lies there, by area and by address") {
  Headless window(1900, 1000);
  open_sample(window, "views/pg17-shmem-allocations-128MB.csv");
  front(window);
  // Most of the segment is Buffer Blocks: the middle of either picture.
  const auto picture = window.find("##segment");
  REQUIRE(picture);
  window.session().selection = {};
  const float x = (picture->left + picture->right) / 2, y = (picture->top + picture->bottom) / 2;
  window.click_at(x, y);
  window.frames(2);
  REQUIRE(selected_name(window.session()) == "Buffer Blocks");
  window.session().selection = {};
  window.key("A");
  window.frames(2);
  window.click_at(x, y);
  window.frames(2);
  REQUIRE(selected_name(window.session()) == "Buffer Blocks");
  for (int i = 0; i < 30; ++i) window.wheel(x, y, 1);
  window.frames(2);
  window.key("0");
  window.frames(2);
}

TEST_CASE("a dynamic segment stands there while it lives, leaves a ghost for one step, and is gone") {
  Headless window(1900, 1000);
  show(window, with_dynamic());
  front(window);
  window.key("Period");
  window.frames(2);
  const auto card = [&] { return window.sees("##card"); };
  REQUIRE(card());  // the ghost, although the moment before was never drawn
  apply(window.session(), Step{-1});
  window.frames(2);
  REQUIRE(card());
  window.key("Down");
  window.frames(2);
  const auto* key = std::get_if<SegmentKey>(&window.session().selection);
  REQUIRE(key != nullptr);
  REQUIRE(find(window.session().state(), *key)->handle == 1234);
  apply(window.session(), Step{1});
  window.frames(2);
  REQUIRE(card());
  window.session().document->timeline.sink().emit(core::Output{"something else"});
  apply(window.session(), Step{1});
  window.frames(2);
  REQUIRE_FALSE(card());
}

TEST_CASE(
    "every view draws at every moment of a stream, in both languages and themes, small, large and at twice the "
    "text size") {
  std::vector<core::EventBody> events = with_dynamic();
  for (std::uint64_t page = 0; page < 200; ++page)
    events.push_back(core::PagesPlaced{kMain, page * 4096, 4096, static_cast<std::uint32_t>(page % 2), kLeader});
  events.push_back(core::PagesUsed{kMain, kWorker, 4096, 8192});
  events.push_back(core::OperationBegan{
      core::OperationSlot{0}, core::OperationKind::Sort, core::OperationPhase::Initial, {}, 4 << 20, "Sort"});
  core::OperationCounted counted;
  counted.operation = core::OperationSlot{0};
  counted.used_bytes = 5 << 20;
  counted.limit_bytes = 4 << 20;
  events.push_back(counted);
  Headless window(1280, 800);
  show(window, events);
  REQUIRE(window.session().state().fault_count() == 0);
  front(window);
  const core::EventNumber end = window.session().event_count();
  for (int look = 0; look < 4; ++look) {
    apply(window.session(), SetLanguage{look % 2 == 0 ? Language::English : Language::Chinese});
    apply(window.session(), SetTheme{look < 2 ? ThemeChoice::Dark : ThemeChoice::Light});
    apply(window.session(), SetTextScale{look == 3 ? 2.0f : 1.0f});
    if (look == 2) window.resize(500, 380);
    if (look == 3) window.resize(2400, 1500);
    for (int view = 0; view < 4; ++view) {
      window.key("Period");
      for (core::EventNumber at = 0; at <= end; at += at < 25 ? 1 : 60) {
        apply(window.session(), Seek{at});
        window.frames(1);
      }
    }
    apply(window.session(), Seek{end});
    window.key("G");
    window.key("A");
    window.frames(2);
  }
}

TEST_CASE("nodes reported by a server are shown with what it said of each structure") {
  Headless window(1900, 1000);
  open_sample(window, "views/pg18-shmem-allocations-numa.csv");
  front(window);
  window.key("Down");
  window.frames(2);
  const auto* key = std::get_if<ShmemKey>(&window.session().selection);
  REQUIRE(key != nullptr);
  const trace::ShmemRecord* piece = find(window.session().state(), *key);
  REQUIRE(piece->name == "Buffer Blocks");
  REQUIRE(piece->nodes.size() == 2);
  window.key("Period");
  window.key("Period");
  window.frames(2);
}

}  // namespace palloscope::gui
