// pg_shmem_allocations and pg_shmem_allocations_numa of real servers, and what is wrong with files that only look so.
#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/trace/importers/imported.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string error_of(const std::string& text) {
  const Imported imported = import_text(text, "some.csv");
  return imported.timeline ? "opened, " + imported.problems.at(0) : imported.timeline.error().message;
}

const std::string kHeader = "name,off,size,allocated_size\n";
// A segment of 1000 kB with three structures.
const std::string kSmall = kHeader +
                           "XLOG Ctl,1024,100,128\n"
                           "LOCK hash,1152,2896,2944\n"
                           "Proc Array,8192,1000,1024\n"
                           "<anonymous>,,5120,5120\n"
                           ",9216,1014784,1014784\n";

TEST_CASE("each row of pg_shmem_allocations comes back, of every sample, and its sums hold") {
  int files = 0;
  for (const std::string& name : test::golden_names("views", ".csv")) {
    if (!contains(name, "shmem-allocations-128") && !contains(name, "shmem-allocations-2")) continue;
    INFO(name);
    ++files;
    const std::string text = test::read_golden(name);
    const Imported imported = import_text(text, name);
    REQUIRE(imported.timeline);
    CHECK(imported.problems == std::vector<std::string>{""});
    CHECK(imported.timeline->state().fault_count() == 0);
    CHECK(sorted_lines(imported.exported("shmem")) == sorted_lines(text));
    const int major = name[name.find("/pg") + 3] == '1' ? 10 + (name[name.find("/pg") + 4] - '0') : 0;
    CHECK(imported.timeline->description().pg_major == major);
    CHECK(imported.timeline->description().origin == "pg_shmem_allocations");
  }
  CHECK(files == 10);
}

TEST_CASE("each row of pg_shmem_allocations_numa comes back, alone or behind the other view") {
  const std::string nodes = test::read_golden("views/pg18-shmem-allocations-numa.csv");
  const std::string map = test::read_golden("views/pg18-shmem-allocations-2MB.csv");
  const Imported alone = import_text(nodes);
  REQUIRE(alone.timeline);
  CHECK(alone.problems == std::vector<std::string>{""});
  CHECK(sorted_lines(alone.exported("shmem-numa")) == sorted_lines(nodes));
  CHECK(alone.exported("shmem") == kHeader);
  CHECK(alone.timeline->description().pg_major == 18);
  CHECK(alone.timeline->description().origin == "pg_shmem_allocations_numa");

  // The two samples' servers were built with and without TLS.
  const Imported both = import_text(map + nodes + "Backend SSL Status Buffer,0,4096\n");
  REQUIRE(both.timeline);
  CHECK(both.problems == std::vector<std::string>{""});
  CHECK(sorted_lines(both.exported("shmem")) == sorted_lines(map));
  CHECK(sorted_lines(both.exported("shmem-numa")) == sorted_lines(nodes + "Backend SSL Status Buffer,0,4096\n"));
}

TEST_CASE("gaps between structures are anonymous allocations that say whose they are") {
  const Imported imported = import_text(kSmall);
  REQUIRE(imported.timeline);
  CHECK(imported.problems == std::vector<std::string>{""});
  const ServerState& server = imported.timeline->state().server();
  REQUIRE(server.segments.size() == 1);
  CHECK(server.segments[0].bytes == 1024000);
  CHECK(server.segments[0].allocated_bytes == 9216);
  REQUIRE(server.allocations.size() == 5);
  CHECK(server.allocations[0].purpose == "header, semaphores, lightweight locks, ShmemIndex");
  CHECK(server.allocations[0].allocated_bytes == 1024);
  CHECK(server.allocations[3].name.empty());
  CHECK(server.allocations[3].purpose == "LOCK hash: buckets and entries");
  CHECK(server.allocations[3].offset == 4096);
  CHECK(server.allocations[3].bytes == 4096);
}

TEST_CASE("columns may stand in any order, with others among them, and with other delimiters") {
  const std::string other =
      "\xEF\xBB\xBFnow;off;allocated_size;host;name;size\r\n"
      "2026-11-21 10:00;1024;128;a;XLOG Ctl;100\r\n"
      "2026-11-21 10:00;;1024;a;<anonymous>;1024\r\n"
      "2026-11-21 10:00;1152;128;a;;128\r\n"
      "2026-11-21 11:00;1024;128;a;XLOG Ctl;100\r\n"
      "2026-11-21 11:00;;1024;a;<anonymous>;1024\r\n"
      "2026-11-21 11:00;1152;256;a;;256\r\n";
  const Imported imported = import_text(other);
  REQUIRE(imported.timeline);
  CHECK(imported.problems == std::vector<std::string>{"", ""});
  CHECK(imported.moments.at(1).label == "2026-11-21 11:00");
  CHECK(imported.exported("shmem") == kHeader + "XLOG Ctl,1024,100,128\n<anonymous>,,1024,1024\n,1152,256,256\n");
  CHECK(imported.timeline->state().fault_count() == 0);
}

TEST_CASE("a moment that shows what the one before showed changes nothing") {
  const Imported imported = import_text(kSmall + kSmall);
  REQUIRE(imported.timeline);
  REQUIRE(imported.moments.size() == 2);
  CHECK(imported.ends.at(1) == imported.ends.at(0) + 2);
}

TEST_CASE("a selection of rows opens and says what is missing") {
  CHECK_THAT(error_of(kHeader + "XLOG Ctl,1024,100,128\n"), ContainsSubstring("the row of the free rest"));
  CHECK_THAT(error_of(kHeader + "XLOG Ctl,1024,100,128\n,1152,128,128\n"),
             ContainsSubstring("the row <anonymous> is missing"));
  CHECK_THAT(error_of(kHeader + "XLOG Ctl,1024,100,128\n<anonymous>,,5,5\n,1152,128,128\n"),
             ContainsSubstring("<anonymous> is 5, but the gaps between the named structures are 1024"));
}

TEST_CASE("values that no server means are refused with line, column and what to do") {
  CHECK_THAT(error_of("name,off,size\nx,1,2\n"), ContainsSubstring("line 2: the header lacks allocated_size"));
  CHECK_THAT(error_of(kHeader + "XLOG Ctl,1024,-5,128\n"),
             ContainsSubstring("some.csv: line 2: size is \"-5\"") && ContainsSubstring("pg_shmem_allocations"));
  CHECK_THAT(error_of(kHeader + "XLOG Ctl,99999999999999999999,5,128\n"), ContainsSubstring("line 2: off is"));
  CHECK_THAT(error_of(kHeader + "XLOG Ctl,9223372036854775807,5,128\n"), ContainsSubstring("more than any machine"));
  CHECK_THAT(error_of(kHeader + "XLOG Ctl,0,128,5\n"), ContainsSubstring("allocated_size 5 is less than size 128"));
  CHECK_THAT(error_of(kHeader + "XLOG Ctl,0,128,128\nXLOG Ctl,128,1,128\n"),
             ContainsSubstring("line 3: \"XLOG Ctl\" stands in line 2 already"));
  CHECK_THAT(error_of(kHeader + "a,0,256,256\nb,128,1,128\n"), ContainsSubstring("line 3: off 128 of \"b\" is inside"));
  CHECK_THAT(error_of(kHeader + "XLOG Ctl,0\n"), ContainsSubstring("line 2: 2 fields where the header promises 4"));
  CHECK_THAT(error_of(kHeader + ",1,2,2\n,3,4,4\n"), ContainsSubstring("line 3: a second row without a name"));
  CHECK_THAT(error_of("name,numa_node,size\nXLOG Ctl,4000,1\n"), ContainsSubstring("line 2: numa_node is \"4000\""));
  CHECK_THAT(error_of("name,numa_node,size\nXLOG Ctl,1,4096\nXLOG Ctl,0,4096\nXLOG Ctl,1,8192\n"),
             ContainsSubstring("line 4: \"XLOG Ctl\" stands a second time with numa_node 1"));
  CHECK_THAT(error_of(kHeader), ContainsSubstring("no rows found"));
  std::string endless = kHeader;
  for (int i = 0; i < 70000; ++i) endless += "x" + std::to_string(i) + "," + std::to_string(i * 128) + ",1,128\n";
  CHECK_THAT(error_of(endless), ContainsSubstring("more than 65536 rows"));
}

TEST_CASE("views cut anywhere, or with bytes changed at random, open or are refused, with no fault") {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  for (const std::string& name : test::golden_names("views", ".csv")) {
    if (!contains(name, "shmem")) continue;
    const std::string text = test::read_golden(name);
    for (std::size_t end = 1; end < text.size(); end += 97) {
      INFO(name << " cut at " << end);
      const Imported imported = import_text(text.substr(0, end), name);
      if (imported.timeline) CHECK(imported.timeline->state().fault_count() == 0);
    }
    for (int round = 0; round < 20; ++round) {
      std::string broken = text;
      for (int change = 0; change < 1 + round / 4; ++change)
        broken[random() % broken.size()] = static_cast<char>(random() % 256);
      INFO(name << ", seed " << seed << ", round " << round);
      const Imported imported = import_text(broken, name);
      if (!imported.timeline) continue;
      CHECK(imported.timeline->state().fault_count() == 0);
      for (const Exporter& exporter : exporter_table()) CHECK_NOTHROW(imported.exported(exporter.name));
    }
  }
}

}  // namespace
}  // namespace palloscope::trace
