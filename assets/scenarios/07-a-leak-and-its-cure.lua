scenario{
  order = 7,
  rounds = "line:13",  -- a row: each call of format_value
  title = { en = "A leak into a long-lived context, and its cure", zh = "泄漏到长寿上下文，以及怎样治好" },
  about = { en = "A few hundred bytes per row in the wrong context, and how a per-row context mends it.", zh = "每行几百字节放错了上下文；用行级上下文来治。" },
}

narrate{
  en = "Watch the memory over time. A function formats one value for each row of a long query. It pallocs what it needs and never calls pfree, as is usual in PostgreSQL.",
  zh = "请看内存随时间的变化。一个函数为长查询的每一行格式化一个值。它用 palloc 分配，从不 pfree，这在 PostgreSQL 里很平常。",
}
function format_value(row)
  local buffer = palloc(200)
  local text = psprintf("row number %d", row)
  return text
end

query = AllocSetContextCreate(TopMemoryContext, "ExecutorState", ALLOCSET_DEFAULT_SIZES)
old = MemoryContextSwitchTo(query)
for row = 1, 50 do
  format_value(row)
end
after_50 = query.mem_allocated
for row = 51, 200 do
  format_value(row)
end
narrate{
  en = ("The current context is the one of the whole query, so everything stays until the query ends: %d bytes after 50 rows, %d after 200, and so on with every row. No chunk is lost: the context knows them all. But nobody will use them again, and that is a leak."):format(after_50, query.mem_allocated),
  zh = ("当前上下文（current context）属于整条查询，所以一切都留到查询结束：50 行后 %d 字节，200 行后 %d 字节，每多一行就再多一些。没有哪一片真的丢失，上下文全都记得。但再也没有人用它们：这就是泄漏（leak）。"):format(after_50, query.mem_allocated),
}
MemoryContextStats(query)
narrate{
  en = ("How it shows on a real server: one context in the dump is much larger than its work explains. Here it has %d blocks, and most of it counts as used."):format(query.nblocks),
  zh = ("在真实服务器上怎么看出来：内存转储里有一个上下文大得不合理。这里它有 %d 个内存块（block），而且大部分算作已用。"):format(query.nblocks),
}

MemoryContextReset(query)
per_row = AllocSetContextCreate(query, "per row", ALLOCSET_DEFAULT_SIZES)
narrate{
  en = "The cure does not touch the function. Its caller makes a context for one row, switches to it before the call, switches back behind it, and resets it before the next row.",
  zh = "治法不必改动那个函数。由调用者建一个行级上下文，调用前切换进去，调用后切换回来，下一行之前把它重置（reset）。",
}
for row = 1, 200 do
  MemoryContextReset(per_row)
  MemoryContextSwitchTo(per_row)
  format_value(row)
  MemoryContextSwitchTo(query)
end
narrate{
  en = ("The same 200 rows: %d bytes for the query and %d for its row context, from the first row to the last, and no malloc at all."):format(query.mem_allocated, per_row.mem_allocated),
  zh = ("同样 200 行：查询占 %d 字节，行级上下文占 %d 字节，从第一行到最后一行都不变，也没有任何 malloc。"):format(query.mem_allocated, per_row.mem_allocated),
}
MemoryContextSwitchTo(old)
MemoryContextDelete(query)
narrate{
  en = "The lesson: ask of every allocation how long it should live, and make sure that the current context lives exactly so long.",
  zh = "结论：每次分配都问一句“它该活多久”，并保证当前上下文正好活那么久。",
}
