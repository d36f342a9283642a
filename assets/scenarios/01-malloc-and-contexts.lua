scenario{
  order = 1,
  title = { en = "malloc and free against a memory context", zh = "malloc/free 与内存上下文" },
  about = { en = "An error strikes half way through a job. Who frees the memory?",
            zh = "工作做到一半出了错，谁来释放内存？" },
}

narrate{
  en = "Watch the map. The same job runs twice, and both times an error strikes half way. First as plain C would do it: every piece of memory is asked for with malloc and must be handed back with free.",
  zh = "请看内存图。同一件工作做两遍，两遍都在中途出错。第一遍照普通 C 程序的做法：每块内存用 malloc 申请，用完必须用 free 归还。",
}
function job_with_malloc()
  a = malloc(100)
  b = malloc(200)
  ereport(ERROR, "the job failed half way")
  c = malloc(300)
  free(c)
  free(b)
  free(a)
end

PG_TRY(job_with_malloc, { catch = function(err)
  MemoryContextSwitchTo(TopMemoryContext)
  FlushErrorState()
end })
narrate{
  en = "The error jumped straight out of the function, past its three calls of free. a and b are still there, and nobody will ever free them: that is a leak. C could only avoid it by catching the error in every function on the way.",
  zh = "错误直接跳出了函数，三个 free 都没有执行。a 和 b 还在，再也不会有人释放它们：这就是泄漏（leak）。要避免它，C 程序只能在途中的每个函数里都拦截错误。",
}

job = AllocSetContextCreate(TopMemoryContext, "job", ALLOCSET_DEFAULT_SIZES)
narrate{
  en = "Now PostgreSQL's way. The job gets a memory context of its own, a child of TopMemoryContext, and becomes the current context while it works.",
  zh = "再看 PostgreSQL 的做法。先为这件工作建一个自己的内存上下文（memory context），它是 TopMemoryContext 的子节点；工作期间它就是当前上下文（current context）。",
}
function job_with_palloc()
  MemoryContextSwitchTo(job)
  x = palloc(100)
  y = palloc(200)
  ereport(ERROR, "the job failed half way")
  z = palloc(300)
end

PG_TRY(job_with_palloc, { catch = function(err)
  MemoryContextSwitchTo(TopMemoryContext)
  FlushErrorState()
end })
narrate{
  en = "The same error at the same place. x and y are still there as well, but they are not lost: both belong to the context \"job\", and whoever made that context knows it.",
  zh = "同样的地方，同样的错误。x 和 y 也还在，但没有丢：它们都属于内存上下文 \"job\"，而建立 job 的一方知道它在哪里。",
}

MemoryContextDelete(job)
narrate{
  en = "One call, and everything that the job had allocated is gone, however far it had come. The lesson: do not pair every palloc with a pfree; allocate in a context that ends when the work ends. (The block itself is kept for the next context: see the lesson on recycled contexts.)",
  zh = "一个调用，这件工作分配的一切就全部消失，不管它做到了哪一步。结论：不必让每个 palloc 都配一个 pfree；把内存分配在随工作一起结束的上下文里。（内存块本身会留给下一个上下文，见“回收的上下文”一课。）",
}
