scenario{
  order = 24,
  title = { en = "Mistake: use after reset, use after delete", zh = "错误：重置之后、删除之后还在用" },
  about = { en = "A context takes all its chunks along.", zh = "上下文会带走它所有的内存片。" },
}

query = AllocSetContextCreate(TopMemoryContext, "query", ALLOCSET_DEFAULT_SIZES)
result = MemoryContextAlloc(query, 40)
write(result, "42 rows")
narrate{
  en = "A result lies in the memory context of its query.",
  zh = "结果放在它所属查询的内存上下文（memory context）里。",
}
function next_query()
  MemoryContextReset(query)
  local other = MemoryContextAlloc(query, 40)
  write(other, "ERROR!!")
end
next_query()
text = read(result, 7)
narrate{
  en = ("The context is reset for the next query, which writes its own data to the same place. The old result now reads \"%s\". Nobody freed it singly; the reset ended all chunks at once."):format(text),
  zh = ("为了下一个查询，上下文被重置（reset），新查询把自己的数据写到同一个地方。旧的结果现在读出 \"%s\"。没有人单独释放它；重置一次结束了所有内存片（chunk）。"):format(text),
}
result = MemoryContextAlloc(query, 40)
write(result, "7 rows!")
MemoryContextDelete(query)
function start_something_else()
  local other = AllocSetContextCreate(TopMemoryContext, "other", ALLOCSET_DEFAULT_SIZES)
  for i = 1, 3 do
    write(MemoryContextAlloc(other, 40), "secret!")
  end
  return other
end
other = start_something_else()
text = read(result, 7)
narrate{
  en = ("After a delete it is worse: header and block of the context wait to be recycled, and the next context takes them over. The result reads \"%s\", from a context that it never belonged to."):format(text),
  zh = ("删除（delete）之后更糟：上下文的头和内存块（block）等着被回收再用，下一个上下文就接管了。结果读出 \"%s\"，来自一个它从未属于过的上下文。"):format(text),
}
MemoryContextDelete(other)
gone = select(2, pcall(MemoryContextAlloc, query, 10))
narrate{
  en = "The deleted context itself must not be used either. A server would allocate in recycled memory and trample the next context's list of blocks; here the call is refused, and told.",
  zh = "被删除的上下文本身也不能再用。服务器会在回收的内存里继续分配，踩坏下一个上下文的块链表；这里拒绝了这次调用，并且报告出来。",
}

query = AllocSetContextCreate(TopMemoryContext, "query", ALLOCSET_DEFAULT_SIZES)
row = MemoryContextAlloc(query, 40)
write(row, "42 rows")
MemoryContextSwitchTo(TopMemoryContext)
result = pstrdup(read(row, 7))
MemoryContextDelete(query)
narrate{
  en = ("The cure: what must outlive the query is copied to a context that lives longer, before the reset. Now the result still reads \"%s\"."):format(read(result, 7)),
  zh = ("办法：要比查询活得久的东西，在重置之前复制到活得更久的上下文。这样结果仍读出 \"%s\"。"):format(read(result, 7)),
}
pfree(result)
