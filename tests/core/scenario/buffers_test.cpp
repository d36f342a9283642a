// What scripts can do with backends and buffers, and what they are told when they cannot.
#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;
using test::Script;

namespace {

constexpr const char* kPool = "shared_buffers(8)\norders = relation{ name = 'orders', blocks = 20 }\n";

ScenarioOptions version(int major) {
  ScenarioOptions options;
  options.pg_major = major;
  return options;
}

std::string run(const std::string& text, int major = 17) {
  Script script(kPool + text, version(major));
  return script.finish();
}

std::string failure(const std::string& text, int major = 17) {
  Script script(kPool + text, version(major));
  return script.fail();
}

}  // namespace

TEST_CASE("a script reads pages, changes them, and sees what the state word says") {
  CHECK(run(R"(
    b = ReadBuffer(orders, 3)
    MarkBufferDirty(b)
    s = buffer_state(b)
    print(b, s.refcount, s.usagecount, s.private_refcount, s.dirty, s.valid, s.block)
    ReleaseBuffer(b)
    print(buffer_state(b).refcount, orders.blocks)
    print(ExtendBufferedRel(orders), ExtendBufferedRelBy(orders, 3), orders.blocks))") ==
        "1\t1\t1\t1\ttrue\ttrue\t3\n0\t20\n2\t3\t24\n");
}

TEST_CASE("the first backend acts at once; others when they are switched to") {
  Script script(std::string(kPool) + R"(
    other = start_backend{ name = "backend 2" }
    switch_to(other)
    ReadBuffer(orders, 1)
    end_backend()
    worker = start_backend("worker", "parallel worker")
    switch_to(worker)
    print(worker))");
  CHECK(script.finish() == "worker\n");
  CHECK(script.log.count<BackendStarted>() == 3);
  CHECK(script.log.count<BufferUnpinned>() == 1);  // given back at the end
  CHECK(script.log.all<BackendStarted>()[2].backend == BackendSlot{1});
}

TEST_CASE("wrong use is refused in words") {
  CHECK_THAT(Script("ReadBuffer(nil, 1)").fail(), ContainsSubstring("no buffer pool yet: shared_buffers(16)"));
  CHECK_THAT(failure("shared_buffers(8)"), ContainsSubstring("a buffer pool already"));
  CHECK_THAT(Script("shared_buffers(1)").fail(), ContainsSubstring("from 2 to 1048576"));
  CHECK_THAT(failure("ReadBuffer(orders, 20)"), ContainsSubstring("there is no block 20"));
  CHECK_THAT(failure("ReadBuffer(7, 1)"), ContainsSubstring("a relation is wanted, not 7"));
  CHECK_THAT(failure("ReleaseBuffer(9)"), ContainsSubstring("bad buffer ID: 9"));
  CHECK_THAT(failure("ReleaseBuffer(-1)"), ContainsSubstring("bad buffer ID: -1"));
  CHECK_THAT(failure("MarkBufferDirty(1)"), ContainsSubstring("has not pinned this buffer"));
  CHECK_THAT(failure("BgBufferSync()"), ContainsSubstring("BgBufferSync is the background writer's work"));
  CHECK_THAT(failure("CheckPointBuffers()"), ContainsSubstring("the checkpointer's work"));
  CHECK_THAT(failure("GetAccessStrategyWithSize('BAS_VACUUM', 256)", 15), ContainsSubstring("new in PostgreSQL 16"));
  CHECK_THAT(failure("r = GetAccessStrategy('BAS_VACUUM') FreeAccessStrategy(r) FreeAccessStrategy(r)"),
             ContainsSubstring("this strategy was freed"));
  CHECK_THAT(failure("r = GetAccessStrategy('BAS_VACUUM') switch_to(start_backend('b')) "
                     "ReadBufferExtended(orders, 'main', 1, r)"),
             ContainsSubstring("another backend's"));
  CHECK_THAT(failure("b = start_backend('b') end_backend(b) switch_to(b)"),
             ContainsSubstring("this backend has ended"));
  CHECK_THAT(failure("end_backend() ReadBuffer(orders, 1)"), ContainsSubstring("no backend acts"));
  CHECK_THAT(failure("ReadBuffer(orders, 1) switch_to(start_backend('b')) DropRelationBuffers(orders)"),
             ContainsSubstring("would wait here for ever"));
}

TEST_CASE("an error that PG_TRY catches gives back the pins of its body, as a subtransaction's abort does") {
  Script script(std::string(kPool) + R"(
    kept = ReadBuffer(orders, 0)
    PG_TRY(function()
      for block = 1, 8 do ReadBuffer(orders, block) end
    end, { catch = function(err) print(err.message) end })
    print(buffer_state(kept).refcount, buffer_state(2).refcount))");
  CHECK(script.finish() == "no unpinned buffers available\n1\t0\n");
  CHECK(script.log.count<BufferUnpinned>() == 7);
}

TEST_CASE("an error that nobody catches ends the transaction and its pins") {
  Script script(std::string(kPool) + "for block = 0, 8 do ReadBuffer(orders, block) end");
  CHECK_THAT(script.fail(), ContainsSubstring("no unpinned buffers available"));
  CHECK(script.log.count<BufferUnpinned>() == 8);
}

TEST_CASE("a ring lies in the heap of the backend whose heap it is") {
  Script script(std::string(kPool) + R"(
    ring = GetAccessStrategy("BAS_BULKREAD")
    print(ring.nbuffers)
    FreeAccessStrategy(ring)
    switch_to(start_backend("backend 2"))
    GetAccessStrategy("BAS_BULKREAD")
    print(GetAccessStrategy("BAS_NORMAL")))");
  CHECK(script.finish() == "1\nnil\n");
  auto chunks = script.log.all<ChunkAllocated>();
  REQUIRE(chunks.size() == 1);
  CHECK(chunks[0].requested_bytes == 16);  // 12 bytes and one Buffer
  CHECK(script.log.count<ChunkFreed>() == 1);
}

TEST_CASE("temporary relations use local buffers, whose blocks come from LocalBufferContext") {
  Script script(R"(
    shared_buffers{ buffers = 8, temp_buffers = 20 }
    t = relation{ name = "t", persistence = "temporary" }
    for i = 1, 17 do
      b = ExtendBufferedRel(t)
      ReleaseBuffer(b)
    end
    print(b, LocalBufferContext))",
                version(17));
  script.run.advance();
  CHECK_THAT(script.run.error(), ContainsSubstring("LocalBufferContext"));  // PostgreSQL's own, not the script's
  std::vector<ContextCreated> contexts = script.log.all<ContextCreated>();
  CHECK(contexts.back().name == "LocalBufferContext");
  std::vector<std::uint64_t> asked;
  for (const ChunkAllocated& chunk : script.log.all<ChunkAllocated>()) asked.push_back(chunk.requested_bytes);
  CHECK(asked == std::vector<std::uint64_t>{16 * 8192 + 4096, 4 * 8192 + 4096});
}

TEST_CASE("a loop over calls that look through a large pool ends by the budget, also if each of them fails") {
  const auto ends = [](const std::string& text) {
    ScenarioOptions options;
    options.budget.instructions = 2'000'000;
    Script script("shared_buffers{ buffers = 65536 }\nr = relation{ name = 'r', blocks = 9 }\n" + text, options);
    CHECK_THAT(script.fail(), ContainsSubstring("ran for more than 2 million steps; does it loop for ever?"));
  };
  ends("while true do FlushRelationBuffers(r) end");
  ends("while true do DropRelationBuffers(r, 2) end");
  ends("ReadBuffer(r, 1) while true do pcall(DropRelationBuffers, r) end");
  ends("switch_to(start_backend{ kind = 'checkpointer' }) while true do CheckPointBuffers() end");
  ends("while true do FreeAccessStrategy(GetAccessStrategyWithSize('BAS_VACUUM', 65536)) end");
}

TEST_CASE("local buffers that this machine has no memory for are refused in words") {
  Script script(R"(
    shared_buffers{ buffers = 8, temp_buffers = 1048576 }
    for i = 1, 5 do
      switch_to(start_backend{ name = "b" .. i })
      ReadBuffer(relation{ name = "t", blocks = 1, persistence = "temporary" }, 0)
    end)");
  CHECK_THAT(script.fail(), ContainsSubstring("real bytes of this machine; a smaller temp_buffers will do"));
  CHECK(script.log.count<BufferPoolCreated>() == 3);
}

TEST_CASE("another session's temporary relation is refused with PostgreSQL's words") {
  CHECK(run(R"(
    t = relation{ name = 't', blocks = 4, persistence = 'temporary' }
    switch_to(start_backend{ name = 'other' })
    PG_TRY(function() ReadBuffer(t, 1) end, { catch = function(e) print(e.sqlstate, e.message) FlushErrorState() end })
    DropRelationBuffers(t))") == "0A000\tcannot access temporary tables of other sessions\n");
}
