scenario{
  order = 57,
  panel = "shmem/dynamic",
  title = { en = "Dynamic shared memory in a parallel query", zh = "并行查询中的动态共享内存" },
  about = {
    en = "A leader makes a segment, workers attach to it, and the last one to leave ends it.",
    zh = "领导者建段，工作进程附着，最后离开的那个让它结束。",
  },
}
local shmem = require "shmem"

shmem.start_server({ shared_buffers = "1MB", max_connections = 10 })
leader = start_backend{ name = "leader" }
switch_to(leader)
narrate{
  en = "The main segment cannot grow. What a query needs for its workers is made when it is needed: dynamic shared memory (DSM), a file below /dev/shm that every process may map. One small control segment keeps count of all of them.",
  zh = "主共享内存段不能再长。查询给工作进程（worker）用的内存，要用时才建：动态共享内存（dynamic shared memory, DSM），即 /dev/shm 下的一个文件，每个进程都可以映射。一个小小的控制段（control segment）给它们全部记数。",
}

statement("select sum(amount) from orders")
seg = dsm_create(65536)
handle = dsm_segment_handle(seg)
at_leader = dsm_segment_address(seg)
narrate{
  en = ("The leader makes a segment of 64 kB. Its handle, %u, is all that others must know. The count in the control segment is 2: one for being there, one for the leader."):format(handle),
  zh = ("领导者（leader）建了一个 64 kB 的段。别人只需知道它的句柄（handle）%u。控制段里的计数是 2：存在本身算一，领导者算一。"):format(handle),
}
write(at_leader, "select sum(amount) from orders\0")
on_dsm_detach(seg, function() print("leader: error queue closed") end)
on_dsm_detach(seg, function() print("leader: tuple queues closed") end)
narrate{
  en = "Into it go the query, the parameters, the snapshot, and a queue for the tuples of each worker. Two callbacks will run when the leader lets go.",
  zh = "查询文本、参数、快照（snapshot），以及每个工作进程的元组队列，都放进去。领导者松手时会运行两个回调（callback）。",
}

workers, at = {}, {}
for i = 1, 2 do
  local worker = start_backend{ name = "worker " .. i, kind = "parallel worker" }
  switch_to(worker)
  local mine = dsm_attach(handle)
  workers[i] = { backend = worker, segment = mine, at = dsm_segment_address(mine) }
end
narrate{
  en = ("Two workers attach: the count is 4. Each has it at an address of its own, so a pointer of the leader means nothing to them; inside the segment one keeps offsets. Worker 1 reads there: \"%s\"."):format(read(workers[1].at, 30)),
  zh = ("两个工作进程附着上来，计数到 4。各自的地址都不同，领导者的指针对它们毫无意义；段里只存偏移（offset）。工作进程 1 读到：\"%s\"。"):format(read(workers[1].at, 30)),
}
for i, worker in ipairs(workers) do
  switch_to(worker.backend)
  shmem.store_number(worker.at, 1024 * i, 1000 * i)
end
switch_to(leader)
sum = shmem.fetch_number(at_leader, 1024) + shmem.fetch_number(at_leader, 2048)
narrate{
  en = ("Each worker writes its part of the sum at its own address; the leader reads both at its own: %d. One memory, three addresses."):format(sum),
  zh = ("每个工作进程在自己的地址写下部分和；领导者在自己的地址读到两个：%d。一块内存，三个地址。"):format(sum),
}
end_backend(workers[1].backend)
narrate{
  en = "Worker 1 ends. A process that exits lets go of everything it was attached to: the count falls to 3, the segment stays.",
  zh = "工作进程 1 结束。退出的进程会松开它附着的一切：计数降到 3，段还在。",
}
switch_to(leader)
dsm_detach(seg)
narrate{
  en = "The leader detaches. Its callbacks run in the reverse order of their registration, while it can still see the memory. The count is 2: worker 2 keeps the segment alive.",
  zh = "领导者脱离（detach）。它的回调按登记的相反次序运行，这时还看得见那块内存。计数是 2：工作进程 2 让这个段继续活着。",
}
end_backend(workers[2].backend)
narrate{
  en = "The last one leaves: the count falls to 1, which means \"is being destroyed\". The file is removed and the place in the control segment is free again.",
  zh = "最后一个也走了：计数降到 1，意思是“正在销毁”。文件删除，控制段里的位置又空出来。",
}

switch_to(leader)
kept = dsm_create(4096)
kept_handle = dsm_segment_handle(kept)
dsm_pin_segment(kept)
ResourceOwnerRelease()
later = start_backend{ name = "backend 2" }
switch_to(later)
again = dsm_attach(kept_handle)
narrate{
  en = "A pinned segment is another matter: the pin counts like an attachment that never ends. The query is over and nobody is attached, yet a backend that comes later finds it. Statistics keep theirs so.",
  zh = "钉住（pin）的段又不一样：这一钉就像一个永不结束的附着。查询完了，没有人附着，后来的后端照样能找到它。统计信息就是这样保住自己的段。",
}
dsm_detach(again)
dsm_unpin_segment(kept_handle)
narrate{
  en = "Unpinned, it goes at once, since nobody holds it.",
  zh = "取消钉住后，因为没有人持有，它立刻消失。",
}
