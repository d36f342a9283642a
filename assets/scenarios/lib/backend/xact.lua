-- Transactions (xact.c): what they do to memory. One state per level; a savepoint is a level of its own.
local G = require "backend.globals"
local V = require "backend.versions"
local portals = require "backend.portalmem"

local xact = {}
local s = { blockState = "DEFAULT", level = 1 }  -- CurrentTransactionState

function xact.IsTransactionBlock() return s.blockState ~= "DEFAULT" and s.blockState ~= "STARTED" end
function xact.IsAbortedTransactionBlockState() return s.blockState == "ABORT" or s.blockState == "SUBABORT" end
function xact.IsTransactionState() return s.blockState ~= "DEFAULT" end

-- A transaction gets a number only once it writes.
function xact.GetCurrentTransactionId() s.xid = true end

-- --- the outermost level -------------------------------------------------------------------------------------

local function AtStart_Memory()
  -- Room for cleaning up is set aside beforehand: when memory has run out, it is there.
  G.TransactionAbortContext = G.TransactionAbortContext or
    AllocSetContextCreate(TopMemoryContext, "TransactionAbortContext", 32768, 32768, 32768)
  G.TopTransactionContext = G.TopTransactionContext or
    AllocSetContextCreate(TopMemoryContext, "TopTransactionContext", ALLOCSET_DEFAULT_SIZES)
  G.CurTransactionContext = G.TopTransactionContext
  s.curTransactionContext = G.CurTransactionContext
  MemoryContextSwitchTo(G.CurTransactionContext)
end

local function StartTransaction()
  AtStart_Memory()
  G.alloc_all(G.TopTransactionContext, { 64, 256 })
end

local function forget_transaction()
  V.end_of_transaction(G.TopTransactionContext)
  if V.end_of_transaction == MemoryContextDelete then G.TopTransactionContext = nil end
  G.CurTransactionContext = nil
  s = { blockState = "DEFAULT", level = 1 }
end

local function CommitTransaction()
  portals.PreCommit_Portals()
  MemoryContextSwitchTo(TopMemoryContext)  -- AtCommit_Memory
  forget_transaction()
end

local function AbortTransaction()
  MemoryContextSwitchTo(G.TransactionAbortContext)  -- AtAbort_Memory
  portals.AtAbort_Portals()
  if s.xid then palloc(16) end
end

local function CleanupTransaction()
  portals.AtCleanup_Portals()
  MemoryContextSwitchTo(TopMemoryContext)  -- AtCleanup_Memory
  MemoryContextReset(G.TransactionAbortContext)
  forget_transaction()
end

-- --- savepoints -----------------------------------------------------------------------------------------------

local function PushTransaction(name)
  s = { blockState = "SUBBEGIN", level = s.level + 1, parent = s, name = name }
  s.memory = MemoryContextAllocZero(G.TopTransactionContext, 136)
  if name then s.name_memory = MemoryContextAlloc(G.TopTransactionContext, #name + 1) end
end

local function PopTransaction()
  local left = s
  s = s.parent
  if left.name_memory then pfree(left.name_memory) end
  pfree(left.memory)
  MemoryContextSwitchTo(s.curTransactionContext)
  G.CurTransactionContext = s.curTransactionContext
end

local function StartSubTransaction()
  s.curTransactionContext =
    AllocSetContextCreate(G.CurTransactionContext, "CurTransactionContext", ALLOCSET_DEFAULT_SIZES)
  G.CurTransactionContext = s.curTransactionContext
  MemoryContextSwitchTo(G.CurTransactionContext)
  s.blockState = "SUBINPROGRESS"
end

local function CommitSubTransaction()
  portals.AtSubCommit_Portals(s.level)
  if s.xid then s.parent.xid = true end
  -- AtSubCommit_Memory: what the level made may still be needed by the levels above: it stays, unless it is empty.
  G.CurTransactionContext = s.parent.curTransactionContext
  MemoryContextSwitchTo(G.CurTransactionContext)
  if MemoryContextIsEmpty(s.curTransactionContext) then MemoryContextDelete(s.curTransactionContext) end
  PopTransaction()
end

local function AbortSubTransaction()
  MemoryContextSwitchTo(G.TransactionAbortContext)  -- AtSubAbort_Memory
  if not s.curTransactionContext then return end    -- the savepoint was not begun yet
  portals.AtSubAbort_Portals(s.level)
  if s.xid then palloc(16) end
end

local function CleanupSubTransaction()
  portals.AtSubCleanup_Portals(s.level)
  -- AtSubCleanup_Memory
  MemoryContextSwitchTo(s.parent.curTransactionContext)
  G.CurTransactionContext = s.parent.curTransactionContext
  MemoryContextReset(G.TransactionAbortContext)
  if s.curTransactionContext then MemoryContextDelete(s.curTransactionContext) end
  PopTransaction()
end

-- --- around each statement ------------------------------------------------------------------------------------

function xact.StartTransactionCommand()
  if s.blockState == "DEFAULT" then
    StartTransaction()
    s.blockState = "STARTED"
  end
  MemoryContextSwitchTo(G.CurTransactionContext)
end

local at_commit = {
  STARTED = function() CommitTransaction() end,
  BEGIN = function() s.blockState = "INPROGRESS" end,
  END = function() CommitTransaction() end,
  ABORT_END = function() CleanupTransaction() end,
  ABORT_PENDING = function()
    AbortTransaction()
    CleanupTransaction()
  end,
  SUBBEGIN = function() StartSubTransaction() end,
  SUBRELEASE = function()
    repeat CommitSubTransaction() until s.blockState ~= "SUBRELEASE"
  end,
  SUBCOMMIT = function()
    repeat CommitSubTransaction() until s.blockState ~= "SUBCOMMIT"
    xact.CommitTransactionCommand()
  end,
  SUBABORT_END = function()
    CleanupSubTransaction()
    xact.CommitTransactionCommand()
  end,
  SUBABORT_PENDING = function()
    AbortSubTransaction()
    CleanupSubTransaction()
    xact.CommitTransactionCommand()
  end,
  -- ROLLBACK TO: the level goes, and one of the same name begins.
  SUBRESTART = function()
    local name = s.name
    AbortSubTransaction()
    CleanupSubTransaction()
    PushTransaction(name)
    StartSubTransaction()
  end,
  SUBABORT_RESTART = function()
    local name = s.name
    CleanupSubTransaction()
    PushTransaction(name)
    StartSubTransaction()
  end,
}

function xact.CommitTransactionCommand()
  local act = at_commit[s.blockState]  -- none: inside a block, nothing is to be done
  if act then act() end
end

local at_abort = {
  STARTED = function()
    AbortTransaction()
    CleanupTransaction()
  end,
  INPROGRESS = function()
    AbortTransaction()
    s.blockState = "ABORT"  -- the user must say ROLLBACK
  end,
  SUBINPROGRESS = function()
    AbortSubTransaction()
    s.blockState = "SUBABORT"
  end,
  ABORT_END = function() CleanupTransaction() end,
  SUBBEGIN = function()
    AbortSubTransaction()
    CleanupSubTransaction()
    xact.AbortCurrentTransaction()
  end,
}
at_abort.BEGIN, at_abort.END, at_abort.ABORT_PENDING = at_abort.STARTED, at_abort.STARTED, at_abort.STARTED
for _, state in ipairs{ "SUBRELEASE", "SUBCOMMIT", "SUBABORT_PENDING", "SUBRESTART" } do
  at_abort[state] = at_abort.SUBBEGIN
end
for _, state in ipairs{ "SUBABORT_END", "SUBABORT_RESTART" } do
  at_abort[state] = function()
    CleanupSubTransaction()
    xact.AbortCurrentTransaction()
  end
end

function xact.AbortCurrentTransaction()
  local act = at_abort[s.blockState]  -- none: no transaction, or it is in the aborted state already
  if act then act() end
end

-- --- statements -----------------------------------------------------------------------------------------------
-- They only mark what is to happen; CommitTransactionCommand does it when the statement is over.

function xact.BeginTransactionBlock()
  if s.blockState ~= "STARTED" then
    ereport(WARNING, "there is already a transaction in progress")
    return
  end
  s.blockState = "BEGIN"
end

local function mark_all(sub_states, top_states)
  local level = s
  while level.parent do
    level.blockState = sub_states[level.blockState]
    level = level.parent
  end
  level.blockState = top_states[level.blockState]
end

local aborting = { SUBINPROGRESS = "SUBABORT_PENDING", SUBABORT = "SUBABORT_END" }

function xact.EndTransactionBlock()
  if not xact.IsTransactionBlock() then
    ereport(WARNING, "there is no transaction in progress")
  elseif s.blockState == "SUBINPROGRESS" or s.blockState == "INPROGRESS" then
    mark_all({ SUBINPROGRESS = "SUBCOMMIT" }, { INPROGRESS = "END" })
  else  -- COMMIT of what failed is a rollback
    mark_all(aborting, { INPROGRESS = "ABORT_PENDING", ABORT = "ABORT_END" })
  end
end

function xact.UserAbortTransactionBlock()
  if not xact.IsTransactionBlock() then
    ereport(WARNING, "there is no transaction in progress")
  else
    mark_all(aborting, { INPROGRESS = "ABORT_PENDING", ABORT = "ABORT_END" })
  end
end

local function require_block(statement)
  if not xact.IsTransactionBlock() then ereport(ERROR, statement .. " can only be used in transaction blocks") end
end

local function find_savepoint(name)
  local level = s
  while level and level.name ~= name do level = level.parent end
  if not level then ereport(ERROR, ('savepoint "%s" does not exist'):format(name)) end
  return level
end

function xact.DefineSavepoint(name)
  require_block("SAVEPOINT")
  PushTransaction(name)
end

function xact.ReleaseSavepoint(name)
  require_block("RELEASE SAVEPOINT")
  local target, level = find_savepoint(name), s
  while level ~= target.parent do
    level.blockState = "SUBRELEASE"
    level = level.parent
  end
end

function xact.RollbackToSavepoint(name)
  require_block("ROLLBACK TO SAVEPOINT")
  local target, level = find_savepoint(name), s
  while level ~= target do
    level.blockState = aborting[level.blockState]
    level = level.parent
  end
  target.blockState = target.blockState == "SUBABORT" and "SUBABORT_RESTART" or "SUBRESTART"
end

return xact
