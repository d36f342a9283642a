// What must not work, what is wrong and where, and stopping.
#include <chrono>

#include "tests/support/random_stream.h"
#include "tests/support/source_tree.h"
#include "tests/trace/sql/asked.h"
#include "trace/sql/sliced_question.h"

namespace palloscope::trace::sql {
namespace {

const Timeline& some_trace() {
  static const Timeline timeline = recorded(test::random_events(23, 40'000, {.live_chunks = 300, .contexts = 20}));
  return timeline;
}

}  // namespace

TEST_CASE("nothing can be written, attached, set or loaded") {
  Database database(some_trace());
  for (const char* question :
       {"create table t(x)", "create temp table t(x)", "insert into events values (1)", "update events set kind = 'x'",
        "delete from events", "drop table events", "attach 'x.db' as y", "pragma journal_mode = wal",
        "pragma table_info(events)", "select * from pragma_table_list", "vacuum into 'x.db'", "begin", "analyze",
        "create virtual table v using events", "select load_extension('x')", "create view v as select 1", "reindex",
        "detach main", "savepoint a"}) {
    INFO(question);
    const Asked asked = try_asking(database, question);
    REQUIRE(asked.mistake);
    CHECK(asked.mistake->code == core::ErrorCode::BadArgument);
    CHECK(asked.rows.empty());
  }
  CHECK(ask(database, "select count(*) from events")[0][0] == "40000");
}

TEST_CASE("hostile questions end with words") {
  Database database(some_trace(), {.sqlite_bytes = std::size_t{64} << 20});
  for (const std::string& question :
       {std::string(), std::string(" ;; -- nothing"), std::string("select"), std::string("select 'open"),
        std::string(100'000, '('), "select " + std::string(5000, '-') + "1\n", std::string("select zeroblob(1e9)"),
        std::string("select 1; select 2"), std::string("select 1 union select 1, 2"),
        std::string("select \xff\xfe from events"),
        std::string("select group_concat(hex(zeroblob(60000000))) from events")}) {
    INFO(question.substr(0, 60));
    CHECK(try_asking(database, question).mistake);
  }
  CHECK(ask(database, "select 1 -- and no more") == Rows{{"1"}});
  CHECK(ask(database, "select 1; ;") == Rows{{"1"}});
  CHECK(ask(database, "select x'00ff', 0.5, null") == Rows{{"x'00ff'", "0.5", ""}});
}

TEST_CASE("a mistake tells its place, and names that are nearly right are told") {
  Database database(some_trace());
  const std::string question = "select event\nfrom evnts";
  const Asked table = try_asking(database, question);
  REQUIRE(table.mistake);
  CHECK_THAT(table.mistake->message, Catch::Matchers::Contains("did you mean events?"));
  const std::string columns = "select event,\n  contxt\nfrom events";
  const Asked column = try_asking(database, columns);
  REQUIRE(column.mistake);
  CHECK_THAT(column.mistake->message, Catch::Matchers::Contains("did you mean context?"));
  REQUIRE(column.mistake->place);
  CHECK(*column.mistake->place == columns.find("contxt"));
  CHECK(point_at(columns, *column.mistake) == "  contxt\n  ^");
  CHECK(point_at("select '\xe4\xb8\xad' x y", {{}, "", 13}) == "select '\xe4\xb8\xad' x y\n           ^");
}

TEST_CASE("columns of an answer know event numbers and addresses, also behind min and max") {
  Database database(some_trace());
  const Asked asked = try_asking(database,
                                 "select event, max(event), address, kind, count(*), min(e.event) as event, requested "
                                 "from events e group by kind limit 1");
  REQUIRE_FALSE(asked.mistake);
  std::vector<ColumnKind> kinds;
  for (const AnswerColumn& column : asked.columns) kinds.push_back(column.kind);
  using K = ColumnKind;
  CHECK(kinds == std::vector<K>{K::Event, K::Event, K::Address, K::Text, K::Number, K::Event, K::Number});
}

TEST_CASE("every table can be read whole, and every column has a meaning of its own") {
  Database database(some_trace());
  for (const auto& table : database.tables()) {
    INFO(table->name());
    CHECK(!table->meaning().empty());
    std::size_t shown_columns = 0;
    for (const Column& column : table->columns()) {
      CHECK(!column.meaning.empty());
      shown_columns += column.hidden ? 0 : 1;
    }
    const Asked asked = try_asking(database, "select * from " + std::string(table->name()) + " limit 500");
    REQUIRE_FALSE(asked.mistake);
    CHECK(asked.columns.size() == shown_columns);
  }
}

TEST_CASE("the page of the tables tells every table and column as they are") {
  const std::string page = test::read_file(test::in_source_tree("trace/sql/README.md"));
  for (const int major : {17, 18}) {
    const Timeline timeline = Timeline::recording({.pg_major = major, .title = {}, .origin = {}});
    const Database database(timeline);
    for (const auto& table : database.tables()) {
      CHECK_THAT(page, Catch::Matchers::Contains("### " + std::string(table->name()) + "\n"));
      for (const Column& column : table->columns()) {
        CHECK_THAT(page, Catch::Matchers::Contains("`" + std::string(column.name) + "`"));
        if (major == 17) CHECK_THAT(page, Catch::Matchers::Contains(std::string(column.meaning) + " |"));
      }
    }
  }
}

TEST_CASE("a question that never ends is stopped, while SQLite computes and while a pass over the trace goes on") {
  Database database(some_trace());
  for (const char* question :
       {"with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n",
        "select count(*) from events a, events b", "select count(*) from chunks a, chunks b where a.requested = 77"}) {
    INFO(question);
    int looks = 0;
    const auto mistake = database.ask(
        question, 0,
        {[](const auto&) {}, [](auto) { return true; }, [&](std::string_view, double) { return ++looks < 20; }});
    REQUIRE(mistake);
    CHECK(mistake->code == core::ErrorCode::Cancelled);
    CHECK(ask(database, "select count(*) from trace") == Rows{{"1"}});
  }
}

TEST_CASE("a question in slices gives the rows of one asked at once, while the recording grows under it") {
  const auto events = test::random_events(29, 60'000, {.live_chunks = 200, .contexts = 10});
  Timeline timeline = recorded({events.begin(), events.begin() + 30'000});
  const std::string question = "select event, kind, context, text from events where kind != 'Output'";
  Database database(timeline);
  const Rows expected = ask(database, question);
  SlicedQuestion sliced(database, question, timeline.size());
  std::size_t fed = 30'000, slices = 0;
  while (!sliced.advance(std::chrono::microseconds(200))) {
    ++slices;
    for (int i = 0; i < 100 && fed < events.size(); ++i) timeline.sink().emit(events[fed++]);
    timeline.seek(slices % 1000);
  }
  REQUIRE_FALSE(sliced.mistake());
  CHECK(slices > 3);
  REQUIRE(sliced.answer().rows() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    REQUIRE(shown(sliced.answer().at(i, 3), ColumnKind::Text) == expected[i][3]);
}

TEST_CASE("a question in slices is stopped between two, keeps as many rows as it may, and ends with its owner") {
  Database database(some_trace());
  {
    SlicedQuestion endless(database, "select * from events a, events b", 0);
    endless.advance(std::chrono::milliseconds(2));
  }
  SlicedQuestion stopped(database, "select count(*) from events a, events b", 0);
  REQUIRE_FALSE(stopped.advance(std::chrono::milliseconds(1)));
  stopped.stop();
  REQUIRE(stopped.done());
  REQUIRE(stopped.mistake());
  CHECK(stopped.mistake()->code == core::ErrorCode::Cancelled);
  SlicedQuestion cut(database, "select event from events", 0, {.rows = 100});
  while (!cut.advance(std::chrono::seconds(1))) {
  }
  CHECK(cut.answer().rows() == 100);
  CHECK(cut.answer().cut);
  CHECK_FALSE(cut.mistake());
}

}  // namespace palloscope::trace::sql
