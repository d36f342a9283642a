// The tables of life spans against a naive account: after each event, look at everything that is there.
#include <fmt/format.h>

#include <map>
#include <set>

#include "tests/support/random_stream.h"
#include "tests/support/workload_stream.h"
#include "tests/trace/sql/asked.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"

namespace palloscope::trace::sql {
namespace {

struct NaiveChunk {
  EventNumber ended = 0;
  std::string fate;
  EventNumber context = 0;
  std::uint64_t requested = 0, granted = 0, address = 0;
};
struct NaiveBlock {
  EventNumber ended = 0, context = 0;
  std::uint64_t bytes = 0;
};
struct NaiveContext {
  EventNumber ended = 0;
  std::string name;
  std::uint64_t resets = 0, allocations = 0, peak_bytes = 0;
};

struct NaiveLives {
  std::map<EventNumber, NaiveChunk> chunks;
  std::map<EventNumber, NaiveBlock> blocks;
  std::map<EventNumber, NaiveContext> contexts;
};

std::string fate_of(const core::EventBody& event) {
  if (const auto* freed = std::get_if<core::ChunkFreed>(&event))
    return freed->cause == core::ChunkCause::Repalloc ? "moved" : "freed";
  if (std::holds_alternative<core::ContextReset>(event)) return "reset";
  if (std::holds_alternative<core::ContextDeleted>(event)) return "deleted";
  if (std::holds_alternative<core::BlockRemoved>(event)) return "block left";
  if (std::holds_alternative<core::BlockEmptied>(event)) return "block emptied";
  return "?";
}

NaiveLives naive_lives(const std::vector<core::EventBody>& events) {
  NaiveLives lives;
  MemoryState state;
  std::map<std::uint32_t, EventNumber> added;  // by block slot: its BlockAdded
  for (const core::EventBody& event : events) {
    state.apply(event);
    const EventNumber n = state.event_number();
    std::set<EventNumber> contexts, chunks, blocks;
    for (const ContextRecord& context : state.contexts()) {
      if (context.born == 0) continue;
      contexts.insert(context.born);
      NaiveContext& life = lives.contexts[context.born];
      life.name = printable(printed_name(context));
      life.peak_bytes =
          std::max(life.peak_bytes, context.reported ? context.reported->total_bytes : context.mem_allocated_bytes);
      if (const auto* reset = std::get_if<core::ContextReset>(&event))
        if (state.context(reset->context) == &context) ++life.resets;
    }
    if (const auto* block = std::get_if<core::BlockAdded>(&event)) added[block->block.value] = n;
    for (std::uint32_t i = 0; i < state.blocks().size(); ++i) {
      const BlockRecord& block = state.blocks()[i];
      if (block.born == 0 || !block.linked()) continue;
      blocks.insert(added[i]);
      lives.blocks[added[i]] = {0, state.contexts()[block.context.value].born, block.bytes};
    }
    for (const ChunkRecord& chunk : state.chunks()) {
      if (chunk.state != ChunkState::Live) continue;
      chunks.insert(chunk.born);
      const EventNumber context = state.contexts()[state.context_of(chunk).value].born;
      if (chunk.born == n) ++lives.contexts[context].allocations;
      lives.chunks[chunk.born] = {0, "", context, chunk.requested_bytes, chunk.granted_bytes, chunk.at.value};
    }
    const auto end = [&](auto& all, const auto& there) {
      for (auto& [born, one] : all) {
        auto& life = one;
        if (life.ended == 0 && !there.contains(born)) {
          life.ended = n;
          if constexpr (requires { life.fate; }) life.fate = fate_of(event);
        }
      }
    };
    end(lives.contexts, contexts);
    end(lives.blocks, blocks);
    end(lives.chunks, chunks);
  }
  return lives;
}

std::string or_nothing(EventNumber n) { return n == 0 ? "" : std::to_string(n); }

void compare(const std::vector<core::EventBody>& events) {
  const Timeline timeline = recorded(events);
  Database database(timeline);
  const NaiveLives naive = naive_lives(events);
  Rows contexts, blocks, chunks;
  for (const auto& [born, life] : naive.contexts)
    contexts.push_back({std::to_string(born), or_nothing(life.ended), life.name, std::to_string(life.resets),
                        std::to_string(life.allocations), std::to_string(life.peak_bytes)});
  for (const auto& [born, life] : naive.blocks)
    blocks.push_back(
        {std::to_string(born), or_nothing(life.ended), std::to_string(life.context), std::to_string(life.bytes)});
  for (const auto& [born, life] : naive.chunks)
    chunks.push_back({std::to_string(born), or_nothing(life.ended), life.fate, std::to_string(life.context),
                      std::to_string(life.requested), std::to_string(life.granted),
                      fmt::format("{:#x}", life.address)});
  REQUIRE(chunks.size() > 20);
  CHECK(ask(database, "select context, ended, name, resets, allocations, peak_bytes from contexts") == contexts);
  CHECK(ask(database, "select block, ended, context, bytes from blocks") == blocks);
  CHECK(ask(database, "select chunk, ended, fate, context, requested, granted, address from chunks") == chunks);
}

}  // namespace

TEST_CASE("contexts, blocks and chunks live as long as a look at everything after each event says") {
  const auto seed = GENERATE(1u, 2u, 3u, 4u);
  INFO("seed " << seed);
  compare(test::random_events(seed, 1500, {.live_chunks = 60, .contexts = 8, .resets = 0.03}));
}

TEST_CASE("... and so they do in a stream of real work") {
  auto events = test::workload_events(test::Workload::Oltp, 5, 1500);
  events.resize(1500);
  compare(events);
}

TEST_CASE("rows of life spans are found by their events as by looking at all of them") {
  const Timeline timeline = recorded(test::random_events(7, 4000, {.live_chunks = 200, .contexts = 12}));
  Database database(timeline);
  for (const std::string table : {"contexts", "blocks", "chunks"}) {
    const std::string key = table.substr(0, table.size() - 1);
    for (const std::string condition :
         {"= 1234", "between 1000 and 2000", "> 3000.5", "<= 1000.5", "< 0", "= 12.5", "= null", "in (40, 2000, 41)",
          "< 'text'", "> 'text'", ">= -5", "< 9e18", "> 1e300"}) {
      const std::string question = "select * from " + table + " where {}" + key + " " + condition;
      INFO(question);
      CHECK(ask(database, fmt::format(fmt::runtime(question), "")) ==
            ask(database, fmt::format(fmt::runtime(question), "+")));
    }
  }
  const Rows joined = ask(database, "select k.chunk, c.name from chunks k join contexts c using (context)");
  CHECK(joined == ask(database, "select chunk, context_name from chunks"));
}

TEST_CASE("life spans that would take more memory than there may be are refused with a way out") {
  const Timeline timeline = recorded(test::random_events(9, 20'000, {}));
  Database database(timeline, {.span_bytes = 400'000});
  const Asked all = try_asking(database, "select count(*) from chunks");
  REQUIRE(all.mistake);
  CHECK_THAT(all.mistake->message, Catch::Matchers::Contains("limit") && Catch::Matchers::Contains("between"));
  Database roomy(timeline);
  const std::string some = "select * from chunks where chunk between 9000 and 9500";
  CHECK(ask(database, some) == ask(roomy, some));
  CHECK(ask(database, some).size() > 20);
}

TEST_CASE(
    "a limit that falls below what is kept of life spans lets go of it, and one that rises lets it be made anew") {
  const Timeline timeline = recorded(test::random_events(9, 20'000, {}));
  Database database(timeline);
  CHECK(database.span_bytes() == 0);
  const Rows count = ask(database, "select count(*) from chunks");
  const std::size_t kept = database.span_bytes();
  CHECK(kept > 400'000);
  database.set_span_limit(kept);
  CHECK(database.span_bytes() == kept);
  database.set_span_limit(kept - 1);
  CHECK(database.span_bytes() == 0);
  database.set_span_limit(kept / 2);
  CHECK(try_asking(database, "select count(*) from chunks").mistake);
  CHECK(database.span_bytes() == 0);
  database.set_span_limit(kept);
  CHECK(ask(database, "select count(*) from chunks") == count);
}

}  // namespace palloscope::trace::sql
