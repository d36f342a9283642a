-- Running portals (pquery.c) by strategy: a query whose rows go straight out (ONE_SELECT), a statement whose rows are
-- kept first (UTIL_SELECT), everything else (MULTI_QUERY).
local G = require "backend.globals"
local executor = require "backend.executor"
local portalmem = require "backend.portalmem"

local pquery = {}

-- A statement is { plan = ..., writes = bool } or { utility = function(receiver, portal), returns_rows = bool }.
local function strategy_of(statement)
  if statement.utility then return statement.returns_rows and "UTIL_SELECT" or "MULTI_QUERY" end
  return statement.writes and "MULTI_QUERY" or "ONE_SELECT"
end

function pquery.PortalStart(portal)
  local old = MemoryContextSwitchTo(portal.portalContext)
  portal.strategy = strategy_of(portal.statement)
  if portal.strategy == "ONE_SELECT" then
    palloc0(112)  -- QueryDesc
    local estate = executor.ExecutorStart(portal.statement.plan)
    portal.estate = estate
    portal.cleanup = function()  -- PortalCleanup
      portal.cleanup, portal.estate = nil, nil
      executor.ExecutorEnd(estate)
    end
  end
  portal.status = "READY"
  MemoryContextSwitchTo(old)
end

local function FillPortalStore(portal)
  portalmem.PortalCreateHoldStore(portal)
  portal.held = {}
  portal.statement.utility(executor.CreateTuplestoreReceiver(portal), portal)
end

local function RunFromStore(portal, receiver)
  receiver:startup()
  for _, row in ipairs(portal.held) do receiver:receive(row) end
  receiver:shutdown()
end

local function PortalRunMulti(portal)
  local statement = portal.statement
  if statement.utility then
    statement.utility(nil, portal)
  else
    palloc0(112)  -- QueryDesc
    local estate = executor.ExecutorStart(statement.plan)
    executor.ExecutorRun(estate, { startup = function() end, receive = function() end, shutdown = function() end })
    executor.ExecutorEnd(estate)
  end
  MemoryContextDeleteChildren(portal.portalContext)
end

-- True when it has run to its end.
function pquery.PortalRun(portal, receiver, count)
  local before, outer = CurrentMemoryContext, G.PortalContext
  local done, returned = true, false
  portal.status = "ACTIVE"
  G.PortalContext = portal.portalContext
  PG_TRY(function()
    MemoryContextSwitchTo(portal.portalContext)
    if portal.strategy == "ONE_SELECT" then
      done = not executor.ExecutorRun(portal.estate, receiver, count)
      portal.status = "READY"
    elseif portal.strategy == "UTIL_SELECT" then
      FillPortalStore(portal)
      RunFromStore(portal, receiver)
      portal.status = "READY"
    else
      PortalRunMulti(portal)
      portal.status, portal.cleanup = "DONE", nil
    end
    returned = true
  end, { finally = function()
    -- PortalRun's PG_CATCH: the portal is marked, the contexts are put back, the error goes on.
    if not returned then portalmem.MarkPortalFailed(portal) end
    G.PortalContext = outer
  end })
  MemoryContextSwitchTo(before)
  return done
end

return pquery
