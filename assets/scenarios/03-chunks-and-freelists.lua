scenario{
  order = 3,
  title = { en = "Chunk sizes and freelists", zh = "内存片的大小与空闲链表" },
  about = { en = "Eleven size classes, and what becomes of a freed chunk.", zh = "十一个尺寸级别，以及释放之后的内存片去了哪里。" },
}

ctx = AllocSetContextCreate(TopMemoryContext, "sizes", ALLOCSET_DEFAULT_SIZES)
old = MemoryContextSwitchTo(ctx)
narrate{
  en = "Watch the sizes. An AllocSet knows eleven size classes: 8, 16, 32 and so on up to 8192 bytes. Every request is rounded up to the next of them.",
  zh = "请看大小。AllocSet 有十一个尺寸级别（size class）：8、16、32，一直到 8192 字节。每个请求都向上取整到其中一级。",
}
for _, bytes in ipairs{ 1, 8, 9, 33, 100, 128, 129 } do
  p = palloc(bytes)
  print(("palloc(%3d) takes %3d bytes, header included"):format(bytes, GetMemoryChunkSpace(p)))
end
header = GetMemoryChunkSpace(p) - 256
narrate{
  en = ("128 bytes fit a class exactly; 129 need the next one, 256, and almost half of that is never used. On top comes the chunk header, %d bytes in this version."):format(header),
  zh = ("128 字节正好是一级；129 字节就要用下一级 256，其中将近一半永远用不上。此外还有片头（chunk header），在这个版本里是 %d 字节。"):format(header),
}

a = palloc(60)
b = palloc(50)
c = palloc(40)
narrate{
  en = "Three chunks of the same class, 64 bytes. Now we free them: a, then b, then c. Watch the freelist of that class.",
  zh = "三个同级的内存片，都是 64 字节。现在依次释放 a、b、c，请看这一级的空闲链表（freelist）。",
}
pfree(a)
pfree(b)
pfree(c)
narrate{
  en = "Nothing went back to malloc, and neighbours are not joined. Each chunk was pushed on the front of the freelist of its class; the link to the next free one is stored in the chunk itself, where nobody needs the bytes any more.",
  zh = "没有任何内存还给 malloc，相邻的片也不会合并。每片都放到本级空闲链表的最前面；指向下一个空闲片的指针就存在片内，反正那里的字节已经没人用了。",
}
x = palloc(64)
narrate{
  en = ("A request of 64 bytes takes the front one: %s. Last in, first out, because the chunk freed last is most likely still in the processor's cache."):format(x == c and "it is c again" or "it is not c"),
  zh = ("请求 64 字节，拿到链表最前面的一片：%s。后进先出，因为最后释放的片最可能还在处理器缓存里。"):format(x == c and "正是 c" or "不是 c"),
}
small = palloc(30)
large = palloc(70)
narrate{
  en = "30 bytes belong to class 32, 70 bytes to class 128: neither takes a chunk from the list of 64. A free chunk is never split and never used for another class. Both came from the tail, the unused end of the block.",
  zh = "30 字节属于 32 级，70 字节属于 128 级：都不会用 64 级链表里的片。空闲片不会被拆开，也不会给别的级别用。这两片都来自块的尾部空闲（tail）。",
}
MemoryContextSwitchTo(old)
MemoryContextDelete(ctx)
narrate{
  en = "The lesson: palloc first looks at one freelist, then at the tail of one block. That makes it fast. The price is rounding, and free memory that waits for a request of its own size.",
  zh = "结论：palloc 只看一条空闲链表，再看一个块的尾部，所以很快。代价是向上取整，以及空闲内存只能等同级的请求。",
}
