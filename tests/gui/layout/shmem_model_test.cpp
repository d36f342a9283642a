#include "gui/layout/shmem_model.h"

#include "gui/panels/shmem_list.h"
#include "gui/strings.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::gui;
using trace::ShmemArea;

namespace {

class Segment {
 public:
  Segment() {
    server.segments.resize(1);
    server.segments[0].born = 1;
    server.segments[0].bytes = 100'000;
  }
  void add(const char* name, const char* purpose, std::uint64_t bytes) {
    trace::ShmemRecord piece;
    piece.born = ++event_;
    piece.segment = core::SegmentSlot{0};
    piece.offset = end_;
    piece.bytes = bytes;
    piece.allocated_bytes = (bytes + 127) / 128 * 128;
    piece.name = name;
    piece.purpose = purpose;
    end_ += piece.allocated_bytes;
    server.allocations.push_back(piece);
  }
  trace::ServerState server;

 private:
  std::uint64_t end_ = 0, event_ = 1;
};

}  // namespace

TEST_CASE("a hash table and the pieces without a name behind it are one structure") {
  Segment segment;
  segment.add("", "LWLock array", 1000);
  segment.add("LOCK hash", "", 2896);
  segment.add("", "LOCK hash: segments", 2048);
  segment.add("", "LOCK hash: elements", 5000);
  segment.add("Proc Array", "", 528);
  const ShmemModel model = shmem_model(segment.server);
  REQUIRE(model.items.size() == 3);
  const ShmemItem& lock = model.items[1];
  CHECK(lock.name == "LOCK hash");
  CHECK(lock.pieces == std::vector<std::uint32_t>{1, 2, 3});
  CHECK(lock.allocated_bytes == 2944 + 2048 + 5120);
  CHECK(lock.anonymous_bytes == 2048 + 5120);
  CHECK(lock.area == ShmemArea::Locks);
  CHECK(lock.newest == 5);
  CHECK(model.item_of(3) == 1);
  CHECK(model.item_at(lock.offset) == 1);
  CHECK(model.item_at(lock.end()) == 2);
  CHECK(model.item_at(model.used_bytes) == -1);
  CHECK(model.anonymous_bytes == 1024 + lock.anonymous_bytes);
  CHECK(model.free_bytes() == 100'000 - model.used_bytes);
  std::uint64_t areas = 0;
  for (const std::uint64_t bytes : model.area_bytes) areas += bytes;
  CHECK(areas == model.used_bytes);
}

TEST_CASE("pages placed one after the other on one node are one run") {
  Segment segment;
  const auto place = [&](std::uint64_t offset, std::uint32_t node, core::EventNumber born) {
    segment.server.placements.push_back({born, core::SegmentSlot{0}, offset, 4096, node, {}});
  };
  place(8192, 1, 20);
  place(0, 0, 21);
  place(4096, 0, 22);
  const ShmemModel model = shmem_model(segment.server);
  CHECK(model.runs == std::vector<NodeRun>{{0, 8192, 0, 22}, {8192, 4096, 1, 20}});
}

TEST_CASE("no main segment is an empty model") {
  trace::ServerState server;
  CHECK_FALSE(shmem_model(server).segment);
}

TEST_CASE("the list sorts by every column, both ways, and filters without regard to case") {
  Segment segment;
  segment.add("XLOG Ctl", "", 500);
  segment.add("LOCK hash", "", 9000);
  segment.add("Proc Array", "", 300);
  segment.server.allocations[2].found = 4;
  const ShmemModel model = shmem_model(segment.server);
  using Rows = std::vector<int>;
  CHECK(sorted_items(model, ShmemColumn::Offset, false, "") == Rows{0, 1, 2});
  CHECK(sorted_items(model, ShmemColumn::Name, false, "") == Rows{1, 2, 0});
  CHECK(sorted_items(model, ShmemColumn::Allocated, true, "") == Rows{1, 0, 2});
  CHECK(sorted_items(model, ShmemColumn::Asked, false, "") == Rows{2, 0, 1});
  CHECK(sorted_items(model, ShmemColumn::Found, true, "") == Rows{2, 0, 1});
  CHECK(sorted_items(model, ShmemColumn::Offset, false, "lock") == Rows{1});
  CHECK(sorted_items(model, ShmemColumn::Offset, false, "nobody").empty());
}

TEST_CASE("what each structure is for is said in both languages") {
  for (const trace::ShmemStructure& structure : trace::shmem_structures())
    for (const Language language : {Language::English, Language::Chinese}) {
      INFO(structure.name);
      CHECK(strings_of(language).has(shmem_use_key(structure.name)));
    }
  CHECK(shmem_use_key("pg_stat_statements").empty());
}
