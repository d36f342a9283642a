scenario{
  order = 58,
  panel = "operations",
  title = { en = "A sort that spills", zh = "溢写磁盘的排序" },
  about = { en = "The same rows sorted three times: with too little work_mem, with enough, and with a LIMIT.", zh = "同样的行排三次序：work_mem 不够、够用、带 LIMIT。" },
}
local rows, bytes = 130, 1000
-- An order that is none: 37 steps further each time, around a circle of a prime number of places.
local function key(i) return i * 37 % 131 end

estate = AllocSetContextCreate(TopMemoryContext, "ExecutorState", ALLOCSET_DEFAULT_SIZES)
local old = MemoryContextSwitchTo(estate)
narrate{
  en = ("select ... order by: %d rows of %d bytes, and work_mem is 64 kB, the least there is. The rows alone take twice that. Open the panel Operations."):format(rows, bytes),
  zh = ("select ... order by：%d 行，每行 %d 字节，而 work_mem 只有最小值 64 kB。光是这些行就要它的两倍。请打开“操作”面板。"):format(rows, bytes),
}
sort = tuplesort_begin_heap(64, 0, "Sort, work_mem 64 kB")
narrate{
  en = ("Not a row is in it, and %d bytes of 65536 are used: memtuples, an array of %d slots of 24 bytes. A slot says where its tuple lies and holds the first key."):format(sort.usedMem, sort.memtupsize),
  zh = ("还一行都没有，65536 字节已经用了 %d：memtuples 数组，%d 个槽（slot），每个 24 字节。槽里记着元组（tuple）在哪里，还存着第一个键。"):format(sort.usedMem, sort.memtupsize),
}
for i = 1, rows do
  local status = sort.status
  tuplesort_puttupleslot(sort, key(i), bytes)
  if status ~= sort.status then
    narrate{
      en = ("Row %d was one too many: availMem fell below 0. Now the sort goes to tapes. What is in memory is sorted and written as run 1; then the memory is empty, and filling begins again."):format(i),
      zh = ("第 %d 行多了一行：availMem 低于 0。排序从此改用磁带（tape）。内存里的行排好序，写成第 1 个顺串（run）；然后内存清空，重新装。"):format(i),
    }
  elseif sort.currentRun == 2 and sort.memtupcount == 0 then
    narrate{
      en = "Run 2 is written. A tape is no device: all tapes share one temporary file, block by block, and blocks that were read are used again.",
      zh = "第 2 个顺串写完了。磁带并不是设备：所有磁带共用一个临时文件，按块（block）轮流使用，读过的块会再用。",
    }
  end
end
tuplesort_performsort(sort)
narrate{
  en = ("All rows were read: %d runs. The array was freed, and nearly all of work_mem became buffers for the tapes. Now they are merged: always the least of the runs' first rows goes out."):format(sort.currentRun),
  zh = ("所有行都读完了：%d 个顺串。数组已释放，work_mem 几乎全部变成磁带的缓冲。现在归并（merge）：每次送出各顺串队首中最小的一行。"):format(sort.currentRun),
}
for _ = 1, 5 do tuplesort_gettupleslot(sort) end
local stats = tuplesort_get_stats(sort)
narrate{
  en = ("Rows leave in order while the runs are still being read: the final merge writes nothing. EXPLAIN (ANALYZE) would print: Sort Method: %s  %s: %dkB."):format(stats.sortMethod, stats.spaceType, stats.spaceUsed),
  zh = ("一边读顺串，一边按顺序送出各行：最后一次归并不写任何东西。EXPLAIN (ANALYZE) 会打印：Sort Method: %s  %s: %dkB。"):format(stats.sortMethod, stats.spaceType, stats.spaceUsed),
}
tuplesort_end(sort)

sort = tuplesort_begin_heap(256, 0, "Sort, work_mem 256 kB")
for i = 1, rows do tuplesort_puttupleslot(sort, key(i), bytes) end
tuplesort_performsort(sort)
stats = tuplesort_get_stats(sort)
narrate{
  en = ("The same with work_mem = 256 kB: no run, no file. Sort Method: %s  %s: %dkB. The rows alone are %d kB; the rest is the array and what rounding adds."):format(stats.sortMethod, stats.spaceType, stats.spaceUsed, (rows * bytes + 1023) // 1024),
  zh = ("同样的数据，work_mem = 256 kB：没有顺串，没有文件。Sort Method: %s  %s: %dkB。光是各行就有 %d kB；其余是数组和取整。"):format(stats.sortMethod, stats.spaceType, stats.spaceUsed, (rows * bytes + 1023) // 1024),
}
tuplesort_end(sort)

sort = tuplesort_begin_heap(64, TUPLESORT_ALLOWBOUNDED, "Sort with LIMIT 10")
tuplesort_set_bound(sort, 10)
for i = 1, rows do
  local status = sort.status
  tuplesort_puttupleslot(sort, key(i), bytes)
  if status ~= sort.status then
    narrate{
      en = ("LIMIT 10, and 64 kB again. With row %d there are more than twice as many as wanted: the sort turns into a heap of the best 10. From here on a row comes in only if it beats the worst of them, which is freed."):format(i),
      zh = ("LIMIT 10，又是 64 kB。到第 %d 行，已超过所需的两倍：排序变成只留最好 10 行的堆（heap）。从此只有胜过堆中最差者的行才能进来，最差的那行被释放。"):format(i),
    }
  end
end
tuplesort_performsort(sort)
stats = tuplesort_get_stats(sort)
narrate{
  en = ("It never came near the limit: Sort Method: %s  %s: %dkB. The lesson: what a sort needs depends on what is asked of it, and work_mem only says where it gives up memory for disk."):format(stats.sortMethod, stats.spaceType, stats.spaceUsed),
  zh = ("它离上限很远：Sort Method: %s  %s: %dkB。结论：排序要多少内存，看要它做什么；work_mem 只决定什么时候放弃内存改用磁盘。"):format(stats.sortMethod, stats.spaceType, stats.spaceUsed),
}
tuplesort_end(sort)
MemoryContextSwitchTo(old)
MemoryContextDelete(estate)
