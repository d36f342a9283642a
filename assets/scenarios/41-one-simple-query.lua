scenario{
  order = 41,
  title = { en = "One query through a real backend", zh = "一条查询走过真实的后端" },
  about = { en = "The message loop, the portal, the executor and its reset per row, call by call as a server makes them.", zh = "消息循环、门户、执行器和每行一次的重置，逐个调用都和服务器一样。" },
}
local backend = require "backend"
local contexts = backend.contexts
backend.InitPostgres(8)
narrate{
  en = "The backend waits for a message. MessageContext was just reset: it will take whatever the next message needs. (To keep the picture short, only 8 of the catalog's indexes are loaded.)",
  zh = "后端进程在等消息。MessageContext 刚刚重置（reset）：下一条消息需要的一切都会放在这里。（为了画面简短，只装载了 8 个系统表索引。）",
}
local in_the_middle, in_expr
backend.exec_simple_query("select upper(name) from city where id < 5", backend.SeqScan{
  rows = 6,
  qual = function(id) return id < 5 end,
  tlist = function(id)
    palloc(40)  -- upper() makes a new text for each row
    if id == 1 then
      in_the_middle = MemoryContextMemAllocated(contexts.PortalContext, true)
      narrate{
        en = ("In the middle of the first row. Portal, executor state and expression context hold %d bytes. upper() has allocated its result in \"%s\", the context for one row."):format(in_the_middle, CurrentMemoryContext),
        zh = ("第一行正算到一半。门户（portal）、执行器状态和表达式上下文共 %d 字节。upper() 的结果分配在 \"%s\" 里：只管一行的上下文。"):format(in_the_middle, CurrentMemoryContext),
      }
    end
    if id == 4 then
      in_expr = CurrentMemoryContext.usedspace
      narrate{
        en = ("The fourth row. The context for one row has been reset before each row; it never holds more than one row's results: %d bytes now."):format(in_expr),
        zh = ("第四行。每行之前，行级上下文都重置过一次；它里面从来只有一行的结果：现在是 %d 字节。"):format(in_expr),
      }
    end
    return id
  end,
})
narrate{
  en = "The answer is sent. PortalDrop ended the executor: the expression context, the executor's state and the portal's context were deleted, children first. Then the transaction was committed, and MessageContext was reset.",
  zh = "回答发完了。PortalDrop 结束执行器：先删子节点，依次删除表达式上下文、执行器状态和门户的上下文。然后提交事务，重置 MessageContext。",
}
local before = MemoryContextMemAllocated(TopMemoryContext, true)
for _ = 1, 3 do
  backend.exec_simple_query("select upper(name) from city where id < 5",
                            backend.SeqScan{ rows = 6, qual = function(id) return id < 5 end })
end
narrate{
  en = ("Three more queries: %d bytes before, %d bytes after. What the executor had allocated was not freed piece by piece; it went with its contexts. And these came from the list of deleted contexts again, without malloc."):format(before, MemoryContextMemAllocated(TopMemoryContext, true)),
  zh = ("又执行三条查询：之前 %d 字节，之后 %d 字节。执行器分配的东西不是一块块释放的，而是随上下文一起消失。这些上下文又取自已删除上下文的链表，连 malloc 都不用。"):format(before, MemoryContextMemAllocated(TopMemoryContext, true)),
}
narrate{
  en = "The lesson: four lifetimes, four contexts. A row: ExprContext. A query: ExecutorState. A transaction: TopTransactionContext. A message: MessageContext. Put a thing where its lifetime is, and nobody has to free it.",
  zh = "结论：四种寿命，四个上下文。一行：ExprContext。一条查询：ExecutorState。一个事务：TopTransactionContext。一条消息：MessageContext。东西放在与它寿命相同的地方，就没有人需要去释放它。",
}
