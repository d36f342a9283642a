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
local function inherit_from_postmaster()
  Postmaster = AllocSetContextCreate(TopMemoryContext, "Postmaster", ALLOCSET_DEFAULT_SIZES)
  MemoryContextSwitchTo(Postmaster)
  G.alloc_all(TopMemoryContext, { { 12, 24 }, { 8, 64 }, { 4, 256 }, 1024, 2048, 24608, { 3, 1024 } })
  G.hash_create("Timezones", TopMemoryContext, 1, { 95872 })
  if V.guc_context then
    local guc = AllocSetContextCreate(TopMemoryContext, "GUCMemoryContext", ALLOCSET_DEFAULT_SIZES)
    G.alloc_all(guc, { { 30, 32 }, { 20, 64 }, { 8, 128 }, { 4, 1024 }, 2048 })
    G.hash_create("GUC hash table", guc, 2, { { 3, 4096 } })
  end
  if V.locallock_hash_in_postmaster then G.hash_create("LOCALLOCK hash", TopMemoryContext, 1, { 2048 }) end
  local hba = AllocSetContextCreate(Postmaster, "hba parser context", ALLOCSET_SMALL_SIZES)
  G.alloc_all(hba, { { 6, 512 }, { 20, 32 } })
  local ident = AllocSetContextCreate(Postmaster, "ident parser context", ALLOCSET_SMALL_SIZES)
  palloc(256)
  MemoryContextSwitchTo(TopMemoryContext)
end

-- smgr, buffers, write-ahead log, before the database is known.
local function BaseInit()
  local smgr = AllocSetContextCreate(TopMemoryContext, "MdSmgr", ALLOCSET_DEFAULT_SIZES)
  G.alloc_all(smgr, { { 10, 32 } })
  G.hash_create("PrivateRefCount", TopMemoryContext, 1, {})
  local wal = AllocSetContextCreate(TopMemoryContext, "WAL record construction", ALLOCSET_DEFAULT_SIZES)
  G.alloc_all(wal, { 41520, 480, 992 })
  if not V.locallock_hash_in_postmaster then G.hash_create("LOCALLOCK hash", TopMemoryContext, 1, { 2048 }) end
end

-- Catalog caches, the relation cache with its file of prepared entries, the indexes of the catalogs.
local function RelationCacheInitialize()
  G.CacheMemoryContext = AllocSetContextCreate(TopMemoryContext, "CacheMemoryContext", ALLOCSET_DEFAULT_SIZES)
  G.alloc_all(G.CacheMemoryContext, { { 20, 384 }, { 20, 2048 } })
  G.hash_create("Relcache by OID", TopMemoryContext, 2, { { 5, 1024 } })
end

local function RelationCacheInitializePhase3()
  for i, index in ipairs(catalog_indexes) do
    local name, keys, since = index[1], index[2], index[3]
    if PG_MAJORVERSION_NUM < (since or 0) then goto continue end
    G.alloc_all(G.CacheMemoryContext, { 448, 512, 256, 1024, 128 })  -- the relation, its columns
    relcache.load_index_info(name, keys)
    if i == 1 then G.hash_create("Operator class cache", TopMemoryContext, 1, { 2048 }) end
    ::continue::
  end
  G.alloc_all(G.CacheMemoryContext, { { 120, 256 }, { 40, 1024 } })  -- entries of the catalog caches
end

function startup.InitPostgres()
  statement("fork")
  inherit_from_postmaster()
  statement("BaseInit")
  BaseInit()
  statement("InitPostgres")
  RelationCacheInitialize()
  G.TopPortalContext = AllocSetContextCreate(TopMemoryContext, "TopPortalContext", ALLOCSET_DEFAULT_SIZES)
  G.hash_create("Portal hash", TopMemoryContext, 1, { 2048 })
  xact.StartTransactionCommand()
  G.hash_create("smgr relation table", TopMemoryContext, 2, { 4096 })
  local pending = AllocSetContextCreate(TopMemoryContext, "PgStat Pending", ALLOCSET_SMALL_SIZES)
  local shared = AllocSetContextCreate(TopMemoryContext, "PgStat Shared Ref", ALLOCSET_SMALL_SIZES)
  local refs = AllocSetContextCreate(TopMemoryContext, "PgStat Shared Ref Hash", ALLOCSET_SMALL_SIZES)
  G.alloc_all(refs, { 48, 6144 })
  G.alloc_all(shared, { { 30, 32 } })
  G.alloc_all(pending, { { 12, 112 } })
  RelationCacheInitializePhase3()
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
