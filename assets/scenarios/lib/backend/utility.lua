-- Statements that have no plan, known by their words: transactions, cursors, prepared statements; everything else of
-- this kind (SET, ...) does nothing to memory but what every statement does.
local G = require "backend.globals"
local executor = require "backend.executor"
local plancache = require "backend.plancache"
local planner = require "backend.planner"
local portalmem = require "backend.portalmem"
local pquery = require "backend.pquery"
local xact = require "backend.xact"

local utility = {}

local function PerformCursorOpen(name, plan)
  if not xact.IsTransactionBlock() then ereport(ERROR, "DECLARE CURSOR can only be used in transaction blocks") end
  planner.planner(plan)
  local portal = portalmem.CreatePortal(name)
  G.alloc_all(portal.portalContext, { 128, 200, { 4, 64 } })  -- a copy of the plan: it outlives the message
  portal.statement = { plan = plan }
  pquery.PortalStart(portal)
end

local function find_cursor(name)
  local portal = portalmem.GetPortalByName(name)
  if not portal then ereport(ERROR, ('cursor "%s" does not exist'):format(name)) end
  return portal
end

local function PrepareQuery(name, query, plan)
  local source = plancache.CreateCachedPlan(query)
  planner.parse_analyze(plan)
  plancache.CompleteCachedPlan(source, plan)
  plancache.StorePreparedStatement(name, source)
end

local function ExecuteQuery(name, receiver)
  local source = plancache.FetchPreparedStatement(name)
  local estate = executor.CreateExecutorState()  -- for the parameters
  executor.CreateExprContext(estate)
  local portal = portalmem.CreateNewPortal()
  planner.planner(source.plan)
  local plan, release = plancache.GetCachedPlan(source)
  portal.statement, portal.release_plan = { plan = plan }, release
  pquery.PortalStart(portal)
  pquery.PortalRun(portal, receiver)
  portalmem.PortalDrop(portal)
  executor.FreeExecutorState(estate)
end

-- Pattern on the text without its semicolon, in small letters; what it makes of the captures, the plan that came with
-- the query, and the text. First match wins.
local commands = {
  { "^begin", function() return { utility = xact.BeginTransactionBlock } end },
  { "^start transaction", function() return { utility = xact.BeginTransactionBlock } end },
  { "^commit", function() return { utility = xact.EndTransactionBlock, ends_transaction = true } end },
  { "^end$", function() return { utility = xact.EndTransactionBlock, ends_transaction = true } end },
  { "^rollback to savepoint (%S+)", function(c)
    return { utility = function() xact.RollbackToSavepoint(c[1]) end, ends_transaction = true }
  end },
  { "^rollback to (%S+)", function(c)
    return { utility = function() xact.RollbackToSavepoint(c[1]) end, ends_transaction = true }
  end },
  { "^rollback", function() return { utility = xact.UserAbortTransactionBlock, ends_transaction = true } end },
  { "^savepoint (%S+)", function(c) return { utility = function() xact.DefineSavepoint(c[1]) end } end },
  { "^release savepoint (%S+)", function(c) return { utility = function() xact.ReleaseSavepoint(c[1]) end } end },
  { "^release (%S+)", function(c) return { utility = function() xact.ReleaseSavepoint(c[1]) end } end },
  { "^declare (%S+)", function(c, plan) return { utility = function() PerformCursorOpen(c[1], plan) end } end },
  { "^fetch (%d+) from (%S+)", function(c)
    return { returns_rows = true, utility = function(receiver)
      pquery.PortalRun(find_cursor(c[2]), receiver, tonumber(c[1]))
    end }
  end },
  { "^close (%S+)", function(c)
    return { utility = function() portalmem.PortalDrop(find_cursor(c[1])) end }
  end },
  { "^prepare ([%w_]+)", function(c, plan, query)
    return { utility = function() PrepareQuery(c[1], query, plan) end }
  end },
  { "^execute ([%w_]+)", function(c)
    return { returns_rows = true, utility = function(receiver) ExecuteQuery(c[1], receiver) end }
  end },
  { "^deallocate (%S+)", function(c)
    return { utility = function() plancache.DropPreparedStatement(c[1]) end }
  end },
}

-- How a statement is run: see pquery.lua.
function utility.parse(query, plan)
  local text = query:gsub("%s*;%s*$", "")
  local words = text:lower()
  for _, command in ipairs(commands) do
    local captures = { words:match(command[1]) }
    if captures[1] then return command[2](captures, plan, text) end
  end
  if plan then return { plan = plan, writes = plan.writes } end
  return { utility = function() end }
end

return utility
