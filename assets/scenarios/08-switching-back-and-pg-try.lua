scenario{
  order = 8,
  title = { en = "Forgetting to switch back, and PG_TRY", zh = "忘记切换回来，以及 PG_TRY" },
  about = { en = "Where an allocation goes depends on who switched last.", zh = "内存分到哪里，取决于谁最后一次切换。" },
}

work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
temp = AllocSetContextCreate(TopMemoryContext, "temp", ALLOCSET_SMALL_SIZES)
MemoryContextSwitchTo(work)
narrate{
  en = "Watch which context is the current one. palloc does not say where: it always allocates in the current context. Here a helper does something in \"temp\" and forgets to switch back.",
  zh = "请注意谁是当前上下文（current context）。palloc 不指明地点，总是分配在当前上下文里。这里有个辅助函数在 \"temp\" 里干活，忘了切换回来。",
}
function careless_helper()
  MemoryContextSwitchTo(temp)
  scratch = palloc(100)
end
careless_helper()
result = palloc(64)
write(result, "the answer is 42")
narrate{
  en = ("The caller believes that it is still in \"work\". But its result lies in \"%s\"."):format(GetMemoryChunkContext(result)),
  zh = ("调用者以为自己还在 \"work\" 里。可是它的结果落在了 \"%s\"。"):format(GetMemoryChunkContext(result)),
}
MemoryContextReset(temp)
careless_helper()
other = palloc(64)
write(other, "something else")
narrate{
  en = ("\"temp\" is reset, as it should be, and used again. result still points into it and now reads \"%s\". No crash, no message: just a wrong answer."):format(read(result, 14)),
  zh = ("\"temp\" 照常被重置（reset），又有人用它。result 仍指着里面，现在读到的是 \"%s\"。没有崩溃，没有报错，只有错误的答案。"):format(read(result, 14)),
}
MemoryContextSwitchTo(work)
result, other = nil, nil

function careful_helper()
  old = MemoryContextSwitchTo(temp)
  scratch = palloc(100)
  ereport(ERROR, "invalid input")
  MemoryContextSwitchTo(old)
end
narrate{
  en = "The careful helper keeps the old context and switches back at its end. But an error jumps over the end. Where are we then?",
  zh = "细心的辅助函数记下旧上下文，最后切换回来。可是错误会跳过“最后”。那时我们在哪里？",
}
PG_TRY(careful_helper, { catch = function(err)
  where_we_are = CurrentMemoryContext.name
  narrate{
    en = ("The error is caught here. The current context is \"%s\": ereport switched to it while it built the message, and leaves it to the catcher to switch away."):format(where_we_are),
    zh = ("错误在这里被捕获。当前上下文是 \"%s\"：ereport 为了组装错误信息切换到了它，之后要由捕获者自己切走。"):format(where_we_are),
  }
  MemoryContextSwitchTo(work)
  FlushErrorState()
end })
result = palloc(64)
narrate{
  en = ("The catch switched back first of all, then flushed the error's state, which resets ErrorContext. So the result lies where it belongs: in \"%s\"."):format(GetMemoryChunkContext(result)),
  zh = ("catch 首先切换回来，然后清掉错误状态，这会重置 ErrorContext。所以结果落在该在的地方：\"%s\"。"):format(GetMemoryChunkContext(result)),
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(temp)
MemoryContextDelete(work)
narrate{
  en = "The lesson: who switches, switches back, on every way out. And a PG_CATCH restores the context before it allocates anything.",
  zh = "结论：谁切换，谁切换回来，每条出路都一样。PG_CATCH 在分配任何东西之前，要先恢复上下文。",
}
