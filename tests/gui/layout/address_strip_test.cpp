#include "gui/layout/address_strip.h"

#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::gui;

namespace {

trace::ServerState server_with_segment() {
  trace::ServerState server;
  server.segments.resize(2);
  server.segments[0].born = 1;
  server.segments[0].bytes = 1000;
  server.segments[1].born = 5;
  server.segments[1].kind = core::SegmentKind::Dynamic;
  server.segments[1].bytes = 64;
  server.segments[1].name = "/PostgreSQL.2";
  const auto add = [&](const char* name, std::uint64_t offset, std::uint64_t bytes) {
    trace::ShmemRecord piece;
    piece.born = 2;
    piece.segment = core::SegmentSlot{0};
    piece.offset = offset;
    piece.bytes = piece.allocated_bytes = bytes;
    piece.name = name;
    server.allocations.push_back(piece);
  };
  add("", 0, 100);
  add("Buffer Blocks", 100, 800);
  return server;
}

trace::OperationRecord operation(std::uint32_t backend, std::uint64_t used, std::uint64_t limit) {
  trace::OperationRecord record;
  record.born = 9;
  record.backend = core::BackendSlot{backend};
  record.used_bytes = used;
  record.limit_bytes = limit;
  record.name = "Sort";
  return record;
}

}  // namespace

TEST_CASE("shared memory is one row, private memory a row for each backend") {
  trace::ServerState server = server_with_segment();
  server.operations = {operation(3, 40, 100), operation(4, 150, 100), operation(3, 10, 10)};
  server.operations.push_back(operation(3, 7, 7));
  server.operations.back().ended = 12;
  trace::HeapTotals heap;
  heap.malloc_bytes = 77;
  const auto rows = address_rows(server, heap);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].kind == AddressRowKind::Shared);
  CHECK(rows[0].bytes() == 1000);
  REQUIRE(rows[0].parts.size() == 3);
  CHECK((rows[0].parts[0].use == StripUse::SharedBuffers && rows[0].parts[0].bytes == 800));
  CHECK((rows[0].parts[2].use == StripUse::SharedFree && rows[0].parts[2].bytes == 100));
  CHECK(rows[1].bytes() == 64);
  CHECK((rows[2].kind == AddressRowKind::Process && rows[2].bytes() == 77));
  CHECK(rows[3].backend == core::BackendSlot{3});
  CHECK(rows[3].bytes() == 110);
  REQUIRE(rows[4].parts.size() == 2);
  CHECK((rows[4].parts[0].bytes == 100 && rows[4].parts[1].use == StripUse::WorkOver && rows[4].parts[1].bytes == 50));
}

TEST_CASE("on the true scale lengths are bytes, zoomed or not; ticks are round and apart") {
  AddressScale scale{1 << 20, 0, 1024, false};
  CHECK(scale.x_of(512 << 10) == Approx(512));
  CHECK(scale.bytes_at(256) == Approx(256 << 10));
  const double around = scale.bytes_at(300);
  scale = zoom_address(scale, 0.25, 300, 1 << 20);
  CHECK(scale.bytes - scale.from == Approx(256 << 10));
  CHECK(scale.bytes_at(300) == Approx(around));
  scale = zoom_address(scale, 100, 10, 1 << 20);
  CHECK((scale.from == 0 && scale.bytes == 1 << 20));
  const auto ticks = address_ticks(scale, 100);
  REQUIRE(ticks.size() >= 5);
  for (std::size_t i = 1; i < ticks.size(); ++i)
    CHECK(scale.x_of(static_cast<double>(ticks[i])) - scale.x_of(static_cast<double>(ticks[i - 1])) >= 100);
}

TEST_CASE("the logarithmic scale keeps order and shows what the true one hides") {
  const AddressScale scale{1 << 30, 0, 1000, true};
  float last = -1;
  for (double at = 1; at < (1 << 30); at *= 3) {
    CHECK(scale.x_of(at) > last);
    last = scale.x_of(at);
  }
  CHECK(scale.x_of(1 << 20) > 400);
  CHECK(scale.bytes_at(scale.x_of(1 << 20)) == Approx(1 << 20).epsilon(0.05));
  CHECK(zoom_address(scale, 0.5, 10, 1 << 30).bytes == scale.bytes);
}

TEST_CASE("the worst case counts shared memory once and a backend for every connection") {
  core::ServerSettings settings;
  settings.shared_bytes = 1000;
  settings.max_connections = 7;
  const core::WorstCase worst = core::worst_case(settings, core::common_plan());
  const AddressRow row = worst_row(worst, settings.max_connections, {"shared", "backends", "autovacuum"});
  REQUIRE(row.parts.size() == 3);
  CHECK(row.parts[0].bytes == 1000);
  CHECK(row.parts[1].bytes == 7 * worst.backend);
  CHECK(row.parts[1].pieces == 7);
  CHECK(row.bytes() == worst.total);
}
