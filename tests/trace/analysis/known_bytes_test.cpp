// What known_bytes claims to know must be what really stands in the simulated process's memory.
#include "trace/analysis/known_bytes.h"

#include <map>
#include <random>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "tests/support/random_operations.h"
#include "trace/replay/timeline.h"

using namespace palloscope;
using namespace palloscope::core;

namespace {

struct World {
  trace::Timeline timeline;
  Process process;
  explicit World(int major, bool checking = false)
      : timeline(trace::Timeline::recording({SourceKind::Scenario, major, checking, "test", ""})),
        process(*find_profile(major, checking), timeline.sink()) {}

  std::uint64_t read(Address at, std::uint8_t width) {
    std::uint8_t bytes[8] = {};
    REQUIRE(process.read(at, std::span(bytes, width)));
    std::uint64_t value = 0;
    for (int i = width; i-- > 0;) value = value << 8 | bytes[i];
    return value;
  }

  std::map<std::string_view, std::size_t> seen;  // fields compared so far, by name

  // Compares every known field of every block; answers how many there were.
  std::size_t compare() {
    timeline.seek(timeline.size());
    std::size_t fields = 0;
    const auto& blocks = timeline.state().blocks();
    for (std::uint32_t i = 0; i < blocks.size(); ++i) {
      if (blocks[i].born == 0) continue;
      for (const auto& field :
           trace::known_fields(timeline.state(), process.profile(), {i}, blocks[i].at, blocks[i].end())) {
        ++fields;
        ++seen[field.name];
        const std::uint64_t there = read(field.at, field.width);
        if (there == field.value) continue;  // an assertion each would be slow
        const trace::ContextRecord* owner = timeline.state().context(blocks[i].context);
        INFO(field.name << " at block offset " << (field.at - blocks[i].at) << " of a block of " << blocks[i].bytes
                        << " of " << (owner ? owner->name : "nobody"));
        CHECK(there == field.value);
      }
    }
    return fields;
  }
};

}  // namespace

TEST_CASE("every field that is said to be known is what the process's memory holds, on every version") {
  for (int major : {15, 16, 17, 18}) {
    INFO("PostgreSQL " << major);
    World world(major);
    std::mt19937 random(static_cast<unsigned>(major));
    const Address parent = world.process.top_memory_context();
    const Address set = world.process.alloc_set_context_create(parent, "set", kSmallSizes);
    const Address generation = world.process.generation_context_create(parent, "generation");
    const Address slab = world.process.slab_context_create(parent, "slab", 8192, 100);
    std::vector<Address> live;
    for (int i = 0; i < 400; ++i) {
      if (!live.empty() && random() % 3 == 0) {
        const std::size_t victim = random() % live.size();
        world.process.pfree(live[victim]);
        live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
        continue;
      }
      const unsigned kind = random() % 8;
      const Address context = kind == 0 ? slab : kind == 1 ? generation : set;
      const std::uint64_t bytes = context == slab ? 100 : random() % 20 == 0 ? 9000 : random() % 700;
      live.push_back(world.process.memory_context_alloc(context, bytes));
    }
    CHECK(world.compare() > 300);
    world.process.memory_context_reset(set);
    CHECK(world.compare() > 50);
  }
}

TEST_CASE("what is known stays true through random operations on every kind, version and build") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  for (int major : {15, 16, 17, 18}) {
    for (bool checking : {false, true}) {
      if (find_profile(major, checking) == nullptr) continue;
      INFO("PostgreSQL " << major << (checking ? " checking" : ""));
      World world(major, checking);
      test::RandomOperations operations(world.process, seed);
      for (int round = 0; round < 60; ++round) {
        for (int i = 0; i < 25; ++i) operations.operate();
        world.compare();
      }
      for (const char* name : {"freelist[4]", "keeper", "blksize", "nchunks", "fullChunkSize", "next free", "endptr"}) {
        INFO(name);
        const bool is_there = name != std::string_view("keeper") || major <= 16;
        CHECK((world.seen[name] > 0) == is_there);
      }
      CHECK((world.seen["requested_size"] > 100) == checking);
      CHECK((world.seen["sentinel"] > 50) == checking);
      CHECK((world.seen["wiped"] > 50) == checking);
    }
  }
}

TEST_CASE("a Slab block that a hostile trace gives countless chunks costs no more than what is looked at") {
  trace::MemoryState state;
  ContextCreated created;
  created.context = {0};
  created.kind = ContextKind::Slab;
  created.at = {0x1000};
  created.region = {0};
  created.min_context_bytes = 4;
  created.init_block_bytes = std::uint64_t{1} << 60;
  state.apply(Malloc{{0}, {0x1000}, std::uint64_t{1} << 61});
  state.apply(created);
  for (int major : {15, 17}) {
    const auto fields = trace::known_fields(state, *find_profile(major, false), {0}, {0x1000}, {0x2000});
    CHECK(fields.size() < 600);
    CHECK(fields.size() > 20);
  }
}

TEST_CASE("a packed chunk header comes apart into the parts that made it") {
  const VersionProfile& profile = *find_profile(17, false);
  // Spec 2.3: AllocSet, request 100, first chunk of a keeper: block offset 40, class 4.
  const auto bits = trace::decode_chunk_header(profile, 0x000000A000000083ull);
  REQUIRE(bits.size() == 4);
  CHECK(bits[0].part == trace::HeaderPart::BlockOffset);
  CHECK(bits[0].value == 40);
  CHECK(bits[1].value == 4);
  CHECK(bits[2].value == 0);
  CHECK(bits[3].value == 3);
  std::uint32_t covered = 0;
  for (const auto& part : bits) covered += part.bit_count;
  CHECK(covered == 64);
  const auto external = trace::decode_chunk_header(profile, 0xB1A8DB858EB6EFB3ull);
  CHECK(external[0].part == trace::HeaderPart::Magic);
  CHECK(external[1].value == 1);
  CHECK(external[2].value == 3);
}
