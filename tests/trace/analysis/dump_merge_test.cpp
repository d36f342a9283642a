#include "trace/analysis/dump_merge.h"

#include <map>
#include <regex>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/trace/importers/imported.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

// Sums over the lines of a log, by PID, without the importers: what stands before " total in", and before " used".
struct LogSums {
  std::uint64_t total = 0, used = 0, lines = 0;
};
std::map<std::uint32_t, LogSums> sums_by_pid(const std::string& log) {
  const std::regex line(R"(\[(\d+)\] LOG:  level: \d+; .*?(\d+) total in \d+ blocks.* (\d+) used(: .*)?$)");
  std::map<std::uint32_t, LogSums> sums;
  std::istringstream in(log);
  for (std::string text; std::getline(in, text);) {
    std::smatch found;
    if (!std::regex_search(text, found, line)) continue;
    LogSums& sum = sums[static_cast<std::uint32_t>(std::stoul(found[1]))];
    sum.total += std::stoull(found[2]);
    sum.used += std::stoull(found[3]);
    ++sum.lines;
  }
  return sums;
}

constexpr const char* kLogs[] = {"dumps/pg14-log-backend-memory-contexts.log", "dumps/pg15-log-many-children.log",
                                 "dumps/pg16-log-backend-memory-contexts.log", "dumps/pg17-log-many-children.log"};

}  // namespace

TEST_CASE("several backends' dumps in one log are merged by path, with the sums that the lines have") {
  std::string log;
  for (const char* name : kLogs) log += test::read_golden(name);
  const auto wanted = sums_by_pid(log);
  REQUIRE(wanted.size() == 4);
  const Imported imported = import_text(log);
  REQUIRE(imported.timeline);
  DumpMerge merge;
  REQUIRE(merge.add(*imported.timeline, "all.log", false) == 4);
  REQUIRE(merge.table().sources() == 4);
  for (std::uint32_t s = 0; s < 4; ++s) {
    INFO("pid " << merge.backends()[s].pid);
    const PathSums whole = merge.table().whole(s);
    REQUIRE(wanted.count(merge.backends()[s].pid) == 1);
    REQUIRE(whole.total_bytes == wanted.at(merge.backends()[s].pid).total);
    REQUIRE(whole.used_bytes == wanted.at(merge.backends()[s].pid).used);
    REQUIRE(whole.contexts >= wanted.at(merge.backends()[s].pid).lines - 1);
  }
  // One top context, which all four have; its own numbers stand in each log.
  REQUIRE(merge.table().path(0) == "TopMemoryContext");
  REQUIRE(spread_of(merge.table(), 0, PathMeasure::Total).backends == 4);
  PathSums all;
  for (std::uint32_t s = 0; s < 4; ++s) all += merge.table().whole(s);
  REQUIRE(sum_of(merge.table(), 0).all == all);
}

TEST_CASE("the last dump of a backend counts, or each of them where that is asked for") {
  const auto dump = [](std::uint32_t pid, int kilobytes) {
    const std::string head = "2026-01-01 00:00:00.000 UTC [" + std::to_string(pid) + "] LOG:  ";
    const std::string bytes = std::to_string(kilobytes * 1024);
    return head + "logging memory contexts of PID " + std::to_string(pid) + "\n" + head +
           "level: 0; TopMemoryContext: " + bytes + " total in 1 blocks; 0 free (0 chunks); " + bytes + " used\n" +
           head + "Grand total: " + bytes + " bytes in 1 blocks; 0 free (0 chunks); " + bytes + " used\n";
  };
  const Imported imported = import_text(dump(10, 8) + dump(11, 40) + dump(10, 24) + dump(12, 16) + dump(12, 32));
  REQUIRE(imported.timeline);
  DumpMerge last, every;
  REQUIRE(last.add(*imported.timeline, "a.log", false) == 3);
  REQUIRE(every.add(*imported.timeline, "a.log", true) == 5);
  const PathSpread spread = spread_of(last.table(), 0, PathMeasure::Total);
  REQUIRE(spread.backends == 3);
  REQUIRE(spread.least == 24 * 1024);
  REQUIRE(spread.median == 32 * 1024);
  REQUIRE(spread.most == 40 * 1024);
  REQUIRE(last.backends()[spread.largest].pid == 11);
  REQUIRE(sum_of(every.table(), 0).own.total_bytes == (8 + 40 + 24 + 16 + 32) * 1024);
  // Of an even number the lower one of the two in the middle.
  REQUIRE(every.add(*imported.timeline, "b.log", true) == 5);
  REQUIRE(spread_of(every.table(), 0, PathMeasure::Total).median == 24 * 1024);
}

TEST_CASE("a file without contexts adds no backend") {
  DumpMerge merge;
  Timeline empty = Timeline::recording({});
  REQUIRE(merge.add(empty, "empty", false) == 0);
  empty.sink().emit(core::Output{"nothing"});
  REQUIRE(merge.add(empty, "empty", false) == 0);
  REQUIRE(merge.backends().empty());
}
