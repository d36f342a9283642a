// Planted leaks, hoards, churn, ... are found with their numbers; clean traces are told to be clean.
#include "trace/findings/survey.h"

#include <random>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "tests/support/workload_stream.h"
#include "tests/trace/findings/planted.h"

namespace palloscope::trace {
namespace {

using test::kinds_of;
using test::Planted;

const Finding* find(const Survey& survey, FindingKind kind) {
  for (const Finding& finding : survey.findings())
    if (finding.kind == kind) return &finding;
  return nullptr;
}

std::uint64_t value(const Finding& finding, std::string_view name) {
  for (const NamedValue& value : finding.sentence.values)
    if (value.name == name) return value.number;
  FAIL("no value " << name);
  return 0;
}

// --- growth -----------------------------------------------------------------------------------------------------

TEST_CASE("a leak of so many bytes a transaction is found with its place, slope, and the first chunk that stays") {
  Planted planted;
  std::vector<core::EventNumber> leaked;
  planted.transactions(100, [&](int) {
    planted.alloc(planted.cache, 48);
    leaked.push_back(planted.timeline.size());
    planted.alloc(planted.cache, 100);
  });
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  REQUIRE(survey->findings().size() == 1);
  REQUIRE(survey->growths().size() == 1);
  const Growth& growth = survey->growths()[0];
  CHECK_FALSE(growth.of_contexts);
  CHECK(survey->round_count() == 100);
  // The first eighth of the 99 rounds after the first warms up.
  CHECK(growth.rounds == 99 - 12);
  CHECK(growth.bytes == growth.rounds * 148);
  CHECK(growth.per_round() == 148);
  CHECK(growth.survivors == growth.rounds * 2);
  CHECK(growth.first_survivor == leaked[13]);
  CHECK(growth.monotone_share() == 1);
  CHECK(growth.score() > 0.98);
  const Finding& finding = survey->findings()[0];
  CHECK(finding.kind == FindingKind::Growth);
  CHECK(finding.path == "TopMemoryContext/CacheMemoryContext");
  CHECK(finding.event == leaked[13]);
  CHECK(finding.weight_bytes == growth.bytes);
  // The transaction's own context would have freed them in time.
  REQUIRE(finding.advice.key == "finding.growth_cure");
  CHECK(finding.advice.values[0].text == "TopTransactionContext");
}

TEST_CASE("a leak now and then, among chunks that come and go, is found too") {
  Planted planted;
  std::mt19937_64 random(7);
  std::vector<core::Address> kept;
  for (int i = 0; i < 50; ++i) kept.push_back(planted.alloc(planted.cache, 64));
  planted.transactions(400, [&](int i) {
    const std::size_t which = random() % kept.size();
    planted.process.pfree(kept[which]);
    kept[which] = planted.alloc(planted.cache, 64);
    if (i % 5 == 0) planted.alloc(planted.cache, 320);
  });
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  REQUIRE(survey->growths().size() == 1);
  CHECK(survey->growths()[0].bytes == survey->growths()[0].rounds / 5 * 320);
  CHECK(survey->growths()[0].falls == 0);
}

TEST_CASE("contexts that pile up are told once, with what they hold") {
  Planted planted;
  planted.transactions(60, [&](int) {
    const core::Address plan = planted.process.alloc_set_context_create(planted.cache, "CachedPlan");
    const core::Address query = planted.process.alloc_set_context_create(plan, "query");
    planted.alloc(plan, 500);
    planted.alloc(query, 500);
  });
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  REQUIRE(survey->findings().size() == 1);
  CHECK(survey->findings()[0].kind == FindingKind::ContextPileUp);
  CHECK(survey->findings()[0].path == "TopMemoryContext/CacheMemoryContext/CachedPlan");
  CHECK(survey->growths()[0].survivors == survey->growths()[0].rounds);
  CHECK(survey->growths()[0].bytes == survey->growths()[0].rounds * 8192);
}

TEST_CASE("a leak within a query is found by the resets of its row context, though the query ends") {
  Planted planted;
  const core::Address query = planted.process.alloc_set_context_create(planted.top, "ExecutorState");
  const core::Address row = planted.process.alloc_set_context_create(query, "ExprContext");
  for (int i = 0; i < 80; ++i) {
    planted.alloc(row, 200);
    planted.alloc(query, 256);
    planted.process.memory_context_reset(row);
  }
  planted.process.memory_context_delete(query);
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  CHECK(survey->rounds().kind == RoundKind::Reset);
  CHECK(survey->rounds().name == "ExprContext");
  REQUIRE(survey->growths().size() == 1);
  CHECK(survey->growths()[0].per_round() == 256);
  CHECK(survey->findings()[0].path == "TopMemoryContext/ExecutorState");
  CHECK(survey->findings()[0].advice.values[0].text == "ExprContext");
}

TEST_CASE("a cache that fills and levels off is no leak") {
  Planted planted;
  std::mt19937_64 random(3);
  std::vector<bool> cached(60);
  planted.transactions(400, [&](int) {
    for (int k = 0; k < 3; ++k) {
      const std::size_t key = random() % cached.size();
      if (!cached[key]) planted.alloc(planted.cache, 200);
      cached[key] = true;
    }
  });
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  CHECK(survey->findings().empty());
}

TEST_CASE("a cache that drops its oldest entry, and a queue that grows longer, are no leaks") {
  Planted planted;
  std::vector<core::Address> entries;
  std::size_t oldest = 0;
  const bool grows = GENERATE(false, true);
  planted.transactions(300, [&](int i) {
    for (int k = 0; k < 4; ++k) entries.push_back(planted.alloc(planted.cache, 128));
    const std::size_t length = grows ? static_cast<std::size_t>(20 + i / 2) : 100;
    while (entries.size() - oldest > length) planted.process.pfree(entries[oldest++]);
  });
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  CHECK(survey->findings().empty());
}

TEST_CASE("a trace without rounds has no growth, and says so") {
  Planted planted;
  for (int i = 0; i < 1000; ++i) planted.alloc(planted.cache, 64);
  const auto survey = planted.survey();
  CHECK(survey->rounds().kind == RoundKind::None);
  CHECK(survey->findings().empty());
}

TEST_CASE("rounds are what the user says: a condition, a line, resets of a name") {
  Planted planted;
  planted.transactions(40, [&](int) { planted.alloc(planted.cache, 100); });
  for (const char* text :
       {"transaction", "reset:TopTransactionContext", "reset and context == \"TopTransactionContext\""}) {
    auto rule = parse_rounds(text);
    INFO(text);
    REQUIRE(rule);
    const auto survey = planted.survey(1000, *rule);
    CHECK(survey->round_count() == 40);
    REQUIRE(survey->growths().size() == 1);
    CHECK(survey->growths()[0].per_round() == 100);
  }
  CHECK_FALSE(parse_rounds("line:x"));
  CHECK_FALSE(parse_rounds("alloc and"));
}

// --- hoards, blocks kept, churn, lifetimes ----------------------------------------------------------------------

TEST_CASE("a freelist that hoards is told with its bytes and its class") {
  Planted planted;
  const core::Address work = planted.process.alloc_set_context_create(planted.top, "work");
  std::vector<core::Address> chunks;
  for (int i = 0; i < 1000; ++i) chunks.push_back(planted.alloc(work, 100));
  for (const core::Address chunk : chunks) planted.process.pfree(chunk);
  const core::EventNumber freed = planted.timeline.size();
  for (int i = 0; i < 500; ++i) planted.process.pfree(planted.alloc(work, 3000));
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  const Finding* finding = find(*survey, FindingKind::Hoard);
  REQUIRE(finding != nullptr);
  CHECK(finding->path == "TopMemoryContext/work");
  CHECK(value(*finding, "chunk") == 128);
  CHECK(value(*finding, "chunks") == 1000);
  CHECK(value(*finding, "class_bytes") == 128'000);
  CHECK(finding->event <= freed);
  CHECK(finding->until == planted.timeline.size());
}

TEST_CASE("free chunks that are used again are no hoard") {
  Planted planted;
  const core::Address work = planted.process.alloc_set_context_create(planted.top, "work");
  for (int turn = 0; turn < 20; ++turn) {
    std::vector<core::Address> chunks;
    for (int i = 0; i < 1000; ++i) chunks.push_back(planted.alloc(work, 100));
    for (const core::Address chunk : chunks) planted.process.pfree(chunk);
  }
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  CHECK(find(*survey, FindingKind::Hoard) == nullptr);
}

TEST_CASE("blocks kept by one small chunk each are counted, with the chunk that keeps the first") {
  Planted planted;
  const core::Address tuples = planted.process.generation_context_create(planted.top, "tuples", {0, 8192, 8192});
  std::vector<core::Address> chunks;
  core::EventNumber keeper = 0;
  for (int i = 0; i < 640; ++i) {
    chunks.push_back(planted.alloc(tuples, 100));
    if (i == 100) keeper = planted.timeline.size();
  }
  // All but one chunk in a hundred: blocks hold some 70.
  for (std::size_t i = 0; i < chunks.size(); ++i)
    if (i % 100 != 0 || i == 0) planted.process.pfree(chunks[i]);
  for (int i = 0; i < 400; ++i) planted.alloc(planted.cache, 64);
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  const Finding* finding = find(*survey, FindingKind::PinnedBlocks);
  REQUIRE(finding != nullptr);
  CHECK(finding->path == "TopMemoryContext/tuples");
  // Naive: blocks of the context with one live chunk at the end.
  planted.timeline.seek(planted.timeline.size());
  std::uint64_t blocks = 0;
  for (const BlockRecord& block : planted.timeline.state().blocks())
    if (block.born != 0 && block.role == core::BlockRole::Ordinary && block.live_chunk_count == 1 &&
        block.chunk_count > 10 && planted.timeline.state().contexts()[block.context.value].name == "tuples")
      ++blocks;
  REQUIRE(blocks >= 4);
  CHECK(value(*finding, "blocks") == blocks);
  CHECK(value(*finding, "kept_by") == blocks * 100);
  CHECK(finding->event == keeper);
}

TEST_CASE("contexts created and deleted thousands of times are told, unless they come from the recycled ones") {
  Planted planted;
  const bool recycled = GENERATE(false, true);
  const core::AllocSetSizes own{0, 2048, 64 * 1024};
  for (int i = 0; i < 3000; ++i) {
    const core::Address one = recycled ? planted.process.alloc_set_context_create(planted.cache, "one")
                                       : planted.process.alloc_set_context_create(planted.cache, "one", own);
    planted.alloc(one, 50);
    planted.process.memory_context_delete(one);
  }
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  const Finding* finding = find(*survey, FindingKind::Churn);
  REQUIRE((finding != nullptr) == !recycled);
  if (finding == nullptr) return;
  CHECK(value(*finding, "times") == 3000);
  CHECK(value(*finding, "mallocs") == 3000);
  CHECK(value(*finding, "bytes") == 3000 * 2048);
}

TEST_CASE(
    "chunks of a long-lived context that are freed one by one when a query ends belong into the query's context") {
  Planted planted;
  for (int i = 0; i < 20; ++i) {
    const core::Address query = planted.process.alloc_set_context_create(planted.top, "query");
    std::vector<core::Address> chunks;
    for (int k = 0; k < 15; ++k) {
      planted.alloc(query, 64);
      chunks.push_back(planted.alloc(planted.cache, 80));
    }
    // Some before the end of the query, some behind it.
    for (int k = 0; k < 10; ++k) planted.process.pfree(chunks[static_cast<std::size_t>(k)]);
    planted.process.memory_context_delete(query);
    for (int k = 10; k < 15; ++k) planted.process.pfree(chunks[static_cast<std::size_t>(k)]);
  }
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  const Finding* finding = find(*survey, FindingKind::WrongLifetime);
  REQUIRE(finding != nullptr);
  CHECK(finding->path == "TopMemoryContext/CacheMemoryContext");
  CHECK(value(*finding, "chunks") == 300);
  CHECK(value(*finding, "bytes") == 300 * 80);
  CHECK(value(*finding, "ends") == 20);
  CHECK(finding->sentence.values[1].text == "query");
}

TEST_CASE("allocations freed before anything else is allocated are counted by context") {
  Planted planted;
  for (int i = 0; i < 1500; ++i) planted.process.pfree(planted.alloc(planted.cache, 40));
  for (int i = 0; i < 10; ++i) planted.alloc(planted.cache, 40);
  const auto survey = planted.survey();
  INFO(kinds_of(*survey));
  const Finding* finding = find(*survey, FindingKind::Temporary);
  REQUIRE(finding != nullptr);
  CHECK(value(*finding, "times") == 1500);
  CHECK(value(*finding, "allocated") == 1510);
  CHECK(survey->lifetimes().ended() == 1500);
  CHECK(survey->lifetimes().soon_freed() == 1500);
  CHECK(survey->lifetimes().sizes().counts[6] == 1510);  // 32..63
  CHECK(survey->lifetimes().lifetimes().counts[1] == 1500);
}

// --- clean streams, slices --------------------------------------------------------------------------------------

TEST_CASE("streams like real work are told to be clean") {
  const auto workload = GENERATE(test::Workload::Oltp, test::Workload::Olap);
  Timeline timeline = Timeline::recording({});
  test::run_workload(workload, 5, 60'000, timeline.sink());
  Survey survey(timeline);
  while (!survey.advance(10'000)) {
  }
  INFO(kinds_of(survey));
  CHECK(survey.round_count() > 10);
  CHECK(survey.findings().empty());
}

TEST_CASE("no leak is seen in random streams, whatever is taken for a round") {
  const auto seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
  Timeline timeline = Timeline::recording({});
  for (const core::EventBody& event : test::random_events(seed, 12'000, {.live_chunks = 500}))
    timeline.sink().emit(event);
  for (const RoundKind kind : {RoundKind::None, RoundKind::Statement, RoundKind::Line}) {
    RoundRule rule;
    rule.kind = kind;
    rule.line = 5;
    Survey survey(timeline, kind == RoundKind::None ? std::nullopt : std::optional(rule));
    while (!survey.advance(1'000)) {
    }
    INFO(kinds_of(survey));
    // But for Bump contexts, which give nothing back: what grows there does grow.
    for (const Growth& growth : survey.growths()) {
      timeline.seek(growth.first_survivor);
      CHECK(timeline.state().contexts()[growth.example.value].kind == core::ContextKind::Bump);
    }
  }
}

TEST_CASE("a survey in small slices finds what one in a large slice finds") {
  Planted planted;
  planted.transactions(50, [&](int) {
    planted.alloc(planted.cache, 300);
    planted.process.pfree(planted.alloc(planted.top, 8000));
  });
  const auto small = planted.survey(7), large = planted.survey(1'000'000);
  CHECK_FALSE(small->findings().empty());
  CHECK(small->findings() == large->findings());
  CHECK(small->peak().event == large->peak().event);
  CHECK(small->samples().size() == large->samples().size());
  CHECK(small->lifetimes().lifetimes() == large->lifetimes().lifetimes());
}

}  // namespace
}  // namespace palloscope::trace
