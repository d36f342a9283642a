scenario{
  order = 31,
  title = { en = "Mistake: a forgotten switch back", zh = "错误：忘记切换回来" },
  about = { en = "One early return, and memory goes elsewhere.", zh = "一个提前返回，内存就去了别处。" },
}

query = AllocSetContextCreate(TopMemoryContext, "query", ALLOCSET_DEFAULT_SIZES)
temp = AllocSetContextCreate(query, "temp", ALLOCSET_SMALL_SIZES)
MemoryContextSwitchTo(query)
function look_up(key)
  local old = MemoryContextSwitchTo(temp)
  local buffer = palloc(200)
  if key == "known" then
    return 1
  end
  write(buffer, key)
  MemoryContextSwitchTo(old)
  return 2
end
narrate{
  en = "look_up works in \"temp\" and switches back at its end. But not on every way: one return stands in between.",
  zh = "look_up 在 \"temp\" 里工作，最后切换回来。但并非每条路都如此：中间有一个 return。",
}
look_up("new")
good = palloc(100)
narrate{
  en = ("The long way: the current context is as before, and the next palloc goes to \"%s\"."):format(GetMemoryChunkContext(good)),
  zh = ("走完全程：当前上下文（current context）和以前一样，下一个 palloc 进了 \"%s\"。"):format(GetMemoryChunkContext(good)),
}
look_up("known")
bad = palloc(100)
narrate{
  en = ("The short way: the next palloc of the caller goes to \"%s\". Here the debugger tells it, at the first allocation, and names the switch that nobody undid."):format(GetMemoryChunkContext(bad)),
  zh = ("走了近路：调用者的下一个 palloc 进了 \"%s\"。调试器就在这第一次分配时报告，并指出那次没人撤销的切换。"):format(GetMemoryChunkContext(bad)),
}
MemoryContextSwitchTo(query)
bad = NULL
MemoryContextReset(temp)
narrate{
  en = "Had the caller gone on, the next reset of \"temp\" would have taken its memory; or, the other way round, a loop would have filled a context that nobody resets.",
  zh = "如果调用者继续下去，下次重置（reset）\"temp\" 就会带走它的内存；或者反过来，循环会填满一个没人重置的上下文。",
}
function look_up_well(key)
  local old = MemoryContextSwitchTo(temp)
  local answer = 2
  local buffer = palloc(200)
  if key == "known" then
    answer = 1
  end
  MemoryContextSwitchTo(old)
  return answer
end
look_up_well("known")
good = palloc(100)
narrate{
  en = ("The cure: one way out, with the switch back in front of it. The caller is in \"%s\" again."):format(GetMemoryChunkContext(good)),
  zh = ("办法：只留一个出口，切换回来就放在它前面。调用者又在 \"%s\" 里了。"):format(GetMemoryChunkContext(good)),
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(query)
