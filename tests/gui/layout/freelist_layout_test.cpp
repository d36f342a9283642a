// What the freelist panel promises of the next request must be what the allocator then does.
#include "gui/layout/freelist_layout.h"

#include <random>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "trace/replay/timeline.h"

using namespace palloscope;
using namespace palloscope::core;
using namespace palloscope::gui;

TEST_CASE("the next request of every size class gets what its row said") {
  for (int major : {15, 16, 17, 18}) {
    INFO("PostgreSQL " << major);
    auto timeline = trace::Timeline::recording({SourceKind::Scenario, major, false, "test", ""});
    Process process(*find_profile(major, false), timeline.sink());
    const Address set = process.alloc_set_context_create(process.top_memory_context(), "set", kSmallSizes);
    std::mt19937 random(static_cast<unsigned>(major));
    std::vector<Address> live;
    int reused = 0, from_tail = 0, new_blocks = 0, external = 0;
    for (int i = 0; i < 500; ++i) {
      timeline.seek(timeline.size());
      const auto& state = timeline.state();
      ContextSlot slot;
      for (std::uint32_t c = 0; c < state.contexts().size(); ++c)
        if (state.context({c}) != nullptr && state.context({c})->at == set) slot = {c};
      const auto rows = lay_out_freelists(state, slot, process.profile());
      REQUIRE(rows.size() == 11);
      const FreelistRow& row = rows[random() % rows.size()];
      const EventNumber before = timeline.size();
      live.push_back(process.memory_context_alloc(set, row.class_bytes));
      switch (row.next) {
        case NextSource::Freelist:
          CHECK(live.back() == state.chunks()[row.chunks.front().value].at);
          ++reused;
          break;
        case NextSource::Tail: {
          CHECK(timeline.size() == before + 1);
          CHECK(std::get<ChunkAllocated>(timeline.event(timeline.size())).origin == ChunkOrigin::Tail);
          ++from_tail;
          break;
        }
        case NextSource::NewBlock: {
          bool seen = false;
          for (EventNumber n = before + 1; n <= timeline.size(); ++n) {
            const EventBody event = timeline.event(n);
            if (const auto* malloced = std::get_if<Malloc>(&event)) {
              CHECK(malloced->bytes == row.new_block_bytes);
              seen = true;
            }
          }
          CHECK(seen);
          ++new_blocks;
          break;
        }
        case NextSource::External:
          CHECK(std::get<ChunkAllocated>(timeline.event(timeline.size())).origin == ChunkOrigin::External);
          ++external;
      }
      while (live.size() > 3 && random() % 2 == 0) {
        const std::size_t victim = random() % live.size();
        process.pfree(live[victim]);
        live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
      }
    }
    CHECK(reused > 20);
    CHECK(from_tail > 20);
    CHECK(new_blocks > 3);
    CHECK(external > 20);
  }
}
