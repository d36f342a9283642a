scenario{
  order = 6,
  title = { en = "The life of a simple query", zh = "一条简单查询的一生" },
  about = { en = "Which contexts come and go for one SELECT, from message to message.", zh = "一条 SELECT 从收到到结束，会建立和删除哪些上下文。" },
}

CacheMemoryContext = AllocSetContextCreate(TopMemoryContext, "CacheMemoryContext", ALLOCSET_DEFAULT_SIZES)
TopPortalContext = AllocSetContextCreate(TopMemoryContext, "TopPortalContext", ALLOCSET_DEFAULT_SIZES)
if PG_MAJORVERSION_NUM >= 18 then
  TopTransactionContext = AllocSetContextCreate(TopMemoryContext, "TopTransactionContext", ALLOCSET_DEFAULT_SIZES)
end
MessageContext = AllocSetContextCreate(TopMemoryContext, "MessageContext", ALLOCSET_DEFAULT_SIZES)
narrate{
  en = "Watch the context tree. A backend waits for its client. These contexts live as long as the process. Sizes inside are examples; the contexts and their order are what a real server does.",
  zh = "请看上下文树。一个后端进程在等客户端。这些内存上下文（memory context）和进程同寿命。里面的大小只是示例，上下文及其先后顺序则和真实服务器一致。",
}

MemoryContextReset(MessageContext)
MemoryContextSwitchTo(MessageContext)
query = pstrdup("select name from city where id < 4")
if PG_MAJORVERSION_NUM < 18 then
  TopTransactionContext = AllocSetContextCreate(TopMemoryContext, "TopTransactionContext", ALLOCSET_DEFAULT_SIZES)
end
parse_tree = palloc0(600)
plan = palloc0(1200)
narrate{
  en = "A query arrives. A transaction starts. Query text, parse tree and plan are allocated in MessageContext: they are needed until the answer is complete, and not a moment longer.",
  zh = "来了一条查询，事务开始。查询文本、语法树和计划都分配在 MessageContext 里：它们要用到回答完毕为止，一刻也不多留。",
}

PortalContext = AllocSetContextCreate(TopPortalContext, "PortalContext", ALLOCSET_SMALL_SIZES)
MemoryContextSetIdentifier(PortalContext, "<unnamed>")
ExecutorState = AllocSetContextCreate(PortalContext, "ExecutorState", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(ExecutorState)
scan_state = palloc0(400)
ExprContext = AllocSetContextCreate(ExecutorState, "ExprContext", ALLOCSET_DEFAULT_SIZES)
printtup = AllocSetContextCreate(ExecutorState, "printtup", ALLOCSET_DEFAULT_SIZES)
narrate{
  en = "The executor starts. The portal has a small context; below it ExecutorState holds the state of the plan's nodes. Below that are two contexts for a single row: ExprContext for evaluating expressions, printtup for turning values into text.",
  zh = "执行器启动。门户（portal）有一个小上下文；下面的 ExecutorState 存放各计划节点的状态。再下面两个只管一行：ExprContext 用来计算表达式，printtup 用来把值转换成文本。",
}

for row = 1, 3 do
  MemoryContextReset(ExprContext)
  MemoryContextSwitchTo(ExprContext)
  value = palloc(40)
  MemoryContextSwitchTo(printtup)
  text = palloc(100)
  MemoryContextSwitchTo(ExecutorState)
  MemoryContextReset(printtup)
end
MemoryContextReset(ExprContext)
narrate{
  en = ("Three rows, and the two row contexts still hold one block each (%d and %d bytes): every row was thrown away by a reset. Whether three rows or three million, memory stays the same."):format(ExprContext.mem_allocated, printtup.mem_allocated),
  zh = ("三行之后，两个行级上下文仍然各只有一个内存块（%d 和 %d 字节）：每一行都被重置（reset）清掉了。三行也好，三百万行也好，内存都一样。"):format(ExprContext.mem_allocated, printtup.mem_allocated),
}

MemoryContextSwitchTo(MessageContext)
MemoryContextDelete(printtup)
MemoryContextDelete(ExprContext)
MemoryContextDelete(ExecutorState)
MemoryContextDelete(PortalContext)
narrate{
  en = "The executor ends and the portal is dropped: children first, then their parents. Nobody had to free scan_state.",
  zh = "执行器结束，门户被丢弃：先删子节点，再删父节点。没有人需要去释放 scan_state。",
}
if PG_MAJORVERSION_NUM >= 18 then
  MemoryContextReset(TopTransactionContext)
else
  MemoryContextDelete(TopTransactionContext)
end
MemoryContextReset(MessageContext)
narrate{
  en = "The transaction commits: PostgreSQL 15 to 17 delete TopTransactionContext, 18 keeps and resets it. MessageContext is reset before the next message. The tree looks as it did before. The lesson: lifetimes form a tree, and memory follows it.",
  zh = "事务提交：PostgreSQL 15 到 17 删除 TopTransactionContext，18 则保留并重置它。MessageContext 在下一条消息之前重置。树又和开始时一样了。结论：生命周期是一棵树，内存跟着它走。",
}
