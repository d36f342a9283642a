// What each kind of event does to a state, and which mistakes are faults.
#include "trace/replay/memory_state.h"

#include "tests/support/catch.h"
#include "trace/replay/journal.h"

using namespace palloscope;
using namespace palloscope::core;
using trace::ChunkState;
using trace::MemoryState;

namespace {

constexpr ContextSlot kTop{0}, kChild{1};

void create(MemoryState& state, ContextSlot slot, ContextSlot parent, BlockSlot region, Address at,
            ContextKind kind = ContextKind::AllocSet) {
  state.apply(Malloc{region, at, 1024});
  ContextCreated e;
  e.context = slot;
  e.parent = parent;
  e.region = region;
  e.kind = kind;
  e.at = at;
  e.init_block_bytes = 1024;
  e.name = "test";
  state.apply(e);
  state.apply(BlockAdded{region, slot, BlockRole::Keeper, BlockPosition::Head, at + 200, at + 240, 1024, 0});
}

ChunkAllocated chunk(std::uint32_t slot, std::uint32_t block, std::uint64_t at,
                     ChunkOrigin origin = ChunkOrigin::Tail) {
  return {{slot}, {block}, {at}, 50, 64, 3, origin, ChunkCause::Palloc};
}

// A state with Top (keeper: block 0 at 0x1000) and its child (block 1 at 0x2000).
MemoryState two_contexts(ContextKind kind = ContextKind::AllocSet) {
  MemoryState state;
  create(state, kTop, {}, {0}, {0x1000}, kind);
  create(state, kChild, kTop, {1}, {0x2000}, kind);
  REQUIRE(state.fault_count() == 0);
  return state;
}

template <class E>
void require_fault(MemoryState state, const E& event) {
  MemoryState before = state;
  state.apply(event);
  REQUIRE(state.fault_count() == 1);
  CHECK(state.faults()[0].event == state.event_number());
  CHECK(!state.faults()[0].what.empty());
  CHECK(state.totals() == before.totals());
}

}  // namespace

TEST_CASE("Chunks are taken from the tail, freed to a freelist and taken from its head again") {
  MemoryState state = two_contexts();
  CHECK(state.context(kTop)->tail_bytes == 784);
  CHECK(state.context(kTop)->is_reset);
  state.apply(chunk(0, 0, 0x1000 + 248));
  state.apply(chunk(1, 0, 0x1000 + 320));
  CHECK_FALSE(state.context(kTop)->is_reset);
  CHECK(state.context(kTop)->tail_bytes == 784 - 144);
  CHECK(state.context(kTop)->requested_bytes == 100);
  CHECK(state.block({0})->live_chunk_count == 2);
  state.apply(ChunkFreed{{0}, ChunkFate::ToFreelist});
  state.apply(ChunkFreed{{1}, ChunkFate::ToFreelist});
  CHECK(state.context(kTop)->freelist[3] == ChunkSlot{1});
  CHECK(state.chunk({1})->next_free == ChunkSlot{0});
  CHECK(state.totals().free_chunk_count == 2);
  require_fault(state, chunk(0, 0, 0x1000 + 248, ChunkOrigin::Freelist));  // not the head
  state.apply(chunk(1, 0, 0x1000 + 320, ChunkOrigin::Freelist));
  CHECK(state.context(kTop)->freelist[3] == ChunkSlot{0});
  CHECK(state.chunk({1})->state == ChunkState::Live);
  CHECK(state.fault_count() == 0);
}

TEST_CASE("Reset empties the keeper and lets other blocks go; delete takes the context out of the tree") {
  MemoryState state = two_contexts();
  state.apply(Malloc{{2}, {0x5000}, 2048});
  state.apply(BlockAdded{{2}, kChild, BlockRole::Ordinary, BlockPosition::Head, {0x5000}, {0x5028}, 2048, 0});
  state.apply(NextBlockSizeSet{kChild, 4096});
  state.apply(chunk(0, 2, 0x5030));
  state.apply(chunk(1, 1, 0x2000 + 248));
  CHECK(state.context(kChild)->mem_allocated_bytes == 3072);
  CHECK(state.context(kChild)->first_block == BlockSlot{2});
  require_fault(state, Free{{2}});
  state.apply(ContextReset{kChild});
  CHECK(state.context(kChild)->is_reset);
  CHECK(state.context(kChild)->next_block_bytes == 1024);
  CHECK(state.context(kChild)->mem_allocated_bytes == 1024);
  CHECK(state.context(kChild)->tail_bytes == 784);
  CHECK(state.block({2})->role == BlockRole::Plain);
  CHECK(state.chunk({0}) == nullptr);
  CHECK(state.totals().live_chunk_count == 0);
  state.apply(Free{{2}});
  CHECK(state.block({2}) == nullptr);
  require_fault(state, ContextDeleted{kTop});  // has a child
  state.apply(ContextSwitched{kChild});
  state.apply(ContextDeleted{kChild});
  CHECK(state.context(kChild) == nullptr);
  CHECK_FALSE(state.context(kTop)->first_child);
  CHECK_FALSE(state.point().current);
  CHECK(state.totals().context_bytes == 1024);
  state.apply(ContextRecycled{{1}, 0});
  CHECK(state.first_recycled(0) == BlockSlot{1});
  state.apply(Free{{1}});
  CHECK_FALSE(state.first_recycled(0));
  CHECK(state.fault_count() == 0);
}

TEST_CASE("A dedicated block is realloc'ed with its chunk and leaves with it") {
  MemoryState state = two_contexts();
  state.apply(Malloc{{2}, {0x9000}, 9048});
  state.apply(BlockAdded{{2}, kTop, BlockRole::External, BlockPosition::SecondFromHead, {0x9000}, {0x9028}, 9048, 0});
  CHECK(state.context(kTop)->first_block == BlockSlot{0});
  CHECK(state.context(kTop)->tail_bytes == 784);
  state.apply(ChunkAllocated{{0}, {2}, {0x9030}, 9000, 9000, 0, ChunkOrigin::External, ChunkCause::Palloc});
  state.apply(Realloc{{2}, {0x20000}, 20048});
  CHECK(state.chunk({0})->at == Address{0x20030});
  CHECK(state.chunk({0})->granted_bytes == 20000);
  CHECK(state.context(kTop)->mem_allocated_bytes == 1024 + 20048);
  state.apply(ChunkResized{{0}, 19999, 20000});
  CHECK(state.totals().requested_bytes == 19999);
  require_fault(state, ChunkFreed{{0}, ChunkFate::ToFreelist});
  state.apply(ChunkFreed{{0}, ChunkFate::WithBlock});
  CHECK(state.block({2})->role == BlockRole::Plain);
  CHECK(state.context(kTop)->block_count == 1);
  CHECK(state.totals().granted_bytes == 0);
  CHECK(state.fault_count() == 0);
}

TEST_CASE("Generation counts freed chunks, and an emptied dedicated block becomes an ordinary one") {
  MemoryState state = two_contexts(ContextKind::Generation);
  state.apply(Malloc{{2}, {0x9000}, 4096});
  state.apply(BlockAdded{{2}, kTop, BlockRole::External, BlockPosition::Head, {0x9000}, {0x9038}, 4096, 0});
  state.apply(ChunkAllocated{{0}, {2}, {0x9040}, 4000, 4000, 0, ChunkOrigin::External, ChunkCause::Palloc});
  state.apply(ChunkFreed{{0}, ChunkFate::Counted});
  CHECK(state.context(kTop)->free_chunk_count == 1);
  state.apply(BlockEmptied{{2}});
  CHECK(state.block({2})->role == BlockRole::Ordinary);
  CHECK(state.context(kTop)->free_chunk_count == 0);
  state.apply(chunk(0, 2, 0x9040));
  CHECK(state.fault_count() == 0);
}

TEST_CASE("A block tells how far it is used, and how many of its chunks are free") {
  MemoryState state = two_contexts(ContextKind::Generation);
  state.apply(chunk(0, 0, 0x1000 + 248));
  state.apply(chunk(1, 0, 0x1000 + 320));
  MemoryState before = state;
  trace::Journal journal;
  state.apply(BlockReported{{0}, {0x1000 + 600}, 1}, journal);
  const trace::ContextRecord& top = *state.context(kTop);
  CHECK(state.block({0})->free_at == Address{0x1000 + 600});
  CHECK(top.tail_bytes == 1024 - 600);
  CHECK(top.uncounted_free_chunks == 1);
  CHECK(top.live_chunk_count == 2);
  state.apply(BlockReported{{0}, {0x1000 + 600}, 2}, journal);
  CHECK(top.uncounted_free_chunks == 2);
  require_fault(state, BlockReported{{0}, {0x1000 + 599}, 2});   // behind what is used already
  require_fault(state, BlockReported{{0}, {0x1000 + 1025}, 2});  // beyond its end
  require_fault(state, BlockReported{{0}, {0x1000 + 600}, 3});   // more than there are chunks
  require_fault(state, BlockReported{{9}, {0x1000 + 600}, 0});
  REQUIRE(journal.undo(state));
  REQUIRE(journal.undo(state));
  CHECK(state == before);
  state.apply(BlockReported{{0}, {0x1000 + 600}, 2});
  state.apply(BlockEmptied{{0}});
  CHECK(top.uncounted_free_chunks == 0);
  CHECK(top.tail_bytes == 784);
  CHECK(state.fault_count() == 0);

  // In a context that has nothing, it says at least that it was used.
  CHECK(state.context(kChild)->is_reset);
  state.apply(BlockReported{{1}, {0x2000 + 300}, 0});
  CHECK_FALSE(state.context(kChild)->is_reset);
  state.apply(ContextReset{kChild});
  CHECK(state.context(kChild)->tail_bytes == 784);
}

TEST_CASE("Events that no correct process makes are faults and change nothing") {
  const MemoryState state = two_contexts();
  require_fault(state, ContextReset{{7}});
  require_fault(state, ContextDeleted{{0xFFFFFF}});
  require_fault(state, ContextReparented{kTop, kChild});
  require_fault(state, ContextReparented{kTop, kTop});
  require_fault(state, ContextSwitched{{9}});
  require_fault(state, CallbackRun{kTop, 1});
  require_fault(state, Malloc{{0}, {0x8000}, 8});
  require_fault(state, Malloc{{4000000000}, {0x8000}, 8});
  require_fault(state, Malloc{{2}, {~std::uint64_t{0}}, 8});
  require_fault(state, Free{{5}});
  require_fault(state, BlockAdded{{0}, kTop, BlockRole::Ordinary, BlockPosition::Head, {0x1000}, {0x1028}, 8, 0});
  require_fault(state, BlockRemoved{{9}});
  require_fault(state, chunk(4000000000, 0, 0x1000 + 248));
  require_fault(state, chunk(0, 0, 0x1000 + 1000));  // beyond the block
  require_fault(state, chunk(0, 9, 0x1000 + 248));
  require_fault(state, ChunkFreed{{0}, ChunkFate::ToFreelist});
  require_fault(state, ChunkCarved{{0}, {0}, {0x1000 + 248}, 64, 200});
  require_fault(state, ContextReported{{9}, 1, 1, 1, 1, 1, 1, 1});
}

TEST_CASE("A context keeps the region that holds its header, counted once") {
  MemoryState state = two_contexts();
  require_fault(state, BlockRemoved{{1}});
  state.apply(Malloc{{2}, {0x5000}, 1024});
  ContextCreated slab;
  slab.context = {2};
  slab.region = {2};
  slab.kind = ContextKind::Slab;
  state.apply(slab);
  BlockAdded header{{2}, {2}, BlockRole::Ordinary, BlockPosition::Head, {0x5000}, {0x5080}, 1024, 0};
  require_fault(state, header);  // neither its header's region nor its keeper
  header.role = BlockRole::Header;
  state.apply(header);
  state.apply(header);
  CHECK(state.fault_count() == 0);
  CHECK(state.context({2})->mem_allocated_bytes == 1024);
}

TEST_CASE("A freed chunk that has no freelist is a fault where freelists are kept") {
  MemoryState state = two_contexts();
  ChunkAllocated odd = chunk(0, 0, 0x1000 + 248);
  odd.size_class = 12;
  state.apply(odd);
  require_fault(state, ChunkFreed{{0}, ChunkFate::Counted});
  require_fault(state, ChunkFreed{{0}, ChunkFate::ToFreelist});
}

TEST_CASE("A dedicated block whose chunk was freed and counted grows by free bytes") {
  MemoryState state = two_contexts(ContextKind::Generation);
  state.apply(Malloc{{2}, {0x5000}, 1024});
  state.apply(BlockAdded{{2}, kTop, BlockRole::External, BlockPosition::Head, {0x5000}, {0x5028}, 1024, 0});
  ChunkAllocated large = chunk(0, 2, 0x5030, ChunkOrigin::External);
  large.granted_bytes = 976;
  state.apply(large);
  state.apply(ChunkFreed{{0}, ChunkFate::Counted});
  state.apply(Realloc{{2}, {0x5000}, 2048});
  REQUIRE(state.fault_count() == 0);
  CHECK(state.context(kTop)->granted_bytes == 0);
  CHECK(state.totals().granted_bytes == 0);
  CHECK(state.context(kTop)->free_chunk_bytes == 2000);
}

TEST_CASE("Source lines, narration, errors and variables move the program point") {
  MemoryState state = two_contexts();
  const EventNumber n = state.event_number();
  state.apply(SourceLine{2, 17});
  state.apply(Narration{"a", "b"});
  state.apply(ErrorReported{Severity::Warning, kTop, "", "", ""});
  CHECK(state.point().error == 0);
  state.apply(ErrorReported{Severity::Error, kTop, "53200", "out of memory", ""});
  CHECK(state.point().error == n + 4);
  state.apply(ErrorCaught{});
  CHECK(state.point().error == 0);
  state.apply(VariableSet{"p", {0x1234}});
  CHECK(state.variables().at("p") == Address{0x1234});
  state.apply(VariableSet{"p", {0}});
  CHECK(state.variables().empty());
  CHECK(state.point().line == 17);
  CHECK(state.point().narration == n + 2);
  state.apply(CallbackRegistered{kTop, 5});
  state.apply(CallbackRegistered{kTop, 6});
  state.apply(CallbackRun{kTop, 6});
  CHECK(state.context(kTop)->callbacks == std::vector<std::uint32_t>{5});
  CHECK_FALSE(state.context(kTop)->is_reset);
  CHECK(state.fault_count() == 0);
}
