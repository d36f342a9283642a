scenario{
  order = 13,
  title = { en = "Equal nodes and sorted tuples, compared", zh = "等大的节点与排序的元组：比较" },
  about = { en = "What is saved by giving up a freedom: Slab one size, Bump no pfree.",
            zh = "放弃一种自由能省多少：Slab 只有一种大小，Bump 不能 pfree。" },
}

narrate{
  en = "Press C for the panel Compare. It opens with a usual choice; the plus sign (Enter) offers more: add slab:136 and Bump with pfree ignored. Or without a window: palloscope compare 13 --with slab:136 --with bump+nofree.",
  zh = "按 C 打开比较面板。它先给出常用的几种；加号（回车）里还有更多：请添加 slab:136 和忽略 pfree 的 Bump。不开窗口也行：palloscope compare 13 --with slab:136 --with bump+nofree。",
}

nodes = AllocSetContextCreate(TopMemoryContext, "nodes", 0, 8192, 8192)
node = {}
for i = 1, 150 do
  node[i] = MemoryContextAlloc(nodes, 136)
end
narrate{
  en = ("150 nodes of a tree, 136 bytes each. AllocSet rounds each up to 256: %d bytes from malloc for %d asked for. See the row \u{201C}lost in chunks\u{201D}: Slab has chunks of just this size."):format(nodes.mem_allocated, 150 * 136),
  zh = ("一棵树的 150 个节点，每个 136 字节。AllocSet 把每个凑到 256 字节：请求 %d 字节，从 malloc 拿了 %d 字节。请看\u{201C}片内损耗\u{201D}一行：Slab 的内存片（chunk）正好这么大。"):format(150 * 136, nodes.mem_allocated),
}
for i = 1, 150 do
  if i % 2 == 0 then pfree(node[i]) end
end
for i = 1, 150 do
  if i % 2 == 0 then node[i] = MemoryContextAlloc(nodes, 136) end
end
narrate{
  en = "Every second node went, and as many came. AllocSet and Slab filled the gaps again. Generation cannot: each block still had a live chunk, so it took new ones. Bump, told to ignore pfree, grew too.",
  zh = "每隔一个释放一个，又来同样多。AllocSet 和 Slab 把空位重新填上。Generation 不行：每个块都还有活着的片，只好要新块。忽略 pfree 的 Bump 也变大了。",
}
MemoryContextDelete(nodes)

tuples = AllocSetContextCreate(TopMemoryContext, "tuples", ALLOCSET_DEFAULT_SIZES)
for i = 1, 300 do
  MemoryContextAlloc(tuples, 40 + 8 * (i % 6))
end
narrate{
  en = ("Now a sort: 300 tuples of 40 to 80 bytes, none freed singly. The AllocSet holds %d bytes. Bump has no chunk headers and rounds up to 8 bytes only; Slab gives each tuple its one size, 136 bytes: the wrong kind for this."):format(tuples.mem_allocated),
  zh = ("现在排序：300 个 40 到 80 字节的元组，没有一个单独释放。AllocSet 占 %d 字节。Bump 没有片头，只凑到 8 字节；Slab 给每个元组的都是 136 字节：这里用错了种类。"):format(tuples.mem_allocated),
}
MemoryContextReset(tuples)
narrate{
  en = "The lesson: no kind wins every row. Ask what you can give up: other sizes, pfree, any order. PostgreSQL keeps equal things in Slab, sorted tuples in Bump (since 17), and everything else in AllocSet.",
  zh = "结论：没有哪一种在每一行都赢。问问自己能放弃什么：别的大小、pfree、任意的顺序。PostgreSQL 把等大的东西放进 Slab，排序的元组放进 Bump（17 起），其余都用 AllocSet。",
}
