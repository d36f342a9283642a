scenario{
  order = 25,
  title = { en = "Mistake: allocated in the wrong context", zh = "错误：分配在错误的上下文里" },
  about = { en = "A cache that points into a query's memory.", zh = "缓存指向了查询的内存。" },
}

cache = AllocSetContextCreate(TopMemoryContext, "CacheMemoryContext", ALLOCSET_DEFAULT_SIZES)
query = AllocSetContextCreate(TopMemoryContext, "MessageContext", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(query)
narrate{
  en = "A cache lives as long as the process; the memory context of a query lives until its end. While a query runs, the current context is the query's.",
  zh = "缓存和进程活得一样久；查询的内存上下文（memory context）只活到查询结束。查询运行时，当前上下文（current context）是查询的。",
}
entry = MemoryContextAlloc(cache, 64)
name = pstrdup("city")
store(entry, 0, name)
narrate{
  en = "The entry goes to the cache, as it should. But its name comes from pstrdup, which allocates in the current context: the query's. A pointer now leads from long-lived memory into short-lived memory.",
  zh = "条目放进缓存，没有错。但它的名字来自 pstrdup，分配在当前上下文，也就是查询的。于是有个指针从长命的内存指向短命的内存。",
}
MemoryContextReset(query)
narrate{
  en = "The query ends, and its context is reset. Nothing is said. Only the debugger sees that the cache still holds a pointer to what is gone: this allocation was made in the wrong context.",
  zh = "查询结束，它的上下文被重置（reset）。没有任何提示。只有调试器看到，缓存里还有指针指向已消失的内存：那次分配用错了上下文。",
}
function next_query()
  local other = pstrdup("drop table")
end
next_query()
text = read(fetch(entry, 0), 4)
narrate{
  en = ("The next query uses the same bytes. The cache's name of the table now reads \"%s\". This may show hours later, in another query, and far from the mistake."):format(text),
  zh = ("下一个查询使用同样的字节。缓存里的表名现在读出 \"%s\"。这可能几小时后才在另一个查询里、离错误很远的地方暴露。"):format(text),
}
MemoryContextReset(query)
pfree(entry)

old = MemoryContextSwitchTo(cache)
entry = palloc(64)
store(entry, 0, pstrdup("city"))
MemoryContextSwitchTo(old)
MemoryContextReset(query)
narrate{
  en = ("The cure: switch to the cache's context for everything that the entry needs, and back. Now the reset harms nothing: \"%s\"."):format(read(fetch(entry, 0), 4)),
  zh = ("办法：条目需要的一切，都先切换到缓存的上下文再分配，然后切换回来。现在重置伤不到它：\"%s\"。"):format(read(fetch(entry, 0), 4)),
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(query)
MemoryContextDelete(cache)
