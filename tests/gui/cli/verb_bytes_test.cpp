// palloscope bytes: what it dumps of snapshots, and what it refuses.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_capture.h"
#include "tests/support/simulated_process.h"
#include "trace/live/snapshot_file.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

// A simulated process, whose context "shop orders" has a chunk with a text and a large one, and snapshots of it.
struct Shop {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("palloscope-verb-bytes-" + std::to_string(::getpid()));
  test::SimulatedProcess simulated{17};
  core::Address orders = simulated.create("shop orders");
  core::Address text = simulated.process.memory_context_alloc(orders, 100);
  core::Address large = simulated.process.memory_context_alloc(orders, 6000);

  Shop() {
    std::filesystem::create_directories(folder);
    constexpr std::string_view kWords = "Ada,Lon";
    for (std::size_t i = 0; i < kWords.size(); ++i) simulated.poke(text + i, static_cast<std::uint8_t>(kWords[i]));
  }
  ~Shop() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  std::string snapshot(const char* name, bool payload) const {
    trace::Capture capture = test::capture_of(simulated.process);
    capture.facts.payload = payload;
    const auto moment = trace::read_moment(capture);
    REQUIRE(moment);
    REQUIRE(trace::write_snapshot_file(capture, *moment, folder / name));
    return (folder / name).string();
  }
};

std::string hex(core::Address at) { return fmt::format("0x{:x}", at.value); }

TEST_CASE("bytes dumps the whole chunk that holds an address, with its context, size and state") {
  const Shop shop;
  const std::string file = shop.snapshot("payload.pssnap", true);
  const Outcome whole = run({"bytes", file, hex(shop.text + 5)});
  CHECK(whole.status == kExitGood);
  CHECK(whole.err.empty());
  CHECK_THAT(whole.out, Catch::Matchers::StartsWith(hex(shop.text)));
  CHECK_THAT(whole.out, ContainsSubstring("chunk of 128 bytes, in use, of AllocSet \"shop orders\"") &&
                            ContainsSubstring("the address is byte 5 of it"));
  CHECK_THAT(whole.out, ContainsSubstring("41 64 61 2c") && ContainsSubstring("Ada,Lon"));
  const auto rows = static_cast<std::size_t>(std::count(whole.out.begin(), whole.out.end(), '|')) / 2;
  CHECK(rows == (shop.text.value % 16 == 0 ? 8u : 9u));
  CHECK(run({"bytes", file, hex(shop.text + 5).substr(2)}).out == whole.out);  // without 0x

  const Outcome some = run({"bytes", file, hex(shop.text + 4), "--bytes", "3"});
  CHECK_THAT(some.out, ContainsSubstring("Lon"));
  CHECK(some.out.find("Ada") == std::string::npos);

  const Outcome header = run({"bytes", file, hex(core::Address{shop.text.value - 8})});
  CHECK_THAT(header.out, ContainsSubstring("the address is in its header") && ContainsSubstring("Ada,Lon"));
  CHECK_THAT(run({"bytes", file, hex(shop.orders)}).out, ContainsSubstring("the context's own header"));
  CHECK_THAT(run({"bytes", file, hex(shop.large)}).out, ContainsSubstring("more: --bytes"));
}

TEST_CASE("a chunk that was freed is said to be free") {
  Shop shop;
  shop.simulated.process.pfree(shop.text);
  const Outcome freed = run({"bytes", shop.snapshot("freed.pssnap", true), hex(shop.text)});
  CHECK(freed.status == kExitGood);
  CHECK_THAT(freed.out, ContainsSubstring("free, with what was left in it"));
}

TEST_CASE("bytes says in one line why there are none") {
  const Shop shop;
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& why) {
    const Outcome outcome = run(arguments);
    CHECK(outcome.status == kExitBad);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring(why));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  };
  const std::string bare = shop.snapshot("bare.pssnap", false), full = shop.snapshot("full.pssnap", true);
  refused({"bytes", bare, hex(shop.text)}, "--payload keeps them");
  refused({"bytes", full, "0x10"}, "none at 0x10");
  refused({"bytes", full, "shop"}, "\"shop\" is no address");
  refused({"bytes", full, "0x"}, "is no address");
  refused({"bytes", full, hex(shop.text), "--bytes", "0"}, "--bytes takes 1 to");
  refused({"bytes", "4194999", "0x10"}, "4194999");
  refused({"bytes", "/none.pssnap", "0x10"}, "there is no such file");
}

}  // namespace
}  // namespace palloscope::gui::cli
