scenario{
  order = 27,
  title = { en = "Mistake: a reset while a pointer is still needed", zh = "错误：指针还要用，上下文就重置了" },
  about = { en = "Who resets cannot see who still points in.", zh = "重置的人看不到谁还指着里面。" },
}

per_row = AllocSetContextCreate(TopMemoryContext, "per row", ALLOCSET_DEFAULT_SIZES)
function next_row(text)
  MemoryContextReset(per_row)
  local row = MemoryContextAlloc(per_row, 40)
  write(row, text)
  return row
end
narrate{
  en = "The executor works so: each row comes from next_row, which first resets the memory context of the last one. Who wants a row longer must know that.",
  zh = "执行器就是这样：每一行来自 next_row，它先重置（reset）上一行的内存上下文（memory context）。谁想把某一行留久一点，就必须知道这件事。",
}
row = next_row("Paris")
row = next_row("Roma!")
narrate{
  en = "Row after row into the same variable: no harm. The old row is gone when the new one arrives, and nobody asks for it.",
  zh = "一行接一行放进同一个变量：没有问题。新行到来时旧行已经没了，也没有人再找它。",
}
largest = next_row("Tokyo")
row = next_row("Delft")
narrate{
  en = "Now the program keeps one, as the largest so far, and goes on. At this moment next_row reset the context while largest still points in. The debugger tells it because the text below reads largest again.",
  zh = "现在程序留下一行，当作目前最大的，继续往下走。就在此刻，next_row 重置了上下文，而 largest 还指着里面。调试器报告它，因为下面的代码还要读 largest。",
}
answer = read(largest, 5)
narrate{
  en = ("The largest city is said to be \"%s\". No crash, no message: the wrong answer."):format(answer),
  zh = ("据说最大的城市是 \"%s\"。没有崩溃，没有报错，只有错误的答案。"):format(answer),
}

largest = NULL
row = next_row("Tokyo")
MemoryContextSwitchTo(TopMemoryContext)
largest = pstrdup(read(row, 5))
row = next_row("Delft")
narrate{
  en = ("The cure: copy what you keep into a context of your own, before the next row comes. Now it is \"%s\"."):format(read(largest, 5)),
  zh = ("办法：要留下的东西，在下一行到来之前复制到自己的上下文。现在是 \"%s\"。"):format(read(largest, 5)),
}
pfree(largest)
largest, row = NULL, NULL
MemoryContextDelete(per_row)
