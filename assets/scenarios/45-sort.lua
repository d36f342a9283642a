scenario{
  order = 45,
  title = { en = "A sort", zh = "排序" },
  about = { en = "Three contexts for one sort, and an allocator chosen by what the tuples need.", zh = "一次排序用三个上下文，分配器按元组的需要来选。" },
}
local backend = require "backend"
local contexts = backend.contexts
local q = backend.exec_simple_query
backend.InitPostgres(8)
narrate{
  en = "select ... order by: the sort must hold all rows before it can send the first. Watch what appears below ExecutorState.",
  zh = "select ... order by：排序必须拿到所有行，才能送出第一行。请看 ExecutorState 下面出现什么。",
}
local function watched(rows, bound)
  local plan = backend.Sort{ bound = bound, width = 100, key = function(row) return -row end, backend.SeqScan{
    rows = rows, tlist = function(row)
      if row == rows then
        narrate{
          en = ("The last of %d rows is being read. The portal and all below it hold %d bytes, nearly all of it in the sort. Later, rows leave in order, one by one."):format(rows, MemoryContextMemAllocated(contexts.PortalContext, true)),
          zh = ("正在读 %d 行里的最后一行。门户（portal）及其下面共 %d 字节，几乎都在排序里。之后各行按顺序一行行送出。"):format(rows, MemoryContextMemAllocated(contexts.PortalContext, true)),
        }
      end
      return row
    end } }
  return plan
end
q("select name from city order by population", watched(120))
narrate{
  en = "TupleSort main lived as long as the sort and held its state and the array of pointers; TupleSort sort was for one round of sorting; Caller tuples held the rows. At the end one reset and two deletes took everything.",
  zh = "TupleSort main 和整个排序同寿命，存放状态和指针数组；TupleSort sort 只管一轮排序；Caller tuples 存放各行。最后一次重置（reset）和两次删除就收走了一切。",
}
narrate{
  en = PG_MAJORVERSION_NUM >= 17 and "Look at the kind of Caller tuples: Bump. The rows are never freed one by one, so their chunks need no header at all: 100 bytes requested take 104, where an AllocSet would take 136."
    or "Look at the kind of Caller tuples: Generation. Rows arrive in order and leave in order, so no freelists by size are needed: 100 bytes requested take 104 and the header, where an AllocSet would take 128 and the header.",
  zh = PG_MAJORVERSION_NUM >= 17 and "看 Caller tuples 的种类：Bump。各行从不单独释放，所以内存片（chunk）根本不要片头：请求 100 字节只占 104，而 AllocSet 要占 136。"
    or "看 Caller tuples 的种类：Generation。各行按顺序来、按顺序走，不需要分尺寸的空闲链表（freelist）：请求 100 字节占 104 加片头，而 AllocSet 占 128 加片头。",
}
q("select name from city order by population limit 5", watched(40, 5))
narrate{
  en = "With LIMIT 5 the sort keeps only the best five and frees the others as it goes. Bump and Generation are no good for that: Caller tuples was an AllocSet this time.",
  zh = "有 LIMIT 5 时，排序只保留最好的五行，其余边排边释放。Bump 和 Generation 不适合：这次 Caller tuples 是 AllocSet。",
}
narrate{
  en = "The lesson: an allocator is chosen for how memory is freed. All at once: Bump. In order: Generation. Any way: AllocSet.",
  zh = "结论：选哪种分配器，看内存怎样释放。一次全放：Bump。按顺序放：Generation。随便放：AllocSet。",
}
