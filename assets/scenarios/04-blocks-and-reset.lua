scenario{
  order = 4,
  title = { en = "Blocks that double, the keeper, and reset", zh = "成倍增长的内存块、保留块与重置" },
  about = { en = "How a context grows, and what is left after a reset.", zh = "上下文怎样增长，重置之后还剩什么。" },
}

ctx = AllocSetContextCreate(TopMemoryContext, "growing", ALLOCSET_DEFAULT_SIZES)
old = MemoryContextSwitchTo(ctx)
narrate{
  en = "Watch the blocks. ALLOCSET_DEFAULT_SIZES says: the first block has 8 kB, no block (with a few exceptions) has more than 8 MB. The first block is the keeper: it was bought together with the context's header.",
  zh = "请看内存块（block）。ALLOCSET_DEFAULT_SIZES 的意思是：第一块 8 kB，以后的块最大 8 MB（少数例外）。第一块叫保留块（keeper block），它和上下文的头部是一起买进的。",
}
while ctx.nblocks < 2 do
  last = palloc(1000)
end
narrate{
  en = ("The keeper was full, so a second block came; the context now holds %d bytes. What was left in the keeper did not go to waste: it was carved into free chunks, as large as would fit, and put on the freelists."):format(ctx.mem_allocated),
  zh = ("保留块用完，于是来了第二块；上下文现在共有 %d 字节。保留块里剩下的一点没有浪费：它被切成尽可能大的空闲片，挂到空闲链表（freelist）上。"):format(ctx.mem_allocated),
}
while ctx.nblocks < 5 do
  before = ctx.mem_allocated
  palloc(1000)
  if ctx.mem_allocated > before then
    print(("new block: %d bytes"):format(ctx.mem_allocated - before))
  end
end
narrate{
  en = ("From the second block on, each is twice as large as the one before it: %d blocks, %d bytes. A small job pays for 8 kB, a large one soon needs few calls of malloc."):format(ctx.nblocks, ctx.mem_allocated),
  zh = ("从第二块起，每个新块都是前一块的两倍：现在 %d 块，共 %d 字节。小任务只花 8 kB，大任务也很快就不必频繁调用 malloc。"):format(ctx.nblocks, ctx.mem_allocated),
}

MemoryContextReset(ctx)
narrate{
  en = ("Reset. All chunks are gone, all blocks but the keeper went back to malloc: %d block, %d bytes. The context itself stays, empty, and the next new block will be small again."):format(ctx.nblocks, ctx.mem_allocated),
  zh = ("重置（reset）。所有内存片消失，除保留块外的内存块都还给了 malloc：剩 %d 块，%d 字节。上下文还在，是空的；下一个新块又从小的开始。"):format(ctx.nblocks, ctx.mem_allocated),
}
for row = 1, 3 do
  palloc(1000)
  palloc(2000)
  MemoryContextReset(ctx)
end
narrate{
  en = "Three rounds of work and reset, and not one call of malloc or free: everything happened in the keeper. That is why contexts that are reset for every row are cheap.",
  zh = "三轮“分配再重置”，没有一次 malloc 或 free：一切都发生在保留块里。所以每行重置一次的上下文非常便宜。",
}
MemoryContextSwitchTo(old)
MemoryContextDelete(ctx)
narrate{
  en = "The lesson: blocks double, so growth is cheap; the keeper stays, so starting again is cheaper still.",
  zh = "结论：块成倍增长，所以增长便宜；保留块不走，所以重新开始更便宜。",
}
