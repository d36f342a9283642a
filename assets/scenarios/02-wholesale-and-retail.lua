scenario{
  order = 2,
  title = { en = "Wholesale and retail: from a plain pool to an AllocSet", zh = "批发与零售：从简单内存池到 AllocSet" },
  about = { en = "Why a context buys big blocks and sells small chunks.", zh = "上下文为什么成批进货、零星出售。" },
}

narrate{
  en = "Watch how few calls of malloc there are. First the simplest pool there is: buy 1024 bytes at once, then hand out pieces by moving a pointer.",
  zh = "请注意 malloc 的调用有多少。先看最简单的内存池：一次买进 1024 字节，然后移动一个指针，一段一段地分出去。",
}
pool = malloc(1024)
next_piece = pool
function take(bytes)
  local piece = next_piece
  next_piece = next_piece + bytes
  return piece
end
a = take(104)
b = take(200)
c = take(56)
narrate{
  en = ("Three pieces, one malloc, %d bytes handed out. Fast, and nothing is wasted. But the pool does not remember where a piece begins or ends: b cannot be given back on its own, and nobody can tell how long it is."):format(next_piece - pool),
  zh = ("分出三段，只有一次 malloc，共 %d 字节。又快又不浪费。但这个池子不记得每段从哪里开始、到哪里结束：b 不能单独归还，也没有人知道它有多长。"):format(next_piece - pool),
}
free(pool)
narrate{
  en = "All pieces vanish together with the pool. That part is good, and contexts keep it.",
  zh = "池子一还，所有的段一起消失。这一点很好，内存上下文把它保留了下来。",
}

shop = AllocSetContextCreate(TopMemoryContext, "shop", ALLOCSET_DEFAULT_SIZES)
narrate{
  en = ("An AllocSet, PostgreSQL's usual kind of memory context. It has bought its first block (%d bytes); the context's own header sits at its beginning."):format(shop.mem_allocated),
  zh = ("这是 AllocSet，PostgreSQL 最常用的一种内存上下文（memory context）。它买进了第一个内存块（block），共 %d 字节；上下文自己的头部就放在这个块的开头。"):format(shop.mem_allocated),
}
old = MemoryContextSwitchTo(shop)
x = palloc(104)
y = palloc(200)
z = palloc(56)
narrate{
  en = ("The same three requests. No malloc happened: the chunks are cut from the block. Each has a chunk header in front, and its size is rounded up: y was asked for with 200 bytes and takes %d, header included."):format(GetMemoryChunkSpace(y)),
  zh = ("还是那三个请求。没有发生 malloc：内存片（chunk）是从块里切出来的。每片前面有片头（chunk header），大小向上取整：y 请求 200 字节，连片头一共占用 %d 字节。"):format(GetMemoryChunkSpace(y)),
}
pfree(y)
again = palloc(180)
narrate{
  en = ("The header pays off: y was given back on its own, and the next request of a similar size got the very same place (%s)."):format(again == y and "the two addresses are equal" or "the two addresses differ"),
  zh = ("片头的好处来了：y 可以单独归还，下一个大小相近的请求拿到的正是同一个位置（%s）。"):format(again == y and "两个地址相等" or "两个地址不同"),
}
for i = 1, 300 do
  palloc(56)
end
narrate{
  en = ("300 more chunks, sold one by one; the context bought only %d blocks for all of them. Buy wholesale, sell retail."):format(shop.nblocks),
  zh = ("又零星卖出 300 片；而上下文为全部内存片一共只买进了 %d 个内存块。成批买进，零星卖出。"):format(shop.nblocks),
}
MemoryContextSwitchTo(old)
MemoryContextDelete(shop)
narrate{
  en = "The lesson: an AllocSet is a pool that can take single pieces back. Few calls of malloc, cheap palloc and pfree, and everything goes at once in the end.",
  zh = "结论：AllocSet 是一个能收回单片的内存池。malloc 很少，palloc 和 pfree 都便宜，最后一次全部归还。",
}
