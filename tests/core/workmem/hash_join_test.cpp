// The rules of spec 12.2, one by one, and its worked figures.
#include "core/workmem/hash_join.h"

#include <map>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/simulated_process.h"

namespace palloscope::core {
namespace {

HashTableSize size_for(int major, double rows, std::uint64_t width, std::uint64_t work_mem_kb, double multiplier = 2) {
  WorkSettings settings;
  settings.work_mem_kb = work_mem_kb;
  settings.hash_mem_multiplier = multiplier;
  return choose_hash_table_size({rows, width}, settings, find_operation_rules(major)->hash_join);
}

HashJoinSpec spec_of(double guess, std::uint64_t work_mem_kb) {
  HashJoinSpec spec;
  spec.guess = {guess, 4};
  spec.settings.work_mem_kb = work_mem_kb;
  return spec;
}

struct Joining {
  Joining(int major, const HashJoinSpec& spec) : world(major), join(world.process, {0}, spec) {}
  void insert(std::int32_t rows, std::uint64_t bytes = 20) {
    for (std::int32_t i = 0; i < rows; ++i) join.insert({hash_int4(i), bytes});
  }
  // Requests of chunks of at least so many bytes, in order.
  std::vector<std::uint64_t> large_requests(std::uint64_t least) const {
    std::vector<std::uint64_t> sizes;
    for (const ChunkAllocated& chunk : world.log.of<ChunkAllocated>())
      if (chunk.requested_bytes >= least) sizes.push_back(chunk.requested_bytes);
    return sizes;
  }
  test::SimulatedProcess world;
  HashJoin join;
};

TEST_CASE("hash values are PostgreSQL's") {
  CHECK(hash_int4(1) == static_cast<std::uint32_t>(-1905060026));  // select hashint4(1)
  CHECK(hash_int4(0) == static_cast<std::uint32_t>(-272711505));
}

TEST_CASE("the worked hash tables of the specification are planned as they should be") {
  for (int major : {15, 16, 17, 18}) {
    CHECK(size_for(major, 20000, 4, 4096) == HashTableSize{32768, 1, 8388608});
    CHECK(size_for(major, 20000, 4, 256) == HashTableSize{16384, 4, 524288});
  }
  CHECK(size_for(15, 20000, 4, 64) == HashTableSize{4096, 16, 131072});
  CHECK(size_for(17, 20000, 4, 64) == HashTableSize{4096, 16, 131072});
  CHECK(size_for(18, 20000, 4, 64) == HashTableSize{8192, 8, 262144});
}

TEST_CASE("the worked hash table of the specification takes 960 kB") {
  Joining joining(15, spec_of(20000, 4096));
  joining.insert(20000);
  joining.join.finish_build();
  CHECK(joining.join.peak_bytes() == 20000 * 36 + 32768 * 8);
  CHECK((joining.join.peak_bytes() + 1023) / 1024 == 960);
}

TEST_CASE("a table has 1024 buckets at least, and no more than the limit has pointers") {
  CHECK(size_for(17, 1, 4, 4096).buckets == 1024);
  CHECK(size_for(17, 0, 4, 4096).buckets == 1024);  // no guess: 1000 rows
  CHECK(size_for(17, 1e12, 4, 64).buckets <= 131072 / 8);
}

TEST_CASE("processes that fill a table together pool their limits if that avoids batches") {
  WorkSettings settings;
  settings.work_mem_kb = 256;
  const HashJoinRules rules = find_operation_rules(17)->hash_join;
  HashTableGuess guess{30000, 4};
  CHECK(choose_hash_table_size(guess, settings, rules).batches > 1);
  guess.combined = 4;
  CHECK(choose_hash_table_size(guess, settings, rules) == HashTableSize{32768, 1, 4 * 524288});
  guess.rows = 1e6;
  CHECK(choose_hash_table_size(guess, settings, rules).space_allowed == 524288);
}

TEST_CASE("keeping 2 percent for common values leaves less for the table") {
  HashTableGuess guess{13107, 4};  // 40 bytes each, and 131072 for buckets: barely fits into 640 kB
  WorkSettings settings;
  settings.work_mem_kb = 641 / 2 + 1;
  const HashJoinRules rules = find_operation_rules(17)->hash_join;
  CHECK(choose_hash_table_size(guess, settings, rules).batches == 1);
  guess.skew = true;
  CHECK(choose_hash_table_size(guess, settings, rules).batches == 2);
}

TEST_CASE("buckets double when there are more rows than buckets, but only once all are there") {
  Joining joining(17, spec_of(100, 4096));
  joining.insert(3000);
  CHECK(joining.join.buckets() == 1024);
  CHECK(joining.join.used_bytes() == 3000 * 36 + 4096 * 8);  // reckoned with what will be wanted
  joining.join.finish_build();
  CHECK(joining.join.buckets() == 4096);
  CHECK(joining.join.original_buckets() == 1024);
}

TEST_CASE("rows are packed into pieces of 32 kB, a row over 8 kB gets its own") {
  Joining joining(17, spec_of(100, 4096));
  joining.insert(700, 53);  // 72 bytes each, aligned: 455 in a piece
  CHECK(joining.large_requests(10000) == std::vector<std::uint64_t>{32800, 32800});
  joining.insert(1, 8176);  // 8192 with its header: not too large
  joining.insert(1, 8177);
  CHECK(joining.large_requests(8224) == std::vector<std::uint64_t>{32800, 32800, 32 + 8200});
}

TEST_CASE("a table over its limit doubles its batches and sends half of its rows away") {
  Joining joining(17, spec_of(100, 64));
  std::int32_t rows = 0;
  while (joining.join.batches() == 1) joining.join.insert({hash_int4(rows++), 20});
  // 36 bytes a row and 8 for each of 4096 buckets: the first row over 131072.
  CHECK(rows == (131072 - 4096 * 8) / 36 + 1);
  CHECK(joining.join.batches() == 2);
  CHECK(joining.join.buckets() == 4096);
  CHECK(joining.join.tuples_in_memory() < static_cast<std::uint64_t>(rows) * 6 / 10);
  const auto spills = joining.world.log.of<OperationSpilled>();
  REQUIRE(spills.size() == 1);
  CHECK(spills[0].part == 1);
  CHECK(spills[0].tuples + joining.join.tuples_in_memory() == static_cast<std::uint64_t>(rows));
  CHECK(spills[0].bytes == spills[0].tuples * 24);
}

TEST_CASE("rows of one hash value cannot be divided, so the table gives up growing and goes over its limit") {
  Joining joining(17, spec_of(100, 64));
  for (int i = 0; i < 10000; ++i) joining.join.insert({hash_int4(7), 20});
  CHECK_FALSE(joining.join.grow_enabled());
  CHECK(joining.join.batches() == 2);
  CHECK(joining.join.used_bytes() > 2 * joining.join.space_allowed());
}

TEST_CASE("18 raises the limit where files of twice the batches would cost more") {
  const auto insert = [](int major) {
    Joining joining(major, spec_of(100, 64));
    joining.insert(40000);
    return std::pair(joining.join.batches(), joining.join.space_allowed());
  };
  CHECK(insert(17) == std::pair(16u, std::uint64_t{131072}));
  const auto [batches, allowed] = insert(18);
  CHECK(batches < 16);
  CHECK(allowed > 131072);
}

TEST_CASE("batch files live in HashSpillContext from 16 on, and where the executor stood in 15") {
  const int major = GENERATE(15, 16, 17, 18);
  Joining joining(major, spec_of(20000, 64));
  joining.insert(200);
  std::uint32_t files = 0;
  for (const ChunkAllocated& chunk : joining.world.log.of<ChunkAllocated>()) {
    if (chunk.requested_bytes != 8264) continue;  // a BufFile
    ++files;
    const Address context = joining.world.process.get_memory_chunk_context(chunk.at);
    CHECK(joining.world.name(context) == (major == 15 ? "TopMemoryContext" : "HashSpillContext"));
  }
  CHECK(files == joining.join.batches() - 1);
}

TEST_CASE("joins in any number of batches find the pairs that a map finds, and leave nothing behind") {
  const int major = GENERATE(15, 16, 17, 18);
  const auto seed = std::random_device{}();
  INFO("PostgreSQL " << major << ", seed " << seed);
  std::mt19937 random(seed);
  test::SimulatedProcess world(major);
  const std::uint64_t before = world.process.memory_context_mem_allocated(world.process.top_memory_context(), true);
  for (int round = 0; round < 20; ++round) {
    HashJoin join(world.process, {0}, spec_of(random() % 2 == 0 ? 100 : 20000, std::uint64_t{64} << random() % 3));
    const std::int32_t rows = static_cast<std::int32_t>(random() % 8000);
    const std::int32_t distinct = static_cast<std::int32_t>(1 + random() % 5000);
    std::map<std::int32_t, std::uint64_t> inner;
    for (std::int32_t i = 0; i < rows; ++i) {
      const auto key = static_cast<std::int32_t>(random() % static_cast<std::uint32_t>(distinct));
      ++inner[key];
      join.insert({hash_int4(key), 20 + random() % 100});
    }
    join.finish_build();
    std::uint64_t wanted = 0, found = 0;
    for (int i = 0; i < 1000; ++i) {
      const auto key = static_cast<std::int32_t>(random() % static_cast<std::uint32_t>(2 * distinct));
      if (const auto it = inner.find(key); it != inner.end()) wanted += it->second;
      found += join.probe({hash_int4(key), 20}).value_or(0);
    }
    while (join.next_batch())
      while (const auto matches = join.next_saved_outer()) found += *matches;
    CHECK(found == wanted);
    join.end();
  }
  CHECK(world.process.memory_context_mem_allocated(world.process.top_memory_context(), true) == before);
}

}  // namespace
}  // namespace palloscope::core
