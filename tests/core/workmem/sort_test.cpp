// The rules of spec 12.4, one by one, and its worked figures.
#include "core/workmem/sort.h"

#include <algorithm>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/simulated_process.h"

namespace palloscope::core {
namespace {

struct Sorting {
  Sorting(int major, const SortSpec& spec) : world(major), sort(world.process, {0}, spec) {}
  void put(std::int64_t rows, std::uint64_t bytes) {
    for (std::int64_t i = 0; i < rows; ++i) sort.put({i * 48271 % 1000003, bytes});
  }
  std::uint64_t kb() {
    sort.perform();
    return sort.stats().space_kb;
  }
  test::SimulatedProcess world;
  TupleSort sort;
};

SortSpec spec_of(std::uint64_t work_mem_kb, SortKind kind = SortKind::Heap) {
  SortSpec spec;
  spec.kind = kind;
  spec.settings.work_mem_kb = work_mem_kb;
  return spec;
}

TEST_CASE("a new sort has an array of 1024 slots and nothing else in its account") {
  CHECK(Sorting(15, spec_of(4096)).sort.used_bytes() == 24592);
  for (int major : {16, 17, 18}) CHECK(Sorting(major, spec_of(4096)).sort.used_bytes() == 24584);
}

TEST_CASE("the worked sorts of the specification take what they should") {
  Sorting old(15, spec_of(4096));
  old.put(1000, 53);
  CHECK(old.sort.used_bytes() == 24592 + 1000 * 80);
  CHECK(old.kb() == 103);
  Sorting current(18, spec_of(4096));
  current.put(1000, 53);
  CHECK(current.sort.used_bytes() == 24584 + 1000 * 56);
  CHECK(current.kb() == 79);
  for (int major : {15, 18}) {
    Sorting ints(major, spec_of(4096, SortKind::DatumByValue));
    ints.put(20000, 4);
    CHECK(ints.sort.slots() == 32768);
    CHECK(ints.kb() == 769);
  }
}

TEST_CASE("one column of text is sorted as tuples in 15, as values from 16 on, and uncounted from 17 on") {
  std::uint64_t kb[4] = {};
  for (int major = 15; major <= 18; ++major) {
    const SortKind kind = sort_kind_of(1, false, find_operation_rules(major)->sort);
    CHECK((kind == SortKind::Heap) == (major == 15));
    Sorting text(major, spec_of(4096, kind));
    text.put(20000, kind == SortKind::Heap ? 49 : 33);
    kb[major - 15] = text.kb();
  }
  CHECK(kb[0] == 2331);
  CHECK(kb[1] > 769);
  CHECK(kb[2] == 769);
  CHECK(kb[3] == 769);
}

TEST_CASE("memtuples doubles, and grows a last time by what share of the memory is left") {
  Sorting sorting(17, spec_of(256, SortKind::DatumByValue));
  std::vector<std::uint64_t> slots{sorting.sort.slots()};
  while (sorting.sort.phase() == OperationPhase::Initial) {
    sorting.put(1, 4);
    if (sorting.sort.slots() != slots.back()) slots.push_back(sorting.sort.slots());
  }
  REQUIRE(slots.size() == 5);
  CHECK(std::vector(slots.begin(), slots.begin() + 4) == std::vector<std::uint64_t>{1024, 2048, 4096, 8192});
  // 8192 slots took 196616 bytes, more than half of 262144: once 8192 * 262144 / 196616 and no more.
  CHECK(slots[4] == 10922);
  CHECK(sorting.sort.used_bytes() <= 262144);
}

TEST_CASE("a bounded sort keeps twice its bound before it becomes a heap") {
  SortSpec spec = spec_of(4096);
  spec.allow_bounded = true;
  Sorting sorting(17, spec);
  sorting.sort.set_bound(10);
  sorting.put(20, 53);
  CHECK(sorting.sort.phase() == OperationPhase::Initial);
  sorting.put(1, 53);
  CHECK(sorting.sort.phase() == OperationPhase::Bounded);
  CHECK(sorting.sort.tuples_in_memory() == 10);
  sorting.sort.perform();
  CHECK(sorting.sort.stats().method == SortMethod::TopNHeapsort);
  std::size_t got = 0;
  while (sorting.sort.get()) ++got;
  CHECK(got == 10);
}

TEST_CASE("making the heap keeps what it throws out from its top, as long as the sort lives") {
  const auto used = [](bool descending) {
    SortSpec spec = spec_of(4096);
    spec.allow_bounded = true;
    Sorting sorting(16, spec);
    sorting.sort.set_bound(10);
    for (int i = 0; i < 21; ++i) sorting.sort.put({descending ? 100 - i : i, 53});
    return sorting.sort.used_bytes();
  };
  CHECK(used(false) == 24584 + 10 * (64 + 8));
  CHECK(used(true) == 24584 + 21 * (64 + 8));
}

TEST_CASE("from 17 on a bounded sort of texts gives back what it never took, and seems to be still in progress") {
  for (int major : {16, 17, 18}) {
    SortSpec spec = spec_of(4096, SortKind::DatumByReference);
    spec.allow_bounded = true;
    Sorting sorting(major, spec);
    sorting.sort.set_bound(10);
    for (int i = 0; i < 2000; ++i) sorting.sort.put({i, 33});
    sorting.sort.perform();
    CHECK((sorting.sort.used_bytes() < 0) == (major >= 17));
    CHECK(sorting.sort.stats().method == (major >= 17 ? SortMethod::StillInProgress : SortMethod::TopNHeapsort));
  }
}

TEST_CASE("runs hold what fitted in memory, and are merged at the end") {
  Sorting sorting(15, spec_of(64));
  sorting.put(512, 53);  // 24592 + 512 * 80 is 16 bytes more than 64 kB
  CHECK(sorting.sort.phase() == OperationPhase::BuildRuns);
  CHECK(sorting.sort.runs() == 1);
  CHECK(sorting.sort.tuples_in_memory() == 0);
  CHECK(sorting.sort.used_bytes() == 24592);
  sorting.put(488, 53);
  sorting.sort.perform();
  CHECK(sorting.sort.phase() == OperationPhase::FinalMerge);
  CHECK(sorting.sort.max_tapes() == 6);
  CHECK(sorting.sort.disk_blocks() == 6);  // 512 * 47 and 488 * 47 bytes, in blocks of 8176
  const auto spills = sorting.world.log.of<OperationSpilled>();
  REQUIRE(spills.size() == 2);
  CHECK(spills[0] == OperationSpilled{{0}, 1, 512, 512 * 47 + 4, false});
  CHECK(spills[1] == OperationSpilled{{0}, 2, 488, 488 * 47 + 4, false});
}

TEST_CASE("a result that is read back and forth is merged down to one tape") {
  SortSpec spec = spec_of(64);
  spec.random_access = true;
  Sorting sorting(17, spec);
  sorting.put(3000, 53);
  sorting.sort.perform();
  CHECK(sorting.sort.phase() == OperationPhase::SortedOnTape);
  CHECK(sorting.sort.stats().method == SortMethod::ExternalSort);
  std::int64_t last = -1;
  std::size_t got = 0;
  for (; const auto tuple = sorting.sort.get(); ++got) {
    CHECK(tuple->key >= last);
    last = tuple->key;
  }
  CHECK(got == 3000);
}

TEST_CASE("the account says what the contexts hold, and the end of a sort leaves nothing") {
  const int major = GENERATE(15, 16, 17, 18);
  const auto seed = std::random_device{}();
  INFO("PostgreSQL " << major << ", seed " << seed);
  std::mt19937 random(seed);
  test::SimulatedProcess world(major);
  const std::uint64_t before = world.process.memory_context_mem_allocated(world.process.top_memory_context(), true);
  for (int round = 0; round < 20; ++round) {
    SortSpec spec = spec_of(std::uint64_t{64} << random() % 4);
    spec.allow_bounded = random() % 3 == 0;
    spec.random_access = random() % 3 == 0;
    TupleSort sort(world.process, {0}, spec);
    const std::uint64_t bound = 1 + random() % 300;
    if (spec.allow_bounded) sort.set_bound(bound);
    const std::size_t rows = random() % 4000;
    std::vector<std::int64_t> keys;
    for (std::size_t i = 0; i < rows; ++i) {
      keys.push_back(static_cast<std::int64_t>(random() % 1000));
      sort.put({keys.back(), 20 + random() % 300});
      if (sort.phase() == OperationPhase::Initial) {
        // What was counted is part of what the blocks of its contexts take.
        const auto blocks = world.process.memory_context_mem_allocated(sort.main_context(), true);
        if (sort.used_bytes() > static_cast<std::int64_t>(blocks))
          FAIL("counted " << sort.used_bytes() << " of " << blocks);
      }
    }
    sort.perform();
    std::sort(keys.begin(), keys.end());
    const std::size_t wanted = sort.stats().method == SortMethod::TopNHeapsort ? std::min<std::size_t>(bound, rows) : 0;
    std::size_t got = 0;
    bool as_sorted = true;
    for (; const auto tuple = sort.get(); ++got) as_sorted = as_sorted && got < rows && tuple->key == keys[got];
    CHECK(as_sorted);
    if (wanted != 0) CHECK(got == wanted);
    if (!spec.allow_bounded) CHECK(got == rows);
    sort.end();
  }
  // The recycled-context lists keep some keepers.
  const std::uint64_t after = world.process.memory_context_mem_allocated(world.process.top_memory_context(), true);
  CHECK(after == before);
}

}  // namespace
}  // namespace palloscope::core
