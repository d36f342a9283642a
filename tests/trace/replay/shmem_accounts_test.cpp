// Three accounts of the shared memory segment, after every event: what is in the bytes (a walk from the header), what
// the events add up to (replay), and the tallies of who hands it out.
#include <map>
#include <random>
#include <string>

#include "core/mcxt/errors.h"
#include "core/shmem/dynamic_memory.h"
#include "core/shmem/shared_memory.h"
#include "core/walk/memory_source.h"
#include "core/walk/shmem_walk.h"
#include "tests/support/catch.h"
#include "trace/replay/memory_state.h"

using namespace palloscope;
using namespace palloscope::core;

namespace {

struct SpaceSource final : MemorySource {
  explicit SpaceSource(const AddressSpace& bytes) : space(bytes) {}
  bool read(Address at, std::span<std::uint8_t> into) const override { return space.read(at, into); }
  const AddressSpace& space;
};

// Replays, and compares once there is an index.
struct Accounts final : EventSink {
  explicit Accounts(const AddressSpace& bytes, int pg_major) : source(bytes), major(pg_major) {}

  void emit(const EventBody& event) override {
    state.apply(event);
    if (disagreement.empty()) disagreement = compare();
    if (!disagreement.empty() && disagreement.find(" (event") == std::string::npos)
      disagreement += " (event " + std::to_string(state.event_number()) + ")";
  }

  std::string compare() {
    if (!state.faults().empty()) return "a fault: " + state.faults()[0].what;
    if (shared == nullptr || !shared->exists()) return "";
    const trace::SegmentRecord* segment = state.server().segment(shared->segment());
    if (segment == nullptr) return "replay knows no segment";
    if (segment->allocated_bytes == 0) return "";
    const auto walked = walk_shmem(source, kMainSegment, find_buffer_profile(major)->hash);
    if (!walked) return walked.error().message;
    ++comparisons;
    if (walked->free_offset != segment->allocated_bytes || walked->free_offset != shared->tallies().allocated_bytes)
      return "the free offset differs";
    std::map<std::string, std::uint64_t> replayed;
    std::uint64_t pieces = 0;
    for (const trace::ShmemRecord& piece : state.server().allocations) {
      if (piece.born == 0) continue;
      ++pieces;
      if (!piece.name.empty()) replayed[piece.name] = piece.offset;
    }
    if (pieces != shared->tallies().pieces || replayed.size() != shared->tallies().named) return "the tallies differ";
    if (!walked->has_index) return replayed.empty() ? "" : "names before there is an index";
    std::size_t found = 0;
    for (const WalkedStructure& structure : walked->structures) {
      const auto entry = replayed.find(structure.name);
      if (entry == replayed.end() || entry->second != structure.offset) return structure.name + " differs";
      ++found;
    }
    return found == replayed.size() ? "" : "a name is not in the index";
  }

  SpaceSource source;
  int major;
  const SharedMemory* shared = nullptr;
  trace::MemoryState state;
  std::string disagreement;
  std::size_t comparisons = 0;
};

}  // namespace

TEST_CASE("bytes, replayed events and tallies of shared memory agree after every event") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int major = 15; major <= 18; ++major) {
    INFO("PostgreSQL " << major);
    AddressSpace space;
    Accounts accounts(space, major);
    Backends backends(accounts);
    ShmemSettings settings(major);
    REQUIRE(settings.set("shared_buffers", "1MB"));
    REQUIRE(settings.set("max_connections", std::to_string(1 + random() % 20)));
    if (random() % 2 == 0) REQUIRE(settings.set("min_dynamic_shared_memory", "1MB"));
    SharedMemory shared(space, accounts, backends, settings);
    accounts.shared = &shared;
    backends.switch_to(backends.start(BackendKind::Postmaster, "postmaster"));
    shared.create();
    DynamicMemory dynamic(shared, backends);
    for (int step = 0; step < 300; ++step) {
      const std::string name = "structure " + std::to_string(random() % 120);
      try {
        if (random() % 4 == 0)
          shared.alloc(1 + random() % 3000, "test");
        else if (random() % 8 == 0)
          shared.init_hash("hash " + std::to_string(random() % 10), {16, 16, 8, 16, 0});
        else
          shared.init_struct(name, 8 * (1 + std::hash<std::string>{}(name) % 200));
      } catch (const Ereport& error) {
        CHECK(error.sqlstate == "53200");  // at last it is full
      }
      const DsmId id = dynamic.create(1 + random() % 20000, true);
      if (id != 0 && random() % 3 != 0) dynamic.detach(id);
    }
    CHECK(accounts.disagreement.empty());
    INFO(accounts.disagreement);
    CHECK(accounts.comparisons > 300);
  }
}
