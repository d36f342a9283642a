// Shared memory as scripts use it: start-up, requests, structures, dynamic segments, the machine.
#include <string>

#include "core/scenario/scenario_run.h"
#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;
using test::Script;

namespace {

constexpr const char* kStart = "postgresql_conf{ shared_buffers = '1MB', max_connections = 5 }\n";

// What the script prints, a line each.
std::string printed(const std::string& text, int major = 17) {
  ScenarioOptions options;
  options.pg_major = major;
  Script script(std::string(kStart) + text, options);
  return script.finish();
}

// The words with which a script ends that does something wrong.
std::string complaint(const std::string& text) {
  Script script(std::string(kStart) + text, {});
  return script.fail();
}

}  // namespace

TEST_CASE("a script starts a server, and a backend finds what the postmaster made") {
  CHECK(printed("CreateSharedMemoryAndSemaphores()\n"
                "p = ShmemInitStruct('mine', 100)\n"
                "write(p, 'hello')\n"
                "b = start_backend{ name = 'backend 1' } switch_to(b)\n"
                "q, found = ShmemInitStruct('mine', 100)\n"
                "print(found, p == q, read(q, 5), pg_shmem_allocations('mine').allocated_size)\n") ==
        "true\ttrue\thello\t128\n");
}

TEST_CASE("a request before any hook is refused, and settings can still be made") {
  CHECK(printed("PG_TRY(function() RequestAddinShmemSpace(8) end, { catch = function(err)\n"
                "  print(err.message) FlushErrorState() end })\n"
                "postgresql_conf{ max_connections = 7 }\n"
                "CreateSharedMemoryAndSemaphores()\n") ==
        "cannot request additional shared memory outside shmem_request_hook\n");
}

TEST_CASE("writing and reading in shared memory is no mistake") {
  Script script(std::string(kStart) +
                    "CreateSharedMemoryAndSemaphores()\n"
                    "p = ShmemInitStruct('mine', 100) write(p, 'x') print(read(p, 1))\n"
                    "s = dsm_create(100) write(dsm_segment_address(s), 'y', 50)\n",
                {});
  script.finish();
  CHECK(script.log.count<FaultFound>() == 0);
}

TEST_CASE("the library shmem runs the hooks around the start") {
  CHECK(printed("local shmem = require 'shmem'\n"
                "shmem.load_library('lib', { request = function() RequestAddinShmemSpace(1 << 20)\n"
                "  RequestNamedLWLockTranche('lib', 2) end,\n"
                "  startup = function() print(GetNamedLWLockTranche('lib') ~= nil) end })\n"
                "shmem.start_server()\n"
                "print(pg_shmem_allocations().free > 1 << 20)\n") == "true\ntrue\n");
}

TEST_CASE("errors of shared memory are PostgreSQL's, and can be caught") {
  CHECK(printed("CreateSharedMemoryAndSemaphores()\n"
                "for _, f in ipairs{ function() RequestAddinShmemSpace(8) end,\n"
                "                    function() ShmemInitStruct('Proc Array', 1) end,\n"
                "                    function() ShmemAlloc(1 << 30) end,\n"
                "                    function() GetNamedLWLockTranche('x') end } do\n"
                "  local message\n"
                "  PG_TRY(f, { catch = function(err) message = err.message FlushErrorState() end })\n"
                "  print(message)\n"
                "end\n") ==
        "cannot request additional shared memory outside shmem_request_hook\n"
        "ShmemIndex entry size is wrong for data structure \"Proc Array\": expected 1, actual 148\n"
        "out of shared memory (1073741824 bytes requested)\n"
        "requested tranche is not registered\n");
}

TEST_CASE("a dynamic segment is one memory at several addresses, and its callbacks run last in, first out") {
  CHECK(printed("CreateSharedMemoryAndSemaphores()\n"
                "a, b = start_backend{ name = 'a' }, start_backend{ name = 'b' }\n"
                "switch_to(a)\n"
                "s = dsm_create(10000) h = dsm_segment_handle(s)\n"
                "on_dsm_detach(s, function() print('first') end)\n"
                "on_dsm_detach(s, function() print('second') end)\n"
                "write(dsm_segment_address(s), 'shared', 5000)\n"
                "switch_to(b)\n"
                "t = dsm_attach(h)\n"
                "print(read(dsm_segment_address(t), 6, 5000), dsm_segment_map_length(t))\n"
                "switch_to(a) dsm_detach(s) switch_to(b) dsm_detach(t)\n"
                "print(dsm_attach(h))\n") == "shared\t10000\nsecond\nfirst\nnil\n");
}

TEST_CASE("the buffer pool can live in the segment's own structures") {
  for (int major = 15; major <= 18; ++major)
    CHECK(printed("CreateSharedMemoryAndSemaphores()\n"
                  "InitBufferPool()\n"
                  "b = start_backend{ name = 'b' } switch_to(b)\n"
                  "r = relation{ name = 't', blocks = 200 }\n"
                  "for i = 0, 199 do ReleaseBuffer(ReadBuffer(r, i)) end\n"
                  "print(ReadBuffer(r, 199) <= 128)\n",
                  major) == "true\n");
}

TEST_CASE("pages lie where they were touched first, and the second comer pays") {
  CHECK(printed("numa_node{ cores = 4, memory = '1GB' } numa_node{ cores = 4, memory = '1GB' }\n"
                "CreateSharedMemoryAndSemaphores()\n"
                "a, b = start_backend{ name = 'a' }, start_backend{ name = 'b' }\n"
                "run_on(0, a) run_on(1, b)\n"
                "switch_to(a) print(touch('Buffer Blocks'))\n"
                "switch_to(b) print(touch('Buffer Blocks', 4096))\n"
                "print(numa_cost(b))\n") == "1052672\t0\n0\t4096\n6144.0\t0\t4096\n");
}

TEST_CASE("what makes no sense is refused in words") {
  CHECK_THAT(complaint("ShmemAlloc(8)"), ContainsSubstring("CreateSharedMemoryAndSemaphores() makes it"));
  CHECK_THAT(complaint("postgresql_conf{ shared_buffers = '1kB' }"), ContainsSubstring("out of range"));
  CHECK_THAT(complaint("postgresql_conf{ work_mem = '1MB' }"), ContainsSubstring("no setting"));
  CHECK_THAT(complaint("CreateSharedMemoryAndSemaphores() postgresql_conf{ shared_buffers = 100 }"),
             ContainsSubstring("fixed"));
  CHECK_THAT(complaint("CreateSharedMemoryAndSemaphores() CreateSharedMemoryAndSemaphores()"),
             ContainsSubstring("already"));
  CHECK_THAT(complaint("postgresql_conf{ max_connections = 200000 } CreateSharedMemoryAndSemaphores()"),
             ContainsSubstring("too much to simulate"));
  CHECK_THAT(complaint("CreateSharedMemoryAndSemaphores() touch('Buffer Blocks')"), ContainsSubstring("numa_node"));
  CHECK_THAT(complaint("CreateSharedMemoryAndSemaphores() s = dsm_create(8) dsm_detach(s) dsm_detach(s)"),
             ContainsSubstring("was detached"));
  CHECK_THAT(complaint("CreateSharedMemoryAndSemaphores() s = dsm_create(8) b = start_backend{ name = 'b' } "
                       "switch_to(b) dsm_detach(s)"),
             ContainsSubstring("another backend's"));
}

TEST_CASE("a backend's end gives back its own pins, though a detach callback lets another act") {
  CHECK(printed(R"(
    a, b = start_backend{ name = 'a' }, start_backend{ name = 'b' }
    switch_to(a) shared_buffers(16) CreateSharedMemoryAndSemaphores()
    r = relation{ name = 't', blocks = 10 }
    switch_to(b) x = ReadBuffer(r, 3)
    switch_to(a) y = ReadBuffer(r, 4)
    on_dsm_detach(dsm_create(1000), function()
      switch_to(b)
      print(pcall(end_backend, a))
    end)
    end_backend(a)
    switch_to(b)
    print(buffer_state(x).private_refcount, buffer_state(y).refcount))") ==
        "false\tbad argument #1 to '?' (this backend is ending already)\n1\t0\n");
}

TEST_CASE("a transaction's end comes first in a backend's exit: pins, then its segments, then those of the session") {
  const auto story = [](const std::string& kind) {
    Script script(std::string(kStart) + R"(
      shared_buffers(16) CreateSharedMemoryAndSemaphores()
      a = start_backend{ name = 'a', kind = ')" +
                      kind + R"(' } switch_to(a)
      x = ReadBuffer(relation{ name = 't', blocks = 10 }, 3)
      query, session = dsm_create(1000), dsm_create(2000)
      dsm_pin_mapping(session)
      on_dsm_detach(query, function() print('query') end)
      on_dsm_detach(session, function() print('session', buffer_state(x).refcount) end)
      end_backend(a))",
                  {});
    script.finish();
    std::string told;
    for (const EventBody& event : script.log.events) {
      if (const auto* output = std::get_if<Output>(&event)) told += output->text + "\n";
      if (std::holds_alternative<BufferUnpinned>(event)) told += "unpinned\n";
    }
    return told;
  };
  CHECK(story("client") == "unpinned\nquery\nsession\t0\n");
  CHECK(story("parallel worker") == "unpinned\nquery\nsession\t0\n");
  // No transactions: its resource owner is released behind dynamic shared memory.
  CHECK(story("checkpointer") == "session\t1\nquery\nunpinned\n");
}

TEST_CASE("one segment is attached once by a backend, whatever somebody wrote into the control segment") {
  Script script(std::string(kStart) + R"(
      CreateSharedMemoryAndSemaphores()
      switch_to(start_backend{ name = 'a' }) dsm_create(1000)
      poke(pointer(0x7a0000000010), string.pack('<I4', 4711 * 2))  -- the first item's handle
      print(dsm_attach(4711 * 2)))",
                {});
  CHECK_THAT(script.fail(), ContainsSubstring("can't attach the same segment more than once"));
  CHECK(script.log.count<SegmentAttached>() == 1);
}

TEST_CASE("touching much again and again ends by the budget") {
  ScenarioOptions options;
  options.budget.instructions = 2'000'000;
  Script script(
      "postgresql_conf{ shared_buffers = '512MB' } CreateSharedMemoryAndSemaphores()\n"
      "numa_node{ cores = 4, memory = '1GB' } while true do touch('Buffer Blocks') end",
      options);
  CHECK_THAT(script.fail(), ContainsSubstring("does it loop for ever?"));
}

TEST_CASE("hash tables of more than this machine's bytes are refused in words") {
  CHECK_THAT(complaint("begin_shmem_requests('x') RequestAddinShmemSpace(1 << 38) end_shmem_requests()\n"
                       "CreateSharedMemoryAndSemaphores()\n"
                       "ShmemInitHash('first', 1000, 1 << 20, 8, 4096)\n"
                       "ShmemInitHash('second', 1 << 20, 1 << 20, 8, 4096)"),
             ContainsSubstring("more than 256 MB of free elements"));
  CHECK_THAT(complaint("CreateSharedMemoryAndSemaphores() ShmemInitHash('h', 1, 1, (1 << 32) + 8, (1 << 32) + 8)"),
             ContainsSubstring("at most 64 bytes"));
  CHECK_THAT(complaint("CreateSharedMemoryAndSemaphores() ShmemInitHash('h', 1, 1, 8, 8, (1 << 32) + 4)"),
             ContainsSubstring("power of two"));
}

TEST_CASE("a hash table that did not come to be does not count") {
  CHECK(printed(R"(
    begin_shmem_requests('x') RequestAddinShmemSpace(4 << 20) end_shmem_requests()
    CreateSharedMemoryAndSemaphores()
    t = ShmemInitHash('mine', 8, 8, 8, 8)
    for i = 1, 3 do
      print((pcall(ShmemInitHash, 'huge', 1 << 20, 1 << 20, 8, 4096)))
      PG_TRY(function() ShmemInitHash('big ' .. i, 60000, 60000, 8, 4000) end,
             { catch = function(err) print(err.message) FlushErrorState() end })
    end
    print(t == ShmemInitHash('mine', 8, 8, 8, 8), ShmemInitHash('other', 8, 8, 8, 8) ~= nil))") ==
        "false\nout of memory\nfalse\nout of memory\nfalse\nout of memory\ntrue\ttrue\n");
}
