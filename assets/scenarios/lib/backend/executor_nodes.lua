-- More plan nodes: hash join, aggregation, insertion (nodeHash.c, nodeHashjoin.c, nodeAgg.c, nodeModifyTable.c).
local G = require "backend.globals"
local V = require "backend.versions"
local executor = require "backend.executor"
local xact = require "backend.xact"

local nodes = {}
local internal = executor.internal
local evaluate, init_expressions, init_node = internal.evaluate, internal.init_expressions, internal.init_node
local ResetExprContext = internal.ResetExprContext

local function with_children(class)
  return function(plan)
    plan.class = class
    return plan
  end
end

local function same(row) return row end

-- --- HashJoin{ outer, inner } ---------------------------------------------------------------------------------
-- outer_key, inner_key: functions of a row (default: the row itself); width: bytes of an inner tuple.

local function ExecHashTableCreate(node)
  node.table_cxt = AllocSetContextCreate(CurrentMemoryContext, "HashTableContext", ALLOCSET_DEFAULT_SIZES)
  node.batch_cxt = AllocSetContextCreate(node.table_cxt, "HashBatchContext", ALLOCSET_DEFAULT_SIZES)
  if V.hash_spill_context then
    AllocSetContextCreate(node.table_cxt, "HashSpillContext", ALLOCSET_DEFAULT_SIZES)
  end
  MemoryContextAlloc(node.table_cxt, 48)           -- hash functions
  MemoryContextAlloc(node.batch_cxt, 1024 * 8)     -- buckets
  node.buckets = {}
  node.room = 0                                    -- in the present 32 kB piece of tuples
end

local function ExecHashTableInsert(node, row)
  local key = (node.plan.inner_key or same)(row)
  local width = node.plan.width or 40
  if node.room < width then                        -- dense_alloc: tuples are packed into pieces of 32 kB
    MemoryContextAlloc(node.batch_cxt, 32768 + 32)
    node.room = 32768
  end
  node.room = node.room - width
  node.buckets[key] = node.buckets[key] or {}
  table.insert(node.buckets[key], row)
end

local function build_hash_table(node)
  ExecHashTableCreate(node)
  for row in function() return node.inner:next() end do
    ResetExprContext(node.hash_econtext)           -- for computing the hash value
    ExecHashTableInsert(node, row)
  end
end

nodes.HashJoin = with_children{
  init = function(node, estate)
    palloc0(312)
    node.econtext = executor.CreateExprContext(estate)
    node.outer = init_node(node.plan[1], estate)
    palloc0(216)                                   -- the Hash node
    node.hash_econtext = executor.CreateExprContext(estate)
    node.inner = init_node(node.plan[2], estate)
    init_expressions(node)
  end,
  next_outer = function(node)
    local row = node.first_outer
    node.first_outer = nil
    if row == nil then row = node.outer:next() end
    if row ~= nil then ResetExprContext(node.econtext) end  -- for the hash value
    return row
  end,
  next = function(node)
    ResetExprContext(node.econtext)
    if not node.buckets then
      -- An empty outer side makes the hash table needless: look first.
      node.first_outer = node.outer:next()
      if node.first_outer == nil then return nil end
      build_hash_table(node)
    end
    while true do
      local match = node.matches and node.matches[node.match_at]
      if match ~= nil then
        node.match_at = node.match_at + 1
        ResetExprContext(node.econtext)            -- after comparing the keys themselves
        return evaluate(node.econtext, node.plan.tlist, { node.outer_row, match })
      end
      node.outer_row = node:next_outer()
      if node.outer_row == nil then return nil end
      node.matches, node.match_at = node.buckets[(node.plan.outer_key or same)(node.outer_row)], 1
    end
  end,
  finish = function(node)
    if node.table_cxt then MemoryContextDelete(node.table_cxt) end
    node.outer:finish()
    node.inner:finish()
  end,
}

-- --- Agg{ child }: one row for all ----------------------------------------------------------------------------

nodes.Agg = with_children{
  init = function(node, estate)
    palloc0(496)
    node.tmpcontext = executor.CreateExprContext(estate)
    node.aggcontext = executor.CreateExprContext(estate)  -- transition values live here
    node.econtext = executor.CreateExprContext(estate)
    node.child = init_node(node.plan[1], estate)
    init_expressions(node)
    G.alloc_all(CurrentMemoryContext, { 64, 256, 128, 1024 })
  end,
  next = function(node)
    if node.done then return nil end
    node.done = true
    ResetExprContext(node.econtext)
    ResetExprContext(node.aggcontext)
    local count = 0
    for _ in function() return node.child:next() end do
      count = count + 1
      ResetExprContext(node.tmpcontext)
    end
    return evaluate(node.econtext, node.plan.tlist, count)
  end,
  finish = function(node)
    ResetExprContext(node.aggcontext)
    node.child:finish()
  end,
}

-- --- HashAgg{ child }: one row for each group -----------------------------------------------------------------
-- key = function(row): the group; width: bytes of a group's tuple.

nodes.HashAgg = with_children{
  init = function(node, estate)
    palloc0(496)
    node.tmpcontext = executor.CreateExprContext(estate)
    node.aggcontext = executor.CreateExprContext(estate)
    node.hashcontext = executor.CreateExprContext(estate, internal.limited_sizes())
    local function create_table_contexts()
      node.meta_cxt = AllocSetContextCreate(estate.query_cxt, "HashAgg meta context", ALLOCSET_DEFAULT_SIZES)
      node.table_cxt = node.hashcontext.per_tuple
      if V.hash_agg_table_context then
        node.table_cxt = BumpContextCreate(estate.query_cxt, "HashAgg table context", internal.limited_sizes())
      end
    end
    if V.hash_agg_table_context then create_table_contexts() end
    node.econtext = executor.CreateExprContext(estate)
    node.child = init_node(node.plan[1], estate)
    init_expressions(node)
    G.alloc_all(CurrentMemoryContext, { 64, 256, 128, 1024 })
    if not V.hash_agg_table_context then create_table_contexts() end
    -- BuildTupleHashTable
    MemoryContextAlloc(node.meta_cxt, 160)
    MemoryContextAllocZero(node.meta_cxt, 256 * 24)
    internal.create_expr_context(estate, node.meta_cxt)
    node.groups, node.order = {}, {}
  end,
  fill = function(node)
    local key = node.plan.key or same
    for row in function() return node.child:next() end do
      local group = key(row)
      if not node.groups[group] then
        node.groups[group] = true
        table.insert(node.order, group)
        MemoryContextAlloc(node.table_cxt, node.plan.width or 48)
        MemoryContextAlloc(node.table_cxt, 32)     -- its transition values
      end
      ResetExprContext(node.tmpcontext)
    end
    node.at = 0
  end,
  next = function(node)
    if not node.at then node:fill() end
    node.at = node.at + 1
    local group = node.order[node.at]
    if group == nil then return nil end
    ResetExprContext(node.econtext)
    return evaluate(node.econtext, node.plan.tlist, group)
  end,
  finish = function(node)
    MemoryContextDelete(node.meta_cxt)
    if V.hash_agg_table_context then MemoryContextDelete(node.table_cxt) end
    ResetExprContext(node.aggcontext)
    ResetExprContext(node.hashcontext)
    node.child:finish()
  end,
}

-- --- Insert{ child } ------------------------------------------------------------------------------------------

local insert_class = {
  init = function(node, estate)
    palloc0(280)
    node.child = init_node(node.plan[1], estate)
    palloc0(200)                                   -- ResultRelInfo
  end,
  next = function(node)
    for _ in function() return node.child:next() end do
      xact.GetCurrentTransactionId()
      pfree(palloc(64))                            -- the tuple on its way to the page
    end
    return nil
  end,
  finish = function(node) node.child:finish() end,
}
function nodes.Insert(plan)
  plan.class, plan.writes = insert_class, true
  return plan
end

return nodes
