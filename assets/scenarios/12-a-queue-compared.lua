scenario{
  order = 12,
  title = { en = "In and out in order: a queue, compared", zh = "先进先出：用队列来比较" },
  about = { en = "AllocSet keeps what a queue once needed; Generation gives it back.",
            zh = "队列一度用过的内存，AllocSet 留着，Generation 还回去。" },
}

narrate{
  en = "Press C: the panel Compare runs this script's calls again on other allocators. Leave as recorded (an AllocSet), Generation and malloc; a click takes the others out. Or without a window: palloscope compare 12 --with generation --with malloc.",
  zh = "按 C：比较面板把本课的调用交给别的分配器再运行一遍。只留下原记录（AllocSet）、Generation 和 malloc，点击可移除其他。不开窗口也行：palloscope compare 12 --with generation --with malloc。",
}

-- The context of logical decoding's tuples: blocks of 8 kB, all alike.
queue = AllocSetContextCreate(TopMemoryContext, "changes", 0, 8192, 8192)
first, last = 1, 0
changes = {}
function arrive(n, bytes)
  for i = 1, n do
    last = last + 1
    changes[last] = MemoryContextAlloc(queue, bytes)
  end
end
function leave(n)
  for i = 1, n do
    pfree(changes[first])
    changes[first] = nil
    first = first + 1
  end
end

arrive(200, 200)
narrate{
  en = ("200 changes of a transaction wait in a queue. The context holds %d bytes. AllocSet rounds each change up to 256 bytes, Generation does not; no chunk was freed yet."):format(queue.mem_allocated),
  zh = ("一个事务有 200 项变更在排队，内存上下文（memory context）占 %d 字节。AllocSet 把每项凑到 256 字节，Generation 不凑；还没有释放过内存片（chunk）。"):format(queue.mem_allocated),
}
for round = 1, 4 do
  leave(25)
  arrive(25, 200)
end
narrate{
  en = ("Some leave, the oldest first, others come. In the AllocSet a new change takes a freed chunk of its size from the freelist: still %d bytes. Generation puts it at the end, and gives a block back when the last chunk in it is freed."):format(queue.mem_allocated),
  zh = ("有的离开，最旧的先走；又有新的到来。在 AllocSet 里，新变更从空闲链表（freelist）取走同样大小的旧片：仍是 %d 字节。Generation 总放在末尾，一块里的片全部释放后就归还这一块。"):format(queue.mem_allocated),
}
leave(190)
before = queue.mem_allocated
arrive(40, 400)
narrate{
  en = ("The queue shrinks, and the next changes are larger. The freed chunks are too small for them: %d bytes became %d, and the old chunks lie in the AllocSet for nobody. Generation's blocks had become empty and went back to malloc."):format(before, queue.mem_allocated),
  zh = ("队列变短，后来的变更更大。释放的片放不下它们：%d 字节变成 %d 字节，旧片在 AllocSet 里白白占着。Generation 的块已经变空，还给了 malloc。"):format(before, queue.mem_allocated),
}
leave(48)
narrate{
  en = ("Two are left. See the row \u{201C}free chunks\u{201D}: the AllocSet still holds %d bytes. Generation needs few blocks; malloc took every chunk back at once, at the price of a call for each."):format(queue.mem_allocated),
  zh = ("只剩两项。请看\u{201C}空闲片\u{201D}一行：AllocSet 仍占 %d 字节。Generation 只要几个块；malloc 每片立刻收回，代价是每片一次调用。"):format(queue.mem_allocated),
}
narrate{
  en = "The lesson: what leaves in the order in which it came suits Generation. PostgreSQL's logical decoding keeps its tuples so.",
  zh = "结论：按到来的顺序离开的，适合用 Generation。PostgreSQL 的逻辑解码就这样存放元组。",
}
