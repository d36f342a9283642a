scenario{
  order = 11,
  title = { en = "Other kinds of context: Generation, Slab, Bump", zh = "其他种类的上下文：Generation、Slab、Bump" },
  about = { en = "Three allocators for three habits of use.", zh = "三种分配器，对应三种使用习惯。" },
}

narrate{
  en = "Watch the blocks. AllocSet is good at everything and best at nothing. PostgreSQL has other kinds of memory context for special habits. First Generation: for memory that is freed in about the order in which it was allocated.",
  zh = "请看内存块（block）。AllocSet 样样都行，但样样不是最好。针对特殊的使用习惯，PostgreSQL 还有别的内存上下文（memory context）。先看 Generation：适合释放顺序和分配顺序大致相同的内存。",
}
changes = GenerationContextCreate(TopMemoryContext, "changes", 0, 8192, 8192)
chunks = {}
for i = 1, 60 do
  chunks[i] = MemoryContextAlloc(changes, 500)
end
full = changes.mem_allocated
for i = 16, 45 do
  pfree(chunks[i])
end
narrate{
  en = ("60 chunks in 4 blocks, then 30 of them freed, those of the second and third block. There are no freelists: each block counts, and when all its chunks are freed it is empty. The first empty one is kept for later, the next went back to malloc: %d bytes became %d."):format(full, changes.mem_allocated),
  zh = ("60 个内存片（chunk）放在 4 个块里，然后释放第二、第三块里的 30 片。这里没有空闲链表：每个块只计数，片全部释放，块就空了。第一个空块留着备用，再空一个就还给 malloc：%d 字节变成 %d 字节。"):format(full, changes.mem_allocated),
}
MemoryContextDelete(changes)

nodes = SlabContextCreate(TopMemoryContext, "nodes", SLAB_DEFAULT_BLOCK_SIZE, 100)
node = MemoryContextAlloc(nodes, 100)
usual = MemoryContextAlloc(TopMemoryContext, 100)
narrate{
  en = ("Slab: all chunks have one size, fixed at creation. No size classes, so no rounding up to a power of two: 100 bytes take %d here, %d in an AllocSet, header included."):format(GetMemoryChunkSpace(node), GetMemoryChunkSpace(usual)),
  zh = ("Slab：所有内存片大小相同，建立时就定好。没有尺寸级别（size class），也就不必凑到 2 的幂：100 字节在这里连片头占 %d 字节，在 AllocSet 里占 %d 字节。"):format(GetMemoryChunkSpace(node), GetMemoryChunkSpace(usual)),
}
PG_TRY(function() MemoryContextAlloc(nodes, 200) end, { catch = function(err)
  MemoryContextSwitchTo(TopMemoryContext)
  FlushErrorState()
end })
pfree(usual)
pfree(node)
narrate{
  en = "Any other size is an error. A freed chunk goes back to its own block, and fuller blocks are filled up first.",
  zh = "别的大小一律报错。释放的片回到它自己的块；分配时先填较满的块。",
}
MemoryContextDelete(nodes)

if PG_MAJORVERSION_NUM >= 17 then
  tuples = BumpContextCreate(TopMemoryContext, "tuples", ALLOCSET_DEFAULT_SIZES)
  first = MemoryContextAlloc(tuples, 100)
  second = MemoryContextAlloc(tuples, 100)
  narrate{
    en = ("Bump, new in PostgreSQL 17: a pool as in lesson 2, in blocks. The chunks lie %d bytes apart; a single one cannot be freed. Only reset or delete takes everything back. Sorts keep their tuples so."):format(second - first),
    zh = ("Bump 是 PostgreSQL 17 新增的：就像第 2 课的内存池，只是分块。两片相距 %d 字节；单片不能释放，只能靠重置（reset）或删除整体收回。排序就这样存放元组。"):format(second - first),
  }
  MemoryContextDelete(tuples)
else
  narrate{
    en = "A fourth kind, Bump, came with PostgreSQL 17: chunks that cannot be freed singly. Run this lesson with version 17 or 18 to see it.",
    zh = "第四种叫 Bump，PostgreSQL 17 才有：内存片不能单独释放。用 17 或 18 版运行本课就能看到。",
  }
end
narrate{
  en = "The lesson: when you know how memory will be used, choose the kind that does no more than that.",
  zh = "结论：知道内存会怎样使用，就选只做这些事的那一种。",
}
