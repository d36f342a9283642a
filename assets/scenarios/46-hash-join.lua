scenario{
  order = 46,
  title = { en = "A hash join", zh = "哈希连接" },
  about = { en = "The inner table in memory: buckets, densely packed tuples, and one delete for all of it.", zh = "内表放进内存：桶、紧密排列的元组，一次删除全部收走。" },
}
local backend = require "backend"
local contexts = backend.contexts
local q = backend.exec_simple_query
backend.InitPostgres(8)
narrate{
  en = "select count(*) from orders join city: the smaller table goes into a hash table, the larger one is read past it. Watch HashTableContext and its children.",
  zh = "select count(*) from orders join city：小表装进哈希表，大表逐行与它比对。请看 HashTableContext 和它的子节点。",
}
local outer_rows, inner_rows = 60, 400
local plan = backend.Agg{ backend.HashJoin{
  width = 100,
  backend.SeqScan{ rows = outer_rows, tlist = function(row)
    if row == 2 then
      narrate{
        en = ("The hash table is built: %d rows of the inner table. The portal and all below it hold %d bytes. From here on rows are only looked up."):format(inner_rows, MemoryContextMemAllocated(contexts.PortalContext, true)),
        zh = ("哈希表建好了：内表 %d 行。门户（portal）及其下面共 %d 字节。从这里开始只查不存。"):format(inner_rows, MemoryContextMemAllocated(contexts.PortalContext, true)),
      }
    end
    return row
  end },
  backend.SeqScan{ rows = inner_rows, tlist = function(row)
    if row == 1 then
      narrate{
        en = "The first row of the inner table. HashTableContext lives as long as the join; HashBatchContext below it holds buckets and rows of one batch, and would be reset between batches.",
        zh = "内表的第一行。HashTableContext 和整个连接同寿命；它下面的 HashBatchContext 存放一批（batch）的桶和各行，批与批之间会重置（reset）。",
      }
    end
    return row
  end },
} }
q("select count(*) from orders join city using (city_id)", plan)
narrate{
  en = "Look back at HashBatchContext: no chunk per row. The executor takes pieces of 32 kB and packs the rows into them by itself. 400 rows of 100 bytes took two chunks; as chunks of their own they would need 400 headers.",
  zh = "回头看 HashBatchContext：并不是每行一个内存片（chunk）。执行器每次要 32 kB，自己把各行紧密排进去。400 行、每行 100 字节，只用两个内存片；若各自分配，就要 400 个片头。",
}
narrate{
  en = PG_MAJORVERSION_NUM >= 16 and "HashSpillContext stayed empty: it holds the buffers of temporary files, when the table is larger than work_mem times hash_mem_multiplier."
    or "There is no HashSpillContext yet: in PostgreSQL 15 the buffers of temporary files have no context of their own and are hard to tell from the rest. 16 gave them a context of their own.",
  zh = PG_MAJORVERSION_NUM >= 16 and "HashSpillContext 一直是空的：当哈希表超过 work_mem 乘 hash_mem_multiplier、要溢写磁盘时，临时文件的缓冲才放在这里。"
    or "这里还没有 HashSpillContext：在 PostgreSQL 15 里，临时文件的缓冲没有自己的上下文，和别的东西混在一起。16 才给它们单独的上下文。",
}
narrate{
  en = "The lesson: for very many small things of the same lifetime even a chunk each is too much. Take a few large chunks, and let one delete take them all.",
  zh = "结论：对于数量极多、寿命相同的小东西，连每个一片都嫌浪费。取几个大内存片，最后一次删除全部收走。",
}
