-- The backend's main loop (postgres.c): one function per message of the client. Each ends as a turn of the loop does:
-- MessageContext is reset, and whatever the message left there is gone.
local G = require "backend.globals"
local executor = require "backend.executor"
local plancache = require "backend.plancache"
local planner = require "backend.planner"
local portalmem = require "backend.portalmem"
local pquery = require "backend.pquery"
local utility = require "backend.utility"
local xact = require "backend.xact"

local postgres = {}
local xact_started = false

local function start_xact_command()
  if xact_started then return end
  xact.StartTransactionCommand()
  xact_started = true
end

local function finish_xact_command()
  if not xact_started then return end
  xact.CommitTransactionCommand()
  xact_started = false
end

-- --- errors ---------------------------------------------------------------------------------------------------

-- The text goes to the log and to the client. It is put together in ErrorContext, which has room even when nothing
-- else has.
local function EmitErrorReport(err)
  MemoryContextSwitchTo(ErrorContext)
  pstrdup(err.message)
  palloc(1024)
end

-- What follows sigsetjmp in PostgresMain: every error that nobody caught ends here.
local function recover(err)
  EmitErrorReport(err)
  xact.AbortCurrentTransaction()
  MemoryContextSwitchTo(G.MessageContext or TopMemoryContext)
  FlushErrorState()
  xact_started = false
end

-- For scripts that have transactions, but not this loop.
on_uncaught_error(recover)

-- --- the loop -------------------------------------------------------------------------------------------------

-- The top of the loop: before the next message is read.
function postgres.next_turn()
  MemoryContextSwitchTo(G.MessageContext)
  MemoryContextReset(G.MessageContext)
  palloc(1024)  -- the buffer for the message
end

local function message(text, work)
  if not G.MessageContext then error("call InitPostgres first: there is no backend yet", 4) end
  statement(text)
  MemoryContextSwitchTo(G.MessageContext)
  PG_TRY(work, { catch = recover })
  postgres.next_turn()
end

local function reject_if_aborted(command)
  if xact.IsAbortedTransactionBlockState() and not (command and command.ends_transaction) then
    ereport(ERROR, "current transaction is aborted, commands ignored until end of transaction block")
  end
end

-- Message 'Q': parse, plan, run, all in one. plan: made with the executor's functions; none for utility statements,
-- which are known by their words (backend/utility.lua).
function postgres.exec_simple_query(query, plan)
  message(query, function()
    start_xact_command()
    MemoryContextSwitchTo(G.MessageContext)
    planner.raw_parser(query)
    local command = utility.parse(query, plan)
    reject_if_aborted(command)
    if not command.utility then
      planner.parse_analyze(plan)
      planner.planner(plan)
    end
    local portal = portalmem.CreatePortal("")
    portal.statement = command
    pquery.PortalStart(portal)
    pquery.PortalRun(portal, executor.CreatePrintTup())
    portalmem.PortalDrop(portal)
    finish_xact_command()
  end)
end

-- Message 'P'.
function postgres.exec_parse_message(name, query, plan)
  message(("Parse %s: %s"):format(name, query), function()
    start_xact_command()
    MemoryContextSwitchTo(G.MessageContext)
    planner.raw_parser(query)
    reject_if_aborted()
    local source = plancache.CreateCachedPlan(query)
    planner.parse_analyze(plan)
    plancache.CompleteCachedPlan(source, plan)
    plancache.StorePreparedStatement(name, source)
  end)
end

-- Message 'B'.
function postgres.exec_bind_message(portal_name, name)
  message("Bind", function()
    start_xact_command()
    MemoryContextSwitchTo(G.MessageContext)
    local source = plancache.FetchPreparedStatement(name)
    reject_if_aborted()
    local portal = portalmem.CreatePortal(portal_name)
    G.alloc_all(portal.portalContext, { #name + 1, 64 })  -- name and parameters
    planner.planner(source.plan)
    local plan, release = plancache.GetCachedPlan(source)
    portal.statement, portal.release_plan = { plan = plan }, release
    pquery.PortalStart(portal)
  end)
end

-- Message 'D': what columns will there be?
function postgres.exec_describe_message(portal_name)
  message("Describe", function()
    start_xact_command()
    MemoryContextSwitchTo(G.MessageContext)
    palloc(64)
  end)
end

-- Message 'E'. max_rows nil: all.
function postgres.exec_execute_message(portal_name, max_rows)
  message("Execute", function()
    local portal = portalmem.GetPortalByName(portal_name)
    if not portal then ereport(ERROR, ('portal "%s" does not exist'):format(portal_name)) end
    start_xact_command()
    MemoryContextSwitchTo(G.MessageContext)
    pquery.PortalRun(portal, executor.CreatePrintTup(), max_rows)
  end)
end

-- Message 'S': the end of the implicit transaction.
function postgres.sync()
  message("Sync", finish_xact_command)
end

return postgres
