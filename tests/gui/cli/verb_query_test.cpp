// palloscope query: the same rows in three forms, and what is said where there are none.
#include <nlohmann/json.hpp>

#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"
#include "trace/sql/database.h"

namespace palloscope::gui::cli {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("query writes a table, CSV and JSON") {
  const std::string question = "select 'a,b' as words, null as none, 12 as n, address from chunks limit 2";
  const Outcome text = run({"query", "3", question});
  REQUIRE(text.status == kExitGood);
  CHECK_THAT(text.out, StartsWith("words  none   n         address\n-----  ----  --  --------------\na,b"));
  const Outcome csv = run({"query", "3", question, "--format", "csv"});
  CHECK_THAT(csv.out, StartsWith("words,none,n,address\n\"a,b\",,12,0x"));
  const auto json = nlohmann::json::parse(run({"query", "3", question, "--format", "json"}).out);
  REQUIRE(json.size() == 2);
  CHECK(json[0]["words"] == "a,b");
  CHECK(json[0]["none"].is_null());
  CHECK(json[0]["n"] == 12);
  CHECK_THAT(json[0]["address"].get<std::string>(), StartsWith("0x"));
}

TEST_CASE("query shows the moment that --at names") {
  const std::string question = "select count(*) as n from pg_backend_memory_contexts";
  CHECK_THAT(run({"query", "3", question, "--at", "0"}).out, Contains("\n0\n"));
  CHECK_THAT(run({"query", "3", question, "--at", "13"}).out, Contains("\n3\n"));
  const Outcome csv = run({"query", "10", "select * from pg_backend_memory_contexts", "--at", "60", "--format", "csv"});
  CHECK(csv.out == run({"state", "10", "--at", "60", "--format", "csv"}).out);
  CHECK(run({"query", "3", question, "--at", "99999"}).status == kExitBad);
}

TEST_CASE("query ends with 1 where there are no rows, and with 2 and the place where the question is wrong") {
  CHECK(run({"query", "3", "select * from faults"}).status == kExitNo);
  CHECK(run({"query", "3", "select * from faults", "--format", "json"}).out == "[]\n");
  const Outcome wrong = run({"query", "3", "select evnt from events"});
  CHECK(wrong.status == kExitBad);
  CHECK(wrong.err ==
        "palloscope query: no such column: evnt; did you mean event?\nselect evnt from events\n       ^\n");
  CHECK(run({"query", "3"}).status == kExitBad);
  CHECK(run({"query", "3", "delete from events"}).status == kExitBad);
}

TEST_CASE("query --tables names every table and column") {
  const Outcome listed = run({"query", "--tables"});
  REQUIRE(listed.status == kExitGood);
  const trace::Timeline timeline = trace::Timeline::recording({.title = {}, .origin = {}});
  const trace::sql::Database database(timeline);
  for (const auto& table : database.tables()) {
    CHECK_THAT(listed.out, Contains(std::string(table->name()) + ": " + std::string(table->meaning())));
    for (const auto& column : table->columns()) CHECK_THAT(listed.out, Contains(std::string(column.meaning)));
  }
}

}  // namespace palloscope::gui::cli
