// Contents of a process's memory in the inspector: shown when asked for, and only then.
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "gui/document.h"
#include "gui/opening.h"
#include "tests/gui/support/headless.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_capture.h"
#include "tests/support/simulated_process.h"
#include "trace/live/snapshot_file.h"

namespace palloscope::gui {
namespace {

using test::Headless;

struct Backend {
  test::SimulatedProcess simulated{17};
  core::Address bag = simulated.create("bag");
  core::Address secret = simulated.process.memory_context_alloc(bag, 100);
  core::Address other = simulated.process.memory_context_alloc(bag, 200);
  bool gone = false;
  int reads = 0;

  Backend() { simulated.poke(secret, 'S'); }
  trace::MomentSource source() {
    trace::MomentSource made;
    made.take = [this]() -> core::Result<trace::ServerMoment> {
      return trace::read_moment(test::capture_of(simulated.process));
    };
    made.is_gone = [] { return false; };
    made.read_now = [this](core::Address at, std::size_t count) -> trace::MemoryContent {
      ++reads;
      std::vector<std::uint8_t> bytes(count);
      if (!gone && simulated.process.read(at, bytes)) return bytes;
      return core::Error{core::ErrorCode::NotFound, "PID 4711 has ended"};
    };
    return made;
  }
};

Document follow(Backend& backend) {
  trace::FollowOptions options;
  options.paused = true;
  core::Result<trace::Followed> followed = trace::start_follow(backend.source(), options);
  REQUIRE(followed);
  return live_document(std::move(*followed), {.pid = 4711, .every_ms = kFollowNever});
}

void show(Headless& window, core::Result<Document> document) {
  REQUIRE(document);
  auto held = std::make_shared<Document>(std::move(*document));
  window.session().opening = std::make_shared<Opening>(
      "x", "message.cannot_open",
      [held](const Opening::Progress&) -> core::Result<Document> { return std::move(*held); });
  REQUIRE(window.session().opening->wait_for(std::chrono::seconds(20)));
  window.frames(5);
  apply(window.session(), FullScreenPanel{"inspector"});
  window.frames(2);
}

void select(Headless& window, core::Address at) {
  const trace::MemoryState& state = window.session().state();
  for (std::uint32_t i = 0; i < state.chunks().size(); ++i)
    if (state.chunk({i}) != nullptr && state.chunks()[i].at == at) {
      apply(window.session(), Select{ChunkKey{{i}, state.chunks()[i].born}});
      window.frames(2);
      return;
    }
  FAIL("no chunk there");
}

TEST_CASE("a followed process's contents are read when asked for, marked as later, and forgotten with the selection") {
  Backend backend;
  Headless window(1600, 1000);
  show(window, follow(backend));
  select(window, backend.secret);
  CHECK(backend.reads == 0);
  CHECK_FALSE(window.session().contents);
  REQUIRE(window.sees("##show_contents"));
  window.click("##show_contents");
  window.frames(3);
  REQUIRE(window.session().contents);
  const ShownContents& shown = *window.session().contents;
  CHECK(backend.reads == 1);
  CHECK(shown.problem.empty());
  CHECK(shown.read_at.size() == 8);
  REQUIRE(shown.from <= backend.secret);
  CHECK(shown.bytes.at(backend.secret - shown.from) == 'S');

  backend.simulated.poke(backend.secret, 'T');  // what was read stays until somebody asks again
  window.frames(5);
  CHECK(backend.reads == 1);
  window.click("##read_again");
  window.frames(2);
  CHECK(window.session().contents->bytes.at(backend.secret - window.session().contents->from) == 'T');

  select(window, backend.other);
  CHECK_FALSE(window.session().contents);
  CHECK(window.sees("##show_contents"));
  window.key("I");
  window.frames(2);
  CHECK(window.session().contents);
  window.key("I");
  window.frames(2);
  CHECK_FALSE(window.session().contents);

  backend.gone = true;
  window.key("I");
  window.frames(2);
  REQUIRE(window.session().contents);
  CHECK(window.session().contents->problem == "PID 4711 has ended");
  apply(window.session(), Detach{});
  window.frames(3);
  CHECK(why_no_contents(window.session()) == "contents.let_go");
  CHECK_FALSE(window.sees("##read_again"));
}

TEST_CASE("a snapshot file shows contents if it holds them, else it says how to get them") {
  const Backend backend;
  const auto write = [&](const std::filesystem::path& file, bool payload) {
    trace::Capture capture = test::capture_of(backend.simulated.process);
    capture.facts.payload = payload;
    const auto moment = trace::read_moment(capture);
    REQUIRE(moment);
    REQUIRE(trace::write_snapshot_file(capture, *moment, file));
  };
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("palloscope-contents-" + std::to_string(::getpid()) + ".pssnap");
  Headless window(1600, 1000);
  write(file, true);
  show(window, open_document(file));
  select(window, backend.secret);
  CHECK_FALSE(window.session().contents);
  window.key("I");
  window.frames(2);
  REQUIRE(window.session().contents);
  CHECK(window.session().contents->read_at.empty());
  CHECK(window.session().contents->bytes.at(backend.secret - window.session().contents->from) == 'S');
  CHECK_FALSE(window.sees("##read_again"));
  window.click("##hide_contents");
  window.frames(2);
  CHECK_FALSE(window.session().contents);

  write(file, false);
  show(window, open_document(file));
  select(window, backend.secret);
  CHECK(why_no_contents(window.session()) == "contents.headers_only");
  CHECK_FALSE(window.sees("##show_contents"));
  window.key("I");
  window.frames(2);
  CHECK_FALSE(window.session().contents);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace palloscope::gui
