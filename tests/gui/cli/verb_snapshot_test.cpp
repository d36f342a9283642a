// palloscope snapshot over files: what it makes of them, and what it refuses.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_capture.h"
#include "tests/support/simulated_process.h"
#include "trace/live/snapshot_file.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

struct ScratchFolder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("palloscope-verb-snapshot-" + std::to_string(::getpid()));
  ScratchFolder() { std::filesystem::create_directories(path); }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const char* name) const { return (path / name).string(); }
};

// A snapshot of a simulated process with a context "shop orders".
std::string make_snapshot(const ScratchFolder& folder) {
  test::SimulatedProcess simulated(17);
  simulated.create("shop orders");
  const trace::Capture capture = test::capture_of(simulated.process);
  const auto moment = trace::read_moment(capture);
  REQUIRE(moment);
  REQUIRE(trace::write_snapshot_file(capture, *moment, folder / "s.pssnap"));
  return folder / "s.pssnap";
}

TEST_CASE("a snapshot is a file for every verb, and can be made anonymous afterwards") {
  const ScratchFolder folder;
  const std::string file = make_snapshot(folder);
  const Outcome state = run({"state", file});
  CHECK(state.status == kExitGood);
  CHECK_THAT(state.out, ContainsSubstring("shop orders: 8192 total in 1 blocks"));
  CHECK(run({"info", file}).status == kExitGood);
  CHECK(run({"verify", file}).status == kExitGood);

  const Outcome made = run({"snapshot", file, "--anonymize", "-o", folder / "a.pssnap"});
  CHECK(made.status == kExitGood);
  CHECK_THAT(made.out, ContainsSubstring("replaced 0 idents") && ContainsSubstring("1 process title"));
  const Outcome anonymous = run({"state", folder / "a.pssnap"});
  CHECK(anonymous.status == kExitGood);
  CHECK(anonymous.out.find("shop") == std::string::npos);
  CHECK(anonymous.out.size() == state.out.size());

  const Outcome traced = run({"snapshot", file, "-o", folder / "s.pscope"});
  CHECK(traced.status == kExitGood);
  CHECK(run({"state", folder / "s.pscope"}).out == state.out);
  struct stat status {};
  REQUIRE(::stat((folder / "s.pscope").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("snapshot says in one line what it will not do") {
  const ScratchFolder folder;
  const std::string file = make_snapshot(folder);
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& why) {
    const Outcome outcome = run(arguments);
    CHECK(outcome.status == kExitBad);
    CHECK_THAT(outcome.err, ContainsSubstring(why));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  };
  std::ofstream(folder / "text") << "no core";
  refused({"snapshot", folder / "text"}, "neither a core dump nor a .pssnap file");
  refused({"snapshot", folder / "none"}, "there is no such file");
  refused({"snapshot", "4194999"}, "4194999");
  refused({"snapshot", file, "--times", "2"}, ".pscope");
  refused({"snapshot", file, "--times", "2", "-o", folder / "t.pscope"}, "one moment");
  refused({"snapshot", file, "--anonymize", "--payload"}, "anonymous");
  refused({"snapshot", file, "--anonymize", "-o", folder / "t.pscope"}, ".pssnap");
  std::ofstream(folder / "cut.pssnap", std::ios::binary) << std::ifstream(file, std::ios::binary).rdbuf();
  std::filesystem::resize_file(folder / "cut.pssnap", 100);
  refused({"snapshot", folder / "cut.pssnap"}, "cut or damaged from byte");
  refused({"state", folder / "cut.pssnap"}, "cut or damaged from byte");
}

}  // namespace
}  // namespace palloscope::gui::cli
