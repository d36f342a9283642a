scenario{
  order = 9,
  title = { en = "Recycled contexts", zh = "回收的上下文" },
  about = { en = "Why deleting a context may not call free, and a surprise that follows.", zh = "删除上下文为什么不一定调用 free，以及随之而来的一个意外。" },
}

narrate{
  en = "Watch malloc and free. Contexts come and go for every query, so PostgreSQL keeps deleted ones at hand, in two lists: one for default sizes, one for the two small ones.",
  zh = "请注意 malloc 和 free。每条查询都要建立、删除上下文，所以 PostgreSQL 把删掉的留在手边，分两条链表：一条放默认大小的，一条放两种小号的。",
}
a = AllocSetContextCreate(TopMemoryContext, "first", ALLOCSET_DEFAULT_SIZES)
first_place = tostring(MemoryContextAlloc(a, 100))
MemoryContextDelete(a)
narrate{
  en = "A default context was created with one malloc. Now it is deleted, and no free happens: header and keeper block wait in the list. It belongs to no tree, and no statistics show it.",
  zh = "建立默认上下文用了一次 malloc。现在把它删除，却没有 free：头部和保留块（keeper block）在链表里等着。它不在树里，任何统计里也看不到。",
}
b = AllocSetContextCreate(TopMemoryContext, "second", ALLOCSET_DEFAULT_SIZES)
second_place = tostring(MemoryContextAlloc(b, 100))
narrate{
  en = ("The next default context takes it from the list: no malloc. Even its first chunk is %s."):format(first_place == second_place and "at the same address as before" or "at another address"),
  zh = ("下一个默认上下文直接从链表里取：没有 malloc。连第一个内存片（chunk）都%s。"):format(first_place == second_place and "在原来的地址" or "换了地址"),
}
MemoryContextAlloc(b, 100000)
MemoryContextDelete(b)
narrate{
  en = "Only header and keeper are kept. The dedicated block of the large chunk was freed when the context was deleted.",
  zh = "只保留头部和保留块。大内存片的专用块在删除上下文时已经释放。",
}
odd = AllocSetContextCreate(TopMemoryContext, "odd", 0, 16384, 65536)
MemoryContextDelete(odd)
narrate{
  en = "Sizes of one's own fit neither list: this context was bought with malloc, and its deletion freed it at once.",
  zh = "自定大小的上下文哪条链表都不适合：它用 malloc 买进，删除时立刻 free。",
}

small = AllocSetContextCreate(TopMemoryContext, "small", ALLOCSET_SMALL_SIZES)
MemoryContextDelete(small)
surprise = AllocSetContextCreate(TopMemoryContext, "surprise", ALLOCSET_START_SMALL_SIZES)
before = surprise.nblocks
p = MemoryContextAlloc(surprise, 2000)
narrate{
  en = ("A surprise: small and start-small contexts share one list, and a recycled context keeps the chunk limit of its first life. 2000 bytes would be an ordinary chunk in a fresh start-small context; here the limit is still 1024, so they got a dedicated block of %d bytes."):format(GetMemoryChunkSpace(p) + 40),
  zh = ("一个意外：SMALL 和 START_SMALL 共用一条链表，而回收的上下文保留着前世的上限。2000 字节在全新的 START_SMALL 上下文里只是普通内存片；这里上限仍是 1024，于是得到了一个 %d 字节的专用块。"):format(GetMemoryChunkSpace(p) + 40),
}
MemoryContextDelete(surprise)
for i = 1, 3 do
  query = AllocSetContextCreate(TopMemoryContext, "query", ALLOCSET_DEFAULT_SIZES)
  MemoryContextAlloc(query, 500)
  MemoryContextDelete(query)
end
narrate{
  en = "Three contexts created and deleted, and no malloc. The lesson: creating a context costs little more than a few stores. So do not be sparing with contexts.",
  zh = "又建立并删除了三个上下文，没有一次 malloc。结论：建一个上下文不过是写几个字段的事，所以不必舍不得用上下文。",
}
