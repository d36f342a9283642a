scenario{
  order = 29,
  title = { en = "malloc fails", zh = "malloc 失败" },
  about = { en = "Out of memory: the dump, the error, and who goes on.", zh = "内存不足：转储、报错，以及谁还能继续。" },
}

work = AllocSetContextCreate(TopMemoryContext, "ExecutorState", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(work)
for i = 1, 20 do
  palloc(1000)
end
fail_mallocs(16384)
narrate{
  en = "From here on the machine has no memory left for requests of 16 kB and more: malloc answers NULL.",
  zh = "从这里开始，机器上没有 16 kB 以上的内存可给：malloc 回答 NULL。",
}
small = palloc(100)
narrate{
  en = "Small requests do not notice: they are served from a block that the context has already.",
  zh = "小的请求毫无察觉：上下文已有的内存块（block）就能满足它们。",
}
PG_TRY(function()
  big = palloc(50000)
end, { catch = function(err)
  message, detail = err.message, err.detail
  MemoryContextSwitchTo(work)
  FlushErrorState()
end })
narrate{
  en = ("A large one fails. PostgreSQL first prints all memory contexts to the server's log, the out-of-memory dump above; then comes the error: %s. %s"):format(message, detail),
  zh = ("大的请求失败了。PostgreSQL 先把所有内存上下文（memory context）打印到服务器日志，就是上面的转储；然后报错：%s。%s"):format(message, detail),
}
big = palloc_extended(50000, MCXT_ALLOC_NO_OOM)
narrate{
  en = ("With MCXT_ALLOC_NO_OOM there is no error and no dump: the caller gets %s and must look. That is no mistake, and none is told."):format(big == NULL and "NULL" or "a pointer"),
  zh = ("用 MCXT_ALLOC_NO_OOM 就没有报错，也没有转储：调用者得到 %s，必须自己检查。这不是错误，也不会报告。"):format(big == NULL and "NULL" or "指针"),
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(work)
fail_mallocs()
narrate{
  en = "The cure is not a larger machine alone: the dump names the context that took the memory. The error ends the transaction, its contexts are deleted, and the process goes on.",
  zh = "办法不只是换更大的机器：转储里写着是哪个上下文占了内存。报错结束事务，删除（delete）它的上下文，进程继续工作。",
}
