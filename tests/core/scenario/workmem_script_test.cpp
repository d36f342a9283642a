// Sorts, hash joins and hash aggregates of a script: answers, and what wrong use is told.
#include <string>

#include "tests/core/scenario/script_log.h"
#include "tests/support/catch.h"

using namespace palloscope;
using namespace palloscope::core;
using Catch::Matchers::ContainsSubstring;
using test::Script;

TEST_CASE("a script sorts, in memory and on tapes") {
  Script script(R"(
    for _, work_mem in ipairs{ 64, 4096 } do
      local sort = tuplesort_begin_heap(work_mem, 0, "by key")
      for i = 1, 100 do tuplesort_puttupleslot(sort, (i * 37) % 101, 1000) end
      tuplesort_performsort(sort)
      local last, count = -1, 0
      while true do
        local key, bytes = tuplesort_gettupleslot(sort)
        if not key then break end
        assert(key > last and bytes == 1000)
        last, count = key, count + 1
      end
      local stats = tuplesort_get_stats(sort)
      print(count, stats.sortMethod, stats.spaceType, sort.status, sort.currentRun)
      tuplesort_end(sort)
    end)");
  CHECK(script.finish() ==
        "100\texternal merge\tDisk\tTSS_FINALMERGE\t3\n"
        "100\tquicksort\tMemory\tTSS_SORTEDINMEM\t0\n");
  CHECK(script.log.count<OperationBegan>() == 2);
  CHECK(script.log.all<OperationBegan>()[0].name == "by key");
  CHECK(script.log.count<OperationEnded>() == 2);
}

TEST_CASE("a script's bounded sort answers its bound, and datum sorts have values without tuples") {
  Script script(R"(
    local sort = tuplesort_begin_datum(true, 64, TUPLESORT_ALLOWBOUNDED)
    tuplesort_set_bound(sort, 3)
    for i = 1, 20 do tuplesort_putdatum(sort, 21 - i) end
    tuplesort_performsort(sort)
    local a, b, c, d = tuplesort_getdatum(sort), tuplesort_getdatum(sort), tuplesort_getdatum(sort), tuplesort_getdatum(sort)
    print(a, b, c, d)
    tuplesort_end(sort))");
  CHECK(script.finish() == "1\t2\t3\tnil\n");
}

TEST_CASE("a script joins in batches and finds every pair") {
  Script script(R"(
    print(ExecChooseHashTableSize(20000, 4, 256))
    local join = ExecHashTableCreate{ rows = 20, width = 984, work_mem = 64, hash_mem_multiplier = 1 }
    for i = 1, 200 do ExecHashTableInsert(join, i, 1000) end
    MultiExecHash(join)
    local found = 0
    for i = 101, 300 do found = found + (ExecScanHashBucket(join, i, 100) or 0) end
    while ExecHashJoinNewBatch(join) do
      while true do
        local matches = ExecHashJoinGetSavedTuple(join)
        if not matches then break end
        found = found + matches
      end
    end
    print(found, join.nbatch_original, join.nbatch > 1, join.growEnabled)
    ExecHashTableDestroy(join))");
  CHECK(script.finish() == "16384\t4\t524288\n100\t1\ttrue\ttrue\n");
}

TEST_CASE("a script aggregates, spills and answers every group") {
  Script script(R"(
    local agg = build_hash_tables{ groups = 100, width = 4, work_mem = 64, hash_mem_multiplier = 1 }
    for i = 1, 3000 do lookup_hash_entries(agg, i % 1500, 20) end
    print(agg.hash_spill_mode)
    hashagg_finish_initial_spills(agg)
    while agg_refill_hash_table(agg) do end
    print(agg.groups, agg.hash_batches_used > 1)
    ExecEndAgg(agg))");
  CHECK(script.finish() == "true\n1500\ttrue\n");
}

TEST_CASE("wrong use of operations is refused in words, and never ends the program") {
  const std::pair<const char*, const char*> wrong[] = {
      {"tuplesort_begin_heap(8)", "64 kB at least"},
      {"tuplesort_begin_heap(64, 7)", "TUPLESORT_RANDOMACCESS"},
      {"tuplesort_puttupleslot(nil, 1, 20)", "tuplesort"},
      {"s = tuplesort_begin_heap(64) tuplesort_puttupleslot(s, 1, 4)", "a tuple has 16 to"},
      {"s = tuplesort_begin_heap(64) tuplesort_putdatum(s, 1, 4)", "tuplesort_puttupleslot"},
      {"s = tuplesort_begin_datum(true, 64) tuplesort_puttupleslot(s, 1, 20)", "tuplesort_putdatum"},
      {"s = tuplesort_begin_heap(64) tuplesort_set_bound(s, 3)", "TUPLESORT_ALLOWBOUNDED"},
      {"s = tuplesort_begin_heap(64, 2) tuplesort_set_bound(s, 0)", "1 at least"},
      {"s = tuplesort_begin_heap(64, 2) tuplesort_puttupleslot(s, 1, 20) tuplesort_set_bound(s, 3)",
       "before the first"},
      {"s = tuplesort_begin_heap(64) tuplesort_gettupleslot(s)", "tuplesort_performsort"},
      {"s = tuplesort_begin_heap(64) tuplesort_performsort(s) tuplesort_performsort(s)", "already"},
      {"s = tuplesort_begin_heap(64) tuplesort_performsort(s) tuplesort_puttupleslot(s, 1, 20)", "no more tuples"},
      {"s = tuplesort_begin_heap(64) tuplesort_end(s) tuplesort_end(s)", "it has ended"},
      {"s = tuplesort_begin_heap(64) print(s.nonsense)", "no field \"nonsense\""},
      {"s = tuplesort_begin_heap(64) ExecHashTableInsert(s, 1, 20)", "hash table"},
      {"ExecHashTableCreate(20)", "table"},
      {"ExecHashTableCreate{ rows = 'many' }", "rows should be a number"},
      {"ExecHashTableCreate{ work_mem = 1 }", "work_mem should be a number"},
      {"h = ExecHashTableCreate{} ExecScanHashBucket(h, 1, 20)", "MultiExecHash first"},
      {"h = ExecHashTableCreate{} ExecHashJoinNewBatch(h)", "MultiExecHash first"},
      {"h = ExecHashTableCreate{} MultiExecHash(h) MultiExecHash(h)", "already"},
      {"h = ExecHashTableCreate{} MultiExecHash(h) ExecHashTableInsert(h, 1, 20)", "has ended its inner side"},
      {"h = ExecHashTableCreate{} ExecHashTableDestroy(h) ExecHashTableInsert(h, 1, 20)", "it has ended"},
      {"a = build_hash_tables{} agg_refill_hash_table(a)", "hashagg_finish_initial_spills first"},
      {"a = build_hash_tables{} hashagg_finish_initial_spills(a) lookup_hash_entries(a, 1, 20)", "ended its input"},
      {"ExecChooseHashTableSize(-1, 4)", "number of rows"},
  };
  for (const auto& [text, words] : wrong) {
    INFO(text);
    Script script(text);
    CHECK_THAT(script.fail(), ContainsSubstring(words));
  }
}

TEST_CASE("an operation ends with its memory context, and cannot be used behind that") {
  Script script(R"(
    local work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
    local old = MemoryContextSwitchTo(work)
    s = tuplesort_begin_heap(64)
    h = ExecHashTableCreate{}
    MemoryContextSwitchTo(old)
    MemoryContextDelete(work)
    tuplesort_performsort(s))");
  CHECK_THAT(script.fail(), ContainsSubstring("its memory context was deleted"));
  CHECK(script.log.count<OperationEnded>() == 2);
  CHECK(script.log.all<OperationEnded>()[0].operation.value != script.log.all<OperationEnded>()[1].operation.value);
}

TEST_CASE("an error half-way leaves an operation that can only be deleted") {
  Script script(R"(
    local work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
    MemoryContextSwitchTo(work)
    local s = tuplesort_begin_heap(4096)
    fail_mallocs(1)
    local failed = 0
    PG_TRY(function() for i = 1, 100 do tuplesort_puttupleslot(s, i, 5000) end end,
           { catch = function() failed = failed + 1 FlushErrorState() end })
    fail_mallocs()
    MemoryContextSwitchTo(TopMemoryContext)
    print(failed, pcall(tuplesort_puttupleslot, s, 1, 20))
    MemoryContextDelete(work))");
  CHECK_THAT(script.finish(), ContainsSubstring("1\tfalse") && ContainsSubstring("half done"));
  CHECK(script.log.count<OperationEnded>() == 1);
}
