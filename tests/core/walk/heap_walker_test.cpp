#include "core/walk/heap_walker.h"

#include <algorithm>
#include <map>
#include <random>

#include "core/walk/process_source.h"
#include "tests/support/catch.h"
#include "tests/support/random_operations.h"

namespace palloscope::core {
namespace {

using Catch::Matchers::ContainsSubstring;

struct NoSink final : EventSink {
  void emit(const EventBody&) override {}
};

// A process's bytes with some of them replaced; the process itself stays whole.
class PatchedSource final : public MemorySource {
 public:
  explicit PatchedSource(const Process& process) : process_(process) {}

  void patch(Address at, std::uint64_t value, unsigned width = 8) {
    for (unsigned i = 0; i < width; ++i) patches_[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  bool read(Address at, std::span<std::uint8_t> into) const override {
    ++reads_;
    if (!process_.read(at, into)) return false;
    for (auto patch = patches_.lower_bound(at); patch != patches_.end(); ++patch) {
      if (patch->first - at >= into.size()) break;
      into[patch->first - at] = patch->second;
    }
    return true;
  }
  std::size_t reads() const { return reads_; }

 private:
  const Process& process_;
  std::map<Address, std::uint8_t> patches_;
  mutable std::size_t reads_ = 0;
};

// Top > set (default sizes) > inner; two chunks of 100 freed in `set`, one chunk of its own block.
struct SmallHeap {
  explicit SmallHeap(int major = 17) : process(*find_profile(major, false), sink), source(process) {
    set = process.alloc_set_context_create(process.top_memory_context(), "set");
    inner = process.alloc_set_context_create(set, "inner");
    for (Address& chunk : chunks) chunk = process.memory_context_alloc(set, 100);
    large = process.memory_context_alloc(set, 50'000);
    process.pfree(chunks[0]);
    process.pfree(chunks[1]);
  }
  const VersionProfile& profile() const { return process.profile(); }
  WalkedHeap walk(const WalkLimits& limits = {}) const {
    return walk_heap(source, profile(), walk_roots(process), limits);
  }
  Address link_of(Address chunk) const {
    return chunk - profile().alloc_set.chunk_bytes + profile().alloc_set.free_link;
  }

  NoSink sink;
  Process process;
  PatchedSource source;
  Address set, inner, large;
  Address chunks[3];
};

const WalkedContext& named(const WalkedHeap& heap, const std::string& name) {
  for (const WalkedContext& context : heap.contexts) {
    if (context.name == name) return context;
  }
  FAIL("no context " << name);
  return heap.contexts.front();
}

bool found(const WalkedHeap& heap, const std::string& words) {
  for (const WalkFinding& finding : heap.findings) {
    if (finding.what.find(words) != std::string::npos) return true;
  }
  return false;
}

TEST_CASE("a walk tells contexts, blocks, chunks and freelists from the bytes alone") {
  for (int major = 15; major <= 18; ++major) {
    INFO("PostgreSQL " << major);
    SmallHeap heap(major);
    WalkedHeap walked = heap.walk();
    CHECK(walked.findings.empty());
    REQUIRE(walked.contexts.size() == 4);
    CHECK(walked.contexts[0].name == "TopMemoryContext");
    CHECK(walked.contexts[1].name == "set");  // newest child first
    CHECK(walked.contexts[2].name == "inner");
    CHECK(walked.contexts[2].parent == 1);
    CHECK(walked.contexts[2].depth == 2);
    CHECK(walked.contexts[3].name == "ErrorContext");
    CHECK(walked.contexts[3].allow_in_crit_section);
    CHECK(walked.current == heap.process.top_memory_context());

    const WalkedContext& set = walked.contexts[1];
    REQUIRE(set.blocks.size() == 2);
    CHECK(set.blocks[0].role == BlockRole::Keeper);
    CHECK(set.blocks[1].role == BlockRole::External);  // linked second
    CHECK(set.blocks[1].chunks.front().at == heap.large);
    REQUIRE(set.blocks[0].chunks.size() == 3);
    CHECK(set.blocks[0].chunks[0].state == WalkedChunkState::Free);
    CHECK(set.blocks[0].chunks[2].state == WalkedChunkState::Live);
    CHECK(set.blocks[0].chunks[2].granted_bytes == 128);
    CHECK(set.freelists[4] == std::vector<Address>{heap.chunks[1], heap.chunks[0]});
    CHECK(set.mem_allocated == heap.process.memory_context_mem_allocated(heap.set, false));
  }
}

TEST_CASE("recycled contexts are found in their lists, front first") {
  SmallHeap heap;
  Address other = heap.process.alloc_set_context_create(heap.set, "other");
  heap.process.memory_context_delete(heap.inner);
  heap.process.memory_context_delete(other);
  WalkedHeap walked = heap.walk();
  CHECK(walked.findings.empty());
  REQUIRE(walked.recycled[0].size() == 2);
  CHECK(walked.recycled[0][0].at == other);
  CHECK(walked.recycled[0][1].at == heap.inner);
  CHECK(walked.recycled[1].empty());
}

TEST_CASE("a circle of siblings ends the walk of that list, with its place") {
  SmallHeap heap;
  heap.source.patch(heap.process.error_context() + heap.profile().context.next_child.offset, heap.set.value);
  WalkedHeap walked = heap.walk();
  CHECK(walked.contexts.size() == 4);
  CHECK(found(walked, "met twice"));
  CHECK(walked.findings.front().where == heap.set);
}

TEST_CASE("a context that is its own child is walked once") {
  SmallHeap heap;
  heap.source.patch(heap.inner + heap.profile().context.first_child.offset, heap.inner.value);
  CHECK(found(heap.walk(), "met twice"));
}

TEST_CASE("a block list that comes back to itself is cut, and the other contexts are still walked") {
  SmallHeap heap;
  const WalkedHeap whole = heap.walk();
  Address last = named(whole, "set").blocks.back().header;
  heap.source.patch(last + heap.profile().alloc_set.block_next.offset, named(whole, "set").blocks[0].header.value);
  WalkedHeap walked = heap.walk();
  CHECK(found(walked, "comes back"));
  CHECK(named(walked, "set").blocks.size() == 2);
  CHECK(named(walked, "ErrorContext").blocks.size() == 1);
}

TEST_CASE("a freelist that goes round, leaves its context or leads to a chunk in use is cut where it does") {
  for (int major : {15, 17}) {
    INFO("PostgreSQL " << major);
    SmallHeap round(major), away(major), used(major);
    Address header = round.chunks[1] - round.profile().alloc_set.chunk_bytes;
    round.source.patch(round.link_of(round.chunks[0]), header.value);
    CHECK(found(round.walk(), "on a freelist twice"));
    CHECK(named(round.walk(), "set").freelists[4].size() == 2);
    away.source.patch(away.link_of(away.chunks[1]), 0xDEADBEEF0);
    CHECK(found(away.walk(), "no chunk of it"));
    CHECK(named(away.walk(), "set").freelists[4].size() == 1);
    used.source.patch(used.link_of(used.chunks[1]), (used.large - used.profile().alloc_set.chunk_bytes).value);
    CHECK_FALSE(used.walk().findings.empty());
  }
}

TEST_CASE("absurd sizes and counts are findings, not allocations") {
  SmallHeap heap;
  const AllocSetLayout& layout = heap.profile().alloc_set;
  Address keeper = named(heap.walk(), "set").blocks[0].header;
  heap.source.patch(keeper + layout.block_endptr.offset, ~std::uint64_t{0});
  WalkedHeap walked = heap.walk();
  CHECK(found(walked, "not inside it"));
  heap.source.patch(keeper + layout.block_freeptr.offset, ~std::uint64_t{0} - 8);
  CHECK(found(heap.walk(), "not inside it"));
}

TEST_CASE("an unreadable variable, header or name is a finding each") {
  SmallHeap heap;
  WalkRoots roots = walk_roots(heap.process);
  roots.top_memory_context = {16};
  CHECK(found(walk_heap(heap.source, heap.profile(), roots), "variable that cannot be read"));
  heap.source.patch(heap.inner + heap.profile().context.name.offset, 24);
  CHECK(found(heap.walk(), "name at 0x18 cannot be read"));
  heap.source.patch(heap.set + heap.profile().context.first_child.offset, 0x7000);
  CHECK(found(heap.walk(), "header that cannot be read"));
  heap.source.patch(heap.set + heap.profile().context.type.offset, 99, 4);
  CHECK(found(heap.walk(), "node tag is 99"));
}

TEST_CASE("a walk stops at its limits and says so") {
  SmallHeap heap;
  WalkLimits limits;
  limits.contexts = 2;
  WalkedHeap walked = heap.walk(limits);
  CHECK(walked.contexts.size() == 2);
  CHECK(found(walked, "more than 2 contexts"));
  limits = {};
  limits.chunks = 2;
  CHECK(found(heap.walk(limits), "more than 2 chunks"));
  limits = {};
  limits.blocks = 1;
  CHECK(found(heap.walk(limits), "more than 1 blocks"));
  limits = {};
  limits.name_bytes = 3;
  CHECK(heap.walk(limits).contexts[0].name == "Top");
}

TEST_CASE("a Slab block's claim of millions of chunks is believed no further than its bytes reach") {
  for (int major = 15; major <= 18; ++major) {
    INFO(major);
    NoSink sink;
    Process process(*find_profile(major, false), sink);
    const SlabLayout& layout = process.profile().slab;
    const Address slab = process.slab_context_create(process.top_memory_context(), "slab", 1024, 16);
    (void)process.memory_context_alloc(slab, 16);
    const WalkedHeap before = walk_heap(ProcessSource(process), process.profile(), walk_roots(process));
    const auto is_slab = [&](const WalkedContext& context) { return context.at == slab; };
    const auto walked = std::find_if(before.contexts.begin(), before.contexts.end(), is_slab);
    REQUIRE(walked != before.contexts.end());
    const Address block = walked->blocks.at(0).header;
    const std::uint64_t bytes = 0x3FFFFF00;
    const std::uint64_t claimed = (bytes - layout.block_bytes) / walked->full_chunk_bytes;
    PatchedSource damaged(process);
    damaged.patch(slab + layout.block_size.offset, bytes, layout.block_size.width);
    damaged.patch(slab + layout.chunks_per_block.offset, claimed, layout.chunks_per_block.width);
    const std::uint64_t free = layout.list_per_free_count ? walked->blocks[0].list : 0;
    damaged.patch(block + layout.block_free.offset, free, layout.block_free.width);
    if (!layout.list_per_free_count) {
      damaged.patch(block + layout.block_unused_count.offset, 0, layout.block_unused_count.width);
      damaged.patch(block + layout.block_unused.offset,
                    block.value + layout.block_bytes + claimed * walked->full_chunk_bytes);
    }
    const WalkedHeap heap = walk_heap(damaged, process.profile(), walk_roots(process));
    CHECK(found(heap, "a chunk header that cannot be read"));
    CHECK(damaged.reads() < 100'000);
  }
}

TEST_CASE("a walk over randomly damaged bytes always comes back, in time and memory it can bound") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int major = 15; major <= 18; ++major) {
    NoSink sink;
    Process process(*find_profile(major, false), sink);
    test::RandomOperations operations(process, 7);
    for (int i = 0; i < 400; ++i) operations.operate();
    const WalkRoots roots = walk_roots(process);
    const WalkedHeap whole = walk_heap(ProcessSource(process), process.profile(), roots);
    REQUIRE(whole.findings.empty());
    // Places worth damaging: words of headers; values worth writing: addresses that there are, and absurd ones.
    std::vector<Address> places, values;
    for (const WalkedContext& context : whole.contexts) {
      for (std::uint64_t i = 0; i < 28; ++i) places.push_back(context.at + 8 * i);
      values.push_back(context.at);
      for (const WalkedBlock& block : context.blocks) {
        for (std::uint64_t i = 0; i < 8; ++i) places.push_back(block.header + 8 * i);
        values.push_back(block.header);
        for (const WalkedChunk& chunk : block.chunks) {
          for (std::uint64_t i = 0; i < 4; ++i) places.push_back(chunk.at - 24 + 8 * i);
          values.push_back(chunk.at - 8);
        }
      }
    }
    for (int round = 0; round < 300; ++round) {
      PatchedSource damaged(process);
      for (int i = 0; i < 6; ++i) {
        std::uint64_t value = values[random() % values.size()].value + random() % 3 * 8;
        if (random() % 3 == 0) value = random() >> (random() % 64);
        damaged.patch(places[random() % places.size()], value, random() % 4 == 0 ? 1 : 8);
      }
      WalkedHeap walked = walk_heap(damaged, process.profile(), roots);
      CHECK(walked.contexts.size() <= whole.contexts.size() + 100);
      CHECK(damaged.reads() < 1'000'000);
    }
  }
}

}  // namespace
}  // namespace palloscope::core
