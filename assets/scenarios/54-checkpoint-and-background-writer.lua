scenario{
  order = 54,
  panel = "buffers",
  title = { en = "Checkpoint and background writer", zh = "检查点与后台写进程" },
  about = { en = "Who writes dirty pages, when, and in which order.", zh = "脏页由谁写、何时写、按什么顺序写。" },
}
shared_buffers(12)
orders = relation{ name = "orders", blocks = 30 }
items = relation{ name = "items", blocks = 30 }
scratch = relation{ name = "scratch", blocks = 5, persistence = "unlogged" }
client = start_backend{ name = "backend 2" }
bgwriter = start_backend{ name = "background writer", kind = "background writer" }
checkpointer = start_backend{ name = "checkpointer", kind = "checkpointer" }
switch_to(client)
local function change(rel, block)
  local b = ReadBuffer(rel, block)
  MarkBufferDirty(b)
  ReleaseBuffer(b)
end
local function dirty()
  local count = 0
  for b = 1, 12 do
    if buffer_state(b).dirty then count = count + 1 end
  end
  return count
end
change(items, 9)
change(orders, 4)
change(items, 2)
change(scratch, 0)
change(orders, 1)
for block = 20, 22 do ReleaseBuffer(ReadBuffer(orders, block)) end
narrate{
  en = ("A client has changed five pages: %d dirty buffers. Their changes are safe in the WAL, so nobody was in a hurry to write the pages themselves."):format(dirty()),
  zh = ("一个客户端改了五个页面：%d 个脏缓冲区（dirty buffer）。改动已安全地记在 WAL 里，所以谁也不急着写页面本身。"):format(dirty()),
}
switch_to(checkpointer)
checkpoint_begin()
narrate{
  en = "A checkpoint begins. It marks every buffer that is dirty now (BM_CHECKPOINT_NEEDED), and makes a list. The unlogged table is left out: after a crash it is emptied anyway.",
  zh = "检查点（checkpoint）开始。先给此刻所有脏缓冲区做记号（BM_CHECKPOINT_NEEDED），列成清单。不记日志的表（unlogged table）不在内：崩溃后它反正会被清空。",
}
checkpoint_write(1)
narrate{
  en = "The list is sorted by file and block, so that the disk is written in order, not in the order of the buffers. First its WAL, then the page. It takes its time: writes are spread over checkpoint_completion_target of the interval.",
  zh = "清单按文件和块号排序：按磁盘顺序写，而不是按缓冲区编号写。先刷 WAL，再写页面。它并不着急：写操作会摊开到 checkpoint_completion_target 指定的时间里。",
}
switch_to(client)
FlushRelationBuffers(items)
change(orders, 23)
narrate{
  en = "Meanwhile others go on: somebody flushed the table items, and one more page of orders was changed. The flushed pages lost their marks; the new change has none.",
  zh = "与此同时别人照常工作：有人把 items 表刷了盘，orders 又改了一页。刷过的页面记号没了；新的改动也没有记号。",
}
switch_to(checkpointer)
while checkpoint_write(1) do end
narrate{
  en = ("The checkpoint is complete: what others had written it skipped, and what became dirty after its beginning it does not care about. Dirty now: %d."):format(dirty()),
  zh = ("检查点完成：别人写过的它跳过，开始之后才变脏的它不管。现在还脏：%d 个。"):format(dirty()),
}
switch_to(client)
for block = 5, 12 do change(orders, block) end
for block = 10, 17 do change(items, block) end
narrate{
  en = ("The client works on. It needs more pages than there are buffers, and each victim that is dirty it had to write itself, waiting for the disk. Dirty now: %d."):format(dirty()),
  zh = ("客户端继续干活。要的页面比缓冲区多，每个脏的牺牲者（victim）都得它自己写，等着磁盘。现在还脏：%d 个。"):format(dirty()),
}
switch_to(bgwriter)
BgBufferSync()
narrate{
  en = ("That is what the background writer (bgwriter) is for. Each round it reckons how many buffers will be wanted soon, and goes ahead of the clock hand: a buffer with count 0 and no pin is written if dirty. It never takes from the counts. Dirty now: %d."):format(dirty()),
  zh = ("后台写进程（background writer）就是为此而设。每一轮它先估计很快会要多少缓冲区，然后走在时钟指针前面：计数为 0、没人钉住、又是脏的，就写掉。它从不动使用计数。现在还脏：%d 个。"):format(dirty()),
}
switch_to(client)
for block = 24, 26 do ReleaseBuffer(ReadBuffer(orders, block)) end
switch_to(bgwriter)
BgBufferSync()
narrate{
  en = "Once more in turn: the client finds its victims clean, and the background writer follows the new demand. Its estimate rises at once and falls slowly, by a sixteenth a round.",
  zh = "再轮一遍：客户端遇到的牺牲者已经是干净的；后台写进程跟上新的需求。它的估计升得快，降得慢，每轮只降十六分之一。",
}
switch_to(checkpointer)
CheckPointBuffers()
narrate{
  en = ("A last checkpoint. Still dirty: %d; only an unlogged page that is still in the pool may stay so. Three ways to write a page, then: a victim's, by the backend that waits for it; ahead of the hand; and all of them, for a checkpoint."):format(dirty()),
  zh = ("最后一次检查点。还脏的有 %d 个；只有仍在池里的不记日志的页面才可能还脏。可见写页面有三条路：后端等着要，写牺牲者；后台写进程抢在指针前面写；检查点全部写。"):format(dirty()),
}
