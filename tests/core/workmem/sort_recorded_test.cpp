// Sorts against EXPLAIN (ANALYZE) and trace_sort of real servers (tests/golden/workmem): every recorded case is equal.
#include "core/workmem/sort.h"
#include "tests/core/workmem/recorded_server.h"
#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

std::int64_t key_of(const std::string& order, std::int64_t i, std::int64_t rows) {
  if (order == "asc") return i;
  if (order == "desc") return rows - i;
  return i * 48271 % 1000003;
}

void compare(int major, const nlohmann::json& one) {
  const auto rows = one["rows"].get<std::int64_t>();
  const auto columns = one["columns"].get<std::string>();
  const auto width = one["width"].get<std::uint64_t>();
  const auto bound = one["bound"].get<std::uint64_t>();
  SortSpec spec;
  spec.kind = sort_kind_of(columns.size(), columns == "k", find_operation_rules(major)->sort);
  spec.allow_bounded = bound != 0;
  spec.settings.work_mem_kb = one["work_mem"];
  test::NoSink sink;
  Process process(*find_profile(major, false), sink);
  TupleSort sort(process, {0}, spec);
  if (bound != 0) sort.set_bound(bound);
  std::uint64_t bytes = spec.kind == SortKind::Heap ? test::kTupleHeader : 0;
  if (columns != "t") bytes += test::kInt4;
  if (columns != "k") bytes += test::text_bytes(width);
  for (std::int64_t i = 1; i <= rows; ++i) sort.put({key_of(one["order"], i, rows), bytes});
  sort.perform();
  std::int64_t last = INT64_MIN;
  std::int64_t got = 0;
  const std::int64_t wanted = bound == 0 ? rows : std::min(rows, static_cast<std::int64_t>(bound));
  bool in_order = true;
  for (; got < wanted && in_order; ++got) {
    const auto tuple = sort.get();
    in_order = tuple && tuple->key >= last;
    if (in_order) last = tuple->key;
  }
  CHECK(in_order);
  if (bound == 0) CHECK_FALSE(sort.get());
  const SortStats stats = sort.stats();
  const nlohmann::json& said = one["said"];
  CHECK(sort_method_name(stats.method) == said["Sort Method"].get<std::string>());
  CHECK((stats.on_disk ? "Disk" : "Memory") == said["Sort Space Type"].get<std::string>());
  CHECK(stats.space_kb == said["Sort Space Used"].get<std::uint64_t>());
  const nlohmann::json& log = one["log"];
  CHECK((spec.kind == SortKind::Heap ? "tuple" : "datum") == log["kind"].get<std::string>());
  CHECK(sort.max_tapes() == log.value("max_tapes", 0u));
  CHECK(sort.initial_runs() == log["runs"].get<std::uint32_t>());
  CHECK(sort.tape_buffer_bytes() / 1024 == log.value("tape_buffers_kb", std::uint64_t{0}));
  CHECK(sort.merged_tapes() == log.value("merged_tapes", 0u));
  sort.end();
}

TEST_CASE("sorts take what sorts of real servers took, in every recorded case") {
  const int major = GENERATE(15, 16, 17, 18);
  const auto cases = test::recorded_cases(major, "sort");
  CHECK(cases.size() > 100);
  for (const nlohmann::json& one : cases) {
    INFO("PostgreSQL " << major << ": " << one.dump());
    compare(major, one);
  }
}

}  // namespace
}  // namespace palloscope::core
