scenario{
  order = 60,
  panel = "operations",
  title = { en = "Five hash joins and work_mem", zh = "五个哈希连接与 work_mem" },
  about = { en = "work_mem is neither per query nor per connection: each node of the plan has its own.", zh = "work_mem 不是每个查询一份，也不是每个连接一份：计划里每个节点各有一份。" },
}
local tables = { "city", "country", "customer", "product", "shop" }
local rows, bytes = 60, 1000
estate = AllocSetContextCreate(TopMemoryContext, "ExecutorState", ALLOCSET_DEFAULT_SIZES)
local old = MemoryContextSwitchTo(estate)
narrate{
  en = "select ... from orders join city ... join country ... join customer ... join product ... join shop: five hash tables. work_mem is 64 kB and hash_mem_multiplier 2, so each of them may take 128 kB. Open the panel Operations.",
  zh = "select ... from orders join city ... join country ... join customer ... join product ... join shop：五个哈希表。work_mem 是 64 kB，hash_mem_multiplier 是 2，所以每个最多可用 128 kB。请打开“操作”面板。",
}
local joins = {}
for number, name in ipairs(tables) do
  local join = ExecHashTableCreate{ rows = rows, width = bytes - 16, work_mem = 64, name = "Hash Join " .. name }
  joins[number] = join
  for i = 1, rows do ExecHashTableInsert(join, i, bytes) end
  MultiExecHash(join)
  if number == 1 then
    narrate{
      en = ("The first table is built: %d of %d bytes, one batch, nothing spilled. It stays as it is until the whole join is over, for every row of orders is looked up in it."):format(join.spaceUsed, join.spaceAllowed),
      zh = ("第一个哈希表建好了：用了 %d 字节，上限 %d，一批，没有溢写。整个连接结束之前它一直在，因为 orders 的每一行都要在里面查。"):format(join.spaceUsed, join.spaceAllowed),
    }
  end
end
local used = MemoryContextMemAllocated(estate, true)
narrate{
  en = ("All five stand at once: the query holds %d bytes, %.1f times work_mem, and not one of them is over its limit. No setting bounds their sum."):format(used, used / 65536),
  zh = ("五个同时存在：查询共占 %d 字节，是 work_mem 的 %.1f 倍，却没有一个超过自己的上限。没有任何设置限制它们的总和。"):format(used, used / 65536),
}
for order = 1, 8 do
  for _, join in ipairs(joins) do ExecScanHashBucket(join, order * 7, 100) end
end
narrate{
  en = "Each row of orders goes through all five. Nothing is allocated here: looking up costs no memory.",
  zh = "orders 的每一行依次经过五个表。这里不分配任何内存：查找不费内存。",
}
for number = #joins, 1, -1 do ExecHashTableDestroy(joins[number]) end
MemoryContextSwitchTo(old)
MemoryContextDelete(estate)
narrate{
  en = ("The sum to keep in mind: connections times nodes times limit. 100 connections that run this query with 5 tables of up to 128 kB: %d kB; with the default work_mem of 4 MB it is 4000 MB, and twice or three times that with parallel workers. palloscope workmem --plan reckons it for a plan of yours."):format(100 * 5 * 128),
  zh = ("要记住的算式：连接数 × 节点数 × 上限。100 个连接都跑这个查询，5 个表，每个最多 128 kB：%d kB；用默认的 work_mem（4 MB）就是 4000 MB，有并行工作进程（parallel worker）时再乘 2 到 3。palloscope workmem --plan 可以替你算自己的计划。"):format(100 * 5 * 128),
}
