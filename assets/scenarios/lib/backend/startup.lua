-- How a backend begins (postinit.c, relcache.c): what it inherits from the postmaster by fork, what it makes itself, and
-- the one transaction in which it reads the catalogs for the first time.
local G = require "backend.globals"
local V = require "backend.versions"
local xact = require "backend.xact"
local postgres = require "backend.postgres"
local catalog_indexes = require "backend.catalog_indexes"
local relcache = require "backend.relcache"

local startup = {}

local Postmaster

-- Fork copies the whole memory: the backend begins with everything that the postmaster had made.
function startup.fork_process()
  if Postmaster then return end
  statement("fork")
  Postmaster = AllocSetContextCreate(TopMemoryContext, "Postmaster", ALLOCSET_DEFAULT_SIZES)
  MemoryContextSwitchTo(Postmaster)
  -- Many small things, the buffer of what is sent to the client (8 kB), one large table.
  G.alloc_all(TopMemoryContext, { { 7, 1024 }, 8192, { 7, 1024 }, 40992, { 5, 1024 }, { 3, 64 } })
  G.hash_create("Timezones", TopMemoryContext, 1, { 95872 })
  if V.guc_context then
    local guc = AllocSetContextCreate(TopMemoryContext, "GUCMemoryContext", ALLOCSET_DEFAULT_SIZES)
    G.alloc_all(guc, { { 12, 128 }, { 20, 64 }, 8192, 8 })
    G.hash_create("GUC hash table", guc, 2, { { 3, 4096 }, 64 })
  end
  if V.locallock_hash_in_postmaster then G.hash_create("LOCALLOCK hash", TopMemoryContext, 1, { 2048 }) end
  local hba = AllocSetContextCreate(Postmaster, "hba parser context", ALLOCSET_SMALL_SIZES)
  G.alloc_all(hba, { { 6, 512 }, { 20, 32 } })
  local ident = AllocSetContextCreate(Postmaster, "ident parser context", ALLOCSET_SMALL_SIZES)
  palloc(256)
  MemoryContextSwitchTo(TopMemoryContext)
end

-- smgr, buffers, write-ahead log, before the database is known.
function startup.BaseInit()
  if G.base_is_there then return end
  startup.fork_process()
  statement("BaseInit")
  G.base_is_there = true
  local smgr = AllocSetContextCreate(TopMemoryContext, "MdSmgr", ALLOCSET_DEFAULT_SIZES)
  G.alloc_all(smgr, { { 10, 32 } })
  G.hash_create("PrivateRefCount", TopMemoryContext, 1, {})
  local wal = AllocSetContextCreate(TopMemoryContext, "WAL record construction", ALLOCSET_DEFAULT_SIZES)
  G.alloc_all(wal, { V.registered_buffers_bytes, 480, 992 })
  if not V.locallock_hash_in_postmaster then G.hash_create("LOCALLOCK hash", TopMemoryContext, 1, { 2048 }) end
end

-- Catalog caches, the relation cache with its file of prepared entries, the indexes of the catalogs.
local function RelationCacheInitialize()
  G.CacheMemoryContext = AllocSetContextCreate(TopMemoryContext, "CacheMemoryContext", ALLOCSET_DEFAULT_SIZES)
  G.alloc_all(G.CacheMemoryContext, { { 20, 384 }, { 20, 2048 } })
  G.hash_create("Relcache by OID", TopMemoryContext, 2, { { 5, 1024 } })
end

local function RelationCacheInitializePhase3(most_indexes)
  for i, index in ipairs(catalog_indexes) do
    if i > most_indexes then break end
    if PG_MAJORVERSION_NUM >= (index.since or 0) then
      G.alloc_all(G.CacheMemoryContext, { 448, 512, 256, 1024, 128 })  -- the relation, its columns
      local keys = PG_MAJORVERSION_NUM == 15 and index.keys_in_15 or index[2]
      relcache.load_index_info(index[1], keys, index[3])
      if i == 1 then G.hash_create("Operator class cache", TopMemoryContext, 1, { 2048 }) end
    end
  end
  -- Entries of the catalog caches.
  G.alloc_all(G.CacheMemoryContext, most_indexes < #catalog_indexes and { { 10, 256 } } or { { 200, 256 }, { 92, 1024 } })
end

-- Everything up to the first message, with what was not called before it.
-- most_indexes: for lessons about something else, a short picture: only so many of the catalogs' indexes.
function startup.InitPostgres(most_indexes)
  most_indexes = most_indexes or #catalog_indexes
  startup.BaseInit()
  statement("InitPostgres")
  RelationCacheInitialize()
  G.TopPortalContext = AllocSetContextCreate(TopMemoryContext, "TopPortalContext", ALLOCSET_DEFAULT_SIZES)
  G.hash_create("Portal hash", TopMemoryContext, 1, { 2048 })
  xact.StartTransactionCommand()
  G.hash_create("smgr relation table", TopMemoryContext, 2, { 4096 })
  local pending = AllocSetContextCreate(TopMemoryContext, "PgStat Pending", ALLOCSET_SMALL_SIZES)
  local shared = AllocSetContextCreate(TopMemoryContext, "PgStat Shared Ref", ALLOCSET_SMALL_SIZES)
  local refs = AllocSetContextCreate(TopMemoryContext, "PgStat Shared Ref Hash", ALLOCSET_SMALL_SIZES)
  G.alloc_all(refs, { 48, V.shared_ref_table_bytes })
  G.alloc_all(shared, { { 51, 32 }, { 2, 16 } })
  G.alloc_all(pending, { { 12, 112 } })
  RelationCacheInitializePhase3(most_indexes)
  xact.CommitTransactionCommand()
  -- What only the postmaster needed goes.
  MemoryContextDelete(Postmaster)

  G.MessageContext = AllocSetContextCreate(TopMemoryContext, "MessageContext", ALLOCSET_DEFAULT_SIZES)
  G.RowDescriptionContext = AllocSetContextCreate(TopMemoryContext, "RowDescriptionContext", ALLOCSET_DEFAULT_SIZES)
  MemoryContextAlloc(G.RowDescriptionContext, 1024)
  postgres.next_turn()
end

-- The client goes.
function startup.proc_exit()
  statement("Terminate")
  if V.exit_resets_abort_context then MemoryContextReset(G.TransactionAbortContext) end
end

return startup
