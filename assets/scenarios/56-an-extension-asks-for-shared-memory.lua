scenario{
  order = 56,
  panel = "shmem",
  title = { en = "An extension asks for shared memory", zh = "扩展申请共享内存" },
  about = {
    en = "In time and in the right size; too late; and too little.",
    zh = "按时且足量；太迟；以及要得太少。",
  },
}
local shmem = require "shmem"

local function try(action)
  local message
  PG_TRY(action, { catch = function(err)
    message = err.message
    FlushErrorState()
  end })
  MemoryContextSwitchTo(TopMemoryContext)
  return message
end

narrate{
  en = "A library in shared_preload_libraries wants a structure that all backends share. The segment is made once, in one size, so the library must ask before: in its shmem_request_hook.",
  zh = "shared_preload_libraries 里的一个库想要一个所有后端（backend）共用的结构。共享内存段只建一次，大小固定，所以库必须事先申请：在它的 shmem_request_hook 里。",
}
shmem.load_library("hit_counter", {
  request = function()
    RequestAddinShmemSpace(4096)
    RequestNamedLWLockTranche("hit_counter", 1)
  end,
  startup = function()
    counter, found = ShmemInitStruct("hit_counter", 4096)
    lock = GetNamedLWLockTranche("hit_counter")
  end,
})
early = try(function() RequestAddinShmemSpace(4096) end)
narrate{
  en = "Outside of the hook nobody takes the request. _PG_init itself is too early since version 15; PostgreSQL answers with FATAL: " .. early .. ".",
  zh = "钩子（hook）之外没有人接受申请。从 15 版起，连 _PG_init 也太早；PostgreSQL 以 FATAL 回答：" .. early .. "。",
}

shmem.start_server({ shared_buffers = "1MB", max_connections = 10 })
local mine = pg_shmem_allocations("hit_counter")
narrate{
  en = ("The hook ran, and the size was reckoned with it: 4096 bytes more, and a line of 128 bytes more in the array of LWLocks, with a few for the tranche's name. Then shmem_startup_hook took the structure: offset %d, found false, so this process fills it in."):format(mine.off),
  zh = ("钩子运行了，大小也就算了进去：多 4096 字节，轻量锁（LWLock）数组里多 128 字节的一行，再加上锁组（tranche）名字的几个字节。随后 shmem_startup_hook 取得这个结构：偏移 %d，found 为假，所以由这个进程来填写初值。"):format(mine.off),
}
shmem.store_number(counter, 0, 0)

one, two = start_backend{ name = "backend 1" }, start_backend{ name = "backend 2" }
switch_to(one)
counter, found = ShmemInitStruct("hit_counter", 4096)
shmem.store_number(counter, 0, shmem.fetch_number(counter, 0) + 1)
switch_to(two)
counter, found = ShmemInitStruct("hit_counter", 4096)
shmem.store_number(counter, 0, shmem.fetch_number(counter, 0) + 1)
narrate{
  en = ("Two backends find it by its name and count: it stands at %d. A real extension would hold its LWLock meanwhile."):format(shmem.fetch_number(counter, 0)),
  zh = ("两个后端按名字找到它，各数一次：现在是 %d。真正的扩展（extension）这时会持有它的轻量锁。"):format(shmem.fetch_number(counter, 0)),
}

late = try(function() RequestNamedLWLockTranche("too_late", 1) end)
narrate{
  en = "Too late: the same request from a running backend, as after LOAD. In a server this FATAL ends the backend: " .. late .. ".",
  zh = "太迟了：同样的申请，出自一个正在运行的后端，比如用 LOAD 载入之后。在服务器里这个 FATAL 会结束该后端：" .. late .. "。",
}

local before = pg_shmem_allocations().free
unasked = ShmemInitStruct("unasked", 20000)
narrate{
  en = ("Never asked, and yet it works: 20000 bytes came out of the free rest, %d bytes, which was meant for hash tables that grow. PostgreSQL keeps 100000 bytes of slack and does not keep books about who asked. Such an extension works in tests and fails in production."):format(before),
  zh = ("从未申请，却成功了：20000 字节取自剩余的 %d 字节，那本是留给哈希表增长用的。PostgreSQL 留有 100000 字节的余量（slack），并不记账是谁申请过。这样的扩展测试时好好的，上线后才出错。"):format(before),
}
local rest = pg_shmem_allocations().free
failed = try(function() ShmemInitStruct("greedy", rest + 1) end)
narrate{
  en = "Here it ends: " .. failed .. ". Nothing was allocated, and the name was taken out of the index again.",
  zh = "到此为止：" .. failed .. "。什么也没有分配，名字也从索引里撤掉了。",
}
if PG_MAJORVERSION_NUM >= 17 then
  narrate{
    en = "Since 17 there is a way without a request: GetNamedDSMSegment makes a dynamic segment when it is first wanted, and the DSM registry keeps its name. The library need not be preloaded.",
    zh = "17 版起有了不用申请的办法：GetNamedDSMSegment 在第一次要用时建立一个动态段（dynamic shared memory），名字记在 DSM 登记表（DSM registry）里，库也不必预先载入。",
  }
end
