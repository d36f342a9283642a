// Hash joins against EXPLAIN (ANALYZE) of real servers (tests/golden/workmem): every recorded case is equal.
#include "core/workmem/hash_join.h"
#include "tests/core/workmem/recorded_server.h"
#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

void compare(int major, const nlohmann::json& one) {
  const auto rows = one["rows"].get<std::int32_t>();
  const auto distinct = one["distinct"].get<std::int32_t>();
  const auto frequent = one["frequent"].get<std::int32_t>();
  const nlohmann::json& said = one["said"];
  HashJoinSpec spec;
  spec.guess = {said["Child Rows"].get<double>(), said["Child Width"].get<std::uint64_t>(), one["outer"] == "table"};
  spec.settings.work_mem_kb = one["work_mem"];
  spec.settings.hash_mem_multiplier = one["multiplier"];
  spec.fill_outer = true;
  test::NoSink sink;
  Process process(*find_profile(major, false), sink);
  HashJoin join(process, {0}, spec);
  // The text comes first, then the key at a multiple of four.
  const auto width = one["width"].get<std::uint64_t>();
  const std::uint64_t text = width == 0 ? 0 : (test::text_bytes(width) + 3) / 4 * 4;
  const std::uint64_t bytes = test::kTupleHeader + text + test::kInt4;
  for (std::int32_t i = 1; i <= rows; ++i) {
    const std::int32_t key = std::int64_t{i} * 100 <= std::int64_t{rows} * frequent ? 0 : i % distinct;
    join.insert({hash_int4(key), bytes});
  }
  join.finish_build();
  std::uint64_t matched = 0;
  for (std::int32_t key = 0; key < distinct; ++key) matched += join.probe({hash_int4(key), 20}).value_or(0);
  while (join.next_batch())
    while (const auto matches = join.next_saved_outer()) matched += *matches;
  CHECK(matched == static_cast<std::uint64_t>(rows));
  CHECK(join.original_buckets() == said["Original Hash Buckets"].get<std::uint32_t>());
  CHECK(join.original_batches() == said["Original Hash Batches"].get<std::uint32_t>());
  CHECK(join.buckets() == said["Hash Buckets"].get<std::uint32_t>());
  CHECK(join.batches() == said["Hash Batches"].get<std::uint32_t>());
  CHECK((join.peak_bytes() + 1023) / 1024 == said["Peak Memory Usage"].get<std::uint64_t>());
  join.end();
}

TEST_CASE("hash joins take what hash joins of real servers took, in every recorded case") {
  const int major = GENERATE(15, 16, 17, 18);
  const auto cases = test::recorded_cases(major, "join");
  CHECK(cases.size() > 50);
  for (const nlohmann::json& one : cases) {
    INFO("PostgreSQL " << major << ": " << one.dump());
    compare(major, one);
  }
}

}  // namespace
}  // namespace palloscope::core
