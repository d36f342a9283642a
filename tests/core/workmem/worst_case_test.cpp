#include "core/workmem/worst_case.h"

#include <limits>

#include "tests/support/catch.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMb = 1024 * 1024;

TEST_CASE("the worst case is connections times what a backend's nodes may take, and what the server takes besides") {
  ServerSettings settings;
  settings.base_bytes = 6 * kMb;
  settings.shared_bytes = 143 * kMb;
  const WorstCase all = worst_case(settings, common_plan());
  CHECK(all.operations == 4 * kMb + 8 * kMb);  // a sort, and a hash table of twice work_mem
  CHECK(all.temp_buffers == 8 * kMb);
  CHECK(all.backend == 26 * kMb);
  CHECK(all.backends == 2600 * kMb);
  CHECK(all.maintenance == 3 * 64 * kMb);
  CHECK(all.total == 2600 * kMb + 192 * kMb + 143 * kMb);
}

TEST_CASE("workers multiply a node's limit; a shared hash table pools it") {
  WorkSettings settings;
  PlanOperation sort{"Sort", NodeLimit::WorkMem, 3, std::nullopt, 0, 0};
  CHECK(limit_of(sort, settings) == 12 * kMb);
  PlanOperation hash{"Hash", NodeLimit::HashMem, 3, std::nullopt, 0, 0};
  CHECK(limit_of(hash, settings) == 24 * kMb);
  hash.limit = NodeLimit::SharedHash;
  CHECK(limit_of(hash, settings) == 24 * kMb);
  ServerSettings server;
  server.base_bytes = kMb;
  CHECK(worst_case(server, std::vector{sort}).base == 3 * kMb);
  CHECK(worst_case(server, std::vector<PlanOperation>{}).operations == 0);
}

TEST_CASE("autovacuum has a limit of its own if one is set") {
  ServerSettings settings;
  settings.autovacuum_work_mem_kb = 1024;
  CHECK(worst_case(settings, {}).maintenance == 3 * kMb);
}

TEST_CASE("absurd settings stop at the greatest number") {
  ServerSettings settings;
  settings.work.work_mem_kb = 2147483647;
  settings.work.hash_mem_multiplier = 1000;
  settings.max_connections = 262143;
  settings.temp_buffers = 1073741823;
  std::vector<PlanOperation> plan(1000, {"Hash", NodeLimit::HashMem, 1024, std::nullopt, 0, 0});
  CHECK(worst_case(settings, plan).total == static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

TEST_CASE("settings are taken as postgresql.conf writes them") {
  ServerSettings settings;
  CHECK(set_server_setting(settings, "work_mem", "64MB"));
  CHECK(settings.work.work_mem_kb == 65536);
  CHECK(set_server_setting(settings, "work_mem", "100"));
  CHECK(settings.work.work_mem_kb == 100);
  CHECK(set_server_setting(settings, "hash_mem_multiplier", "1.5"));
  CHECK(settings.work.hash_limit_bytes() == 153600);
  CHECK(set_server_setting(settings, "temp_buffers", "16MB"));
  CHECK(settings.temp_buffers == 2048);
  CHECK(set_server_setting(settings, "autovacuum_work_mem", "-1"));
  CHECK(settings.autovacuum_work_mem_kb == -1);
  CHECK(set_server_setting(settings, "max_connections", "500"));
  CHECK(settings.max_connections == 500);
}

TEST_CASE("a setting that cannot be is refused with what it takes") {
  ServerSettings settings;
  const ServerSettings before = settings;
  for (const auto& [name, value] : std::vector<std::pair<const char*, const char*>>{{"work_mem", "8kB"},
                                                                                    {"work_mem", "lots"},
                                                                                    {"work_mem", "-1"},
                                                                                    {"work_mem", ""},
                                                                                    {"hash_mem_multiplier", "0.5"},
                                                                                    {"hash_mem_multiplier", "2x"},
                                                                                    {"max_connections", "10MB"},
                                                                                    {"max_connections", "0"}}) {
    INFO(name << " = " << value);
    const auto done = set_server_setting(settings, name, value);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::BadArgument);
    CHECK_THAT(done.error().message, Catch::Matchers::ContainsSubstring("it takes"));
  }
  CHECK(settings == before);
  CHECK(set_server_setting(settings, "shared_buffers", "1GB").error().code == ErrorCode::NotFound);
}

}  // namespace
}  // namespace palloscope::core
