// The library "backend" against recordings of real servers (tests/golden/context-traces): statement by statement, the
// same calls on contexts in the same order. Lines that follow each other and are the same count as one with a number.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/mcxt/context_calls.h"
#include "core/mcxt/process.h"
#include "core/scenario/scenario_run.h"
#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"
#include "tests/support/golden_files.h"

using namespace palloscope;
using namespace palloscope::core;

namespace {

struct Line {
  std::string text;
  int times = 1;
  friend bool operator==(const Line&, const Line&) = default;
};

struct Section {
  std::string title;
  std::vector<Line> lines;

  void add(const std::string& text, int times = 1) {
    if (!lines.empty() && lines.back().text == text)
      lines.back().times += times;
    else
      lines.push_back({text, times});
  }
  std::string text(bool with_times) const {
    std::string all;
    for (const Line& line : lines)
      all += line.text + (with_times && line.times > 1 ? "  x" + std::to_string(line.times) : "") + "\n";
    return all;
  }
};

// "C aset index info parent=CacheMemoryContext 0/1024/8192  x85"
std::pair<std::string, int> split_times(const std::string& line) {
  auto at = line.rfind("  x");
  if (at == std::string::npos) return {line, 1};
  return {line.substr(0, at), std::stoi(line.substr(at + 3))};
}

// Markers ("---") name functions that do not concern contexts.
std::vector<Section> read_recording(const std::string& name) {
  std::vector<Section> sections(1);
  std::istringstream in(test::read_golden("context-traces/" + name + ".txt"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      std::string title = line.substr(4);
      if (title.starts_with("simple ")) title.erase(0, 7);
      sections.push_back({title, {}});
    } else if (!line.starts_with("#") && !line.starts_with("---")) {
      auto [text, times] = split_times(line);
      sections.back().add(text, times);
    }
  }
  return sections;
}

struct Recorder final : EventSink, ContextCallObserver {
  std::vector<Section> sections{1};
  std::uint64_t faults = 0;

  void emit(const EventBody& event) override {
    if (const auto* statement = std::get_if<Statement>(&event)) sections.push_back({statement->text, {}});
    if (std::holds_alternative<FaultFound>(event)) ++faults;
  }
  void called(const ContextCall& call) override { sections.back().add(text_of(call)); }
};

std::vector<Section> simulate(int pg_major, const std::string& script) {
  Recorder recorder;
  ScenarioOptions options;
  options.pg_major = pg_major;
  options.context_calls = &recorder;
  auto run = ScenarioRun::start("life.lua", "local backend = require 'backend'\n" + script, options, recorder);
  REQUIRE(run);
  run->advance();
  INFO(run->error());
  REQUIRE(run->state() == RunState::Finished);
  CHECK(recorder.faults == 0);
  return recorder.sections;
}

void drop_until(std::vector<Section>& sections, const std::string& title) {
  auto found = std::find_if(sections.begin(), sections.end(), [&](const Section& s) { return s.title == title; });
  REQUIRE(found != sections.end());
  sections.erase(sections.begin(), found);
}

// The recordings do not tell where these messages begin.
void join_to_previous(std::vector<Section>& sections, const std::string& title) {
  for (std::size_t i = 1; i < sections.size();) {
    if (sections[i].title != title) {
      ++i;
      continue;
    }
    for (const Line& line : sections[i].lines) sections[i - 1].add(line.text, line.times);
    sections.erase(sections.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void compare(const std::vector<Section>& ours, const std::vector<Section>& recorded) {
  REQUIRE(ours.size() == recorded.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(i, recorded[i].title);
    CHECK(ours[i].title == recorded[i].title);
    CHECK(ours[i].text(false) == recorded[i].text(false));
    CHECK(ours[i].text(true) == recorded[i].text(true));
  }
}

// A context as pg_backend_memory_contexts shows it.
struct Shown {
  std::uint64_t total_bytes = 0, nblocks = 0, used_bytes = 0;
};
using View = std::map<std::string, Shown>;  // by "name ident"

View read_view(const std::string& name) {
  std::istringstream in(test::read_golden("dumps/" + name + ".csv"));
  std::string line;
  std::getline(in, line);
  auto cells = [](const std::string& row) {
    std::vector<std::string> found(1);
    bool quoted = false;
    for (char c : row) {
      if (c == '"')
        quoted = !quoted;
      else if (c == ',' && !quoted)
        found.emplace_back();
      else
        found.back() += c;
    }
    return found;
  };
  std::vector<std::string> head = cells(line);
  auto column = [&](const char* wanted) {
    return static_cast<std::size_t>(std::find(head.begin(), head.end(), wanted) - head.begin());
  };
  View view;
  while (std::getline(in, line)) {
    auto row = cells(line);
    auto number = [&](const char* wanted) { return std::stoull(row[column(wanted)]); };
    view[row[0] + " " + row[1]] = {number("total_bytes"), number("total_nblocks"), number("used_bytes")};
  }
  return view;
}

constexpr const char* kTables = R"(
local a = 20                                    -- rows
local function by_id(id) return backend.SeqScan{ rows = a, qual = function(row) return row == id end } end
local function by_v() return backend.Sort{ backend.SeqScan{ rows = a } } end
)";

}  // namespace

TEST_CASE("a backend's start-up makes the calls on contexts that a real server's makes") {
  for (int pg_major : {15, 17, 18}) {
    CAPTURE(pg_major);
    auto ours = simulate(pg_major,
                         "backend.InitPostgres()\n"
                         "backend.exec_simple_query('select 1', backend.Result{})\n"
                         "backend.proc_exit()\n");
    drop_until(ours, "BaseInit");
    ours[0].title.clear();
    join_to_previous(ours, "Terminate");
    compare(ours, read_recording("pg" + std::to_string(pg_major) + "-startup"));
  }
}

TEST_CASE("statements of the simple protocol make the calls on contexts that a real server's make") {
  for (int pg_major : {15, 16, 17, 18}) {
    CAPTURE(pg_major);
    auto ours = simulate(pg_major, std::string(kTables) + R"(
backend.InitPostgres()
backend.exec_simple_query("warm the caches", by_id(1))
backend.exec_simple_query("prepare p0 as select", by_id(1))
local q = backend.exec_simple_query
q("select 1;", backend.Result{})
q("select * from a where id = 5;", by_id(5))
q("select id from a order by v;", by_v())
q("set enable_mergejoin=off;")
q("set enable_nestloop=off;")
q("select count(*) from a join b using (id);",
  backend.Agg{ backend.HashJoin{ backend.SeqScan{ rows = a }, backend.SeqScan{ rows = 22 } } })
q("select v, count(*) from a group by v;", backend.HashAgg{ backend.SeqScan{ rows = a } })
local division_by_zero = backend.Result{ fold = function() ereport(ERROR, "division by zero") end }
local function insert() return backend.Insert{ backend.Result{} } end
q("begin;")
q("insert into b values (100,'x');", insert())
q("savepoint s1;")
q("insert into b values (101,'y');", insert())
q("release savepoint s1;")
q("savepoint s2;")
q("insert into b values (102,'z');", insert())
q("rollback to savepoint s2;")
q("commit;")
q("select 1/0;", division_by_zero)
q("begin;")
q("select 1/0;", division_by_zero)
q("rollback;")
q("begin;")
q("savepoint s3;")
q("select 1/0;", division_by_zero)
q("rollback to s3;")
q("select 1;", backend.Result{})
q("commit;")
q("declare c cursor for select 1;", backend.Result{})
q("begin;")
q("declare c cursor for select id from a order by v;", by_v())
q("fetch 2 from c;")
q("close c;")
q("commit;")
q("prepare p1(int) as select * from a where id=$1;", by_id(3))
q("execute p1(3);")
q("execute p1(4);")
q("deallocate p1;")
q("select pg_sleep(0.1);", backend.Result{ fold = function() end })
)");
    drop_until(ours, "select 1;");
    auto recorded = read_recording("pg" + std::to_string(pg_major) + "-simple");
    recorded.erase(recorded.begin());
    compare(ours, recorded);
  }
}

TEST_CASE("a prepared statement of the extended protocol makes the calls on contexts that a real server's makes") {
  for (int pg_major : {15, 16, 17, 18}) {
    CAPTURE(pg_major);
    auto ours = simulate(pg_major, std::string(kTables) + R"(
backend.InitPostgres()
backend.exec_parse_message("P_0", "select * from a where id = $1;", by_id(5))
backend.sync()
for _ = 1, 3 do
  backend.exec_bind_message("", "P_0")
  backend.exec_describe_message("")
  backend.exec_execute_message("")
  backend.sync()
end
backend.proc_exit()
)");
    drop_until(ours, "Parse P_0: select * from a where id = $1;");
    for (const char* message : {"Describe", "Sync", "Terminate"}) join_to_previous(ours, message);
    auto recorded = read_recording("pg" + std::to_string(pg_major) + "-extended");
    recorded.erase(recorded.begin());
    compare(ours, recorded);
  }
}

TEST_CASE("a backend that has started holds what a real server's does, context by context") {
  // What the statement that looked at the real one made or filled.
  const std::set<std::string> of_the_statement = {"Record information cache ",
                                                  "search_path processing cache ",
                                                  "TopTransactionContext ",
                                                  "MessageContext ",
                                                  "PgStat Pending ",
                                                  "TopPortalContext ",
                                                  "PortalContext <unnamed>",
                                                  "COPY TO ",
                                                  "COPY ",
                                                  "ExecutorState ",
                                                  "tuplestore tuples ",
                                                  "Table function arguments ",
                                                  "ExprContext ",
                                                  "pg_get_backend_memory_contexts ",
                                                  "relation rules pg_backend_memory_contexts"};
  for (int pg_major : {15, 16, 17, 18}) {
    CAPTURE(pg_major);
    ScenarioOptions options;
    options.pg_major = pg_major;
    test::Script script("require('backend').InitPostgres()", options);
    script.finish();
    std::map<std::string, ContextCounters> ours;
    std::map<std::uint32_t, const ContextCreated*> live;
    std::map<std::uint32_t, std::string> idents;
    for (const EventBody& event : script.log.events) {
      if (const auto* made = std::get_if<ContextCreated>(&event)) live[made->context.value] = made;
      if (const auto* gone = std::get_if<ContextDeleted>(&event)) live.erase(gone->context.value);
      if (const auto* set = std::get_if<ContextIdentSet>(&event)) idents[set->context.value] = set->ident.value_or("");
    }
    for (const auto& [slot, made] : live) {
      // A hash table is shown under its own name.
      std::string name = made->name == "dynahash" ? idents[slot] + " " : made->name + " " + idents[slot];
      ours[name] = script.run.process().memory_context_counters(made->at);
    }
    std::size_t compared = 0, equal = 0;
    for (const auto& [name, real] : read_view("pg" + std::to_string(pg_major) + "-backend-memory-contexts")) {
      if (of_the_statement.count(name) != 0) continue;
      CAPTURE(name);
      REQUIRE(ours.count(name) == 1);
      const ContextCounters& mine = ours[name];
      CHECK(mine.totalspace == real.total_bytes);
      CHECK(mine.nblocks == real.nblocks);
      auto used = static_cast<double>(mine.totalspace - mine.freespace), wanted = static_cast<double>(real.used_bytes);
      CHECK(std::abs(used - wanted) <= std::max(0.05 * wanted, 200.0));
      ++compared;
      equal += mine.totalspace - mine.freespace == real.used_bytes;
    }
    CHECK(compared >= 100);
    CHECK(equal >= 75);  // to the byte
  }
}
