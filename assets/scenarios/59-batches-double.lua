scenario{
  order = 59,
  panel = "operations",
  title = { en = "A hash join that doubles its batches", zh = "批数翻倍的哈希连接" },
  about = { en = "The planner guessed 20 rows and 240 came. Then: rows that no number of batches can divide.", zh = "计划器估计 20 行，来了 240 行。然后：再多的批也分不开的行。" },
}
local bytes = 1000
estate = AllocSetContextCreate(TopMemoryContext, "ExecutorState", ALLOCSET_DEFAULT_SIZES)
local old = MemoryContextSwitchTo(estate)
narrate{
  en = "A hash table may take work_mem times hash_mem_multiplier: here 64 kB times 1. The planner expects 20 rows of 1000 bytes, so one batch is enough, it thinks. Open the panel Operations.",
  zh = "哈希表最多可用 work_mem 乘 hash_mem_multiplier：这里是 64 kB 乘 1。计划器估计 20 行、每行 1000 字节，认为一批（batch）就够。请打开“操作”面板。",
}
join = ExecHashTableCreate{ rows = 20, width = 984, work_mem = 64, hash_mem_multiplier = 1, name = "Hash Join, guessed 20 rows" }
narrate{
  en = ("%d buckets, each a pointer of 8 bytes: %d bytes are used before the first row."):format(join.nbuckets, join.spaceUsed),
  zh = ("%d 个桶（bucket），每个是 8 字节的指针：第一行来之前已用 %d 字节。"):format(join.nbuckets, join.spaceUsed),
}
for i = 1, 240 do
  local nbatch, allowed, before = join.nbatch, join.spaceAllowed, join.tuples
  ExecHashTableInsert(join, i, bytes)
  if join.nbatch ~= nbatch then
    narrate{
      en = ("Row %d brought it over the limit: %d batches now. One more bit of every hash value decides: of %d rows in memory %d stay, the others went to the files of later batches. Rows of later batches that still come go there at once."):format(i, join.nbatch, before + 1, join.tuples),
      zh = ("第 %d 行使它超过上限：现在 %d 批。每个哈希值多看一位：内存里的 %d 行留下 %d 行，其余写进后面各批的文件。以后再来的、属于后面各批的行，直接写文件。"):format(i, join.nbatch, before + 1, join.tuples),
    }
  elseif join.spaceAllowed ~= allowed then
    narrate{
      en = ("PostgreSQL 18 at row %d: twice the batches would need twice the file buffers, 8 kB for each file, more than a table of twice the size. So it raises the limit instead, from %d to %d bytes."):format(i, allowed, join.spaceAllowed),
      zh = ("PostgreSQL 18 在第 %d 行：批数翻倍，文件缓冲（每个文件 8 kB）也翻倍，比把表放大一倍还费内存。所以它改为提高上限，从 %d 到 %d 字节。"):format(i, allowed, join.spaceAllowed),
    }
  end
end
MultiExecHash(join)
narrate{
  en = ("All rows of the inner side were read: EXPLAIN (ANALYZE) would print Buckets: %d  Batches: %d (originally %d)  Memory Usage: %dkB. The buffers of the files are not in that figure; look at %s."):format(join.nbuckets, join.nbatch, join.nbatch_original, (join.spacePeak + 1023) // 1024, PG_MAJORVERSION_NUM >= 16 and "HashSpillContext" or "ExecutorState, where 15 keeps them"),
  zh = ("内表的行都读完了：EXPLAIN (ANALYZE) 会打印 Buckets: %d  Batches: %d (originally %d)  Memory Usage: %dkB。文件的缓冲不算在内；请看 %s。"):format(join.nbuckets, join.nbatch, join.nbatch_original, (join.spacePeak + 1023) // 1024, PG_MAJORVERSION_NUM >= 16 and "HashSpillContext" or "ExecutorState（15 把它们放在那里）"),
}
local found = 0
for i = 1, 40 do found = found + (ExecScanHashBucket(join, i * 6, 100) or 0) end
narrate{
  en = ("The outer side: 40 rows. %d found their partner in batch 0; the others belong to later batches and wait in files too."):format(found),
  zh = ("外表：40 行。%d 行在第 0 批找到了对应的行；其余属于后面各批，也先写进文件等着。"):format(found),
}
while ExecHashJoinNewBatch(join) do
  while true do
    local matches = ExecHashJoinGetSavedTuple(join)
    if not matches then break end
    found = found + matches
  end
  narrate{
    en = ("Batch %d: the table was emptied by one reset, filled from the batch's inner file, and its outer file was read past it. Pairs so far: %d."):format(join.curbatch, found),
    zh = ("第 %d 批：一次重置（reset）清空哈希表，从本批的内表文件装入，再让本批的外表文件与它比对。至今配对：%d。"):format(join.curbatch, found),
  }
end
ExecHashTableDestroy(join)

join = ExecHashTableCreate{ rows = 20, width = 984, work_mem = 64, hash_mem_multiplier = 1, name = "Hash Join, one key" }
for i = 1, 120 do
  local grow = join.growEnabled
  ExecHashTableInsert(join, 7, bytes)
  if grow ~= join.growEnabled then
    narrate{
      en = ("The same table, but every row has the same key. At row %d it doubled its batches, and all rows went the same way. PostgreSQL sees that no bit will ever divide them, and gives up growing: growEnabled = false."):format(i),
      zh = ("同样的表，但每行的键都一样。第 %d 行时批数翻倍，所有行却去了同一边。PostgreSQL 看出再多看一位也分不开，于是不再翻倍：growEnabled = false。"):format(i),
    }
  end
end
MultiExecHash(join)
narrate{
  en = ("So the limit is no limit: %d bytes are used, %d are allowed. The rows of one key belong to one batch and have to be in memory together, whatever they take. The lesson: a frequent key on the inner side is what lets a hash join outgrow work_mem."):format(join.spaceUsed, join.spaceAllowed),
  zh = ("所以上限并不是硬限制：用了 %d 字节，只允许 %d。同一个键的行属于同一批，必须一起放进内存，不管多大。结论：内表里的高频键，会让哈希连接超出 work_mem。"):format(join.spaceUsed, join.spaceAllowed),
}
ExecScanHashBucket(join, 7, 100)
ExecHashTableDestroy(join)
MemoryContextSwitchTo(old)
MemoryContextDelete(estate)
