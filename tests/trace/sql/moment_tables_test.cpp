// Tables of a moment: the same as the exporters write, for simulated servers and for samples of real ones.
#include <sstream>

#include "core/mcxt/process.h"
#include "tests/support/golden_files.h"
#include "tests/support/random_server_stream.h"
#include "tests/support/random_stream.h"
#include "tests/trace/importers/imported.h"
#include "tests/trace/sql/asked.h"
#include "trace/exporters/buffer_csv.h"
#include "trace/exporters/context_csv.h"
#include "trace/exporters/csv_field.h"
#include "trace/exporters/shmem_csv.h"

namespace palloscope::trace::sql {
namespace {

// As CSV, nulls told from empty texts.
std::string as_csv(Database& database, const std::string& question, EventNumber at) {
  std::string text;
  const auto line = [&](const auto& values, const auto& field) {
    for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ",") + field(values[i]);
    text += '\n';
  };
  const auto mistake = database.ask(
      question, at,
      {[&](std::vector<AnswerColumn> columns) {
         line(columns, [](const AnswerColumn& column) { return csv_field(column.name); });
       },
       [&](std::span<const Value> row) {
         line(row, [](const Value& value) {
           return std::holds_alternative<std::monostate>(value) ? "" : csv_field(shown(value, ColumnKind::Number));
         });
         return true;
       },
       {}});
  if (mistake) FAIL(mistake->message);
  return text;
}

std::string exported(const Timeline& timeline) {
  std::ostringstream out;
  write_context_csv(timeline.state(), timeline.description(), out);
  return out.str();
}

constexpr const char* kView = "select * from pg_backend_memory_contexts";

}  // namespace

TEST_CASE("pg_backend_memory_contexts has the rows and columns of the sample that a real server wrote") {
  for (const std::string& name : test::golden_names("dumps", "backend-memory-contexts.csv")) {
    INFO(name);
    const int major = std::stoi(name.substr(name.find("pg") + 2, 2));
    const std::string sample = test::read_golden(name);
    const Imported imported = import_text(sample, name, major);
    REQUIRE(imported.timeline);
    Database database(*imported.timeline);
    CHECK(as_csv(database, kView, imported.timeline->size()) == sample);
  }
}

TEST_CASE("pg_backend_memory_contexts is what palloscope state writes at that moment, for each version") {
  for (const int major : {15, 16, 17, 18}) {
    Timeline timeline = Timeline::recording({.pg_major = major, .title = {}, .origin = {}});
    core::Process process(*core::find_profile(major, false), timeline.sink());
    core::Address parent = process.top_memory_context();
    for (int i = 0; i < 6; ++i) {
      const core::Address made = process.alloc_set_context_create(parent, "level", core::kSmallSizes);
      process.memory_context_switch_to(made);
      for (int j = 0; j < 20; ++j) process.pfree(process.palloc(static_cast<std::uint64_t>(100 + 40 * j)));
      process.palloc(20'000);
      if (i % 2 == 0) parent = made;
    }
    Database database(timeline);
    for (const EventNumber at : {EventNumber{0}, timeline.size() / 3, timeline.size()}) {
      timeline.seek(at);
      INFO("version " << major << " at " << at);
      CHECK(as_csv(database, kView, at) == exported(timeline));
      CHECK(as_csv(database, kView + ("(" + std::to_string(at) + ")"), 1) == exported(timeline));
      CHECK(as_csv(database, kView + (" where at = " + std::to_string(at)), 1) == exported(timeline));
    }
  }
}

TEST_CASE("a moment that is no event has no rows, and one that another table names is gone to") {
  const Timeline timeline = recorded(test::random_events(3, 3000, {.live_chunks = 100, .contexts = 8}));
  Database database(timeline);
  CHECK(ask(database, "select * from pg_backend_memory_contexts(999999)").empty());
  CHECK(ask(database, "select * from pg_backend_memory_contexts(null)").empty());
  const Rows rows = ask(database,
                        "select e.event, count(*), min(v.at), max(v.at) from events e, pg_backend_memory_contexts v "
                        "where e.event in (500, 2500, 1000) and v.at = e.event group by e.event");
  REQUIRE(rows.size() == 3);
  for (const auto& row : rows) {
    CHECK(row[2] == row[0]);
    CHECK(row[3] == row[0]);
    CHECK(row[1] == ask(database, "select count(*) from pg_backend_memory_contexts(" + row[0] + ")")[0][0]);
  }
}

TEST_CASE("freelists hold the free chunks of the state, each chain from its head") {
  Timeline timeline = recorded(test::random_events(17, 4000, {.live_chunks = 150, .contexts = 10}));
  timeline.seek(timeline.size());
  Database database(timeline);
  const MemoryState& state = timeline.state();
  std::size_t lists = 0;
  for (const ContextRecord& context : state.contexts()) {
    if (context.born == 0) continue;
    for (int list = 0; list < kFreelistCount; ++list) {
      std::vector<std::string> chain;
      for (ChunkSlot at = context.freelist[list]; at; at = state.chunks()[at.value].next_free)
        chain.push_back(std::to_string(state.chunks()[at.value].born));
      std::vector<std::string> told;
      for (const auto& row :
           ask(database, "select chunk, position from freelists where context = " + std::to_string(context.born) +
                             " and size_class = " + std::to_string(list) + " order by position")) {
        told.push_back(row[0]);
        CHECK(row[1] == std::to_string(told.size()));
      }
      CHECK(told == chain);
      lists += chain.empty() ? 0 : 1;
    }
  }
  CHECK(lists > 3);
}

TEST_CASE("buffers at a moment are those of pg_buffercache") {
  Timeline timeline = recorded(test::random_server_events(5, 4000));
  timeline.seek(timeline.size());
  REQUIRE(timeline.state().server().shared_pool() != nullptr);
  Database database(timeline);
  std::ostringstream out;
  write_buffer_csv(timeline, out);
  std::string rows;
  for (const auto& row : ask(database,
                             "select bufferid, relfilenode, reltablespace, reldatabase, relforknumber, relblocknumber, "
                             "case isdirty when 1 then 't' when 0 then 'f' end, usagecount, "
                             "case when relfilenode is not null then pinning_backends end from buffers "
                             "where backend is null order by bufferid")) {
    for (std::size_t i = 0; i < row.size(); ++i) rows += (i == 0 ? "" : ",") + row[i];
    rows += '\n';
  }
  const std::string csv = out.str();
  CHECK(rows.substr(0, rows.find("\n", csv.size())) == csv.substr(csv.find('\n') + 1));
}

TEST_CASE("pg_shmem_allocations has the rows that palloscope state writes, for a simulated server and a real one's") {
  const auto same = [](const Timeline& timeline) {
    Database database(timeline);
    std::ostringstream out;
    write_shmem_csv(timeline.state().server(), timeline.description(), out);
    CHECK(as_csv(database, "select * from pg_shmem_allocations", timeline.size()) == out.str());
    return ask(database, "select * from pg_shmem_allocations").size();
  };
  Timeline simulated = recorded(test::random_server_events(11, 6000));
  simulated.seek(simulated.size());
  CHECK(same(simulated) > 3);
  for (const std::string& name : test::golden_names("views", "MB.csv")) {
    INFO(name);
    const Imported imported =
        import_text(test::read_golden(name), name, std::stoi(name.substr(name.find("pg") + 2, 2)));
    REQUIRE(imported.timeline);
    CHECK(same(*imported.timeline) > 20);
  }
}

TEST_CASE("segments are those of the state at that moment, each with how many are attached to it") {
  Timeline timeline = recorded(test::random_server_events(7, 6000));
  Database database(timeline);
  std::size_t seen = 0;
  for (EventNumber at = 500; at <= timeline.size(); at += 500) {
    timeline.seek(at);
    Rows expected;
    for (const SegmentRecord& segment : timeline.state().server().segments)
      if (segment.born != 0)
        expected.push_back({std::to_string(segment.born), std::to_string(segment.bytes), std::to_string(segment.refcnt),
                            std::to_string(segment.attached.size())});
    CHECK(ask(database, "select segment, bytes, refcnt, attached from segments", at) == expected);
    seen += expected.size();
  }
  CHECK(seen > 12);
}

TEST_CASE("the trace's row knows the first moment at which contexts held the most") {
  const auto events = test::random_events(19, 40'000, {.live_chunks = 400, .contexts = 20, .resets = 0.02});
  MemoryState state;
  std::uint64_t most = 0;
  EventNumber when = 0;
  for (const core::EventBody& event : events) {
    state.apply(event);
    if (state.totals().context_bytes > most) most = state.totals().context_bytes, when = state.event_number();
  }
  const Timeline timeline = recorded(events);
  Database database(timeline);
  CHECK(ask(database, "select events, peak_event, peak_bytes from trace") ==
        Rows{{std::to_string(events.size()), std::to_string(when), std::to_string(most)}});
}

}  // namespace palloscope::trace::sql
