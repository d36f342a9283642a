scenario{
  order = 21,
  title = { en = "Mistake: freeing what palloc never gave", zh = "错误：释放不是 palloc 给的指针" },
  about = { en = "pfree believes the word in front of the pointer.", zh = "pfree 相信指针前面的那个字。" },
}

work = AllocSetContextCreate(TopMemoryContext, "work", ALLOCSET_DEFAULT_SIZES)
MemoryContextSwitchTo(work)
narrate{
  en = "pfree gets only a pointer. Which context it belongs to stands in the word in front of it, the chunk header, which palloc wrote there.",
  zh = "pfree 只拿到一个指针。它属于哪个内存上下文（memory context），写在指针前面的字里，也就是 palloc 写下的片头（chunk header）。",
}
-- What pfree would do with such a pointer: an error since 16; in 15 it follows the word as a pointer, and dies.
function try_to_free(pointer)
  local answer
  if PG_MAJORVERSION_NUM >= 16 then
    PG_TRY(function() pfree(pointer) end, { catch = function(err)
      answer = err.message
      MemoryContextSwitchTo(work)
      FlushErrorState()
    end })
  else
    GetMemoryChunkContext(pointer)
    answer = "segmentation fault"
  end
  return answer
end

foreign = malloc(100)
answer = try_to_free(foreign)
narrate{
  en = ("A foreign pointer: this memory came from malloc, and in front of it stands malloc's own size. pfree of it answers: %s."):format(answer),
  zh = ("外来的指针：这块内存来自 malloc，前面是 malloc 自己记的大小。对它 pfree，结果是：%s。"):format(answer),
}
p = palloc0(100)
answer = try_to_free(p + 16)
narrate{
  en = ("A pointer into the middle of a chunk: in front of it stand data, here zeros. pfree of it answers: %s."):format(answer),
  zh = ("指向内存片（chunk）中间的指针：前面是数据，这里是零。对它 pfree，结果是：%s。"):format(answer),
}
narrate{
  en = "That was luck: zeros and malloc's sizes are not valid headers, on purpose. Data that happen to look like a header lead pfree to a wrong block, and nothing is said.",
  zh = "这算走运：零和 malloc 的大小特意不是合法的片头。若数据碰巧像一个片头，pfree 就会被带到错误的内存块（block），而且一声不响。",
}
free(foreign)
pfree(p)
narrate{
  en = "The cure: each kind of memory goes back the way it came: malloc with free, palloc with pfree, and always by the pointer that was handed out, not by one that has moved on.",
  zh = "办法：内存从哪里来，就回哪里去：malloc 配 free，palloc 配 pfree，而且总要用当初拿到的指针，而不是挪动过的指针。",
}
MemoryContextSwitchTo(TopMemoryContext)
MemoryContextDelete(work)
