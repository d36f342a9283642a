scenario{
  order = 28,
  title = { en = "Mistake: requests that are too large", zh = "错误：请求太大" },
  about = { en = "palloc refuses more than 1 GB less one byte.", zh = "palloc 拒绝超过 1 GB 减一字节的请求。" },
}

work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(work)
function refused(action)
  local answer
  PG_TRY(action, { catch = function(err)
    MemoryContextSwitchTo(work)
    FlushErrorState()
    answer = err.message
  end })
  return answer
end
narrate{
  en = "palloc has a limit of its own, MaxAllocSize: one byte less than 1 GB. It is there to catch sums that went wrong.",
  zh = "palloc 自己有个上限 MaxAllocSize：比 1 GB 少一个字节。它的用处是抓住算错的大小。",
}
length = 3 - 4
answer = refused(function() palloc(length) end)
narrate{
  en = ("A length that became -1, as happens with damaged data. As a size it is a huge number: %s."):format(answer),
  zh = ("长度变成了 -1，数据损坏时就会这样。当作大小，它是个巨大的数：%s。"):format(answer),
}
answer = refused(function() palloc(MaxAllocSize + 1) end)
narrate{
  en = ("An honest request of 1 GB, for a text that doubled once too often: %s. Nothing was asked of malloc."):format(answer),
  zh = ("老实的 1 GB 请求，因为文本多翻了一倍：%s。根本没有去问 malloc。"):format(answer),
}
answer = refused(function() palloc_extended(MaxAllocSize + 1, MCXT_ALLOC_NO_OOM) end)
narrate{
  en = "MCXT_ALLOC_NO_OOM does not help: it is about missing memory, not about sizes that are wrong.",
  zh = "MCXT_ALLOC_NO_OOM 帮不上忙：它管的是内存不足，而不是错误的大小。",
}
fail_mallocs(MaxAllocSize)
huge = palloc_extended(MaxAllocSize + 1, MCXT_ALLOC_HUGE + MCXT_ALLOC_NO_OOM)
fail_mallocs()
narrate{
  en = ("The cure: check a length before it becomes a size; and where more than 1 GB is meant, say so with MCXT_ALLOC_HUGE. Then it is for malloc to decide; this machine has no 1 GB left, and answers %s."):format(huge == NULL and "NULL" or "a pointer"),
  zh = ("办法：长度先检查，再当大小用；确实要超过 1 GB，就用 MCXT_ALLOC_HUGE 明说。然后由 malloc 决定；这台机器没有 1 GB 可给，回答 %s。"):format(huge == NULL and "NULL" or "一个指针"),
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(work)
