// The text of a replayed state against the text that the simulated process itself prints.
#include "trace/exporters/stats_text.h"

#include <random>
#include <string>
#include <vector>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "trace/exporters/exporter.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {
namespace {

struct StateSink final : core::EventSink {
  MemoryState state;
  void emit(const core::EventBody& event) override { state.apply(event); }
};

core::StreamDescription simulated(int major) {
  core::StreamDescription description;
  description.source = core::SourceKind::Scenario;
  description.pg_major = major;
  return description;
}

TEST_CASE("the state's text is MemoryContextStats' text, in every version and for every kind of context") {
  const unsigned seed = std::random_device{}();
  for (const int major : {15, 16, 17, 18}) {
    INFO("PostgreSQL " << major << ", seed " << seed);
    std::mt19937 random(seed);
    StateSink sink;
    core::Process process(*core::find_profile(major, false), sink);
    const core::Address top = process.top_memory_context();
    std::vector<core::Address> contexts{process.alloc_set_context_create(top, "set"),
                                        process.generation_context_create(top, "generation"),
                                        process.slab_context_create(top, "slab", 8192, 200)};
    if (major >= 17) contexts.push_back(process.bump_context_create(contexts[0], "bump"));
    std::vector<core::Address> chunks;
    for (int step = 0; step < 400; ++step) {
      const core::Address context = contexts[random() % contexts.size()];
      const bool is_slab = context == contexts[2], is_bump = contexts.size() > 3 && context == contexts[3];
      const core::Address chunk = process.memory_context_alloc(context, is_slab ? 200 : random() % 12000);
      if (!is_bump) chunks.push_back(chunk);
      if (random() % 3 == 0 && !chunks.empty()) {
        const std::size_t victim = random() % chunks.size();
        process.pfree(chunks[victim]);
        chunks.erase(chunks.begin() + static_cast<std::ptrdiff_t>(victim));
      }
    }
    process.memory_context_set_identifier(contexts[0], "select\n\t'" + std::string(120, 'x') + "'");
    for (int i = 0; i < 130; ++i) {
      const core::Address parent = process.alloc_set_context_create(contexts[1], "child", core::kSmallSizes);
      process.alloc_set_context_create(parent, "grandchild", core::kSmallSizes);
    }
    CHECK(sink.state.fault_count() == 0);
    CHECK(stats_text(sink.state, simulated(major)) == process.memory_context_stats(top));
  }
}

TEST_CASE("of a tree deeper than the limit of 17 the rest is summed up, as PostgreSQL does") {
  for (const int major : {16, 18}) {
    StateSink sink;
    core::Process process(*core::find_profile(major, false), sink);
    core::Address at = process.top_memory_context();
    for (int level = 0; level < 130; ++level) at = process.alloc_set_context_create(at, "deep", core::kSmallSizes);
    CHECK(stats_text(sink.state, simulated(major)) == process.memory_context_stats(process.top_memory_context()));
  }
}

TEST_CASE("nothing is printed where there is no context yet") {
  CHECK(stats_text(MemoryState(), simulated(17)).empty());
}

}  // namespace
}  // namespace palloscope::trace
