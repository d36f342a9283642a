scenario{
  order = 51,
  panel = "buffers",
  title = { en = "The clock at work", zh = "时钟扫描" },
  about = { en = "How the hand chooses a victim, what pins do to it, and what it says when all are pinned.", zh = "指针怎样挑牺牲者，钉住对它意味着什么，全被钉住时又会怎样。" },
}
shared_buffers(8)
orders = relation{ name = "orders", blocks = 40 }
local function touch(block, times)
  for _ = 1, times do
    ReleaseBuffer(ReadBuffer(orders, block))
  end
end
local function usage()
  local counts = {}
  for b = 1, 8 do counts[b] = buffer_state(b).usagecount end
  return table.concat(counts, " ")
end
for block = 0, 7 do touch(block, 1) end
touch(0, 4)
touch(1, 2)
touch(2, 7)
narrate{
  en = ("Eight buffers, eight pages. Each use added one to the page's usage count, never beyond 5: now %s. Pages 0 and 2 are hot."):format(usage()),
  zh = ("八个缓冲区，八个页面。每用一次，使用计数（usage count）加一，最多到 5：现在是 %s。第 0 页和第 2 页是热页。"):format(usage()),
}
touch(20, 1)
narrate{
  en = ("A ninth page. The hand started at the first buffer and took one from each count, until it came round to the first zero: %s. Cold pages go after one lap, a hot one survives up to five."):format(usage()),
  zh = ("来了第九页。指针（clock hand）从头走，每过一个减一，转回来时遇到第一个零：%s。冷页一圈就走，热页最多能撑五圈。"):format(usage()),
}
touch(21, 1)
narrate{
  en = ("The next victim is found at once: the hand goes on where it stopped, and the counts ahead of it are zero already. A sweep is dear once, then cheap for a while: %s."):format(usage()),
  zh = ("下一个牺牲者（victim）马上就有：指针从停下的地方继续，后面的计数已经是零。扫一圈贵一次，之后便宜一阵：%s。"):format(usage()),
}
local held = ReadBuffer(orders, 7)
for block = 22, 25 do touch(block, 1) end
narrate{
  en = ("Page 7 is pinned all the while: the hand passes it over and does not even touch its count. Everything else may go. Counts: %s."):format(usage()),
  zh = ("这期间第 7 页一直被钉住（pin）：指针跳过它，连计数也不动。其余的都可能走。计数：%s。"):format(usage()),
}
ReleaseBuffer(held)
touch(2, 1)
narrate{
  en = "Is page 2 still there? It was used seven times in the beginning. Look at its lookup: the count of 5 carried it through the laps so far.",
  zh = "第 2 页还在吗？它一开始用了七次。看它的查找：计数 5 让它撑过了到现在的几圈。",
}
other = start_backend{ name = "backend 2" }
switch_to(other)
for block = 30, 37 do ReadBuffer(orders, block) end
narrate{
  en = "A second backend reads eight pages and releases none: every buffer is pinned.",
  zh = "另一个后端（backend）读了八页，一个也不放：所有缓冲区都被钉住了。",
}
PG_TRY(function()
  ReadBuffer(orders, 38)
end, { catch = function(err)
  MemoryContextSwitchTo(TopMemoryContext)
  narrate{
    en = ("It wants a ninth. The hand goes round once, finds nobody to take, and PostgreSQL gives up: %s."):format(err.message),
    zh = ("它还要第九页。指针转了整整一圈，谁也不能拿，PostgreSQL 只好放弃：%s。"):format(err.message),
  }
  FlushErrorState()
end })
ResourceOwnerRelease()
narrate{
  en = "The transaction is aborted; its resource owner gives back all eight pins, the last taken first. In practice this error means a pool far too small for the number of backends, or code that forgets its pins.",
  zh = "事务中止；资源所有者（resource owner）把八个钉全部还回，后取的先还。实际遇到这个错误，要么缓冲池对这么多后端来说太小，要么代码忘了放开。",
}
touch(39, 1)
narrate{
  en = ("Now it works, at the price of a full lap. Counts: %s."):format(usage()),
  zh = ("现在行了，代价是整整扫一圈。计数：%s。"):format(usage()),
}
