// What findings show as their evidence, against a naive reading: the curve over rounds, waste over time by path, what
// could be taken for a round; and the moments of dumps.
#include <map>

#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "tests/trace/findings/planted.h"
#include "trace/analysis/dump_moments.h"

namespace palloscope::trace {
namespace {

using test::Planted;

std::uint64_t requested_in(const MemoryState& state, std::string_view name) {
  std::uint64_t sum = 0;
  for (const ContextRecord& context : state.contexts())
    if (context.born != 0 && context.name == name) sum += context.requested_bytes;
  return sum;
}

TEST_CASE("the curve of a growth is what the path held after each round") {
  Planted planted;
  const int count = GENERATE(30, 500);
  planted.transactions(count, [&](int i) { planted.alloc(planted.cache, i % 3 == 0 ? 300 : 40); });
  const auto survey = planted.survey();
  REQUIRE(survey->findings().size() == 1);
  const std::vector<RoundNote>& curve = survey->findings()[0].rounds;
  REQUIRE(curve.size() == std::min<std::size_t>(static_cast<std::size_t>(count), GrowthWatch::kCurvePoints));
  CHECK(curve.front().round == 0);
  CHECK(curve.back().round == static_cast<std::uint64_t>(count - 1));
  for (const RoundNote& note : curve) {
    planted.timeline.seek(note.event);
    REQUIRE(note.value == requested_in(planted.timeline.state(), "CacheMemoryContext"));
    const core::EventBody event = planted.timeline.event(note.event);
    REQUIRE(std::holds_alternative<core::ContextReset>(event));
  }
}

TEST_CASE("waste over time by path is that of the path's contexts at each sample") {
  Timeline timeline = Timeline::recording(Planted::description(17));
  for (const core::EventBody& event : test::random_events(11, 9'000, {.live_chunks = 400, .resets = 0.02}))
    timeline.sink().emit(event);
  Survey survey(timeline);
  while (!survey.advance(777)) {
  }
  REQUIRE(survey.samples().size() > 100);
  const core::VersionProfile* profile = core::find_profile(17, false);
  std::size_t told = 0;
  for (PathNumber path = 0; path < survey.paths().size(); ++path) {
    const std::vector<SurveySample> samples = survey.samples_of(path);
    REQUIRE(samples.size() == survey.samples().size());
    for (std::size_t i = 0; i < samples.size(); i += 37) {
      timeline.seek(samples[i].event);
      const MemoryState& state = timeline.state();
      Waste naive;
      for (std::uint32_t slot = 0; slot < state.contexts().size(); ++slot) {
        const ContextRecord& context = state.contexts()[slot];
        if (context.born == 0) continue;
        const PathNumber at = survey.paths().known(state, {slot});
        if (at == path) naive += waste_of(state, context, profile);
        const auto& omitted = context.omitted_children;
        if (!omitted || at != survey.paths().parent(path) || survey.paths().name(path)[0] != '(') continue;
        const std::uint64_t free = std::min(omitted->free_bytes, omitted->total_bytes);
        Waste left_out;
        left_out.total_bytes = omitted->total_bytes;
        left_out.free_bytes = free;
        left_out.requested_bytes = omitted->total_bytes - free;
        naive += left_out;
      }
      REQUIRE(samples[i].waste == naive);
      told += naive.total_bytes != 0 ? 1 : 0;
    }
  }
  CHECK(told > 50);
  for (const SurveySample& sample : survey.samples()) {
    Waste sum;
    for (const SurveySample::Part& part : sample.parts) sum += part.waste;
    REQUIRE(sum == sample.waste);
  }
}

core::SourceLine line(std::uint32_t number) {
  core::SourceLine line;
  line.line = number;
  return line;
}

TEST_CASE(
    "what could be a round is counted: transactions, names that are reset, lines; a line is never taken unasked") {
  Planted planted;
  planted.transactions(20, [&](int i) {
    planted.timeline.sink().emit(line(7));
    if (i % 2 == 0) planted.timeline.sink().emit(line(9));
    if (i < 3) planted.timeline.sink().emit(line(11));
  });
  const auto survey = planted.survey();
  std::vector<std::pair<std::string, std::uint64_t>> said;
  for (const RoundChoice& choice : survey->choices()) said.emplace_back(text_of(choice.rule), choice.count);
  CHECK(said == std::vector<std::pair<std::string, std::uint64_t>>{
                    {"transaction", 20}, {"reset:TopTransactionContext", 20}, {"line:7", 20}, {"line:9", 10}});
  for (const auto& [text, count] : said) {
    const auto rule = parse_rounds(text);
    REQUIRE(rule);
    CHECK(text_of(*rule) == text);
    CHECK(planted.survey(1000, *rule)->round_count() == count);
  }
  Timeline lines = Timeline::recording(Planted::description(17));
  for (int i = 0; i < 50; ++i) lines.sink().emit(line(3));
  Survey unasked(lines);
  while (!unasked.advance(1000)) {
  }
  CHECK(unasked.rounds().kind == RoundKind::None);
  CHECK(unasked.choices().size() == 1);
}

// Two dumps of one process, the second with contexts that it only counted.
Timeline two_dumps() {
  core::StreamDescription description = Planted::description(17);
  description.source = core::SourceKind::Dump;
  Timeline timeline = Timeline::recording(description);
  core::EventSink& sink = timeline.sink();
  for (const int dump : {1, 2}) {
    sink.emit(core::SnapshotBegan{dump == 1 ? "09:00" : "10:00", 42});
    core::ContextCreated created;
    created.context = {0};
    created.name = "TopMemoryContext";
    if (dump == 1) sink.emit(created);
    core::ContextReported top;
    top.context = {0};
    top.total_bytes = 1000;
    top.free_bytes = 400;
    sink.emit(top);
    if (dump == 2) {
      core::ContextsOmitted omitted;
      omitted.parent = {0};
      omitted.count = 5;
      omitted.total_bytes = 700;
      omitted.free_bytes = 100;
      sink.emit(omitted);
    }
    sink.emit(core::SnapshotEnded{});
  }
  return timeline;
}

TEST_CASE("a dump is looked at where it is complete, with what it left out") {
  const Timeline timeline = two_dumps();
  const std::vector<DumpMoment> moments = dump_moments(timeline);
  REQUIRE(moments.size() == 2);
  CHECK(moments[0].label == "09:00");
  CHECK(moments[1].pid == 42);
  CHECK(moments[1].event == timeline.size());
  Survey survey(timeline);
  while (!survey.advance(2)) {
  }
  CHECK(survey.is_of_dump());
  REQUIRE(survey.samples().size() == 2);
  CHECK(survey.samples()[0].event == moments[0].event);
  CHECK(survey.samples()[0].waste.total_bytes == 1000);
  CHECK(survey.peak().event == moments[1].event);
  CHECK(survey.peak().bytes() == 1700);
  CHECK(survey.peak().waste.free_bytes == 500);
  REQUIRE(survey.peak().holders.size() == 2);
  CHECK(survey.peak().holders[1].contexts == 5);
  CHECK(survey.paths().parent(survey.peak().holders[1].path) == survey.peak().holders[0].path);
  CHECK(dump_moments(Planted().timeline).empty());
}

}  // namespace
}  // namespace palloscope::trace
