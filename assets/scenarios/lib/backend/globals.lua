-- What a backend keeps in global variables: contexts that are there to stay, and small helpers that all parts share.
local G = {
  -- CacheMemoryContext, TopPortalContext, TransactionAbortContext, TopTransactionContext, CurTransactionContext,
  -- MessageContext, RowDescriptionContext, PortalContext (of the portal that runs): set while they exist
}

-- Chunks of these sizes, in this order. { n, size } stands for n chunks.
function G.alloc_all(context, sizes)
  for _, size in ipairs(sizes) do
    if type(size) == "table" then
      for _ = 1, size[1] do MemoryContextAlloc(context, size[2]) end
    else
      MemoryContextAlloc(context, size)
    end
  end
end

-- hash_create (dynahash.c): header, control block, directory, segments of 256 buckets; then groups of entries, which a
-- real table takes as it needs them.
function G.hash_create(name, parent, segments, entry_groups)
  local context = AllocSetContextCreate(parent, "dynahash", ALLOCSET_DEFAULT_SIZES)
  MemoryContextSetIdentifier(context, name)
  G.alloc_all(context, { 120, 872, 2048, { segments, 2048 } })
  G.alloc_all(context, entry_groups)
  return context
end

return G
