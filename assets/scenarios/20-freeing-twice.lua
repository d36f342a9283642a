scenario{
  order = 20,
  title = { en = "Mistake: freeing twice", zh = "错误：释放两次" },
  about = { en = "A chunk freed twice goes to two owners.", zh = "同一片释放两次，就会交给两个主人。" },
}

-- In 15 an AllocSet would die here: where pfree looks for the context, a free chunk keeps the link to the next one.
if PG_MAJORVERSION_NUM >= 16 then
  work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
else
  work = SlabContextCreate(TopMemoryContext, "work", SLAB_DEFAULT_BLOCK_SIZE, 100)
end
MemoryContextSwitchTo(work)
for i = 1, 3 do
  palloc(100)
end
p = palloc(100)
write(p, "a row")
narrate{
  en = "One chunk of 100 bytes in the memory context \"work\". Two parts of the program believe that it is theirs to free.",
  zh = "内存上下文（memory context）\"work\" 里有一个 100 字节的内存片（chunk）。程序里有两处都以为该由自己来释放它。",
}
pfree(p)
narrate{
  en = "The first one frees it. The chunk is now at the front of the freelist of its size.",
  zh = "第一处释放了它。这一片现在排在同尺寸空闲链表（freelist）的最前面。",
}
if MEMORY_CONTEXT_CHECKING and PG_MAJORVERSION_NUM <= 16 then
  narrate{
    en = "The second pfree is the mistake. In this checking build of an old version it may end the whole process with a failed assertion, so the lesson stops before it.",
    zh = "第二次 pfree 就是错误。在这个旧版本的检查构建里，它可能触发断言（assertion），整个进程随之结束，所以本课停在它前面。",
  }
else
  PG_TRY(function()
    pfree(p)
    narrate{
      en = "The second one frees it again: the mistake. No message. The chunk was put in front of the freelist once more, and now it links to itself.",
      zh = "第二处又释放一次，这就是错误。没有任何报错。这一片再次被放到空闲链表最前面，链接指向了自己。",
    }
    a = palloc(100)
    write(a, "Alice")
    b = palloc(100)
    write(b, "Bob!!")
    narrate{
      en = ("Two requests later the damage shows: both got the same address, %s. Alice's chunk reads \"%s\"."):format(a == b and "a == b" or "a ~= b", read(a, 5)),
      zh = ("再来两个请求，损害就显出来了：两次得到同一个地址，%s。Alice 的片读出来是 \"%s\"。"):format(a == b and "a == b" or "a ~= b", read(a, 5)),
    }
  end, { catch = function(err)
    MemoryContextSwitchTo(work)
    narrate{
      en = ("This checking build notices and raises an error: %s. A production build would say nothing and hand the chunk out twice."):format(err.message),
      zh = ("这个检查构建发现了，并报错：%s。生产构建不会出声，会把同一片分配两次。"):format(err.message),
    }
    FlushErrorState()
  end })
end
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(work)

work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
p = MemoryContextAlloc(work, 100)
pfree(p)
p = NULL
narrate{
  en = "The cure: one owner frees, and forgets the pointer at once: p = NULL. Whoever comes second finds nothing to free.",
  zh = "办法：只由一个主人释放，并立刻忘掉指针：p = NULL。第二个来的人找不到可释放的东西。",
}
MemoryContextDelete(work)
narrate{
  en = "Better still: do not free single chunks at all, and let the context take everything back.",
  zh = "更好的办法：根本不逐片释放，让上下文一次收回全部内存。",
}
