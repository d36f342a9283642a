#include "core/shmem/shmem_settings.h"

#include "core/shmem/shmem_quantities.h"
#include "tests/support/catch.h"

using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string refusal(int major, const std::string& assignment) {
  ShmemSettings settings(major);
  const auto done = settings.set_assignment(assignment);
  return done ? "" : done.error().message;
}

std::int64_t set(int major, Guc guc, const std::string& assignment) {
  ShmemSettings settings(major);
  const auto done = settings.set_assignment(assignment);
  REQUIRE(done);
  return settings.get(guc);
}

}  // namespace

TEST_CASE("Sizes are read as PostgreSQL writes them, and bare numbers count the setting's own unit") {
  CHECK(set(17, Guc::SharedBuffers, "shared_buffers=128MB") == 16384);
  CHECK(set(17, Guc::SharedBuffers, "shared_buffers = '4GB'") == 524288);
  CHECK(set(17, Guc::SharedBuffers, "SHARED_BUFFERS=1000") == 1000);
  CHECK(set(17, Guc::SharedBuffers, "shared_buffers=1.5GB") == 196608);
  CHECK(set(17, Guc::SharedBuffers, "shared_buffers=131072B") == 16);
  CHECK(set(17, Guc::MinDynamicSharedMemory, "min_dynamic_shared_memory=2GB") == 2048);
  CHECK(set(17, Guc::TrackActivityQuerySize, "track_activity_query_size=16kB") == 16384);
  CHECK(set(17, Guc::HugePageSize, "huge_page_size=1GB") == 1048576);
  CHECK(set(17, Guc::HugePages, "huge_pages=on") == 1);
  CHECK(set(17, Guc::HotStandby, "hot_standby=of") == 0);
  CHECK(set(15, Guc::OldSnapshotThreshold, "old_snapshot_threshold=2h") == 120);
  CHECK(set(17, Guc::WalBuffers, "wal_buffers=1") == 4);  // raised to the least that works
}

TEST_CASE("What a setting does not take is refused in words that say what it takes") {
  CHECK_THAT(refusal(17, "shared_buffers=8kB"), ContainsSubstring("1 is out of range") && ContainsSubstring("16 to"));
  CHECK_THAT(refusal(17, "shared_buffers=128mb"), ContainsSubstring("\"mb\" is no unit of memory"));
  CHECK_THAT(refusal(17, "max_connections=100MB"), ContainsSubstring("no unit"));
  CHECK_THAT(refusal(17, "max_connections=ten"), ContainsSubstring("no number"));
  CHECK_THAT(refusal(17, "max_connections="), ContainsSubstring("no number"));
  CHECK_THAT(refusal(17, "max_connections=1e3"), ContainsSubstring("\"e3\"") || ContainsSubstring("no unit"));
  CHECK_THAT(refusal(17, "max_connections"), ContainsSubstring("shared_buffers=128MB"));
  CHECK_THAT(refusal(17, "work_mem=4MB"), ContainsSubstring("no setting that changes the size of shared memory"));
  CHECK_THAT(refusal(16, "transaction_buffers=64"), ContainsSubstring("came with 17"));
  CHECK_THAT(refusal(17, "old_snapshot_threshold=1h"), ContainsSubstring("16 was the last"));
  CHECK_THAT(refusal(17, "transaction_buffers=70"), ContainsSubstring("multiple of 16"));
  CHECK_THAT(refusal(17, "huge_pages=perhaps"), ContainsSubstring("off, on, try"));
  CHECK_THAT(refusal(17, "hot_standby=2"), ContainsSubstring("on or off"));
  CHECK_THAT(refusal(17, "wal_segment_size=3MB"), ContainsSubstring("power of two"));
  CHECK_THAT(refusal(17, "shared_buffers=99999999999999999999999TB"), ContainsSubstring("out of range"));
}

TEST_CASE("Settings are shown as SHOW prints them") {
  ShmemSettings settings(18);
  CHECK(settings.show(Guc::SharedBuffers) == "128MB");
  CHECK(settings.show(Guc::MaxConnections) == "100");
  CHECK(settings.show(Guc::WalBuffers) == "-1");
  CHECK(settings.show(Guc::HugePages) == "try");
  CHECK(settings.show(Guc::IoMethod) == "worker");
  CHECK(settings.show(Guc::HotStandby) == "on");
  REQUIRE(settings.set("shared_buffers", "20"));
  CHECK(settings.show(Guc::SharedBuffers) == "160kB");
}

TEST_CASE("Every setting shows what it can be set to again") {
  for (int major = 15; major <= 18; ++major) {
    for (const GucRow& row : guc_table()) {
      if (row.since > major || row.until < major) continue;
      ShmemSettings settings(major);
      INFO(row.name);
      REQUIRE(settings.set(row.name, settings.show(row.guc)));
      CHECK(settings == ShmemSettings(major));
    }
  }
}

TEST_CASE("MaxBackends and what follows from it agree with the worked figures of the specification") {
  CHECK(ShmemQuantities(ShmemSettings(15)).max_backends == 122);
  CHECK(ShmemQuantities(ShmemSettings(17)).max_backends == 123);
  CHECK(ShmemQuantities(ShmemSettings(18)).max_backends == 136);
  CHECK(ShmemQuantities(ShmemSettings(15)).lock_entries == 7808);
  CHECK(ShmemQuantities(ShmemSettings(15)).wal_buffers == 512);
  CHECK(ShmemQuantities(ShmemSettings(18)).procs == 174);
}
