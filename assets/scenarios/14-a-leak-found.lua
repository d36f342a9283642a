scenario{
  order = 14,
  panel = "findings",
  title = { en = "A leak found: what stays of each transaction", zh = "找到泄漏：每个事务留下了什么" },
  about = { en = "A hook keeps a little of every transaction in CacheMemoryContext. Findings tell how much, since when, and which context would have freed it.",
            zh = "一个钩子（hook）在每个事务后往 CacheMemoryContext 里留一点东西。“发现”说出留了多少、从何时起、哪个上下文本可以释放它。" },
}

narrate{
  en = "A backend runs many short transactions. Each works in TopTransactionContext, which is reset when it ends. An extension keeps a cache of names in CacheMemoryContext: each name once.",
  zh = "一个后端（backend）运行许多短事务。每个都在 TopTransactionContext 里工作，结束时重置。一个扩展在 CacheMemoryContext 里缓存名字：每个名字一次。",
}
cache = AllocSetContextCreate(TopMemoryContext, "CacheMemoryContext", ALLOCSET_DEFAULT_SIZES)
transaction = AllocSetContextCreate(TopMemoryContext, "TopTransactionContext", ALLOCSET_DEFAULT_SIZES)
known = {}
local function look_up(name)
  if not known[name] then known[name] = MemoryContextAlloc(cache, 120) end
end
local function work(i)
  for k = 1, 6 do MemoryContextAlloc(transaction, 32 * k) end
  look_up(i * 7 % 12)
end
for i = 1, 40 do
  work(i)
  MemoryContextReset(transaction)
end
after_40 = cache.mem_allocated
narrate{
  en = ("Forty transactions later CacheMemoryContext has %d bytes. It grew at first, while names were new, and then no more: a cache that fills is no leak. Open Findings (Ctrl+Y): it will keep silent about these."):format(after_40),
  zh = ("四十个事务之后，CacheMemoryContext 有 %d 字节。起初名字是新的，它在增长，后来就不再增长：缓存填满不是泄漏。打开“发现”（Ctrl+Y）：对此它不会说什么。"):format(after_40),
}

for i = 1, 120 do
  work(i)
  MemoryContextSwitchTo(cache)
  message = psprintf("transaction %d committed", i)
  MemoryContextSwitchTo(TopMemoryContext)
  MemoryContextReset(transaction)
end
narrate{
  en = ("Then a new version adds a log line, built with psprintf while CacheMemoryContext is current, and never freed. After 120 more transactions: %d bytes. No single transaction shows it; what repeats does."):format(cache.mem_allocated),
  zh = ("然后新版本加了一行日志，用 psprintf 生成时当前上下文是 CacheMemoryContext，而且从不释放。再过 120 个事务：%d 字节。单看任何一个事务都看不出来，重复才看得出来。"):format(cache.mem_allocated),
}
narrate{
  en = "Findings compares what is there after each transaction, and tells what never comes back: how much of each, the first chunk that stayed, and the context that ends with each transaction and would have freed it in time. Enter goes to that chunk.",
  zh = "“发现”比较每个事务之后还剩什么，说出从不归还的：每个事务多少、第一个留下的内存片是哪个、哪个上下文随每个事务结束、本可以及时释放它。按 Enter 转到那个内存片。",
}

for i = 1, 3 do
  work(i)
  MemoryContextSwitchTo(transaction)
  message = psprintf("transaction %d committed", i)
  MemoryContextSwitchTo(TopMemoryContext)
  MemoryContextReset(transaction)
end
narrate{
  en = "The cure is one line: build the message in TopTransactionContext. In a test of the extension, palloscope check with the rule 'total(\"CacheMemoryContext\") grows < 1kB per 1000 transactions' keeps it cured.",
  zh = "治法只有一行：在 TopTransactionContext 里生成这条消息。在扩展的测试里，用 palloscope check 和规则 'total(\"CacheMemoryContext\") grows < 1kB per 1000 transactions' 保证它不再复发。",
}
