scenario{
  order = 55,
  panel = "shmem",
  title = { en = "Shared memory at start-up", zh = "启动时的共享内存" },
  about = {
    en = "One mapping, made once: header, index, and every structure in its order.",
    zh = "只建一次的一块映射：头部、索引，以及依次排好的各个结构。",
  },
}
local shmem = require "shmem"

shmem.start_server({ shared_buffers = "1MB", max_connections = 10 })
local all = pg_shmem_allocations()
narrate{
  en = ("The postmaster maps one segment of %d bytes, before any backend exists. All its processes are forked from it, so they all see it at the same address."):format(all.size),
  zh = ("主进程（postmaster）在还没有任何后端（backend）之前，映射了一段 %d 字节的共享内存段（shared memory segment）。所有进程都由它 fork 而来，所以看到的地址全都相同。"):format(all.size),
}
narrate{
  en = "The second, tiny segment is System V's: it holds a copy of the header alone. The kernel counts who is attached to it, and so a second postmaster on the same data directory is turned away.",
  zh = "另一个极小的段是 System V 的，只放一份头部（PGShmemHeader）的副本。内核会数有谁附着在上面，于是同一数据目录上的第二个主进程会被拒绝。",
}
narrate{
  en = "Memory is handed out from front to back and never given back: a single number in the header, freeoffset, says where the free rest begins. Each request is rounded up to 128 bytes, a cache line pair, so that neighbours do not slow each other down.",
  zh = "内存从前往后分，从不归还：头部里只用一个数 freeoffset 记着剩余部分从哪里开始。每次请求都向上取整到 128 字节（两条缓存行），免得邻居互相拖慢。",
}
local blocks, descriptors = pg_shmem_allocations("Buffer Blocks"), pg_shmem_allocations("Buffer Descriptors")
narrate{
  en = ("The largest piece is \"Buffer Blocks\": the pages of shared_buffers, %d bytes. Before it lie their descriptors, %d bytes: 64 for each buffer. With everyday settings the blocks are nine tenths of the whole."):format(blocks.size, descriptors.size),
  zh = ("最大的一块是 \"Buffer Blocks\"：shared_buffers 的那些页，%d 字节。它前面是描述符（buffer descriptor），%d 字节，每个缓冲区 64 字节。平常的设置下，这些页占全部的九成。"):format(blocks.size, descriptors.size),
}
local locks = pg_shmem_allocations("LOCK hash")
narrate{
  en = ("A hash table shows only its header in pg_shmem_allocations: \"LOCK hash\" has %d bytes there. Buckets and elements lie behind it without a name, and are counted in the row <anonymous>."):format(locks.size),
  zh = ("哈希表（hash table）在 pg_shmem_allocations 里只露出表头：\"LOCK hash\" 是 %d 字节。桶和元素跟在后面，没有名字，都算在 <anonymous> 那一行里。"):format(locks.size),
}
narrate{
  en = ("Names are found through the ShmemIndex, itself a hash table in here. What is left, %d bytes, was planned: hash tables may grow into it, and extensions that asked for room take theirs from it."):format(all.free),
  zh = ("名字通过 ShmemIndex 查到，它自己也是这里的一张哈希表。剩下的 %d 字节是预留的：哈希表可以往里长，申请过空间的扩展（extension）也从中取用。"):format(all.free),
}

client = start_backend{ name = "backend 1" }
switch_to(client)
header, found = ShmemInitStruct("Proc Array", pg_shmem_allocations("Proc Array").size)
narrate{
  en = "A backend comes. It calls the same ShmemInitStruct, by the same name, and finds what the postmaster made: found is true, and nothing is allocated. That is how processes without a common variable agree on an address.",
  zh = "来了一个后端。它用同样的名字调用同样的 ShmemInitStruct，找到的是主进程建好的那一个：found 为真，什么也没有分配。没有公共变量的进程，就是这样对上地址的。",
}
PG_TRY(function()
  ShmemInitStruct("Proc Array", 12345)
end, { catch = function(err)
  message = err.message
  FlushErrorState()
end })
MemoryContextSwitchTo(TopMemoryContext)
narrate{
  en = "Asking for another size is an error: " .. message .. ". It means that two parts of the program were compiled with different ideas of the structure.",
  zh = "要求的大小不同就是错误：" .. message .. "。这说明程序里有两处，编译时对这个结构的理解不一样。",
}
