scenario{
  order = 50,
  panel = "buffers",
  title = { en = "Reading a page", zh = "读一个页面" },
  about = { en = "Found in the pool, not found, and a dirty page that must go first.", zh = "命中、未命中，以及必须先写出去的脏页。" },
}
shared_buffers(8)
orders = relation{ name = "orders", blocks = 20 }
narrate{
  en = "A server with eight shared buffers, all empty and all in the freelist. Each buffer has room for one page of 8 kB and a descriptor of 64 bytes: which page, how many use it, how often it was used.",
  zh = "一台只有八个共享缓冲区（shared buffer）的服务器，全空，都在空闲链表（freelist）里。每个缓冲区能放一个 8 kB 的页面，另有 64 字节的描述符（descriptor）：是哪一页、几个人在用、用过几次。",
}
buffer = ReadBuffer(orders, 3)
narrate{
  en = ("Page 3 of orders. Its tag was hashed and looked up: in no buffer. So the first free buffer was taken, pinned, entered in the lookup table, and the page read into it. The answer is a number: buffer %d."):format(buffer),
  zh = ("要 orders 的第 3 页。先对标签（tag）求哈希再查表：哪个缓冲区里都没有。于是取第一个空闲缓冲区，钉住（pin），登记到查找表，再把页面读进来。得到的是一个编号：缓冲区 %d。"):format(buffer),
}
ReleaseBuffer(buffer)
narrate{
  en = "Released: nobody uses the page, but it stays. Its usage count is 1. A pin protects a page only while somebody looks at it.",
  zh = "放开了：没有人在用，但页面留着，使用计数（usage count）是 1。钉住只在有人看它的时候起保护作用。",
}
again = ReadBuffer(orders, 3)
narrate{
  en = ("The same page again: found in the lookup table, pinned, usage count %d. No reading. This is a hit."):format(buffer_state(again).usagecount),
  zh = ("再要同一页：查找表里有，钉住，使用计数变成 %d，不必读盘。这就是命中（hit）。"):format(buffer_state(again).usagecount),
}
other = start_backend{ name = "backend 2" }
switch_to(other)
theirs = ReadBuffer(orders, 3)
narrate{
  en = ("A second backend reads the page too: the buffer's reference count is %d now, one for each backend. How often each backend itself has pinned it, it counts privately."):format(buffer_state(theirs).refcount),
  zh = ("另一个后端（backend）也读这一页：引用计数（refcount）现在是 %d，每个后端算一个。每个后端自己钉了几次，记在它私有的计数里。"):format(buffer_state(theirs).refcount),
}
ReleaseBuffer(theirs)
PG_TRY(function()
  ReleaseBuffer(theirs)
end, { catch = function(err)
  narrate{
    en = ("Released once too often: %s. What a backend has pinned it must give back itself, exactly once; at a transaction's end its resource owner gives back what is left."):format(err.message),
    zh = ("多还了一次，报错：%s。后端钉住了什么，就得自己还，只还一次；事务结束时，剩下的由资源所有者（resource owner）代还。"):format(err.message),
  }
  FlushErrorState()
end })
MemoryContextSwitchTo(TopMemoryContext)
for block = 10, 16 do
  b = ReadBuffer(orders, block)
  if block < 12 then MarkBufferDirty(b) end
  ReleaseBuffer(b)
end
narrate{
  en = "Seven more pages: the freelist is empty now, every buffer holds a page. Two of them were changed: they are dirty, newer than what is on disk.",
  zh = "又读了七页：空闲链表空了，每个缓冲区都有页面。其中两页被改过，成了脏页（dirty），比磁盘上的新。",
}
b = ReadBuffer(orders, 19)
narrate{
  en = ("One more page. No free buffer, so the clock hand went round: it took one off every usage count until it came to a buffer at zero that nobody has pinned. That one was dirty: first its WAL went to disk, then the page, and only then the buffer became page 19's. It is buffer %d."):format(b),
  zh = ("再要一页。没有空闲缓冲区，时钟指针（clock hand）只好转圈：每经过一个就把使用计数减一，直到遇见一个计数为零、没人钉住的。偏偏它是脏的：先把它的 WAL 刷到磁盘，再写页面，然后缓冲区才归第 19 页。这就是缓冲区 %d。"):format(b),
}
ReleaseBuffer(b)
narrate{
  en = "Remember the order: hash the tag, look it up; a hit costs a pin. A miss costs a victim; a dirty victim costs a write, and before it a flush of WAL. That is why the background writer tries to keep clean buffers ready.",
  zh = "记住顺序：求哈希，查表；命中只花一次钉住。未命中要找牺牲者（victim）；牺牲者若是脏的，还要写一次盘，写之前还要刷 WAL。所以后台写进程（background writer）总想备好干净的缓冲区。",
}
