scenario{
  order = 26,
  title = { en = "Mistake: pfree in a Bump context", zh = "错误：在 Bump 上下文里 pfree" },
  about = { en = "No headers, so no way back for single chunks.", zh = "没有片头，单片就无法归还。" },
  pg = 17,
}

if PG_MAJORVERSION_NUM < 17 then
  narrate{ en = "Bump contexts are new in PostgreSQL 17.", zh = "Bump 上下文是 PostgreSQL 17 新增的。" }
  narrate{ en = "In this version a Generation context does the same work.", zh = "在这个版本里，由 Generation 上下文做同样的工作。" }
  narrate{ en = "It keeps a header in front of each chunk,", zh = "它在每个内存片（chunk）前面都留有片头，" }
  narrate{ en = "so pfree and repalloc work there.", zh = "所以 pfree 和 repalloc 都能用。" }
  narrate{ en = "Run this lesson with version 17 or 18 to see the mistake.", zh = "用 17 或 18 版运行本课，就能看到这个错误。" }
  return
end
tuples = BumpContextCreate(TopMemoryContext, "tuples", ALLOCSET_DEFAULT_SIZES)
a = MemoryContextAllocZero(tuples, 40)
b = MemoryContextAllocZero(tuples, 40)
narrate{
  en = ("A Bump context puts chunks side by side, here %d bytes apart. To save space a production build writes no header in front of them."):format(b - a),
  zh = ("Bump 上下文把内存片（chunk）紧挨着放，这里相距 %d 字节。为了省空间，生产构建不在它们前面写片头（chunk header）。"):format(b - a),
}
function try(action)
  local answer
  PG_TRY(action, { catch = function(err)
    MemoryContextSwitchTo(TopMemoryContext)
    FlushErrorState()
    answer = err.message
  end })
  return answer
end
answer = try(function() pfree(b) end)
narrate{
  en = ("pfree looks for a header all the same, and takes what stands there: the last bytes of a. Here they are zeros in a production build, and the answer is: %s."):format(answer),
  zh = ("pfree 照样去找片头，于是把那里的内容当片头：a 的最后几个字节。生产构建里这里是零，结果是：%s。"):format(answer),
}
answer = try(function() repalloc(b, 80) end)
narrate{
  en = ("repalloc needs the header, too: %s. Had the bytes of a looked like a header, it would have gone on without a word."):format(answer),
  zh = ("repalloc 也需要片头：%s。如果 a 的字节碰巧像一个片头，它就会不声不响地做下去。"):format(answer),
}
before = tuples.mem_allocated
MemoryContextReset(tuples)
narrate{
  en = "The cure: only reset or delete gives memory of a Bump context back, all at once.",
  zh = "办法：Bump 上下文的内存只能靠重置（reset）或删除（delete）一次全部收回。",
}
MemoryContextDelete(tuples)
rows = GenerationContextCreate(TopMemoryContext, "rows", ALLOCSET_DEFAULT_SIZES)
row = MemoryContextAlloc(rows, 40)
pfree(row)
MemoryContextDelete(rows)
narrate{
  en = "Where single chunks must go back, another kind of context is right: Generation or AllocSet.",
  zh = "需要逐片归还时，应当选别的上下文种类：Generation 或 AllocSet。",
}
