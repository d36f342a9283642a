scenario{
  order = 23,
  title = { en = "Mistake: use after pfree", zh = "错误：释放之后还在用" },
  about = { en = "Freed memory is somebody else's next.", zh = "释放了的内存，下一刻就是别人的。" },
}

work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(work)
p = palloc(64)
write(p, "balance: 100")
pfree(p)
narrate{
  en = "p was freed, but the variable still holds the address. The memory is still mapped; most of the bytes are even still there.",
  zh = "p 已经释放，但变量里还留着地址。内存还在映射，大部分字节甚至还是原样。",
}
old_text = read(p + 8, 4)
narrate{
  en = ("Reading it works, and that is the trap: a test passes. Four bytes of it read \"%s\". The first eight are gone already in some versions: there the freelist keeps its link."):format(old_text:gsub("[^%g ]", "?")),
  zh = ("读它也行，这正是陷阱：测试照样通过。其中四个字节读出 \"%s\"。有些版本里，最前面的八个字节已经没了：空闲链表（freelist）在那里存放链接。"):format(old_text:gsub("[^%g ]", "?")),
}
q = palloc(60)
write(q, "password: hunter2")
stolen = read(p, 17)
narrate{
  en = ("Then somebody asks for 60 bytes and gets this very chunk. p reads \"%s\": another one's secret."):format(stolen),
  zh = ("接着有人要 60 字节，得到的正是这个内存片（chunk）。p 读出来是 \"%s\"：别人的秘密。"):format(stolen),
}
write(p, "balance: 200")
narrate{
  en = ("And a write through p destroys what q holds: \"%s\". The fault says whose pointer it was: the one from the first palloc, although the address is q's by now."):format(read(q, 17)),
  zh = ("通过 p 写入，就毁掉了 q 的内容：\"%s\"。故障会说明这是谁的指针：它来自第一次 palloc，尽管地址现在归 q。"):format(read(q, 17)),
}
p = NULL
narrate{
  en = "The cure: after pfree the pointer is set to NULL. A use of NULL crashes at once, at the line that is wrong, and not somewhere else some day.",
  zh = "办法：pfree 之后把指针设为 NULL。误用 NULL 会当场在出错的那行崩溃，而不是某天在别处。",
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(work)
