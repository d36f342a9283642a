scenario{
  order = 61,
  panel = "shmem/pages",
  title = { en = "NUMA: who touches first", zh = "NUMA：谁先碰到" },
  about = {
    en = "Where the pages of shared memory come to lie, and what each backend then pays.",
    zh = "共享内存的页落在哪里，各个后端因此付出什么。",
  },
}
local shmem = require "shmem"

numa_node{ cores = 16, memory = "1GB" }
numa_node{ cores = 16, memory = "1GB" }
numa_remote_cost(1.5)
narrate{
  en = "A machine of two nodes: each has 16 cores and memory of its own. A core reaches the other node's memory too, only more slowly. This lesson reckons a remote byte as one and a half; measure your own machine.",
  zh = "一台两个节点（NUMA node）的机器：各有 16 个核和自己的内存。一个核也能访问另一个节点的内存，只是慢些。本课把远端的一个字节算作 1.5 个；请测量你自己的机器。",
}
shmem.start_server({ shared_buffers = "16MB", max_connections = 10, huge_pages = "on" }, { free_huge_pages = 100 })
run_on(0, shmem.postmaster)
narrate{
  en = "The server starts, with huge pages of 2 MB. Mapping a segment gives it addresses, not memory: a page gets its memory when somebody first touches it, and by default on that one's node. PostgreSQL itself sets no policy.",
  zh = "服务器启动，用 2 MB 的大页（huge page）。映射只给地址，不给内存：页要等第一次有人碰到才得到内存，默认就在那个人所在的节点上。PostgreSQL 自己不设置任何策略（policy）。",
}
touch("Buffer Descriptors")
narrate{
  en = "The postmaster fills in the buffer descriptors on node 0, and so the descriptors lie there, for ever.",
  zh = "主进程（postmaster）在节点 0 上填写缓冲区描述符（buffer descriptor），它们就永远落在那里了。",
}
a = start_backend{ name = "backend 1" }
b = start_backend{ name = "backend 2" }
run_on(0, a)
run_on(1, b)
switch_to(a)
touch("Buffer Blocks", 12 * 1048576)
narrate{
  en = "Backend 1, on node 0, warms the cache: it reads a table into twelve megabytes of the buffer pool. All those pages now lie on node 0.",
  zh = "节点 0 上的后端 1 预热缓存：它把一张表读进缓冲池（buffer pool）的 12 MB。这些页现在全在节点 0。",
}
switch_to(b)
near, far = touch("Buffer Blocks")
narrate{
  en = ("Backend 2, on node 1, reads the whole pool: %d bytes near, %d bytes far. It pays for having come second."):format(near, far),
  zh = ("节点 1 上的后端 2 读整个缓冲池：近处 %d 字节，远处 %d 字节。它为后到付出代价。"):format(near, far),
}
cost_a, cost_b = numa_cost(a), numa_cost(b)
narrate{
  en = ("In bytes weighed by their cost, backend 1 has paid %.0f, backend 2 %.0f. And one memory controller of two did nearly all the work."):format(cost_a, cost_b),
  zh = ("按代价折算的字节：后端 1 付了 %.0f，后端 2 付了 %.0f。而且两个内存控制器中几乎只有一个在干活。"):format(cost_a, cost_b),
}
numa_policy("interleave")
switch_to(b)
touch("LOCK hash", pg_shmem_allocations("LOCK hash").size)
switch_to(a)
touch("Checkpoint BufferIds")
touch("Shared Memory Stats")
narrate{
  en = "numactl --interleave=all would have spread the pages: one here, one there, whoever touches them. But a policy only tells where new pages go. What was touched before stays where it is: start the server under it.",
  zh = "numactl --interleave=all 会把页摊开：这里一页，那里一页，不管谁先碰。但策略只决定新页去哪里，先前碰过的留在原处：要在它之下启动服务器才行。",
}
numa_policy("bind", 1)
narrate{
  en = "Binding to one node makes all of it near for the backends there and far for all others; when the node is full, the kernel kills. For a server that fits one node, run both its processes and its memory there. For one that does not, interleaving is the fair choice.",
  zh = "绑定（bind）到一个节点，对那里的后端全是近处，对其余的全是远处；节点满了，内核就杀进程。放得进一个节点的服务器，让进程和内存都在那里；放不下的，交错（interleave）才是公平的选择。",
}
