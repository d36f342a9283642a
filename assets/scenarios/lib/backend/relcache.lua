-- What the relation cache keeps of an index (RelationInitIndexAccessInfo): a small context of its own per index.
local G = require "backend.globals"
local V = require "backend.versions"

local relcache = {}

function relcache.load_index_info(name, keys, extra)
  local context = AllocSetContextCreate(G.CacheMemoryContext, "index info", ALLOCSET_SMALL_SIZES)
  MemoryContextSetIdentifier(context, name)
  local functions = keys * V.btree_support_functions
  G.alloc_all(context, {
    256,                             -- a copy of the access method's routines
    functions * 48, functions * 4,   -- call information of the support functions, their numbers
    { 3, keys * 4 }, keys * 2,       -- operator families, input types, collations; options
    32, keys * 8,
  })
  G.alloc_all(context, extra or {})
end

return relcache
