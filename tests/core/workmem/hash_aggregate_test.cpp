// The rules of spec 12.3, one by one.
#include "core/workmem/hash_aggregate.h"

#include "tests/support/catch.h"
#include "tests/support/simulated_process.h"

namespace palloscope::core {
namespace {

HashAggregateSpec spec_of(double groups, std::uint64_t work_mem_kb) {
  HashAggregateSpec spec;
  spec.planned_groups = groups;
  spec.settings.work_mem_kb = work_mem_kb;
  return spec;
}

void add(HashAggregate& aggregate, std::int32_t key) {
  aggregate.add(static_cast<std::uint64_t>(key), {grouping_hash(hash_int4(key)), 20});
}

TEST_CASE("an aggregate that should fit may use the whole limit, one that should not leaves room for its partitions") {
  WorkSettings settings;  // 8 MB with the multiplier
  CHECK(hash_aggregate_limits(1000, 100, 0, settings) == HashAggregateLimits{8388608, 83886, 0});
  // 1 + 1.5 * 100 MB / 8 MB = 18.9 partitions, so 32, with a buffer of 8 kB each and one to read.
  const HashAggregateLimits limits = hash_aggregate_limits(1e6, 100, 0, settings);
  CHECK(limits.partitions == 32);
  CHECK(limits.bytes == 8388608 - 33 * 8192);
  CHECK(limits.groups == limits.bytes / 100);
  settings.work_mem_kb = 64;
  CHECK(hash_aggregate_limits(1e6, 100, 0, settings).bytes == 131072 / 4 * 3);
  CHECK(hash_aggregate_limits(1e6, 100, 31, settings).partitions == 2);  // one bit of the hash is left
}

TEST_CASE("a group's reckoned size counts the chunk headers of its version") {
  HashAggregateSpec spec;
  CHECK(hash_aggregate_entry_bytes(spec, find_operation_rules(15)->hash_aggregate) == 24 + (16 + 16 + 4) + (16 + 16));
  CHECK(hash_aggregate_entry_bytes(spec, find_operation_rules(17)->hash_aggregate) == 24 + (8 + 16 + 4) + (8 + 16));
}

TEST_CASE("an aggregate spills by the blocks of its contexts, and keeps the groups that it has") {
  const int major = GENERATE(15, 16, 17, 18);
  test::SimulatedProcess world(major);
  HashAggregate aggregate(world.process, {0}, spec_of(200, 64));
  std::int32_t key = 0;
  while (!aggregate.spilling()) {
    const std::uint64_t before = aggregate.used_bytes();
    add(aggregate, key++);
    const std::uint64_t grown = aggregate.used_bytes() - before;
    CHECK((grown == 0 || grown >= 4096));  // whole blocks
  }
  CHECK(aggregate.used_bytes() > aggregate.limits().bytes);
  CHECK(aggregate.phase() == OperationPhase::Spill);
  const std::uint64_t groups = aggregate.groups_in_memory();
  add(aggregate, 0);
  CHECK(world.log.of<OperationSpilled>().empty());
  add(aggregate, key);
  CHECK(world.log.of<OperationSpilled>().size() == 1);
  CHECK(aggregate.groups_in_memory() == groups);
}

TEST_CASE("each group is answered once, in whatever batch, and nothing is left behind") {
  const int major = GENERATE(15, 16, 17, 18);
  test::SimulatedProcess world(major);
  const auto used = [&] {
    const ContextCounters top = world.process.memory_context_counters(world.process.top_memory_context());
    return top.totalspace - top.freespace - top.nblocks * 40;  // without block headers
  };
  const std::uint64_t before = used();
  for (std::int32_t groups : {1, 500, 3000, 20000}) {
    HashAggregate aggregate(world.process, {0}, spec_of(200, 64));
    for (std::int32_t i = 0; i < 2 * groups; ++i) add(aggregate, i % groups);
    aggregate.finish();
    while (aggregate.refill()) {
    }
    CHECK(aggregate.groups_done() == static_cast<std::uint64_t>(groups));
    CHECK((aggregate.batches() > 1) == (groups > 1000));
    aggregate.end();
  }
  CHECK(used() == before);
}

}  // namespace
}  // namespace palloscope::core
