// The verbs that look into files, run in this process on samples of real servers and on a recorded scenario.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"
#include "tests/support/golden_files.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

// A file that is gone with the object.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& ending, const std::string& bytes = {}) {
    static std::atomic<int> count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("palloscope-cli-" + std::to_string(::getpid()) + "-" + std::to_string(count++) + ending);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

constexpr const char* kLeak = R"(
local bag = AllocSetContextCreate(TopMemoryContext, "bag")
MemoryContextSwitchTo(bag)
local keep = {}
for i = 1, 300 do keep[i] = palloc(i * 7) end
for i = 1, 300, 2 do pfree(keep[i]) end
for i = 2, 300, 4 do keep[i] = repalloc(keep[i], 9000) end
local child = AllocSetContextCreate(bag, "child")
MemoryContextReset(bag)
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(bag)
)";

// A scenario of ours, recorded by `palloscope run`.
ScratchFile& recorded() {
  static ScratchFile trace(".pscope");
  static const bool done = [] {
    const ScratchFile script(".lua", kLeak);
    const Outcome outcome = run({"run", script.path(), "-o", trace.path()});
    INFO(outcome.err);
    REQUIRE(outcome.status == kExitGood);
    return true;
  }();
  (void)done;
  return trace;
}

TEST_CASE("state gives back the text, the rows and the sums of a real server's dump") {
  const std::string text = test::read_golden("dumps/pg17-memorycontextstats-stderr.txt");
  const ScratchFile dump(".txt", text);
  CHECK(run({"state", dump.path()}).out == text);

  const std::string rows = test::read_golden("dumps/pg18-backend-memory-contexts-busy.csv");
  const ScratchFile view(".csv", rows);
  const Outcome csv = run({"state", view.path(), "--format", "csv"});
  CHECK(csv.status == kExitGood);
  CHECK(csv.out == rows);
  CHECK(csv.err.empty());

  const auto json = nlohmann::json::parse(run({"state", view.path(), "--format", "json"}).out);
  CHECK(json["pg_major"] == 18);
  CHECK(json["contexts"].size() == 147);
  CHECK(json["totals"]["context_bytes"] == 4555888);
}

TEST_CASE("rows of a dump that left contexts out come with a word about them") {
  const ScratchFile dump(".txt", test::read_golden("dumps/pg17-memorycontextstats-stderr.txt"));
  CHECK_THAT(run({"state", dump.path(), "--format", "csv"}).err, ContainsSubstring("left out 112 contexts"));
}

TEST_CASE("state stands after the event that --at names, and refuses one that is not there") {
  const std::string trace = recorded().path();
  CHECK(run({"state", trace, "--at", "0"}).out.empty());
  CHECK_THAT(run({"state", trace}).out, ContainsSubstring("TopMemoryContext: ") && !ContainsSubstring("bag: "));
  const Outcome outcome = run({"state", trace, "--at", "99999999"});
  CHECK(outcome.status == kExitBad);
  CHECK_THAT(outcome.err, ContainsSubstring("there is no event 99999999"));
  CHECK(run({"state", trace, "--format", "xml"}).status == kExitBad);
}

TEST_CASE("state answers no where there is nothing of that kind, and names what there is") {
  const std::string trace = recorded().path();
  for (const char* format :
       {"buffers", "buffer-summary", "buffer-usage-counts", "buffer-numa", "shmem", "shmem-numa"}) {
    const Outcome none = run({"state", trace, "--format", format, "--at", "100"});
    CHECK(none.status == kExitNo);
    CHECK(std::count(none.out.begin(), none.out.end(), '\n') == 1);  // the head
    CHECK_THAT(none.err, ContainsSubstring("at event 100 there are no ") && ContainsSubstring("--format text, csv\n"));
  }
  CHECK(run({"state", trace, "--at", "0"}).status == kExitNo);
  CHECK(run({"state", trace, "--at", "0", "--format", "json"}).status == kExitGood);
  CHECK(run({"state", "50", "--format", "buffers"}).status == kExitGood);
}

TEST_CASE("a choice that is not there is answered with those that are") {
  const std::string trace = recorded().path();
  struct Case {
    std::vector<std::string> words;
    const char* says;
  };
  for (const Case& one : std::vector<Case>{{{"state", trace, "--format", "xml"}, "text, csv, json, shmem"},
                                           {{"events", trace, "--format", "xml"}, "it takes one of text, json"},
                                           {{"why", trace, "--lang", "fr"}, "it takes one of en, zh"},
                                           {{"shot", "-o", "x.png", "--panel", "foo"}, "contexts, map, freelists"},
                                           {{"shot", "-o", "x.png", "--theme", "blue"}, "it takes one of dark, light"},
                                           {{"shot", "-o", "x.png", "--keys", "Spcae"}, "did you mean Space?"},
                                           {{"compare", trace, "--context", "bga"}, "did you mean bag?"},
                                           {{"compare", trace, "--with", "foo"}, "there are recorded, aset"},
                                           {{"events", trace, "--fromat", "json"}, "did you mean --format?"},
                                           {{"events", trace, "--from", "-1"}, "--from: \"-1\" is not a number"},
                                           {{"events", trace, "--from", "soon"}, "--from: \"soon\" is not a number"},
                                           {{"events", trace, "--from"}, "--from: its value is missing"},
                                           {{"events", trace, trace}, "is one word too many"},
                                           {{"run", "no-such"}, "palloscope run --list"},
                                           {{"run", "clock"}, "did you mean 51-the-clock-at-work?"},
                                           {{"info", "savepiont"}, "did you mean 43-savepoints?"}}) {
    const Outcome outcome = run(one.words);
    INFO(one.words.front() << ' ' << one.words.back());
    CHECK(outcome.status == kExitBad);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring(one.says));
  }
}

TEST_CASE("JSON of a recorded heap lists every chunk once, freelists included, at any event") {
  const std::string trace = recorded().path();
  const Outcome events = run({"events", trace, "--format", "json"});
  REQUIRE(events.status == kExitGood);
  std::istringstream lines(events.out);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) CHECK(nlohmann::json::parse(line)["event"] == ++count);
  REQUIRE(count > 500);

  const auto json =
      nlohmann::json::parse(run({"state", trace, "--format", "json", "--at", std::to_string(count / 2)}).out);
  std::uint64_t live = 0, free = 0, listed = 0;
  for (const auto& context : json["contexts"]) {
    for (const auto& block : context["blocks"])
      for (const auto& chunk : block["chunks"]) ++(chunk["state"] == "live" ? live : free);
    for (const auto& freelist : context["freelists"]) listed += freelist["chunks"].size();
  }
  CHECK(live == json["totals"]["live_chunks"]);
  CHECK(free == json["totals"]["free_chunks"]);
  CHECK(listed == free);
  CHECK(live > 0);
}

TEST_CASE("events lists a line for each event, and a part of them for --from and --to") {
  const std::string trace = recorded().path();
  const Outcome all = run({"events", trace});
  CHECK_THAT(all.out, ContainsSubstring(" palloc bag 700 -> 1024 @0x"));
  const Outcome some = run({"events", trace, "--from", "10", "--to", "12"});
  CHECK_THAT(some.out, ContainsSubstring("#10 ") && ContainsSubstring("#12 ") && !ContainsSubstring("#13 "));
  CHECK(all.out.find(some.out) != std::string::npos);
  CHECK(run({"events", trace, "--from", "12", "--to", "10"}).out.empty());
}

TEST_CASE("life tells what a place was used for, as text and as JSON, and refuses what is no place") {
  const ScratchFile script(".lua", R"(
local bag = AllocSetContextCreate(TopMemoryContext, "bag")
MemoryContextSwitchTo(bag)
p = palloc(100)
p = repalloc(p, 400)
MemoryContextReset(bag)
)");
  const ScratchFile trace(".pscope");
  REQUIRE(run({"run", script.path(), "-o", trace.path()}).status == kExitGood);
  const Outcome text = run({"life", trace.path(), "p"});
  CHECK(text.status == kExitGood);
  CHECK_THAT(text.out, ContainsSubstring("allocated in bag, 400 -> 512 B; its contents came from 0x") &&
                           ContainsSubstring("lost in the reset of bag, line 6"));
  const auto json = nlohmann::json::parse(run({"life", trace.path(), "p", "--format", "json"}).out);
  CHECK(json["whole"] == true);
  const std::string at = json["at"];
  CHECK(run({"life", trace.path(), at}).out == text.out);
  for (const auto& segment : json["segments"])
    if (segment["use"] == "live") {
      CHECK(segment["requested_bytes"] == 400);
      CHECK(segment["line"] == 5);
      CHECK_THAT(run({"life", trace.path(), segment["other_half"]}).out, ContainsSubstring("went to " + at));
    }
  const Outcome nowhere = run({"life", trace.path(), "nothing"});
  CHECK(nowhere.status == kExitBad);
  CHECK_THAT(nowhere.err, ContainsSubstring("neither an address"));
}

TEST_CASE("JSON lists who waits to be recycled, under the old name") {
  const auto json = nlohmann::json::parse(run({"state", recorded().path(), "--format", "json"}).out);
  REQUIRE(json["recycled"].size() == 2);
  REQUIRE(json["recycled"][0].size() >= 1);
  CHECK(json["recycled"][0][0]["name"] == "bag");
  CHECK(json["recycled"][0][0]["chunk_limit_bytes"] == 8192);
}

TEST_CASE("info names source, version, moments, contexts and peak") {
  const ScratchFile dump(".log", test::read_golden("dumps/pg18-log-backend-memory-contexts.log"));
  const Outcome outcome = run({"info", dump.path()});
  CHECK(outcome.status == kExitGood);
  for (const char* part :
       {"dump: pg_log_backend_memory_contexts", "PostgreSQL 18", "2026-11-21 09:22:48.117 UTC", "18571",
        "ContextCreated               143", "143 at the end", "4380736 bytes", "problem   none"})
    CHECK_THAT(outcome.out, ContainsSubstring(part));
  CHECK_THAT(run({"info", recorded().path()}).out,
             ContainsSubstring("scenario: ") && ContainsSubstring("ChunkAllocated"));
}

TEST_CASE("diff tells what came, went and grew between two events, and answers 0 only when nothing did") {
  const std::string trace = recorded().path();
  CHECK(run({"diff", trace, trace}).status == kExitGood);
  const Outcome outcome = run({"diff", trace + "@0", trace});
  CHECK(outcome.status == kExitNo);
  CHECK_THAT(outcome.out, ContainsSubstring("came    TopMemoryContext: "));
  const Outcome back = run({"diff", trace, trace + "@0", "--format", "json"});
  CHECK(nlohmann::json::parse(back.out)["differences"][0]["what"] == "went");
  CHECK(run({"diff", trace + "@77777777", trace}).status == kExitBad);
}

TEST_CASE("diff of two dumps matches contexts by name and parent") {
  const ScratchFile a(".csv", test::read_golden("dumps/pg17-backend-memory-contexts.csv"));
  const ScratchFile b(".csv", test::read_golden("dumps/pg17-backend-memory-contexts-busy.csv"));
  const Outcome outcome = run({"diff", a.path(), b.path()});
  CHECK(outcome.status == kExitNo);
  CHECK_THAT(outcome.out,
             ContainsSubstring("came    TopMemoryContext > TopTransactionContext > CurTransactionContext: "));
  CHECK_THAT(outcome.out, ContainsSubstring("grew    TopMemoryContext > PgStat Pending"));
  CHECK_THAT(outcome.out, ContainsSubstring("all contexts 1287616 -> 4394160 bytes (+3106544)"));
}

TEST_CASE("verify finds nothing in a sound trace and in a real dump") {
  const Outcome outcome = run({"verify", recorded().path()});
  CHECK(outcome.out.find("nothing wrong") != std::string::npos);
  CHECK(outcome.status == kExitGood);
  const ScratchFile dump(".txt", test::read_golden("dumps/pg15-memorycontextstats-stderr.txt"));
  CHECK(run({"verify", dump.path()}).status == kExitGood);
}

TEST_CASE("verify and run tell a mistake of the program with its place and the memory's") {
  const ScratchFile script(".lua", "p = palloc(10)\npfree(p)\nq = palloc(9)\nwrite(p, 'late')\n");
  const ScratchFile trace(".pscope");
  const Outcome ran = run({"run", script.path(), "-o", trace.path()});
  CHECK_THAT(ran.out, ContainsSubstring("faults: 1"));
  const Outcome outcome = run({"verify", trace.path()});
  CHECK(outcome.status == kExitNo);
  for (const std::string& told : {ran.out, outcome.out})
    CHECK_THAT(told, ContainsSubstring(":4: use after free, 4 bytes at 0x") && ContainsSubstring("from line 1 (#") &&
                         ContainsSubstring("freed at line 2 (#"));
}

TEST_CASE("verify lists what does not add up in a damaged dump") {
  std::string text = test::read_golden("dumps/pg15-memorycontextstats-stderr.txt");
  text.erase(text.find("  Prepared Queries"),
             text.find('\n', text.find("  Prepared Queries")) + 1 - text.find("  Prepared Queries"));
  const ScratchFile dump(".txt", text);
  const Outcome outcome = run({"verify", dump.path()});
  CHECK(outcome.status == kExitNo);
  CHECK_THAT(outcome.out, ContainsSubstring("bytes add up to 4556504, the Grand total is 4589272"));
}

TEST_CASE("rows of pg_buffercache open, are verified, and come back as they were") {
  const std::string text = test::read_golden("views/pg17-buffercache.csv");
  const ScratchFile file(".csv", text);
  CHECK(run({"state", file.path(), "--format", "buffers"}).out == text);
  CHECK(run({"verify", file.path()}).status == kExitGood);
  const Outcome life = run({"buffer", file.path(), "1"});
  CHECK(life.status == kExitGood);
  CHECK_THAT(life.out, ContainsSubstring("buffer 1 of 256") && ContainsSubstring("1663/5/1255 block 48, loaded") &&
                           ContainsSubstring("still there"));
  const Outcome none = run({"buffer", file.path(), "257"});
  CHECK(none.status == kExitBad);
  CHECK_THAT(none.err, ContainsSubstring("there is no buffer 257; the pool has 1 to 256"));
  const Outcome policies = run({"policies", file.path()});
  CHECK(policies.status == kExitNo);
  CHECK_THAT(policies.err, ContainsSubstring("no page was asked for"));
}

TEST_CASE("a file that is none of ours is refused with its name and what was looked for") {
  const ScratchFile picture(".png", std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16));
  for (const char* verb : {"info", "events", "state", "verify"}) {
    const Outcome outcome = run({verb, picture.path()});
    CHECK(outcome.status == kExitBad);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring(picture.path()) && ContainsSubstring("pg_backend_memory_contexts"));
  }
  const Outcome missing = run({"info", "/no/such/file"});
  CHECK(missing.status == kExitBad);
  CHECK_THAT(missing.err, ContainsSubstring("/no/such/file: No such file"));
  CHECK_THAT(run({"info", "/tmp"}).err, ContainsSubstring("folder"));
}

}  // namespace
}  // namespace palloscope::gui::cli
