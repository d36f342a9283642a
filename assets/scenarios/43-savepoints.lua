scenario{
  order = 43,
  title = { en = "A transaction with savepoints", zh = "带保存点的事务" },
  about = { en = "One CurTransactionContext for each level: when it goes, and when it is handed up.", zh = "每一层一个 CurTransactionContext：什么时候删除，什么时候交给上层。" },
}
local backend = require "backend"
local contexts = backend.contexts
local q = backend.exec_simple_query
local function insert() return backend.Insert{ backend.Result{} } end
backend.InitPostgres(8)
q "begin"
narrate{
  en = "BEGIN: TopTransactionContext stays until COMMIT. Statements come and go with their portals, but what belongs to the transaction lives here. Watch the tree below TopTransactionContext.",
  zh = "BEGIN：TopTransactionContext 一直留到 COMMIT。语句和它们的门户（portal）来来去去，属于事务的东西都在这里。请看 TopTransactionContext 下面的树。",
}
q("insert into city values (100, 'x')", insert())
q "savepoint s1"
narrate{
  en = "SAVEPOINT begins a transaction within the transaction. It has a context of its own: CurTransactionContext, a child of the level above.",
  zh = "SAVEPOINT 在事务里开始一个子事务。它有自己的上下文：CurTransactionContext，是上一层的子节点。",
}
q("insert into city values (101, 'y')", insert())
q "release savepoint s1"
narrate{
  en = "RELEASE: nothing had been allocated at this level, so its context is deleted at once.",
  zh = "RELEASE：这一层没有分配过任何东西，上下文立刻删除。",
}
q "savepoint s2"
MemoryContextAlloc(contexts.CurTransactionContext, 3000)  -- a trigger's queue, say
q "release savepoint s2"
narrate{
  en = "The same with 3000 bytes allocated at the level. After RELEASE its context is still there: the levels above may need what is inside. It goes with them.",
  zh = "同样的事，但这一层分配了 3000 字节。RELEASE 之后上下文还在：上层可能还需要里面的东西。它将随上层一起消失。",
}
q "savepoint s3"
q("insert into city values (102, 'z')", insert())
MemoryContextAlloc(contexts.CurTransactionContext, 3000)
q "rollback to savepoint s3"
narrate{
  en = "ROLLBACK TO: the level's context is deleted with everything inside, whether needed or not, and a fresh one takes its place: the savepoint itself still stands.",
  zh = "ROLLBACK TO：这一层的上下文连同里面的一切都删除，随后新建一个顶替：保存点本身仍然有效。",
}
q "commit"
narrate{
  en = "COMMIT ends all levels, innermost first, then the transaction. The lesson: rolling back memory is deleting a context. Nobody keeps a list of what was allocated since the savepoint.",
  zh = "COMMIT 从最里层开始结束所有层，最后结束事务。结论：内存的回滚就是删除一个上下文。没有人需要记录保存点之后分配过什么。",
}
