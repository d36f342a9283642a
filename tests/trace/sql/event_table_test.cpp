// Events and faults: each row as the event and the states around it say, each condition as if nothing were passed over.
#include <fmt/format.h>

#include <random>

#include "tests/support/random_server_stream.h"
#include "tests/support/random_stream.h"
#include "tests/trace/sql/asked.h"
#include "trace/exporters/event_text.h"
#include "trace/file/block_summary.h"
#include "trace/replay/event_store.h"

namespace palloscope::trace::sql {
namespace {

// Without the column's constraint SQLite looks at every row.
std::string unhelped(std::string condition) {
  for (const std::string column : {"event", "kind", "context"})
    for (std::size_t at = 0; (at = condition.find(column + " ", at)) != std::string::npos; at += column.size() + 2)
      condition.insert(at, "+");
  return condition;
}

std::vector<core::EventBody> many_blocks() {
  auto events = test::random_events(3, 50'000, {.live_chunks = 300, .contexts = 20, .resets = 0.02});
  const auto server = test::random_server_events(4, 16'000);
  events.insert(events.end(), server.begin(), server.end());
  return events;
}

}  // namespace

TEST_CASE("each event's row tells its kind, its text, and one of the contexts that it touches") {
  const auto events = test::random_events(11, 2000, {.live_chunks = 100, .contexts = 8});
  const Timeline timeline = recorded(events);
  Database database(timeline);
  const Rows rows = ask(database, "select event, kind, text, context, requested, address from events");
  REQUIRE(rows.size() == events.size());
  MemoryState state;
  for (std::size_t i = 0; i < events.size(); ++i) {
    std::vector<std::string> touched;  // births of what the event touches, by the state before it
    std::visit(
        [&](const auto& event) {
          for_each_touched(state, event, [&](ContextSlot slot) {
            const ContextRecord* context = state.context(slot);
            touched.push_back(std::to_string(context == nullptr ? i + 1 : context->born));
          });
        },
        static_cast<const core::EventVariant&>(events[i]));
    state.apply(events[i]);
    INFO("event " << i + 1 << ": " << event_text(events[i], state));
    REQUIRE(rows[i][0] == std::to_string(i + 1));
    REQUIRE(rows[i][1] == event_kind_name(events[i]));
    REQUIRE(rows[i][2] == event_text(events[i], state));
    if (rows[i][3].empty())
      REQUIRE(touched.empty());
    else
      REQUIRE(std::find(touched.begin(), touched.end(), rows[i][3]) != touched.end());
    if (const auto* allocated = std::get_if<core::ChunkAllocated>(&events[i])) {
      REQUIRE(rows[i][4] == std::to_string(allocated->requested_bytes));
      REQUIRE(rows[i][5] == fmt::format("{:#x}", allocated->at.value));
    }
  }
}

TEST_CASE("conditions on events that pass over whole blocks find what a look at every event finds") {
  const Timeline timeline = recorded(many_blocks());
  Database database(timeline);
  REQUIRE(timeline.events().block_count() > 3);
  const std::string context = ask(database, "select context from contexts order by allocations desc limit 1")[0][0];
  for (const std::string& condition :
       {std::string("event between 30000 and 30100"), std::string("event > 65990.5"),
        std::string("event < 'x' limit 10"), std::string("kind = 'ContextDeleted'"),
        std::string("kind = 'contextdeleted'"),
        std::string("kind in ('ContextReset', 'ClockTicked', 'nothing') and event > 20000"),
        std::string("kind = 'ContextDeleted' or kind = 'ContextCreated'"),
        std::string("kind = 'ContextReset' and kind = 'ContextDeleted'"), std::string("kind = 7"),
        "context = " + context, "context = " + context + " and kind = 'ChunkFreed' and event between 100 and 40000",
        std::string("context = 5"), std::string("context = 12.5"), std::string("context = null"),
        std::string("context = -1"), std::string("kind in (select 'Block' || 'Added') order by event desc")}) {
    INFO(condition);
    const std::string columns = "select event, kind, context, requested from events where ";
    CHECK(ask(database, columns + condition) == ask(database, columns + unhelped(condition)));
  }
  CHECK(ask(database, "select * from events where kind = 'ContextDeleted'").size() > 5);
  CHECK(ask(database, "select * from events where context = " + context).size() > 50);
}

TEST_CASE("events answer alike whether the state is replayed for them or not, in any order of looking") {
  const Timeline timeline = recorded(many_blocks());
  Database database(timeline);
  const std::string plain = "select event, kind, address, requested from events where event = ";
  const std::string with_state =
      "select event, kind, address, requested from events where backend is not 1 and event = ";
  std::mt19937 random(5);
  for (int i = 0; i < 10; ++i) {
    const std::string n = std::to_string(random() % 66'000 + 1);
    REQUIRE(ask(database, plain + n) == ask(database, with_state + n));
  }
  const Rows backwards = ask(database,
                             "select e.text from (select 65000 as n union all select 500 union all select 40000) "
                             "join events e on e.event = n");
  REQUIRE(backwards.size() == 3);
}

TEST_CASE("faults are the FaultFound events, with what they say") {
  auto events = test::random_events(13, 500, {.live_chunks = 30, .contexts = 4});
  std::size_t planted = 0;
  for (std::size_t at = 50; at < events.size(); at += 97, ++planted) {
    core::FaultFound fault;
    fault.kind = core::FaultKind::DoubleFree;
    fault.at = {0x1000 + at};
    fault.bytes = at;
    fault.born = 7;
    events.insert(events.begin() + static_cast<std::ptrdiff_t>(at), fault);
  }
  const Timeline timeline = recorded(events);
  Database database(timeline);
  const Rows rows = ask(database, "select event, kind, bytes, born, ended from faults");
  REQUIRE(rows.size() == planted);
  CHECK(rows[0] == std::vector<std::string>{"51", "double free", "50", "7", ""});
  CHECK(ask(database, "select count(*) from events where kind = 'FaultFound'")[0][0] == std::to_string(planted));
}

}  // namespace palloscope::trace::sql
