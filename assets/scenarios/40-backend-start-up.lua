scenario{
  order = 40,
  title = { en = "A backend starts", zh = "一个后端进程启动" },
  about = { en = "Which contexts a new connection costs before its first query, and how much memory.", zh = "一个新连接在第一条查询之前，要建立哪些上下文，占多少内存。" },
}
local backend = require "backend"
local contexts = backend.contexts

narrate{
  en = "A client connects. Watch the context tree. Every process begins with two memory contexts: TopMemoryContext, the root, and ErrorContext, which keeps 8 kB ready for reporting errors.",
  zh = "客户端连接。请看上下文树。每个进程都从两个内存上下文（memory context）开始：根节点 TopMemoryContext，以及留着 8 kB 用来报告错误的 ErrorContext。",
}
backend.fork_process()
narrate{
  en = "The postmaster forks: the new backend owns a copy of everything the postmaster had made, time zones and settings among it. The context \"Postmaster\" holds the parsed pg_hba.conf, for the log-in that comes now.",
  zh = "postmaster 执行 fork：新的后端进程得到 postmaster 全部内存的副本，其中有时区和配置参数。上下文 \"Postmaster\" 里是解析好的 pg_hba.conf，马上登录要用。",
}
backend.BaseInit()
narrate{
  en = "BaseInit: files, buffers, write-ahead log. \"WAL record construction\" takes 41 kB at once, in a block of its own, so that writing a log record never has to ask for memory.",
  zh = "BaseInit：文件、缓冲区、预写日志。\"WAL record construction\" 一次就要 41 kB，用单独的内存块，这样写日志记录时就不必再申请内存。",
}
backend.InitPostgres()
local total = MemoryContextMemAllocated(TopMemoryContext, true)
narrate{
  en = ("Ready for the first query. All contexts together hold %d kB, without a single query. Every one of a hundred connections holds as much."):format(total // 1024),
  zh = ("可以接收第一条查询了。所有上下文加起来已有 %d kB，而一条查询都还没有执行。一百个连接，每个都占这么多。"):format(total // 1024),
}
local cache = MemoryContextMemAllocated(contexts.CacheMemoryContext, true)
narrate{
  en = ("Most of it is CacheMemoryContext: %d kB. It keeps what the backend has read from the system catalogs: tables, columns, functions. Below it, each index of a catalog has a small context \"index info\" of its own."):format(cache // 1024),
  zh = ("其中大部分是 CacheMemoryContext：%d kB。后端从系统表读到的东西都留在这里：表、列、函数。它下面，每个系统表索引各有一个小上下文 \"index info\"。"):format(cache // 1024),
}
narrate{
  en = "Start-up ran in a transaction of its own, to read the catalogs safely. At its end PostgreSQL 15 to 17 delete TopTransactionContext; 18 resets it and keeps it. TransactionAbortContext stays: 32 kB set aside for cleaning up when memory has run out.",
  zh = "启动过程在自己的事务里进行，这样读系统表才安全。事务结束时，PostgreSQL 15 到 17 删除 TopTransactionContext；18 只重置（reset）它，留着再用。TransactionAbortContext 一直保留：预留 32 kB，内存耗尽时也能收拾残局。",
}
narrate{
  en = "The context \"Postmaster\" is gone: nobody needs pg_hba.conf after the log-in. One delete took it with its children.",
  zh = "上下文 \"Postmaster\" 不见了：登录之后没人再需要 pg_hba.conf。一次删除就连同子节点一起收走。",
}
backend.exec_simple_query("select 1", backend.Result{})
narrate{
  en = ("One query later the tree is the same, and %d kB: what the query needed came and went. The lesson: a connection's price is its caches. They live as long as the process, and so a pool of connections saves memory."):format(MemoryContextMemAllocated(TopMemoryContext, true) // 1024),
  zh = ("执行了一条查询之后，树还是老样子，共 %d kB：查询需要的内存来了又走了。结论：一个连接的代价是它的缓存。缓存和进程同寿命，所以连接池能省内存。"):format(MemoryContextMemAllocated(TopMemoryContext, true) // 1024),
}
