-- Portals (portalmem.c): a query that is being run. Its memory hangs below its PortalContext, and goes with it.
local G = require "backend.globals"
local V = require "backend.versions"

local portalmem = {}
local portals = {}  -- the hash table, oldest first

function portalmem.GetPortalByName(name)
  for _, portal in ipairs(portals) do
    if portal.name == name then return portal end
  end
end

function portalmem.CreatePortal(name, level)
  local old = portalmem.GetPortalByName(name)
  if old then
    if name ~= "" then ereport(ERROR, ('cursor "%s" already exists'):format(name)) end
    portalmem.PortalDrop(old)
  end
  local portal = { name = name, status = "NEW" }
  portal.memory = MemoryContextAllocZero(G.TopPortalContext, 216)
  portal.portalContext = AllocSetContextCreate(G.TopPortalContext, "PortalContext", ALLOCSET_SMALL_SIZES)
  MemoryContextSetIdentifier(portal.portalContext, name ~= "" and name or "<unnamed>")
  table.insert(portals, portal)
  return portal
end

-- EXECUTE runs its query in a portal of its own.
function portalmem.CreateNewPortal()
  local number = 1
  while portalmem.GetPortalByName(("<unnamed portal %d>"):format(number)) do number = number + 1 end
  return portalmem.CreatePortal(("<unnamed portal %d>"):format(number))
end

-- Where a result is kept that outlives the statement that made it.
function portalmem.PortalCreateHoldStore(portal)
  portal.holdContext = AllocSetContextCreate(G.TopPortalContext, "PortalHoldContext", ALLOCSET_DEFAULT_SIZES)
  MemoryContextAllocZero(portal.holdContext, 200)  -- Tuplestorestate
  MemoryContextAlloc(portal.holdContext, 16384)    -- its array of pointers
  if V.tuplestore_context then
    portal.holdTuples = GenerationContextCreate(portal.holdContext, "tuplestore tuples", ALLOCSET_DEFAULT_SIZES)
  end
end

function portalmem.MarkPortalFailed(portal)
  portal.status = "FAILED"
  portal.cleanup = nil  -- the executor is not shut down in order: its memory goes with the portal's
end

local function release_plan(portal)
  if portal.release_plan then
    portal.release_plan()
    portal.release_plan = nil
  end
end

function portalmem.PortalDrop(portal)
  if portal.cleanup then portal.cleanup() end
  for i, other in ipairs(portals) do
    if other == portal then table.remove(portals, i) end
  end
  release_plan(portal)
  if portal.holdTuples then MemoryContextDelete(portal.holdTuples) end
  if portal.holdContext then MemoryContextDelete(portal.holdContext) end
  MemoryContextDelete(portal.portalContext)
  pfree(portal.memory)
end

local function each(wanted, action)
  local found = {}
  for _, portal in ipairs(portals) do
    if wanted(portal) then table.insert(found, portal) end
  end
  for _, portal in ipairs(found) do action(portal) end
end

local function any() return true end
local function of_level(level)
  return function(portal) return portal.level == level end
end

-- What cannot be dropped yet (the code that runs in it is still on its way out) gives its memory back at least.
local function abort(portal)
  if portal.status == "ACTIVE" or portal.status == "READY" then portalmem.MarkPortalFailed(portal) end
  release_plan(portal)
  MemoryContextDeleteChildren(portal.portalContext)
end

function portalmem.PreCommit_Portals() each(any, portalmem.PortalDrop) end
function portalmem.AtAbort_Portals() each(any, abort) end
function portalmem.AtCleanup_Portals() each(any, portalmem.PortalDrop) end
function portalmem.AtSubCommit_Portals(level)
  each(of_level(level), function(portal) portal.level = level - 1 end)
end
function portalmem.AtSubAbort_Portals(level) each(of_level(level), abort) end
function portalmem.AtSubCleanup_Portals(level) each(of_level(level), portalmem.PortalDrop) end

return portalmem
