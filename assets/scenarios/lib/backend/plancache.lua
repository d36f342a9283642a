-- Prepared statements (plancache.c, prepare.c): the source, its analysed form, and a plan per execution, or one for all
-- executions from the sixth on.
local G = require "backend.globals"

local plancache = {}
local prepared = {}  -- by name

local kCustomPlansFirst = 5

-- The source is made where the caller is, and moves to CacheMemoryContext once it is complete: if something fails in
-- between, it goes with the caller's memory.
function plancache.CreateCachedPlan(query)
  local source = { query = query, custom_plans = 0 }
  source.context = AllocSetContextCreate(CurrentMemoryContext, "CachedPlanSource", ALLOCSET_START_SMALL_SIZES)
  MemoryContextSetIdentifier(source.context, query)
  G.alloc_all(source.context, { 208, #query + 1, 128 })
  return source
end

function plancache.CompleteCachedPlan(source, plan)
  source.plan = plan
  source.query_context = AllocSetContextCreate(source.context, "CachedPlanQuery", ALLOCSET_START_SMALL_SIZES)
  G.alloc_all(source.query_context, { 256, 128, { 8, 64 }, { 6, 32 }, 200 })
end

function plancache.SaveCachedPlan(source)
  MemoryContextSetParent(source.context, G.CacheMemoryContext)
end

local function BuildCachedPlan(source)
  local plan = { context = AllocSetContextCreate(CurrentMemoryContext, "CachedPlan", ALLOCSET_START_SMALL_SIZES) }
  MemoryContextSetIdentifier(plan.context, source.query)
  G.alloc_all(plan.context, { 72, 128, 200, { 10, 64 }, { 8, 32 }, 512 })
  return plan
end

-- The plan to run, and what releases it.
function plancache.GetCachedPlan(source)
  if source.generic or source.custom_plans >= kCustomPlansFirst then
    if not source.generic then
      source.generic = BuildCachedPlan(source)
      MemoryContextSetParent(source.generic.context, G.CacheMemoryContext)
    end
    return source.plan, function() end
  end
  source.custom_plans = source.custom_plans + 1
  local custom = BuildCachedPlan(source)
  MemoryContextSetParent(custom.context, G.CacheMemoryContext)
  return source.plan, function() MemoryContextDelete(custom.context) end
end

function plancache.StorePreparedStatement(name, source)
  if not G.prepared_queries then G.prepared_queries = G.hash_create("Prepared Queries", TopMemoryContext, 1, { 4096 }) end
  if prepared[name] then ereport(ERROR, ('prepared statement "%s" already exists'):format(name)) end
  prepared[name] = source
  plancache.SaveCachedPlan(source)
end

function plancache.FetchPreparedStatement(name)
  local source = prepared[name]
  if not source then ereport(ERROR, ('prepared statement "%s" does not exist'):format(name)) end
  return source
end

function plancache.DropPreparedStatement(name)
  local source = plancache.FetchPreparedStatement(name)
  prepared[name] = nil
  if source.generic then MemoryContextDelete(source.generic.context) end
  MemoryContextDelete(source.context)
end

return plancache
