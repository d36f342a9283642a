scenario{
  order = 42,
  title = { en = "A prepared statement", zh = "预备语句" },
  about = { en = "Parse, Bind, Execute, Sync: what is kept, what is made again, and when a generic plan stays.", zh = "Parse、Bind、Execute、Sync：什么留下，什么每次重做，通用计划何时保留。" },
}
local backend = require "backend"
local contexts = backend.contexts
local plan = backend.SeqScan{ rows = 8, qual = function(id) return id == 5 end }
backend.InitPostgres(8)
backend.exec_simple_query("select * from city where id = 1", plan)  -- the first look at a table fills caches that stay
narrate{
  en = "A driver sends a query in pieces: Parse once, then Bind and Execute as often as it likes. Watch what hangs below CacheMemoryContext.",
  zh = "驱动程序把一条查询拆开发送：Parse 一次，之后 Bind 和 Execute 想做多少次就做多少次。请看 CacheMemoryContext 下面挂着什么。",
}
backend.exec_parse_message("P_0", "select * from city where id = $1", plan)
narrate{
  en = "Parse: CachedPlanSource was built below MessageContext, then moved to CacheMemoryContext in one step, with its child CachedPlanQuery. Had Parse failed half-way, the reset of MessageContext would have thrown it all away: build first, then adopt.",
  zh = "Parse：CachedPlanSource 先建在 MessageContext 下面，再连同子节点 CachedPlanQuery 一步移到 CacheMemoryContext 下。如果 Parse 半途失败，重置 MessageContext 就会把它全部丢掉：先建好，再过继。",
}
backend.sync()
local source_bytes = MemoryContextMemAllocated(contexts.CacheMemoryContext, true)
backend.exec_bind_message("", "P_0")
narrate{
  en = "Bind: a portal, a plan made for this very value (CachedPlan, a custom plan), and the executor's state. Nothing has run yet. Between the messages MessageContext was reset, but the portal stays.",
  zh = "Bind：建立门户（portal）、专为这个参数值做的计划（CachedPlan，定制计划）和执行器状态。还什么都没执行。消息之间 MessageContext 重置过，门户仍在。",
}
backend.exec_execute_message("")
backend.sync()
narrate{
  en = ("Execute sent the row; Sync ended the transaction, which dropped the portal and the custom plan with it. The source stays: %d bytes in the caches, %d before Bind."):format(MemoryContextMemAllocated(contexts.CacheMemoryContext, true), source_bytes),
  zh = ("Execute 送出那一行；Sync 结束事务，门户连同定制计划一起删除。语句本身留着：缓存里有 %d 字节，Bind 之前是 %d。"):format(MemoryContextMemAllocated(contexts.CacheMemoryContext, true), source_bytes),
}
for _ = 2, 5 do
  backend.exec_bind_message("", "P_0")
  backend.exec_execute_message("")
  backend.sync()
end
local before_generic = MemoryContextMemAllocated(contexts.CacheMemoryContext, true)
backend.exec_bind_message("", "P_0")
backend.exec_execute_message("")
backend.sync()
narrate{
  en = ("Five executions made five custom plans and threw them away. The sixth makes a generic plan, good for any value, and keeps it: the caches hold %d bytes more."):format(MemoryContextMemAllocated(contexts.CacheMemoryContext, true) - before_generic),
  zh = ("五次执行做了五个定制计划，又都扔掉了。第六次做一个对任何值都适用的通用计划，并留下它：缓存多了 %d 字节。"):format(MemoryContextMemAllocated(contexts.CacheMemoryContext, true) - before_generic),
}
for i = 1, 10 do
  backend.exec_parse_message("P_" .. i, "select * from city where id = $1", plan)
  backend.sync()
end
narrate{
  en = ("An application that prepares a new statement for every request: ten more, and the caches hold %d bytes instead of %d. Nothing ever takes them away but DEALLOCATE or the end of the connection."):format(MemoryContextMemAllocated(contexts.CacheMemoryContext, true), source_bytes),
  zh = ("如果应用程序为每个请求都准备一条新语句：再来十条，缓存就从 %d 字节变成 %d 字节。除了 DEALLOCATE 或断开连接，没有什么会收走它们。"):format(source_bytes, MemoryContextMemAllocated(contexts.CacheMemoryContext, true)),
}
