scenario{
  order = 53,
  panel = "buffers",
  title = { en = "VACUUM's ring", zh = "VACUUM 的环" },
  about = { en = "A ring whose pages are dirty: VACUUM pays for its own writes; a bulk read refuses to.", zh = "环里的页面是脏的：VACUUM 自己付写盘的钱，批量读则不肯。" },
}
shared_buffers(16)
orders = relation{ name = "orders", blocks = 12 }
vacuum = start_backend{ name = "autovacuum worker", kind = "autovacuum" }
switch_to(vacuum)
ring = GetAccessStrategy("BAS_VACUUM")
narrate{
  en = ("VACUUM goes through a table and changes many of its pages. It gets a ring too, so that it does not push everybody else out: 256 kB in 15 and 16, 2 MB since 17, and since 16 vacuum_buffer_usage_limit says how much. Here an eighth of the pool: %d buffers."):format(ring.nbuffers),
  zh = ("VACUUM 要走遍整张表，改动很多页面。它也有环（ring），免得把别人挤出去：15 和 16 是 256 kB，17 起 2 MB；16 起可用 vacuum_buffer_usage_limit 指定。这里取缓冲池的八分之一：%d 个缓冲区。"):format(ring.nbuffers),
}
for block = 0, 1 do
  local b = ReadBufferExtended(orders, "main", block, ring)
  MarkBufferDirty(b)
  ReleaseBuffer(b)
end
narrate{
  en = "Two pages are cleaned. Both changes are in the WAL, not yet on disk; both buffers are dirty. The ring is full.",
  zh = "清理了两页。改动已写进 WAL，但还没落盘；两个缓冲区都是脏的（dirty）。环满了。",
}
local b = ReadBufferExtended(orders, "main", 2, ring)
narrate{
  en = "The third page wants the ring's first buffer again. It is dirty: WAL is flushed, the page is written, then the buffer is reused. VACUUM writes its own dirty pages instead of leaving them to others.",
  zh = "第三页又轮到环里的第一个缓冲区。它是脏的：先刷 WAL，再写页面，然后才能重用。VACUUM 自己把脏页写掉，不留给别人。",
}
MarkBufferDirty(b)
ReleaseBuffer(b)
for block = 3, 7 do
  b = ReadBufferExtended(orders, "main", block, ring)
  MarkBufferDirty(b)
  ReleaseBuffer(b)
end
narrate{
  en = "So it goes on: with a small ring each new page costs a write and often a WAL flush. That is why 17 made the ring larger: more changes share a flush.",
  zh = "就这样继续下去：环小的时候，几乎每一页都要写一次盘，常常还要刷一次 WAL。所以 17 把环加大：更多改动共用一次刷写。",
}
FreeAccessStrategy(ring)
end_backend()
reader = start_backend{ name = "backend 2" }
switch_to(reader)
ring = GetAccessStrategy("BAS_BULKREAD")
for block = 8, 9 do
  b = ReadBufferExtended(orders, "main", block, ring)
  MarkBufferDirty(b)
  ReleaseBuffer(b)
end
narrate{
  en = "Now a bulk read: a sequential scan that happens to change its first two pages (it cleans up row by row, or sets hint bits).",
  zh = "现在换批量读（bulk read）：一次顺序扫描，恰好改动了头两页（顺手清理，或设置提示位）。",
}
b = ReadBufferExtended(orders, "main", 10, ring)
ReleaseBuffer(b)
narrate{
  en = "It comes to its own dirty buffer, whose WAL is not on disk. A reader should not wait for a WAL flush: the buffer leaves the ring, dirty as it is, and another takes its slot. VACUUM would have written it.",
  zh = "它轮到自己弄脏的缓冲区，而 WAL 还没落盘。读的人不该等刷 WAL：这个缓冲区带着脏页离开环，由别的缓冲区补上。换成 VACUUM 就会去写。",
}
XLogFlush()
b = ReadBufferExtended(orders, "main", 11, ring)
ReleaseBuffer(b)
narrate{
  en = "After a commit the WAL is on disk. Had the scan come now, it would have written the page itself and kept its buffer: only the flush is what it avoids.",
  zh = "提交之后 WAL 已经落盘。扫描若现在才来，就会自己写页面、留住缓冲区：它躲的只是那次刷写。",
}
FreeAccessStrategy(ring)
if PG_MAJORVERSION_NUM >= 16 then
  none = GetAccessStrategyWithSize("BAS_VACUUM", 0)
  narrate{
    en = ("VACUUM (BUFFER_USAGE_LIMIT 0): no ring at all (%s). It may use the whole pool: fastest, and the least polite."):format(none == NULL and "NULL" or "a ring"),
    zh = ("VACUUM (BUFFER_USAGE_LIMIT 0)：完全不用环（%s）。它可以占用整个池：最快，也最不客气。"):format(none == NULL and "NULL" or "有环"),
  }
else
  narrate{
    en = "In 15 the size of the ring is fixed: 32 buffers. Since 16 BUFFER_USAGE_LIMIT chooses it, down to no ring at all.",
    zh = "15 里环的大小是固定的：32 个缓冲区。16 起可用 BUFFER_USAGE_LIMIT 选择，小到完全不用环。",
  }
end
