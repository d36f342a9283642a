// Hash aggregates against EXPLAIN (ANALYZE) of real servers (tests/golden/workmem): equal in every case that stays in
// memory. Where it spills, the server guesses how many groups a partition has (HyperLogLog), and plans by that: batches
// and memory come near, and are equal in most cases.
#include <array>
#include <utility>

#include "core/workmem/hash_aggregate.h"
#include "tests/core/workmem/recorded_server.h"
#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

// Whether it spilled, and whether all was equal.
std::pair<bool, bool> compare(int major, const nlohmann::json& one) {
  const auto rows = one["rows"].get<std::int32_t>();
  const auto groups = one["groups"].get<std::int32_t>();
  const auto width = one["width"].get<std::uint64_t>();
  const nlohmann::json& said = one["said"];
  HashAggregateSpec spec;
  spec.planned_groups = said["Plan Rows"].get<double>();
  spec.planned_width = said["Child Width"];
  spec.settings.work_mem_kb = one["work_mem"];
  spec.settings.hash_mem_multiplier = one["multiplier"];
  test::NoSink sink;
  Process process(*find_profile(major, false), sink);
  HashAggregate aggregate(process, {0}, spec);
  const std::uint64_t bytes = test::kTupleHeader + (width == 0 ? test::kInt4 : test::text_bytes(width));
  for (std::int32_t i = 0; i < rows; ++i) {
    const std::int32_t key = i % groups;
    aggregate.add(static_cast<std::uint64_t>(key), {grouping_hash(hash_int4(key)), bytes});
  }
  aggregate.finish();
  while (aggregate.refill()) {
  }
  CHECK(aggregate.groups_done() == static_cast<std::uint64_t>(groups));
  const auto batches = said["HashAgg Batches"].get<std::uint32_t>();
  const auto kb = said["Peak Memory Usage"].get<std::uint64_t>();
  const std::uint64_t our_kb = (aggregate.peak_bytes() + 1023) / 1024;
  const bool equal = aggregate.batches() == batches && our_kb == kb;
  CHECK((aggregate.batches() > 1) == (batches > 1));
  if (batches == 1) CHECK(our_kb == kb);
  CHECK(our_kb * 4 >= kb * 3);
  CHECK(our_kb * 3 <= kb * 4);
  aggregate.end();
  return {batches > 1, equal};
}

TEST_CASE("hash aggregates take what those of real servers took") {
  const int major = GENERATE(15, 16, 17, 18);
  const auto cases = test::recorded_cases(major, "aggregate");
  CHECK(cases.size() > 30);
  std::uint32_t spilled = 0, equal = 0;
  for (const nlohmann::json& one : cases) {
    INFO("PostgreSQL " << major << ": " << one.dump());
    const auto [spills, same] = compare(major, one);
    if (spills) ++spilled;
    if (spills && same) ++equal;
  }
  INFO(equal << " of " << spilled << " that spilled are equal");
  // As far as the server's own estimate allows; see tests/golden/workmem/README.md.
  CHECK(spilled == std::array{13u, 11u, 11u, 7u}[static_cast<std::size_t>(major - 15)]);
  CHECK(equal >= std::array{8u, 10u, 10u, 2u}[static_cast<std::size_t>(major - 15)]);
}

}  // namespace
}  // namespace palloscope::core
