// palloscope report and check: what they find, write and refuse.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Contains;

constexpr const char* kLeak = R"(
cache = AllocSetContextCreate(TopMemoryContext, "CacheMemoryContext")
xact = AllocSetContextCreate(TopMemoryContext, "TopTransactionContext")
for i = 1, 40 do
  MemoryContextAlloc(xact, 100)
  MemoryContextAlloc(cache, 200)
  MemoryContextReset(xact)
end
)";

struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / "palloscope_report_test") {
    std::filesystem::create_directories(path);
    std::ofstream(path / "leak.lua") << kLeak;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const std::string& name) const { return (path / name).string(); }
  std::filesystem::path path;
};

TEST_CASE("report tells a leak in words and in numbers, in both languages") {
  const Folder folder;
  const Outcome text = run({"report", folder.file("leak.lua")});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains("CacheMemoryContext grows: each transaction leaves 200 B behind"));
  const Outcome chinese = run({"report", folder.file("leak.lua"), "--lang", "zh"});
  CHECK_THAT(chinese.out, Contains("每个事务留下 200 B"));
  const Outcome json = run({"report", folder.file("leak.lua"), "--format", "json"});
  const auto root = nlohmann::json::parse(json.out);
  REQUIRE(root["findings"].size() == 1);
  CHECK(root["findings"][0]["kind"] == "growth");
  CHECK(root["findings"][0]["sentence"]["values"]["slope"] == 200);
  CHECK(root["rounds"]["count"] == 40);
  const auto& waste = root["peak"]["waste"];
  std::uint64_t sum = 0;
  for (const char* part : {"requested", "rounding", "headers", "free", "tails", "empty"})
    sum += waste[part].get<std::uint64_t>();
  CHECK(sum == waste["total"].get<std::uint64_t>());
}

TEST_CASE("of the program's scenarios three leave something with each round, and say so themselves") {
  const auto kinds = [](const char* scenario) {
    const auto root = nlohmann::json::parse(run({"report", scenario, "--format", "json"}).out);
    std::string found;
    for (const auto& finding : root["findings"])
      found += finding["kind"].get<std::string>() + ' ' + finding["path"].get<std::string>();
    return found;
  };
  CHECK(kinds("14") == "growth TopMemoryContext/CacheMemoryContext");
  // An application that prepares a new statement for every request.
  CHECK(kinds("42") == "pile_up TopMemoryContext/CacheMemoryContext/CachedPlanSource");
  // Its head says what a row is: in a trace that repeats other things, too, nobody else could know.
  CHECK(kinds("7") == "growth TopMemoryContext/ExecutorState");
  for (const char* clean : {"12", "43", "45", "59"}) CHECK(kinds(clean).empty());
}

TEST_CASE("the page stands alone: it loads nothing, closes what it opens, and escapes names") {
  const Folder folder;
  std::ofstream(folder.path / "names.lua") << "AllocSetContextCreate(TopMemoryContext, '<b>&\"x')\n" << kLeak;
  const Outcome page = run({"report", folder.file("names.lua"), "--format", "html", "-o", folder.file("page.html")});
  REQUIRE(page.status == 0);
  CHECK(page.out.empty());
  std::ifstream in(folder.path / "page.html");
  const std::string html((std::istreambuf_iterator<char>(in)), {});
  CHECK_THAT(html, Contains("<svg") && Contains("CacheMemoryContext grows"));
  CHECK_THAT(html, !Contains("http:") && !Contains("https:") && !Contains("<script") && !Contains("<b>&\""));
  CHECK_THAT(html, Contains("&lt;b&gt;&amp;&quot;x"));
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = html.find(what); at != std::string::npos; at = html.find(what, at + 1)) ++found;
    return found;
  };
  for (const char* tag : {"svg", "section", "table", "div", "li", "ol", "tr"})
    CHECK(count(std::string("<") + tag + ">") + count(std::string("<") + tag + " ") ==
          count(std::string("</") + tag + ">"));
}

TEST_CASE("a lesson's rounds are taken unasked, of its script and of a recording, but not where others are asked for") {
  const Folder folder;
  std::ofstream(folder.path / "own.lua") << "scenario{ title = { en = 'x', zh = 'x' }, rounds = 'line:4' }\n"
                                            "w = AllocSetContextCreate(TopMemoryContext, 'work')\n"
                                            "for i = 1, 30 do\n"
                                            "  MemoryContextAlloc(w, 100)\n  pfree(palloc(16))\nend\n";
  CHECK_THAT(run({"report", folder.file("own.lua")}).out,
             Contains("work grows") && Contains("30 passes through line 4"));
  CHECK_THAT(run({"report", folder.file("own.lua"), "--rounds", "statement"}).err, Contains("there is none"));
  REQUIRE(run({"run", "7", "-o", folder.file("seven.pscope")}).status == 0);
  const Outcome recorded = run({"report", folder.file("seven.pscope")});
  CHECK_THAT(recorded.out, Contains("ExecutorState grows") && Contains("400 passes"));
}

TEST_CASE("the report of a dump has the columns that a dump knows, and no others") {
  const Folder folder;
  std::ofstream(folder.path / "stats.txt")
      << "TopMemoryContext: 97664 total in 5 blocks; 15328 free (10 chunks); 82336 used\n"
         "  CacheMemoryContext: 524288 total in 7 blocks; 100000 free (1 chunks); 424288 used\n"
         "  3 more child contexts containing 6144 total in 6 blocks; 2144 free (0 chunks); 4000 used\n"
         "Grand total: 628096 bytes in 18 blocks; 117472 free (11 chunks); 510624 used\n";
  const Outcome text = run({"report", folder.file("stats.txt")});
  REQUIRE(text.status == 0);
  CHECK_THAT(text.out,
             Contains("628096") && Contains("510624") && Contains("117472") && Contains("(left out by the dump)"));
  CHECK_THAT(text.out, !Contains("rounding") && !Contains("Lifetimes") && !Contains("PostgreSQL 0"));
  const Outcome page = run({"report", folder.file("stats.txt"), "--format", "html"});
  CHECK_THAT(page.out, Contains("CacheMemoryContext") && !Contains("Lifetimes") && !Contains("class=\"flags\""));
  const auto json = nlohmann::json::parse(run({"report", folder.file("stats.txt"), "--format", "json"}).out);
  CHECK(json["dump"] == true);
  CHECK(json["peak"]["waste"] == nlohmann::json{{"total", 628096}, {"used", 510624}, {"free", 117472}});
  CHECK_FALSE(json.contains("allocations"));
}

TEST_CASE("rounds that are none are refused, with the way to say them") {
  const Folder folder;
  const Outcome outcome = run({"report", folder.file("leak.lua"), "--rounds", "line:x"});
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.err, Contains("line:12"));
}

TEST_CASE("check keeps quiet about rules that hold, and tells the first event that breaks one") {
  const Folder folder;
  const std::string file = folder.file("leak.lua");
  CHECK(run({"check", file, "--budget", "total(\"CacheMemoryContext\") < 64kB"}).status == 0);
  CHECK(run({"check", file, "--budget", "requested(\"CacheMemoryContext\") grows <= 200 per transaction"}).status == 0);
  const Outcome condition = run({"check", file, "--budget", "requested(\"CacheMemoryContext\") < 1000"});
  CHECK(condition.status == 1);
  CHECK_THAT(condition.out, Contains("requested(\"CacheMemoryContext\") = 1000") && Contains("broken at #"));
  const Outcome growth =
      run({"check", file, "--budget", "requested(\"CacheMemoryContext\") grows < 1kB per 10 rounds"});
  CHECK(growth.status == 1);
  CHECK_THAT(growth.out, Contains("200.0 a round"));
  CHECK(run({"check", file, "--budget", "requested(\"CacheMemoryContext\") grows < 2001 per 10 rounds"}).status == 0);
}

TEST_CASE("check points at the place of a bad rule, and refuses what cannot be measured") {
  const Folder folder;
  const std::string file = folder.file("leak.lua");
  const Outcome bad = run({"check", file, "--budget", "total(\"x\") grows < 1kB for 3 rounds"});
  CHECK(bad.status == 2);
  CHECK_THAT(bad.err, Contains("rule 1: column 24"));
  CHECK(run({"check", file, "--budget", "size >"}).status == 2);
  CHECK(run({"check", file}).status == 2);
  std::ofstream(folder.path / "rules") << "# budgets\n\ntotal(\"CacheMemoryContext\") < 1MB\nnonsense here\n";
  CHECK_THAT(run({"check", file, "--budgets", folder.file("rules")}).err, Contains("rules:4"));
  std::ofstream(folder.path / "flat.lua") << "p = palloc(10)\n";
  const Outcome flat = run({"check", folder.file("flat.lua"), "--budget", "total(\"x\") grows < 1kB per 10 rounds"});
  CHECK(flat.status == 2);
  CHECK_THAT(flat.err, Contains("growth needs"));
}

}  // namespace
}  // namespace palloscope::gui::cli
