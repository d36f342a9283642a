scenario{
  order = 47,
  title = { en = "A whole session", zh = "一次完整的会话" },
  about = { en = "From fork to the client's good-bye: start-up, queries, a transaction, an error, a cursor, a prepared statement.", zh = "从 fork 到客户端告别：启动、查询、事务、错误、游标、预备语句。" },
}
local backend = require "backend"
local contexts = backend.contexts
local q = backend.exec_simple_query
local function by_id(id) return backend.SeqScan{ rows = 20, qual = function(row) return row == id end } end
local function kilobytes() return MemoryContextMemAllocated(TopMemoryContext, true) // 1024 end

backend.InitPostgres()
narrate{
  en = ("A session with everything in it: a file to search, to measure and to compare with your own server. After start-up: %d kB."):format(kilobytes()),
  zh = ("什么都有的一次会话：可以在里面搜索、测量，也可以和自己的服务器比较。启动之后：%d kB。"):format(kilobytes()),
}
q("select 1", backend.Result{})
q("select * from city where id = 5", by_id(5))
q("select id from city order by name", backend.Sort{ backend.SeqScan{ rows = 20 } })
q("select count(*) from city join country using (id)",
  backend.Agg{ backend.HashJoin{ backend.SeqScan{ rows = 20 }, backend.SeqScan{ rows = 20 } } })
q("select name, count(*) from city group by name", backend.HashAgg{ backend.SeqScan{ rows = 20 } })
narrate{
  en = ("Five queries: lookup, sort, join, grouping. %d kB: a little more, because the first look at a table filled caches that stay."):format(kilobytes()),
  zh = ("五条查询：查找、排序、连接、分组。%d kB：多了一点，因为第一次查表填充的缓存会留下。"):format(kilobytes()),
}
q "begin"
q("insert into city values (100, 'x')", backend.Insert{ backend.Result{} })
q "savepoint s"
q("select 1/0", backend.Result{ fold = function() ereport(ERROR, "division by zero") end })
q "rollback to s"
narrate{
  en = "A transaction with a savepoint, and an error that only cost the savepoint's level.",
  zh = "一个带保存点的事务，和一个只让保存点那一层失败的错误。",
}
q("declare c cursor for select id from city order by name", backend.Sort{ backend.SeqScan{ rows = 20 } })
q "fetch 2 from c"
narrate{
  en = "A cursor in the middle of a sort. Its portal stays between the messages, with the whole sort below it: a forgotten cursor holds all this until the transaction ends.",
  zh = "一个停在排序中途的游标。它的门户（portal）在消息之间一直留着，下面挂着整个排序：忘记关闭的游标会把这些内存一直占到事务结束。",
}
q "close c"
q "commit"
q("prepare p (int) as select * from city where id = $1", by_id(3))
for _ = 1, 6 do q "execute p (3)" end
narrate{
  en = ("A prepared statement, executed six times: the sixth time its generic plan stays. %d kB."):format(kilobytes()),
  zh = ("一条预备语句执行了六次：第六次起，通用计划留了下来。%d kB。"):format(kilobytes()),
}
q "deallocate p"
backend.proc_exit()
narrate{
  en = "The client leaves. The process does not free its memory piece by piece: exit() gives it all back at once. The greatest context of all is the process.",
  zh = "客户端离开。进程不会一块块释放内存：exit() 一次全部归还。最大的上下文就是进程本身。",
}
