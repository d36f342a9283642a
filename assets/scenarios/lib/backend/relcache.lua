-- What the relation cache keeps of an index (RelationInitIndexAccessInfo): a small context of its own per index.
local G = require "backend.globals"

local relcache = {}

-- By number of key columns: the access method's routines, support functions and their call information, operator
-- families, input types, collations, options.
local contents = {
  { 256, 240, 20, 20, { 5, 8 } },
  { 256, 480, 40, 32, 32, { 5, 8 } },
  { 256, 720, 60, 32, { 4, 12 }, { 2, 8 } },
  { 256, 960, 80, 64, { 5, 16 }, 8 },
}

function relcache.load_index_info(name, keys)
  local context = AllocSetContextCreate(G.CacheMemoryContext, "index info", ALLOCSET_SMALL_SIZES)
  if name then MemoryContextSetIdentifier(context, name) end
  G.alloc_all(context, contents[keys])
end

return relcache
