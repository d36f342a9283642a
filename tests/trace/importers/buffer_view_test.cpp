// pg_buffercache and what comes with it: samples of real servers row by row, hostile files, large ones.
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/trace/importers/imported.h"
#include "trace/analysis/pool_check.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;
using test::golden_names;
using test::read_golden;

constexpr const char* kHeader =
    "bufferid,relfilenode,reltablespace,reldatabase,relforknumber,relblocknumber,isdirty,usagecount,pinning_backends\n";

std::vector<std::vector<std::string>> cells(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> row(1);
    for (const char c : line) {
      if (c == ',')
        row.emplace_back();
      else
        row.back() += c;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> samples() {
  std::vector<std::string> names = golden_names("views", "-buffercache.csv");
  REQUIRE(names.size() == 5);
  return names;
}

std::string error_of(const std::string& text) {
  const Imported imported = import_text(text, "buffers.csv");
  return imported.timeline ? std::string("opened") : imported.timeline.error().message;
}

TEST_CASE("each row of pg_buffercache of 14 to 18 becomes the state word that it was made from") {
  for (const std::string& name : samples()) {
    INFO(name);
    const std::string text = read_golden(name);
    const Imported imported = import_text(text, name);
    REQUIRE(imported.timeline);
    CHECK(imported.problems == std::vector<std::string>{""});
    const MemoryState& state = imported.timeline->state();
    CHECK(state.fault_count() == 0);
    CHECK(check_pools(state.server()).empty());
    const auto rows = cells(text);
    const PoolRecord* pool = state.server().shared_pool();
    REQUIRE(pool != nullptr);
    REQUIRE(rows.size() == pool->buffers + 1);
    CHECK_FALSE(pool->has_freelist);
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const std::vector<std::string>& row = rows[i];
      INFO(row[0]);
      const BufferRecord* buffer = state.server().buffer(BufferSlot{static_cast<std::uint32_t>(i - 1)});
      REQUIRE(buffer != nullptr);
      CHECK(std::to_string(i) == row[0]);
      CHECK(buffer->tag == PageTag{static_cast<std::uint32_t>(std::stoul(row[2])),
                                   static_cast<std::uint32_t>(std::stoul(row[3])),
                                   static_cast<std::uint32_t>(std::stoul(row[1])), std::stoi(row[4]),
                                   static_cast<std::uint32_t>(std::stoul(row[5]))});
      const std::uint32_t expected = 0x03000000U | (row[6] == "t" ? 0x00800000U : 0U) |
                                     static_cast<std::uint32_t>(std::stoul(row[7])) << 18 |
                                     static_cast<std::uint32_t>(std::stoul(row[8]));
      CHECK(buffer->word == expected);
    }
  }
}

TEST_CASE("every file of pg_buffercache, its summary, usage counts and nodes is given back byte for byte") {
  constexpr std::pair<std::string_view, std::string_view> kForms[] = {
      {"-buffercache.csv", "buffers"},
      {"-buffercache-summary.csv", "buffer-summary"},
      {"-buffercache-usage-counts.csv", "buffer-usage-counts"},
      {"-buffercache-numa.csv", "buffer-numa"}};
  int files = 0;
  for (const auto& [ending, format] : kForms) {
    for (const std::string& name : golden_names("views", ending)) {
      INFO(name);
      ++files;
      const std::string text = read_golden(name);
      const Imported imported = import_text(text, name);
      REQUIRE(imported.timeline);
      CHECK(imported.timeline->state().fault_count() == 0);
      CHECK(imported.exported(format) == text);
    }
  }
  CHECK(files == 12);
}

// The server's own summary and usage counts were asked for by later queries than the rows, so their numbers are near
// but not equal: what one query touches, the next one sees. What does not depend on that moment is equal.
TEST_CASE("sums over imported rows agree with themselves, and with the server's own as far as the moment allows") {
  for (const std::string& name : samples()) {
    INFO(name);
    const Imported rows = import_text(read_golden(name), name);
    const auto summary = cells(rows.exported("buffer-summary")), counts = cells(rows.exported("buffer-usage-counts"));
    REQUIRE(counts.size() == 7);
    long buffers = 0, usage = 0, dirty = 0;
    for (std::size_t i = 1; i < counts.size(); ++i) {
      buffers += std::stol(counts[i][1]);
      usage += std::stol(counts[i][0]) * std::stol(counts[i][1]);
      dirty += std::stol(counts[i][2]);
    }
    CHECK(buffers == 256);
    CHECK(summary[1][0] == "256");
    CHECK(std::stol(summary[1][2]) == dirty);
    CHECK(std::stod(summary[1][4]) == static_cast<double>(usage) / 256);
    const std::string stem = name.substr(0, name.size() - 4);
    if (name.find("pg14") != std::string::npos || name.find("pg15") != std::string::npos) continue;
    const auto own = cells(read_golden(stem + "-summary.csv"));
    CHECK(own[1][0] == summary[1][0]);
    CHECK(own[1][1] == summary[1][1]);
    CHECK(own[1][4] != summary[1][4]);
  }
}

TEST_CASE("columns may stand in any order, with others among them, behind other delimiters") {
  const Imported imported = import_text(
      "now;usagecount;isdirty;relname;bufferid;relblocknumber;relforknumber;reldatabase;reltablespace;relfilenode\n"
      "2026-11-21 12:00;3;t;orders;2;7;0;5;1663;16384\n"
      "2026-11-21 12:00;;;;1;;;;;\n");
  REQUIRE(imported.timeline);
  REQUIRE(imported.moments.size() == 1);
  CHECK(imported.moments[0].label == "2026-11-21 12:00");
  CHECK(imported.exported("buffers") == std::string(kHeader) + "1,,,,,,,,\n2,16384,1663,5,0,7,t,3,0\n");
}

TEST_CASE("a second moment says only what differs from the first") {
  const std::string first = "1,10,1663,5,0,1,f,1,0\n2,10,1663,5,0,2,t,5,1\n3,,,,,,,,\n";
  const std::string second = "1,10,1663,5,0,1,f,1,0\n2,11,1663,5,0,2,f,1,0\n3,10,1663,5,0,3,f,1,0\n";
  const Imported imported = import_text(kHeader + first + kHeader + second);
  REQUIRE(imported.timeline);
  CHECK(imported.moments.size() == 2);
  CHECK(imported.timeline->state().fault_count() == 0);
  CHECK(imported.exported("buffers") == kHeader + second);
  std::vector<int> tags;
  for (EventNumber n = imported.ends.at(0) + 1; n <= imported.timeline->size(); ++n)
    tags.push_back(int{imported.timeline->event(n).tag()});
  CHECK(tags == std::vector<int>{core::SnapshotBegan::kTag, core::BufferUntagged::kTag, core::BufferTagged::kTag,
                                 core::BufferTagged::kTag, core::SnapshotEnded::kTag});
}

TEST_CASE("what no server can mean is refused with line, column and what to do") {
  const auto row = [](const std::string& text) { return error_of(std::string(kHeader) + "1,,,,,,,,\n" + text + "\n"); };
  CHECK_THAT(row("2,10,1663,5,0,1,f,6,0"), ContainsSubstring("line 3: usagecount is \"6\""));
  CHECK_THAT(row("2,10,1663,5,0,1,f,-1,0"), ContainsSubstring("line 3: usagecount is \"-1\""));
  CHECK_THAT(row("2,10,1663,5,0,1,maybe,1,0"), ContainsSubstring("line 3: isdirty is \"maybe\""));
  CHECK_THAT(row("2,4294967296,1663,5,0,1,f,1,0"), ContainsSubstring("line 3: relfilenode is"));
  CHECK_THAT(row("2,10,1663,5,9,1,f,1,0"), ContainsSubstring("line 3: relforknumber is \"9\""));
  CHECK_THAT(row("2,10,1663,5,0,4294967295,f,1,0"), ContainsSubstring("line 3: relblocknumber"));
  CHECK_THAT(row("2,10,1663,5,0,1,f,1,262144"), ContainsSubstring("line 3: pinning_backends"));
  CHECK_THAT(row("2,10,,5,0,1,f,1,0"), ContainsSubstring("line 3: a buffer has either all columns"));
  CHECK_THAT(row("0,10,1663,5,0,1,f,1,0"), ContainsSubstring("line 3: bufferid is 0"));
  CHECK_THAT(row("x,10,1663,5,0,1,f,1,0"), ContainsSubstring("line 3: bufferid is \"x\""));
  CHECK_THAT(row("1,10,1663,5,0,1,f,1,0"), ContainsSubstring("line 3: bufferid 1 has a row already, in line 2"));
  CHECK_THAT(row("16777216,10,1663,5,0,1,f,1,0"), ContainsSubstring("select all rows"));
  CHECK_THAT(row("2,10"), ContainsSubstring("line 3: 2 fields"));
  CHECK_THAT(error_of(kHeader + std::string("1,,,,,,,,\n") + kHeader + "2,,,,,,,,\n"),
             ContainsSubstring("a pool does not grow"));
  CHECK_THAT(error_of(kHeader), ContainsSubstring("no rows found"));
}

TEST_CASE("a selection of rows opens, and says how many buffers are missing") {
  const Imported imported = import_text(std::string(kHeader) + "7,10,1663,5,0,1,f,1,0\n3,10,1663,5,0,2,f,1,0\n");
  REQUIRE(imported.timeline);
  CHECK(imported.problems == std::vector<std::string>{"5 of 7 buffers have no row: they are shown as empty"});
}

TEST_CASE("hostile counts and nodes are refused with line and column") {
  const std::string summary = "buffers_used,buffers_unused,buffers_dirty,buffers_pinned,usagecount_avg\n";
  CHECK_THAT(error_of(summary + "1,2,3,4,5.5\n"), ContainsSubstring("line 2: usagecount_avg is \"5.5\""));
  CHECK_THAT(error_of(summary + "1,2,3,4,nan\n"), ContainsSubstring("line 2: usagecount_avg is \"nan\""));
  CHECK_THAT(error_of(summary + "1,2,3,4,\n"), ContainsSubstring("line 2: usagecount_avg"));
  CHECK_THAT(error_of(summary + "1,2,3,4294967296,1\n"), ContainsSubstring("line 2: buffers_pinned"));
  CHECK(import_text(summary + "0,256,0,0,\n").exported("buffer-summary") == summary + "0,256,0,0,\n");
  const std::string counts = "usage_count,buffers,dirty,pinned\n";
  CHECK_THAT(error_of(counts + "6,1,0,0\n"), ContainsSubstring("line 2: usage_count is \"6\""));
  const std::string nodes = "bufferid,os_page_num,numa_node\n";
  CHECK_THAT(error_of(nodes + "1,0,x\n"), ContainsSubstring("line 2: numa_node is \"x\""));
  CHECK_THAT(error_of(nodes + "16777216,0,0\n"), ContainsSubstring("select all rows"));
  CHECK(import_text(nodes + "1,0,-2\n1,1,\n").exported("buffer-numa") == nodes + "1,0,-2\n1,1,\n");
}

TEST_CASE("every cut of a file of buffers opens or is refused, with no fault either way") {
  for (const std::string& name : golden_names("views")) {
    if (name.find("buffercache") == std::string::npos) continue;
    const std::string text = read_golden(name);
    for (std::size_t end = 0; end < text.size(); end += 211) {
      const Imported imported = import_text(text.substr(0, end), name);
      if (imported.timeline) CHECK(imported.timeline->state().fault_count() == 0);
    }
  }
}

TEST_CASE("files of buffers with bytes changed at random open or are refused, and keep the rules of a pool") {
  const auto seed = static_cast<std::uint64_t>(std::random_device{}());
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const std::string text = read_golden("views/pg17-buffercache.csv").substr(0, 2000);
  for (int run = 0; run < 200; ++run) {
    std::string broken = text;
    for (std::uint64_t i = 1 + random() % 6; i > 0; --i)
      broken[110 + random() % (broken.size() - 110)] = "0123456789,tf\n\"-x"[random() % 17];
    const Imported imported = import_text(broken);
    if (!imported.timeline) continue;
    CHECK(imported.timeline->state().fault_count() == 0);
    CHECK(check_pools(imported.timeline->state().server()).empty());
  }
}

}  // namespace
}  // namespace palloscope::trace
