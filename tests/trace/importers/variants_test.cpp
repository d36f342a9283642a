// What was met on real servers beside the plain case (spec 9.1, 9.2), and what changes from dump to dump.
#include <regex>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/trace/importers/imported.h"
#include "trace/importers/stats_line.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string message(const std::string& text, int pid, const std::string& severity = "LOG") {
  return "2026-11-21 09:22:58.650 UTC [" + std::to_string(pid) + "] " + severity + ":  " + text + "\n";
}

// A small dump as messages, of 16 kB in two contexts.
std::vector<std::string> small_dump(int pid, const std::string& ident = "") {
  return {"logging memory contexts of PID " + std::to_string(pid),
          "level: 0; TopMemoryContext: 8192 total in 1 blocks; 192 free (2 chunks); 8000 used",
          "level: 1; CachedPlan: 8192 total in 1 blocks; 8000 free (0 chunks); 192 used" + ident,
          "Grand total: 16384 bytes in 2 blocks; 8192 free (2 chunks); 8192 used"};
}

std::string joined(const std::vector<std::string>& messages) {
  std::string text;
  for (const std::string& line : messages) text += line + "\n";
  return text;
}

std::string logged(const std::vector<std::string>& messages, int pid, const std::string& severity = "LOG") {
  std::string text;
  for (const std::string& line : messages) text += message(line, pid, severity);
  return text;
}

void check_small_dump(const Imported& imported, const std::string& expected) {
  REQUIRE(imported.timeline);
  CHECK(imported.problems == std::vector<std::string>{""});
  CHECK(imported.exported("text") == expected);
  CHECK(imported.timeline->state().fault_count() == 0);
}

TEST_CASE("the shape of a line tells the kind, and the first fit ends the name") {
  const auto standard = parse_stats_line(
      "a: b; c: 8192 total in 1 blocks; 8 free (1 chunks); 8184 used: x: 5 total in 2 "
      "blocks; 3 free (0 chunks); 2 used");
  REQUIRE(standard);
  CHECK(standard->name == "a: b; c");
  CHECK(standard->ident == "x: 5 total in 2 blocks; 3 free (0 chunks); 2 used");
  CHECK(!standard->kind);
  const auto generation = parse_stats_line("G: 9 total in 1 blocks (7 chunks); 2 free (3 chunks); 7 used");
  REQUIRE(generation);
  CHECK(generation->kind == core::ContextKind::Generation);
  CHECK(generation->counters.chunks == 7);
  CHECK(generation->counters.free_chunks == 3);
  const auto slab = parse_stats_line("S: 9 total in 1 blocks; 4 empty blocks; 2 free (3 chunks); 7 used");
  REQUIRE(slab);
  CHECK(slab->kind == core::ContextKind::Slab);
  CHECK(slab->counters.empty_blocks == 4);
  const auto bump = parse_stats_line("B: 8080 total in 1 blocks; 8048 free; 32 used");
  REQUIRE(bump);
  CHECK(bump->kind == core::ContextKind::Bump);
  CHECK(!parse_stats_line("B: 8080 total in 1 blocks; 8048 free; 32 used'"));
  CHECK(!parse_stats_line("8080 total in 1 blocks; 8048 free; 32 used"));
  CHECK(parse_stats_line("B: 99999999999999999999 total in 1 blocks; 8048 free; 32 used")->overflow);
}

TEST_CASE("lines of all kinds of context come back as they were") {
  const std::string text =
      "TopMemoryContext: 82000 total in 4 blocks; 11560 free (7 chunks); 70440 used\n"
      "  Change: 16512 total in 2 blocks; 3 empty blocks; 8000 free (50 chunks); 8512 used\n"
      "  TXN: 120 total in 0 blocks; 0 empty blocks; 0 free (0 chunks); 120 used\n"
      "  Tuples: 8192 total in 1 blocks (0 chunks); 7984 free (0 chunks); 208 used\n"
      "  TID storage: 8080 total in 1 blocks; 8048 free; 32 used\n"
      "Grand total: 114904 bytes in 8 blocks; 35592 free (57 chunks); 79312 used\n";
  check_small_dump(import_text(text), text);
}

TEST_CASE("an empty ident, DEL, a cut ident and one that looks like a line come back as they were") {
  for (const std::string& ident :
       {std::string(": "),
        std::string(": a\x7F"
                    "b"),
        ": " + std::string(97, 'x') + "...", ": " + std::string(100, 'y') + "...",
        std::string(": level: 3; z: 1 total in 1 blocks"), std::string(": caf\xE9 \xFF"),
        std::string(": '; drop table x; --  "), std::string(": select 'LOG:  level: 0; A: 1 total'")}) {
    INFO(ident);
    const auto dump = small_dump(7, ident);
    check_small_dump(import_text(logged(dump, 7)), joined(dump));
  }
}

TEST_CASE("verbose logs have an SQLSTATE before the message and a LOCATION behind it") {
  std::string text;
  for (const std::string& line : small_dump(31))
    text += message("00000: " + line, 31) + message("MemoryContextStatsPrint, mcxt.c:1001", 31, "LOCATION");
  check_small_dump(import_text(text), joined(small_dump(31)));
}

TEST_CASE("severities and the first line may be in another language") {
  auto dump = small_dump(4711);
  dump[0] = "journalisation des contextes m\xC3\xA9moire du PID 4711";
  for (const char* severity : {"LOG", "\xE6\x97\xA5\xE5\xBF\x97",
                               "\xD0\xA1\xD0\x9E\xD0\x9E\xD0\x91\xD0\xA9\xD0\x95"
                               "\xD0\x9D\xD0\x98\xD0\x95"}) {
    const Imported imported = import_text(logged(dump, 4711, severity));
    check_small_dump(imported, joined(dump));
    CHECK(imported.moments.at(0).pid == 4711);
  }
}

TEST_CASE("any prefix will do: none, syslog's, user and application names that look like a log") {
  const auto dump = small_dump(19507);
  for (const char* prefix :
       {"", "[19507]", "Nov 21 09:22:58 host postgres[19507]: [5-1] ",
        "2026-11-21 09:22:58 UTC [19507] bob@db/x: y; [z] ", "1763716978.391 6b016329.4c33 19507 app\\xe5\\xba\\x93 ",
        "2026-11-21 [19507] level: 0; a ", "2026-11-21 09:22:58 UTC [19507] my app:  v2 "}) {
    INFO(prefix);
    std::string text;
    for (const std::string& line : dump) text += prefix + ("LOG:  " + line) + "\n";
    check_small_dump(import_text(text), joined(dump));
  }
}

TEST_CASE("other lines of the log, those that quote a dump too, are not part of it") {
  const auto dump = small_dump(50);
  std::string text =
      message("statement: select 'LOG:  level: 0; X: 1 total in 1 blocks; 1 free (0 chunks); 0 used", 50);
  text += message("statement: -- level: 0; X: 1 total in 1 blocks; 1 free (0 chunks); 0 used", 50);
  text += "\tlevel: 1; Y: 1 total in 1 blocks; 1 free (0 chunks); 0 used\n";
  for (const std::string& line : dump) {
    text += message(line, 50);
    text += message("duration: 5.123 ms", 50) + "\tsecond line of it\n\n";
    text += message("connection received: host=[local]", 51);
  }
  check_small_dump(import_text(text), joined(dump));
}

TEST_CASE("dumps of two backends that lie between each other line by line are told apart by the prefix's PID") {
  // 21 is the day as well, 58 the seconds: the place in the prefix decides.
  for (const auto& [a, b] : {std::pair{19507, 19600}, {21, 58}, {58, 21}, {9, 2026}}) {
    INFO(a << " and " << b);
    const auto first = small_dump(a, ": of the first"), second = small_dump(b, ": of the second");
    std::string text = message(first[0], a) + message(second[0], b);
    for (std::size_t i = 1; i < 4; ++i) text += message(second[i], b) + message(first[i], a);
    const Imported imported = import_text(text);
    REQUIRE(imported.timeline);
    CHECK(imported.problems == std::vector<std::string>{"", ""});
    REQUIRE(imported.moments.size() == 2);
    CHECK(imported.moments[0].pid == static_cast<std::uint32_t>(b));
    CHECK(imported.exported("text") == joined(first));
    CHECK(imported.timeline->state().totals().context_count == 4);  // both trees stand side by side
  }
}

TEST_CASE("another process's line may fall between a line's indentation and its text") {
  const std::string foreign = "2026-11-21 09:22:58.650 UTC [99] LOG:  checkpoint starting: time\n";
  const std::string text = test::read_golden("dumps/pg16-memorycontextstats-stderr.txt");
  std::istringstream lines(text);
  std::string mixed = foreign, line;
  for (int number = 0; std::getline(lines, line); ++number) {
    const std::size_t spaces = line.find_first_not_of(' ');
    const std::size_t cut = number % 3 == 0 ? spaces : number % 3 == 1 ? spaces / 4 * 2 : 0;
    mixed += line.substr(0, cut) + foreign;
    if (number % 5 == 0) mixed += foreign;
    mixed += line.substr(cut) + "\n";
  }
  check_small_dump(import_text(mixed), text);
}

TEST_CASE("one file can hold dumps from stderr and from the log") {
  const std::string stats = test::read_golden("dumps/pg17-out-of-memory.log");
  const auto dump = small_dump(77);
  const Imported imported = import_text(stats + logged(dump, 77) + stats);
  REQUIRE(imported.timeline);
  CHECK(imported.problems == std::vector<std::string>{"", "", ""});
  Timeline& timeline = const_cast<Timeline&>(*imported.timeline);
  const std::string printed = stats.substr(0, stats.find('\n', stats.find("Grand total")) + 1);
  CHECK(imported.exported("text") == printed);
  timeline.seek(imported.ends[1]);
  CHECK(imported.exported("text") == joined(dump));
  timeline.seek(imported.ends[0]);
  CHECK(imported.exported("text") == printed);
}

TEST_CASE("a depth limit gives the last level left-out children") {
  std::vector<std::string> dump = {"logging memory contexts of PID 5"};
  for (int level = 1; level <= 101; ++level)
    dump.push_back("level: " + std::to_string(level) + "; " +
                   (level == 1 ? "TopMemoryContext" : "CurTransactionContext") +
                   ": 10 total in 1 blocks; 4 free (0 chunks); 6 used");
  dump.push_back("level: 101; 7 more child contexts containing 70 total in 7 blocks; 28 free (0 chunks); 42 used");
  dump.push_back("Grand total: 1080 bytes in 108 blocks; 432 free (0 chunks); 648 used");
  const Imported imported = import_text(logged(dump, 5));
  check_small_dump(imported, joined(dump));
  CHECK(imported.timeline->description().pg_major == 18);
}

TEST_CASE("several dumps of one backend are moments in time, and only what changed happens between them") {
  const auto before = small_dump(12);
  std::vector<std::string> after = {before[0],
                                    before[1],
                                    "level: 1; ExecutorState: 100 total in 1 blocks; 0 free (0 chunks); 100 used",
                                    "level: 2; ExprContext: 50 total in 1 blocks; 0 free (0 chunks); 50 used",
                                    "level: 1; CachedPlan: 9192 total in 2 blocks; 8000 free (0 chunks); 1192 used",
                                    "Grand total: 17534 bytes in 5 blocks; 8192 free (2 chunks); 9342 used"};
  const Imported imported = import_text(logged(before, 12) + logged(after, 12) + logged(before, 12));
  REQUIRE(imported.timeline);
  CHECK(imported.problems == std::vector<std::string>{"", "", ""});
  Timeline& timeline = const_cast<Timeline&>(*imported.timeline);
  CHECK(timeline.state().fault_count() == 0);
  CHECK(imported.exported("text") == joined(before));
  timeline.seek(imported.ends[1]);
  CHECK(imported.exported("text") == joined(after));
  timeline.seek(imported.ends[0]);
  CHECK(imported.exported("text") == joined(before));
  // Began, CachedPlan grew, two contexts with their numbers, ended: TopMemoryContext did not change.
  CHECK(imported.ends[1] - imported.ends[0] == 7);
  const core::EventBody began = timeline.event(imported.ends[0] + 1);
  CHECK(std::get<core::SnapshotBegan>(began).label == "2026-11-21 09:22:58.650 UTC");
  // Began, two deleted, one shrank, ended.
  CHECK(imported.ends[2] - imported.ends[1] == 5);
}

TEST_CASE("real dumps of different servers one after the other each come back, whatever they have in common") {
  std::vector<std::string> texts;
  for (const std::string& name : test::golden_names("dumps", "stderr.txt")) texts.push_back(test::read_golden(name));
  std::string all;
  for (std::size_t i = 0; i < texts.size() * 2; ++i) all += texts[i % texts.size()];
  const Imported imported = import_text(all);
  REQUIRE(imported.ends.size() == texts.size() * 2);
  Timeline& timeline = const_cast<Timeline&>(*imported.timeline);
  for (std::size_t i = 0; i < imported.ends.size(); ++i) {
    INFO(i);
    timeline.seek(imported.ends[i]);
    CHECK(imported.problems[i].empty());
    CHECK(imported.exported("text") == texts[i % texts.size()]);
    CHECK(timeline.state().fault_count() == 0);
  }
}

TEST_CASE("a dump that lost its beginning, its end or a line says so and shows the rest") {
  const std::string whole = test::read_golden("dumps/pg15-log-backend-memory-contexts.log");
  const std::size_t middle = whole.find('\n', whole.size() / 2) + 1;
  const Imported head = import_text(whole.substr(0, middle)), tail = import_text(whole.substr(middle));
  REQUIRE(head.timeline);
  CHECK_THAT(head.problems.at(0), ContainsSubstring("cut"));
  REQUIRE(tail.timeline);
  CHECK_THAT(tail.problems.at(0), ContainsSubstring("beginning") && ContainsSubstring("the Grand total is 4269784"));
  CHECK(tail.timeline->state().fault_count() == 0);

  auto dump = small_dump(3);
  dump.erase(dump.begin() + 2);
  const Imported without = import_text(logged(dump, 3));
  CHECK_THAT(without.problems.at(0), ContainsSubstring("bytes add up to 8192, the Grand total is 16384"));
}

}  // namespace
}  // namespace palloscope::trace
