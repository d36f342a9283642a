#include "core/walk/kept_bytes.h"

#include <algorithm>

#include "core/walk/process_source.h"
#include "tests/support/catch.h"
#include "tests/support/random_operations.h"
#include "tests/support/simulated_process.h"

namespace palloscope::core {
namespace {

// What was kept, and nothing else.
class OnlyKept final : public MemorySource {
 public:
  OnlyKept(const MemorySource& whole, std::vector<KeptBytes::Range> ranges)
      : whole_(whole), ranges_(std::move(ranges)) {}
  bool read(Address at, std::span<std::uint8_t> into) const override {
    auto after = std::upper_bound(ranges_.begin(), ranges_.end(), at,
                                  [](Address wanted, const KeptBytes::Range& range) { return wanted < range.at; });
    if (after == ranges_.begin()) return false;
    const KeptBytes::Range& range = *std::prev(after);
    return at - range.at <= range.bytes && into.size() <= range.bytes - (at - range.at) && whole_.read(at, into);
  }

 private:
  const MemorySource& whole_;
  std::vector<KeptBytes::Range> ranges_;
};

TEST_CASE("a walk over the bytes that a walk looked at finds the same") {
  for (int major = 15; major <= 18; ++major) {
    for (bool checking : {false, true}) {
      INFO(major << (checking ? " checking" : ""));
      test::SimulatedProcess simulated(major, checking);
      test::RandomOperations operations(simulated.process, static_cast<std::uint64_t>(major));
      for (int i = 0; i < 1500; ++i) operations.operate();
      const ProcessSource source(simulated.process);
      const KeptBytes kept(source);
      const WalkRoots roots = walk_roots(simulated.process);
      const WalkedHeap first = walk_heap(kept, simulated.profile, roots);
      REQUIRE(first.findings.empty());
      const OnlyKept part(source, kept.ranges());
      const WalkedHeap again = walk_heap(part, simulated.profile, roots);
      CHECK(again.findings.empty());
      CHECK(again.contexts == first.contexts);
      CHECK(again.recycled[0] == first.recycled[0]);
      CHECK(again.recycled[1] == first.recycled[1]);
    }
  }
}

TEST_CASE("what is kept is headers, not what people keep in chunks") {
  test::SimulatedProcess simulated(17);
  const Address top = simulated.process.top_memory_context();
  std::vector<Address> chunks;
  for (int i = 0; i < 100; ++i) chunks.push_back(simulated.process.memory_context_alloc(top, 1000));
  const ProcessSource source(simulated.process);
  const KeptBytes kept(source);
  (void)walk_heap(kept, simulated.profile, walk_roots(simulated.process));
  const std::vector<KeptBytes::Range> ranges = kept.ranges();
  for (Address chunk : chunks) {
    for (const KeptBytes::Range& range : ranges)
      CHECK_FALSE((range.at.value < chunk.value + 1000 && chunk.value < range.at.value + range.bytes));
  }
}

TEST_CASE("kept ranges are sorted, and those that touch are one") {
  test::SimulatedProcess simulated(17);
  const ProcessSource source(simulated.process);
  const KeptBytes kept(source);
  kept.note({100}, 8), kept.note({50}, 10), kept.note({60}, 4), kept.note({104}, 20), kept.note({98}, 2);
  kept.note({52}, 2), kept.note({90}, 3);
  CHECK(kept.ranges() == std::vector<KeptBytes::Range>{{{50}, 14}, {{90}, 3}, {{98}, 26}});
}

}  // namespace
}  // namespace palloscope::core
