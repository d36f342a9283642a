scenario{
  order = 10,
  title = { en = "Build first, then adopt: reparenting and callbacks", zh = "先建好，再收养：换父节点与回调" },
  about = { en = "How something long-lived is built so that an error half way leaves no trace.",
            zh = "怎样建造长寿的对象，使中途出错不留痕迹。" },
}

CacheMemoryContext = AllocSetContextCreate(TopMemoryContext, "CacheMemoryContext", ALLOCSET_DEFAULT_SIZES)
MessageContext = AllocSetContextCreate(TopMemoryContext, "MessageContext", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(MessageContext)
narrate{
  en = "Watch where the new context hangs in the tree. A prepared statement must outlive the message that creates it. But if parsing fails half way, nothing of it may stay.",
  zh = "请看新的内存上下文（memory context）挂在树的哪里。预备语句要比建立它的那条消息活得久。但如果解析到一半失败，就不能留下任何东西。",
}
function prepare(query, broken)
  plan_source = AllocSetContextCreate(MessageContext, "CachedPlanSource", ALLOCSET_START_SMALL_SIZES)
  MemoryContextSetIdentifier(plan_source, query)
  old = MemoryContextSwitchTo(plan_source)
  query_text = pstrdup(query)
  if broken then
    ereport(ERROR, "syntax error")
  end
  query_tree = palloc0(700)
  MemoryContextSwitchTo(old)
  MemoryContextSetParent(plan_source, CacheMemoryContext)
end

PG_TRY(function() prepare("selectt 1", true) end, { catch = function(err)
  MemoryContextSwitchTo(MessageContext)
  FlushErrorState()
end })
narrate{
  en = "The first try failed. Its context was built as a child of MessageContext, the one that is reset after every message, so it is still there, but not for long.",
  zh = "第一次失败了。它的上下文建在 MessageContext 下面，而 MessageContext 每条消息之后都会重置（reset）。所以它还在，但待不了多久。",
}
MemoryContextReset(MessageContext)
narrate{
  en = "The reset deletes all children. Nobody had to know that a statement was half built.",
  zh = "重置会删除所有子节点。没有人需要知道有一条语句只建了一半。",
}

prepare("select 1", false)
narrate{
  en = "The second try succeeds, and its last step is MemoryContextSetParent: the finished context moves below CacheMemoryContext. Nothing is copied; a few pointers change.",
  zh = "第二次成功，最后一步是 MemoryContextSetParent：建好的上下文移到 CacheMemoryContext 下面。没有复制任何内容，只改了几个指针。",
}
MemoryContextReset(MessageContext)
narrate{
  en = "MessageContext is reset again, and the statement stays.",
  zh = "MessageContext 再次重置，语句留了下来。",
}

foreign = malloc(3000)
MemoryContextRegisterResetCallback(plan_source, function()
  free(foreign)
  foreign = nil
end)
narrate{
  en = "Suppose that the statement also owns memory from another library, got with malloc. A context does not know such memory. A reset callback ties it to the context's life.",
  zh = "假设这条语句还占有别的库用 malloc 申请的内存。上下文不认识这种内存。重置回调（reset callback）把它和上下文的寿命绑在一起。",
}
MemoryContextDelete(plan_source)
narrate{
  en = "The statement is dropped: the callback ran first and freed the foreign memory, then the context went. The lesson: build below something short-lived, adopt when complete; and let callbacks release what is not palloc'ed.",
  zh = "语句被丢弃：回调先运行，释放了外来内存，然后上下文才消失。结论：先建在短命者下面，完成后再收养；不是 palloc 来的东西，交给回调去释放。",
}
