scenario{
  order = 22,
  title = { en = "Mistake: writing past the end", zh = "错误：写越界" },
  about = { en = "What lies behind a chunk is the next one's header.", zh = "内存片后面就是下一片的片头。" },
}

work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(work)
a = palloc(100)
b = palloc(100)
write(b, "b's data")
narrate{
  en = "Two chunks of 100 bytes, side by side. Each was rounded up to 128 bytes, and each has a header in front.",
  zh = "两个相邻的内存片（chunk），各 100 字节。每片都向上取整到 128 字节，前面各有一个片头（chunk header）。",
}
text = ("x"):rep(100)
write(a, text .. "\0")
MemoryContextCheck(work)
narrate{
  en = "A text of 100 letters, and its zero byte: the classic off-by-one. The 101st byte fell into the rounding, so nothing broke. A checking build keeps a mark there and warns when it looks.",
  zh = "100 个字母的文本，再加结尾的零字节：经典的差一错误。第 101 个字节落在取整多出来的地方，所以什么也没坏。检查构建在那里放了标记，检查时会警告。",
}
write(a, ("x"):rep(148))
narrate{
  en = "A longer text: it runs through the rounding and over the header of b. Still no message: writing costs nothing. The mistake sleeps until somebody needs that header.",
  zh = "更长的文本：穿过取整的余地，盖住了 b 的片头。仍然没有报错，写入时没人检查。错误潜伏着，直到有人需要那个片头。",
}
if PG_MAJORVERSION_NUM >= 16 then
  PG_TRY(function() pfree(b) end, { catch = function(err)
    MemoryContextSwitchTo(work)
    FlushErrorState()
    answer = err.message
  end })
else
  GetMemoryChunkContext(b)
  answer = "segmentation fault"
end
narrate{
  en = ("b is freed, and did nothing wrong: %s. The one who complains is not the one who is guilty. The fault list names both: who wrote, and whose memory it was."):format(answer),
  zh = ("释放 b，而 b 并没有错：%s。叫苦的不是肇事者。故障列表会指出两处：谁写的，内存又是谁的。"):format(answer),
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(work)

work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(work)
a = palloc(#text + 1)
write(a, text .. "\0")
copy = pstrdup(text)
narrate{
  en = "The cure: ask for the length and one byte more, or let pstrdup and psprintf do the sum.",
  zh = "办法：申请“长度加一”个字节，或者让 pstrdup 和 psprintf 去算。",
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(work)
