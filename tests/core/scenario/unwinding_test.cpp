// Errors that nobody in a script catches, with transactions under way: who resets and deletes what (spec 8.2).
#include <string>
#include <vector>

#include "core/mcxt/context_calls.h"
#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::core;
using test::Script;

namespace {

struct Calls final : ContextCallObserver {
  std::vector<std::string> lines;
  void called(const ContextCall& call) override {
    if (call.function != ContextFunction::SetParent) lines.push_back(text_of(call));
  }
  // Those behind the last line of this text.
  std::vector<std::string> after(const std::string& text) const {
    auto found = lines.end();
    for (auto at = lines.begin(); at != lines.end(); ++at)
      if (*at == text) found = at;
    REQUIRE(found != lines.end());
    return {found + 1, lines.end()};
  }
};

ScenarioOptions watched(Calls& calls, int pg_major = 17) {
  ScenarioOptions options;
  options.pg_major = pg_major;
  options.context_calls = &calls;
  return options;
}

const std::string kStart = "local backend = require 'backend' backend.InitPostgres(4)\n";

}  // namespace

TEST_CASE("an error in the middle of a sort deletes below the portal first, then the portal, then the transaction's") {
  Calls calls;
  Script script(kStart + R"(
backend.exec_simple_query("select 1/v from a order by 1", backend.Sort{ backend.SeqScan{ rows = 9, tlist = function(row)
  if row == 3 then ereport(ERROR, "division by zero") end
  return row
end } })
print(CurrentMemoryContext, backend.contexts.TopTransactionContext, backend.contexts.PortalContext)
)",
                watched(calls));
  CHECK(script.finish() == "MessageContext\tnil\tnil\n");
  CHECK(calls.after("C bump Caller tuples parent=TupleSort sort 0/8192/8388608") ==
        std::vector<std::string>{"R ExprContext children=0 isreset=1", "R ExprContext children=0 isreset=1",
                                 "R ExprContext children=0 isreset=1", "DC PortalContext n=1", "D Caller tuples",
                                 "D TupleSort sort", "D TupleSort main", "D printtup", "D ExprContext",
                                 "D ExecutorState", "D PortalContext", "R TransactionAbortContext children=0 isreset=1",
                                 "D TopTransactionContext", "R ErrorContext children=0 isreset=0",
                                 "R MessageContext children=0 isreset=0"});
  CHECK(script.log.count<ErrorReported>() == 1);
  CHECK(script.log.count<ErrorCaught>() == 1);
}

TEST_CASE("a handler in the script keeps the main loop from seeing the error, and finally runs on the way out") {
  Calls calls;
  Script script(kStart + R"(
backend.exec_simple_query("select f", backend.Result{ tlist = function()
  local here = CurrentMemoryContext
  PG_TRY(function() ereport(ERROR, "caught inside") end, { catch = function()
    MemoryContextSwitchTo(here)
    FlushErrorState()
  end })
end })
backend.exec_simple_query("select g", backend.Result{ tlist = function()
  PG_TRY(function() ereport(ERROR, "on its way") end, { finally = function() print("finally") end })
end })
)",
                watched(calls));
  CHECK(script.finish() == "finally\n");
  int aborts = 0;
  for (const std::string& line : calls.lines) aborts += line.starts_with("R TransactionAbortContext");
  CHECK(aborts == 1);
}

TEST_CASE("in a failed block only its end is taken, and the block's memory stays until then") {
  Script script(kStart + R"(
local q, contexts = backend.exec_simple_query, backend.contexts
q "begin"
q("select 1/0", backend.Result{ fold = function() ereport(ERROR, "division by zero") end })
q("select 1", backend.Result{})
print(contexts.TopTransactionContext, backend.IsAbortedTransactionBlockState())
q "commit"
print(contexts.TopTransactionContext, backend.IsTransactionBlock())
)");
  CHECK(script.finish() == "TopTransactionContext\ttrue\nnil\tfalse\n");
  auto errors = script.log.all<ErrorReported>();
  REQUIRE(errors.size() == 2);
  CHECK(errors[1].message == "current transaction is aborted, commands ignored until end of transaction block");
}

TEST_CASE("an error that leaves a script without a loop aborts its transaction before the script ends") {
  for (int pg_major : {15, 17, 18}) {
    CAPTURE(pg_major);
    Calls calls;
    Script script(R"(
local backend = require 'backend'
backend.StartTransactionCommand()
backend.BeginTransactionBlock()
backend.CommitTransactionCommand()
palloc(100)
ereport(ERROR, "nobody catches this")
)",
                  watched(calls, pg_major));
    CHECK(script.fail() == "test.lua:7: ERROR: nobody catches this");
    // A block stays open, marked as failed: as in a server, its user has to end it.
    CHECK(calls.lines.back() == "R ErrorContext children=0 isreset=0");
    CHECK(script.run.execute("CurrentMemoryContext").text == "TopMemoryContext");
    auto answer = script.run.execute(
        "b = require 'backend' b.UserAbortTransactionBlock() b.CommitTransactionCommand() "
        "print(b.IsTransactionState())");
    CHECK(answer.ok);
    CHECK(script.log.output() == "false\n");
    std::string last = pg_major >= 18 ? "R TopTransactionContext children=0 isreset=0" : "D TopTransactionContext";
    CHECK(calls.lines.back() == last);
  }
}

TEST_CASE("an implicit transaction is gone after an error that nobody caught") {
  Calls calls;
  Script script("b = require 'backend'\nb.StartTransactionCommand()\nereport(ERROR, 'x')\n", watched(calls));
  script.fail();
  CHECK(calls.after("C aset TopTransactionContext parent=TopMemoryContext 0/8192/8388608") ==
        std::vector<std::string>{"R TransactionAbortContext children=0 isreset=1", "D TopTransactionContext",
                                 "R ErrorContext children=0 isreset=0"});
}

TEST_CASE("a recovery that fails itself is told, and the process is brought back all the same") {
  Script script("on_uncaught_error(function() error('worse') end)\nereport(ERROR, 'bad')\n");
  CHECK(script.fail() == "test.lua:2: ERROR: bad");
  CHECK(script.log.output() == "test.lua:1: worse\n");
  CHECK(script.run.execute("CurrentMemoryContext").text == "TopMemoryContext");
}
