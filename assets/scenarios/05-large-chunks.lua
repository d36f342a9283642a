scenario{
  order = 5,
  title = { en = "A large chunk and its dedicated block", zh = "大内存片与它的专用内存块" },
  about = { en = "Above 8 kB a chunk gets a block of its own, and gives it back.", zh = "超过 8 kB 的内存片独占一个块，释放时立刻归还。" },
}

ctx = AllocSetContextCreate(TopMemoryContext, "large", ALLOCSET_DEFAULT_SIZES)
old = MemoryContextSwitchTo(ctx)
small = palloc(100)
narrate{
  en = ("Watch the list of blocks. So far there is the keeper and one small chunk: %d bytes in all."):format(ctx.mem_allocated),
  zh = ("请看内存块（block）的列表。目前只有保留块（keeper block）和一个小片：共 %d 字节。"):format(ctx.mem_allocated),
}
edge = palloc(8192)
narrate{
  en = ("8192 bytes: the largest request that still counts as a chunk among others. It did not fit the keeper, so an ordinary block was bought that has room for more: %d blocks."):format(ctx.nblocks),
  zh = ("8192 字节：这是还能和别人合住一块的最大请求。保留块放不下，于是买进一个普通块，里面还有余地：现在 %d 块。"):format(ctx.nblocks),
}
before = ctx.mem_allocated
large = palloc(50000)
narrate{
  en = ("50000 bytes are above the limit. The chunk gets a dedicated block, made to measure: %d bytes for chunk, chunk header and block header. It is linked second in the list, so that small requests still go to the same block as before."):format(ctx.mem_allocated - before),
  zh = ("50000 字节超过了上限。这一片得到一个量身定做的专用块：内存片、片头（chunk header）和块头合计 %d 字节。它挂在列表的第二位，小请求仍然用原来那一块。"):format(ctx.mem_allocated - before),
}
note = "the contents stay when the chunk grows"
write(large, note)
large = repalloc(large, 100000)
narrate{
  en = ("repalloc to 100000: realloc makes the dedicated block larger, perhaps at another address; the contents are still there: \"%s\". No second chunk was needed."):format(read(large, #note)),
  zh = ("用 repalloc 扩到 100000：由 realloc 把专用块变大，地址可能改变；内容还在：\"%s\"。不需要第二个内存片。"):format(read(large, #note)),
}
medium = palloc(3000)
medium = repalloc(medium, 5000)
narrate{
  en = "A chunk in an ordinary block cannot grow where it is: 3000 bytes became 5000, so a new chunk was allocated, the contents copied, and the old chunk put on its freelist.",
  zh = "普通块里的内存片不能就地长大：3000 变 5000，于是分配新片、复制内容，再把旧片放进空闲链表（freelist）。",
}
before = ctx.mem_allocated
pfree(medium)
narrate{
  en = ("pfree of a small or medium chunk: memory held by the context before %d, now %d. The chunk waits on a freelist."):format(before, ctx.mem_allocated),
  zh = ("释放中小内存片：上下文占用的内存之前是 %d，现在是 %d。内存片留在空闲链表里等待。"):format(before, ctx.mem_allocated),
}
pfree(large)
narrate{
  en = ("pfree of the large chunk: before %d, now %d. The dedicated block went back to malloc at once."):format(before, ctx.mem_allocated),
  zh = ("释放大内存片：之前是 %d，现在是 %d。专用块立刻还给了 malloc。"):format(before, ctx.mem_allocated),
}
MemoryContextSwitchTo(old)
MemoryContextDelete(ctx)
narrate{
  en = "The lesson: pfree of small chunks makes room for later requests; pfree of a large one really returns memory. It is worth the trouble for large ones.",
  zh = "结论：释放小片只是给以后的请求腾地方；释放大片才真正归还内存。所以大片值得专门释放。",
}
