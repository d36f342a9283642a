scenario{
  order = 30,
  title = { en = "Mistake: palloc in a critical section", zh = "错误：在临界区里 palloc" },
  about = { en = "Where an error would take the whole server down.", zh = "在那里报错，会让整个服务器停下。" },
}

work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(work)
narrate{
  en = "Between START_CRIT_SECTION and END_CRIT_SECTION a change to shared memory and its WAL record must both happen, or the server must restart. An ERROR in there becomes a PANIC.",
  zh = "在 START_CRIT_SECTION 和 END_CRIT_SECTION 之间（临界区，critical section），对共享内存的修改和它的 WAL 记录必须一起完成，否则服务器只能重启。那里的 ERROR 会变成 PANIC。",
}
if not MEMORY_CONTEXT_CHECKING then
  START_CRIT_SECTION()
  record = palloc(200)
  END_CRIT_SECTION()
  narrate{
    en = "A palloc in there: the mistake. It went well, and a production build says nothing. But palloc may fail, and then every connection of the server is lost.",
    zh = "在里面 palloc：这就是错误。这次顺利，生产构建什么也不说。但 palloc 可能失败，那时服务器的所有连接都会断掉。",
  }
else
  narrate{
    en = "A palloc in there is the mistake. This checking build would end the process with a failed assertion: CritSectionCount == 0 || (context)->allowInCritSection.",
    zh = "在里面 palloc 就是错误。这个检查构建会用断言（assertion）结束进程：CritSectionCount == 0 || (context)->allowInCritSection。",
  }
end
record = palloc(200)
START_CRIT_SECTION()
write(record, "what changes")
END_CRIT_SECTION()
narrate{
  en = "The cure: allocate before the section begins; inside only write.",
  zh = "办法：进入之前先分配，里面只写。",
}
pending = AllocSetContextCreate(TopMemoryContext, "Pending ops context", ALLOCSET_DEFAULT_SIZES)
MemoryContextAllowInCriticalSection(pending, true)
START_CRIT_SECTION()
request = MemoryContextAlloc(pending, 48)
END_CRIT_SECTION()
narrate{
  en = "A few memory contexts of the server are marked as allowed there, for small amounts that cannot be foreseen. No fault is told for them.",
  zh = "服务器里有少数内存上下文（memory context）被标记为允许，用于无法预见的少量内存。对它们不报错误。",
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(pending)
MemoryContextDelete(work)
narrate{
  en = "The lesson: what may fail stands in front of the critical section.",
  zh = "结论：可能失败的事，都要放在临界区前面。",
}
