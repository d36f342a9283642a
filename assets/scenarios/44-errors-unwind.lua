scenario{
  order = 44,
  title = { en = "How an error unwinds", zh = "错误怎样收场" },
  about = { en = "ereport(ERROR) jumps to the main loop: what is reset and deleted, outside and inside a transaction block.", zh = "ereport(ERROR) 跳回主循环：在事务块之外和之内，分别重置和删除什么。" },
}
local backend = require "backend"
local contexts = backend.contexts
local q = backend.exec_simple_query
local function fails_at(bad)
  return backend.Sort{ backend.SeqScan{ rows = 12, tlist = function(row)
    palloc(100)
    if row == bad then
      narrate{
        en = ("Row %d, deep in the executor: a sort is being filled, the portal is running. The next line is ereport(ERROR)."):format(row),
        zh = ("第 %d 行，正在执行器深处：排序正在装入数据，门户（portal）正在运行。下一行就是 ereport(ERROR)。"):format(row),
      }
      ereport(ERROR, "division by zero")
    end
    return row
  end } }
end
backend.InitPostgres(8)
q("select id from city", backend.SeqScan{ rows = 3 })  -- the first look at a table fills caches that stay
local before = MemoryContextMemAllocated(TopMemoryContext, true)
narrate{
  en = "In C an error is a longjmp: all functions in between are simply left, and none of them frees anything. Watch how PostgreSQL gets its memory back.",
  zh = "在 C 里，错误就是 longjmp：中间的所有函数直接被抛下，没有一个会去释放内存。请看 PostgreSQL 怎样把内存收回来。",
}
q("select 1 / (id - 9) from city order by 1", fails_at(9))
narrate{
  en = ("Back in the main loop. AbortTransaction deleted what hung below the portal, CleanupTransaction the portal and the transaction's context; then ErrorContext and MessageContext were reset. Contexts hold %d bytes, %d before."):format(MemoryContextMemAllocated(TopMemoryContext, true), before),
  zh = ("回到了主循环。AbortTransaction 删除了挂在门户下面的东西，CleanupTransaction 删除门户和事务的上下文；然后重置 ErrorContext 和 MessageContext。上下文共 %d 字节，之前是 %d。"):format(MemoryContextMemAllocated(TopMemoryContext, true), before),
}
q "begin"
q("select 1 / 0", backend.Result{ fold = function() ereport(ERROR, "division by zero") end })
narrate{
  en = "The same within BEGIN, and the division fails while planning. Now the transaction is only marked as failed: TopTransactionContext stays, because the block is still open. The planner's executor state hung below MessageContext, and the reset of MessageContext took it.",
  zh = "同样的错误，但在 BEGIN 之后，而且除法在做计划时就失败了。这次事务只是标记为失败：事务块还开着，TopTransactionContext 留着。计划器的执行器状态挂在 MessageContext 下面，重置 MessageContext 时一起收走。",
}
q("select 1", backend.Result{})
narrate{
  en = "Any other statement is refused: \"current transaction is aborted\". Only ROLLBACK helps.",
  zh = "其他语句一概拒绝：\"current transaction is aborted\"。只有 ROLLBACK 有用。",
}
q "rollback"
narrate{
  en = "ROLLBACK does the rest: CleanupTransaction resets TransactionAbortContext and takes TopTransactionContext away (18: resets it).",
  zh = "ROLLBACK 做完剩下的事：CleanupTransaction 重置 TransactionAbortContext，收走 TopTransactionContext（18 则是重置它）。",
}
q "begin"
q "savepoint s"
q("select 1 / 0", backend.Result{ fold = function() ereport(ERROR, "division by zero") end })
q "rollback to s"
q("select 1", backend.Result{})
q "commit"
narrate{
  en = ("With a savepoint only its level fails: ROLLBACK TO deletes one CurTransactionContext, and the transaction goes on. At the end there are %d bytes, as in the beginning. The lesson: an error costs no memory, because every context hangs below something that is reset or deleted on the way out."):format(MemoryContextMemAllocated(TopMemoryContext, true)),
  zh = ("有保存点时，失败的只是那一层：ROLLBACK TO 删除一个 CurTransactionContext，事务继续。最后共 %d 字节，和开始时一样。结论：错误不耗内存，因为每个上下文都挂在某个收场时会被重置或删除的东西下面。"):format(MemoryContextMemAllocated(TopMemoryContext, true)),
}
