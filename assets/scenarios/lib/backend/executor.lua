-- The executor: plan nodes, tuple by tuple (execMain.c, execUtils.c, node*.c, tuplesort.c). Rows are whatever the script
-- likes: a node passes on what its child gave. Where a real server calls MemoryContextReset, so does this one, as often.
--
-- A plan is made by the functions of this table: Result, SeqScan, Sort, HashJoin, Agg, HashAgg, Insert. Fields that all
-- understand: tlist = function(row), evaluated in the per-tuple context for each row that comes out.
local G = require "backend.globals"
local V = require "backend.versions"

local executor = {}

-- --- execution state (execUtils.c) ----------------------------------------------------------------------------

function executor.CreateExecutorState()
  local estate = { exprcontexts = {} }
  estate.query_cxt = AllocSetContextCreate(CurrentMemoryContext, "ExecutorState", ALLOCSET_DEFAULT_SIZES)
  estate.memory = MemoryContextAllocZero(estate.query_cxt, 320)
  return estate
end

-- An expression context: everything computed for one tuple lives in its per-tuple memory.
local function create_expr_context(estate, parent, sizes)
  local old = MemoryContextSwitchTo(estate.query_cxt)
  local econtext = { memory = palloc0(144) }
  econtext.per_tuple = AllocSetContextCreate(parent or estate.query_cxt, "ExprContext", sizes or ALLOCSET_DEFAULT_SIZES)
  MemoryContextSwitchTo(old)
  return econtext
end

function executor.CreateExprContext(estate, sizes)
  local econtext = create_expr_context(estate, nil, sizes)
  table.insert(estate.exprcontexts, 1, econtext)
  return econtext
end

-- clamp(prevpow2(work_mem / 16), 8 kB, 8 MB), with work_mem at 4 MB: spilling is decided block by block.
local function limited_sizes() return { 0, 8192, 262144 } end

local function ResetExprContext(econtext) MemoryContextReset(econtext.per_tuple) end

local function evaluate(econtext, expression, row)
  if not expression then return row end
  local old = MemoryContextSwitchTo(econtext.per_tuple)
  local value = expression(row)
  MemoryContextSwitchTo(old)
  return value
end

function executor.FreeExecutorState(estate)
  for _, econtext in ipairs(estate.exprcontexts) do
    MemoryContextDelete(econtext.per_tuple)
    pfree(econtext.memory)
  end
  MemoryContextDelete(estate.query_cxt)
end

-- --- plan nodes -----------------------------------------------------------------------------------------------
-- A class per node: init(node, estate) in the query's context; next(node): the next row or nil; finish(node).

local function node_class(class)
  return function(plan)
    plan = plan or {}
    plan.class = class
    return plan
  end
end

local function init_node(plan, estate)
  local node = setmetatable({ plan = plan, estate = estate }, { __index = plan.class })
  node:init(estate)
  return node
end

-- Tuple slots, projection and qualification of a node: compiled expressions are a few kB.
local function init_expressions(node)
  palloc0(112)  -- the slot of the result
  palloc(64)    -- its values and nulls
  if node.plan.tlist then G.alloc_all(CurrentMemoryContext, { 120, 1024 }) end
  if node.plan.qual then G.alloc_all(CurrentMemoryContext, { 120, 1024, 64 }) end
end

executor.Result = node_class{
  init = function(node, estate)
    palloc0(216)
    node.econtext = executor.CreateExprContext(estate)
    init_expressions(node)
  end,
  next = function(node)
    ResetExprContext(node.econtext)
    if node.done then return nil end
    node.done = true
    return evaluate(node.econtext, node.plan.tlist, {})
  end,
  finish = function() end,
}

-- rows: how many, numbered from 1; or a list of them.
executor.SeqScan = node_class{
  init = function(node, estate)
    palloc0(232)
    node.econtext = executor.CreateExprContext(estate)
    init_expressions(node)
    node.at = 0
  end,
  fetch = function(node)
    if not node.scan then node.scan = palloc(640) end  -- heap_beginscan, on first use
    node.at = node.at + 1
    local rows = node.plan.rows
    if type(rows) == "table" then return rows[node.at] end
    if node.at <= rows then return node.at end
  end,
  next = function(node)
    ResetExprContext(node.econtext)
    while true do
      local row = node:fetch()
      if row == nil then return nil end
      if not node.plan.qual or evaluate(node.econtext, node.plan.qual, row) then
        return evaluate(node.econtext, node.plan.tlist, row)
      end
      ResetExprContext(node.econtext)
    end
  end,
  finish = function(node)
    if node.scan then pfree(node.scan) end
  end,
}

-- Sort(plan): key = function(row); bound = n for a LIMIT above it; width = bytes of a tuple.
local sort_class = {
  init = function(node, estate)
    palloc0(160)
    init_expressions(node)
    node.child = init_node(node.plan.child, estate)
  end,
  begin_sort = function(node)  -- tuplesort_begin_heap
    node.main = AllocSetContextCreate(CurrentMemoryContext, "TupleSort main", ALLOCSET_DEFAULT_SIZES)
    node.sort = AllocSetContextCreate(node.main, "TupleSort sort", ALLOCSET_DEFAULT_SIZES)
    local create = node.plan.bound and AllocSetContextCreate or V.caller_tuples
    local old = MemoryContextSwitchTo(node.main)
    palloc0(504)               -- Tuplesortstate
    node.tuples = create(node.sort, "Caller tuples", ALLOCSET_DEFAULT_SIZES)
    node.memtuples = palloc(24576)
    palloc0(72)                -- sort keys
    MemoryContextSwitchTo(old)
  end,
  -- With a bound only the best so far are kept, once there are twice as many as wanted.
  discard = function(node, before)
    local bound, tuples = node.plan.bound, node.sorted
    if not bound or #tuples <= (node.bounded and bound or 2 * bound) then return end
    node.bounded = true
    table.sort(tuples, before)
    while #tuples > bound do pfree(table.remove(tuples).memory) end
  end,
  fill = function(node)
    local key = node.plan.key or function(row) return row end
    local function before(a, b) return key(a.row) < key(b.row) end
    node:begin_sort()
    node.sorted = {}
    for row in function() return node.child:next() end do
      local memory = MemoryContextAlloc(node.tuples, node.plan.width or 48)
      table.insert(node.sorted, { row = row, memory = memory })
      node:discard(before)
    end
    table.sort(node.sorted, before)
    node.at = 0
  end,
  next = function(node)
    if not node.sorted then node:fill() end
    node.at = node.at + 1
    if node.plan.bound and node.at > node.plan.bound then return nil end
    local tuple = node.sorted[node.at]
    return tuple and tuple.row
  end,
  finish = function(node)
    if node.sorted then  -- tuplesort_end
      MemoryContextReset(node.sort)
      MemoryContextDelete(node.main)
    end
    node.child:finish()
  end,
}
function executor.Sort(plan)
  plan.child, plan.class = plan[1], sort_class
  return plan
end

-- --- running a query (execMain.c, printtup.c) -----------------------------------------------------------------

-- Within the portal's context.
function executor.ExecutorStart(plan)
  local estate = executor.CreateExecutorState()
  local old = MemoryContextSwitchTo(estate.query_cxt)
  palloc0(400)  -- range table, parameters, snapshot references
  estate.root = init_node(plan, estate)
  palloc(96)    -- the tuples' description
  MemoryContextSwitchTo(old)
  return estate
end

-- Receivers of rows: startup(self), receive(self, row), shutdown(self).
local printtup = {}
printtup.__index = printtup
function executor.CreatePrintTup() return setmetatable({}, printtup) end
function printtup:startup()
  palloc(1024)  -- the message buffer
  self.tmpcontext = AllocSetContextCreate(CurrentMemoryContext, "printtup", ALLOCSET_DEFAULT_SIZES)
end
function printtup:receive(row)
  self.info = self.info or palloc(64)
  local old = MemoryContextSwitchTo(self.tmpcontext)
  palloc(32)  -- the value as text
  MemoryContextSwitchTo(old)
  MemoryContextReset(self.tmpcontext)
end
function printtup:shutdown()
  if self.info then pfree(self.info) end
  MemoryContextDelete(self.tmpcontext)
end

-- Rows into a portal's tuplestore, for statements like FETCH.
function executor.CreateTuplestoreReceiver(portal)
  return {
    startup = function() end,
    receive = function(_, row)
      table.insert(portal.held, row)
      MemoryContextAlloc(portal.holdTuples or portal.holdContext, 40)
    end,
    shutdown = function() end,
  }
end

-- count nil: all rows. True if there may be more.
function executor.ExecutorRun(estate, receiver, count)
  local old = MemoryContextSwitchTo(estate.query_cxt)
  receiver:startup()
  local sent, more = 0, true
  while count == nil or sent < count do
    local row = estate.root:next()
    if row == nil then
      more = false
      break
    end
    sent = sent + 1
    receiver:receive(row)
  end
  receiver:shutdown()
  MemoryContextSwitchTo(old)
  return more
end

function executor.ExecutorEnd(estate)
  local old = MemoryContextSwitchTo(estate.query_cxt)
  estate.root:finish()
  MemoryContextSwitchTo(old)
  executor.FreeExecutorState(estate)
end

executor.internal = {
  create_expr_context = create_expr_context,
  evaluate = evaluate,
  init_expressions = init_expressions,
  init_node = init_node,
  limited_sizes = limited_sizes,
  node_class = node_class,
  ResetExprContext = ResetExprContext,
}

return executor
