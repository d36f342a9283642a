scenario{
  order = 52,
  panel = "buffers",
  title = { en = "A big table, with and without a ring", zh = "大表扫描：有环与无环" },
  about = { en = "Why a sequential scan of a big table does not empty the pool.", zh = "顺序扫描大表为什么不会把缓冲池冲掉。" },
}
shared_buffers(16)
hot = relation{ name = "customers", blocks = 6 }
big = relation{ name = "log", blocks = 40 }
local function use_hot()
  for block = 0, 5 do ReleaseBuffer(ReadBuffer(hot, block)) end
end
local function pages_of(rel)
  local count = 0
  for b = 1, 16 do
    if buffer_state(b).relfilenode == rel.relfilenode then count = count + 1 end
  end
  return count
end
use_hot()
use_hot()
narrate{
  en = "Sixteen buffers. Six pages of customers are used by everybody, all day; they are in the pool. Now somebody reads the table log from end to end: 40 pages, each exactly once.",
  zh = "十六个缓冲区。customers 的六个页面整天有人用，都在缓冲池（buffer pool）里。这时有人要把 log 表从头读到尾：40 页，每页只用一次。",
}
for block = 0, 39 do ReleaseBuffer(ReadBuffer(big, block)) end
narrate{
  en = ("Without a ring: the clock went round several times, and %d of the six hot pages are left. The pool is full of %d pages that nobody will ever ask for again."):format(pages_of(hot), pages_of(big)),
  zh = ("没有环：时钟转了好几圈，六个热页只剩 %d 个，池里却有 %d 个再也没人要的页面。"):format(pages_of(hot), pages_of(big)),
}
use_hot()
use_hot()
use_hot()
narrate{
  en = "The hot pages come back, read from disk one by one. That is what the scan really cost: not its own reads, but everybody else's.",
  zh = "热页一页页从磁盘读回来。这才是那次扫描真正的代价：不是它自己的读，而是别人的读。",
}
ring = GetAccessStrategy("BAS_BULKREAD")
narrate{
  en = ("PostgreSQL does it otherwise. log is larger than a quarter of the pool, so its scan gets a ring: %d buffers here, an eighth of the pool; 256 kB in a real server, since 18 more if asynchronous I/O wants to read far ahead. It lies in the backend's private memory."):format(ring.nbuffers),
  zh = ("PostgreSQL 不这样做。log 大于缓冲池的四分之一，所以扫描得到一个环（ring）：这里 %d 个缓冲区，即池的八分之一；真实服务器上是 256 kB，18 起若异步 I/O 要预读得更远，还会更大。环放在后端（backend）的私有内存里。"):format(ring.nbuffers),
}
for block = 0, 2 do ReleaseBuffer(ReadBufferExtended(big, "main", block, ring)) end
narrate{
  en = "The first laps of the ring: an empty slot takes a buffer from the clock as anybody would; from then on the scan uses its own few buffers again and again.",
  zh = "环的头几步：空槽先像别人一样从时钟那里拿一个缓冲区；之后扫描就反复使用自己那几个。",
}
for block = 3, 39 do ReleaseBuffer(ReadBufferExtended(big, "main", block, ring)) end
narrate{
  en = ("The whole table is read, and %d of the six hot pages are still there. The clock hand hardly moved."):format(pages_of(hot)),
  zh = ("整张表读完了，六个热页还有 %d 个在池里，时钟指针几乎没动。"):format(pages_of(hot)),
}
local first = ReadBufferExtended(big, "main", 39, ring)
local before = buffer_state(first).usagecount
ReleaseBuffer(first)
narrate{
  en = ("Another detail: a hit through a ring does not raise the usage count above 1 (here it is %d). And a ring gives up a buffer that others have begun to use: its count is above 1 then."):format(before),
  zh = ("还有一个细节：通过环命中，使用计数（usage count）不会超过 1（这里是 %d）。反过来，环里的缓冲区若别人也开始用，计数大于 1，环就把它让出来。"):format(before),
}
FreeAccessStrategy(ring)
narrate{
  en = "The scan is over, the ring is freed with the scan's memory. Its pages stay in the pool, with a count of 1: they will be the first to go.",
  zh = "扫描结束，环随扫描的内存一起释放。它的页面还留在池里，计数是 1：下次最先被淘汰。",
}
