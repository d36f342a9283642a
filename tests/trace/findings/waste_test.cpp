#include "trace/findings/waste.h"

#include <random>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "tests/support/random_stream.h"
#include "tests/support/workload_stream.h"
#include "tests/trace/findings/planted.h"
#include "trace/analysis/chunk_header_bytes.h"
#include "trace/findings/survey.h"

namespace palloscope::trace {
namespace {

// Chunk by chunk, and block by block.
Waste naive_waste(const MemoryState& state, ContextSlot slot, const core::VersionProfile& profile) {
  const ContextRecord& context = state.contexts()[slot.value];
  const std::uint64_t header = chunk_header_bytes(profile, context.kind);
  Waste waste;
  for (std::uint32_t i = 0; i < state.blocks().size(); ++i) {
    const BlockRecord& block = state.blocks()[i];
    if (block.born == 0 || block.context != slot) continue;
    waste.total_bytes += block.bytes;
    if (!block.linked()) {
      waste.header_bytes += block.bytes;
      continue;
    }
    waste.header_bytes += block.free_start - block.at;
    if (block.live_chunk_count == 0) {
      waste.empty_bytes += block.end() - block.free_start;
      continue;
    }
    waste.tail_bytes += block.end() - block.free_at;
    std::uint64_t chunks = 0;
    ChunkSlot at = block.first_chunk;
    for (std::uint32_t left = block.chunk_count; left != 0; --left) {
      const ChunkRecord& chunk = state.chunks()[at.value];
      chunks += chunk.granted_bytes + header;
      waste.header_bytes += header;
      if (chunk.state == ChunkState::Live) {
        waste.requested_bytes += chunk.requested_bytes;
        waste.rounding_bytes += chunk.granted_bytes - chunk.requested_bytes;
      } else {
        waste.free_bytes += chunk.granted_bytes;
      }
      at = chunk.next_in_block;
    }
    // What alignment takes beside them.
    waste.header_bytes += block.free_at - block.free_start - chunks;
  }
  return waste;
}

std::uint64_t sum_of(const Waste& waste) {
  std::uint64_t sum = 0;
  for (const WastePart& part : kWasteParts) sum += waste.*part.bytes;
  return sum;
}

TEST_CASE("the parts of every context at every moment add up, and are what chunks and blocks say one by one") {
  const int major = GENERATE(15, 16, 17, 18);
  const core::VersionProfile& profile = *core::find_profile(major, false);
  Timeline timeline = Timeline::recording(test::Planted::description(major));
  core::Process process(profile, timeline.sink());
  const core::Address top = process.top_memory_context();
  std::vector<core::Address> contexts = {top, process.alloc_set_context_create(top, "set"),
                                         process.generation_context_create(top, "generation"),
                                         process.slab_context_create(top, "slab", 8192, 72)};
  std::vector<core::Address> live;
  std::mt19937_64 random(11);
  for (int i = 0; i < 3000; ++i) {
    if (random() % 100 < 55 || live.empty()) {
      const std::size_t which = random() % contexts.size();
      live.push_back(process.memory_context_alloc(contexts[which], which == 3 ? 72 : 1 + random() % 1500));
    } else {
      const std::size_t which = random() % live.size();
      process.pfree(live[which]);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (i % 97 != 0) continue;
    timeline.seek(timeline.size());
    const MemoryState& state = timeline.state();
    for (std::uint32_t slot = 0; slot < state.contexts().size(); ++slot) {
      if (state.contexts()[slot].born == 0) continue;
      const Waste waste = waste_of(state, state.contexts()[slot], &profile);
      INFO(state.contexts()[slot].name << " at " << timeline.size());
      REQUIRE(waste == naive_waste(state, {slot}, profile));
      REQUIRE(sum_of(waste) == waste.total_bytes);
    }
  }
}

TEST_CASE("all regions of a heap are its contexts', recycled or in no context") {
  Timeline timeline = Timeline::recording({});
  test::run_workload(test::Workload::Oltp, 3, 20'000, timeline.sink());
  Survey survey(timeline);
  while (!survey.advance(3'000)) {
  }
  const Peak& peak = survey.peak();
  CHECK(peak.malloc_bytes == peak.waste.total_bytes + peak.recycled_bytes + peak.plain_bytes);
  std::uint64_t highest = 0, in_contexts = 0;
  core::EventNumber at = 0;
  timeline.visit(1, timeline.size(), [&](core::EventNumber n, const core::EventBody&, const MemoryState& after) {
    const HeapTotals& totals = after.totals();
    if (std::pair(totals.malloc_bytes, totals.context_bytes) <= std::pair(highest, in_contexts)) return;
    highest = totals.malloc_bytes;
    in_contexts = totals.context_bytes;
    at = n;
  });
  CHECK(peak.malloc_bytes == highest);
  CHECK(peak.event == at);
  std::uint64_t held = 0;
  for (const PathWaste& holder : peak.holders) held += holder.waste.total_bytes;
  CHECK(held == peak.waste.total_bytes);
  CHECK(survey.samples().size() <= Survey::kSamples + 1);
  for (const SurveySample& sample : survey.samples()) CHECK(sum_of(sample.waste) == sample.waste.total_bytes);
}

TEST_CASE("the parts add up in random streams too, whose blocks nobody laid out") {
  MemoryState state;
  const core::VersionProfile& profile = *core::find_profile(17, false);
  for (const core::EventBody& event : test::random_events(17, 6000, {.live_chunks = 400})) {
    state.apply(event);
    if (state.event_number() % 61 != 0) continue;
    for (const ContextRecord& context : state.contexts()) {
      if (context.born == 0) continue;
      const Waste waste = waste_of(state, context, &profile);
      REQUIRE(sum_of(waste) == waste.total_bytes);
    }
  }
}

}  // namespace
}  // namespace palloscope::trace
