-- From the text of a query to its plan: parser, analysis, planner. What they make lies in the current context, which is
-- MessageContext; what they look up in the catalogs stays in the caches.
local G = require "backend.globals"
local V = require "backend.versions"
local executor = require "backend.executor"
local relcache = require "backend.relcache"

local planner = {}

local function reads_table(plan)
  if not plan then return false end
  return plan.rows ~= nil or reads_table(plan[1]) or reads_table(plan[2])
end

local function load_indexes(names)
  for _, name in ipairs(names) do relcache.load_index_info(name, 2) end
end

local function once(name, action)
  if not G[name] then
    G[name] = true
    action()
  end
end

function planner.raw_parser(query)
  G.alloc_all(CurrentMemoryContext, { #query + 1, 8192 > #query and #query + 2 or 8192, 64, 128, { 4, 32 }, 16 })
end

-- The first query that names a table fills the caches for it.
function planner.parse_analyze(plan)
  G.alloc_all(CurrentMemoryContext, { 256, 128, { 6, 32 }, 120 })
  if not reads_table(plan) then return end
  once("names_looked_up", function()
    if V.search_path_cache then
      G.alloc_all(AllocSetContextCreate(TopMemoryContext, "search_path processing cache", ALLOCSET_DEFAULT_SIZES),
                  { 1024, 512, 64, { 6, 64 } })
    end
    load_indexes(V.indexes_at_analysis)
    G.hash_create("Operator lookup cache", TopMemoryContext, 1, { 4096 })
  end)
end

-- A constant expression is computed while planning, in an executor state of its own.
local function evaluate_expr(expression)
  local estate = executor.CreateExecutorState()
  local econtext = executor.CreateExprContext(estate)
  local old = MemoryContextSwitchTo(econtext.per_tuple)
  expression()
  MemoryContextSwitchTo(old)
  executor.FreeExecutorState(estate)
end

function planner.planner(plan)
  if plan and plan.fold then evaluate_expr(plan.fold) end
  if reads_table(plan) then
    once("table_planned", function()
      load_indexes{ "pg_index_indrelid_index", "pg_statistic_ext_relid_index", "pg_trigger_tgrelid_tgname_index" }
      G.hash_create("Type information cache", TopMemoryContext, 1, { 4096 })
    end)
    G.alloc_all(CurrentMemoryContext, { 512, 1024, { 10, 64 }, { 10, 128 }, 400 })
  end
  G.alloc_all(CurrentMemoryContext, { 512, 256, 200, { 8, 64 } })
end

return planner
