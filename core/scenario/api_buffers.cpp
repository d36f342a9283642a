// The buffer pool: shared_buffers, relation, and PostgreSQL's functions on buffers. A Buffer is a number, as in
// PostgreSQL: from 1 on, local ones from -1 downwards. What a script asks for that PostgreSQL would only assert is
// refused in words.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/scenario/api.h"
#include "core/scenario/handles.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

constexpr const char* kRelation = "relation";
constexpr const char* kRing = "buffer access strategy";
constexpr lua_Integer kMostBuffers = 1 << 20;
constexpr std::uint32_t kFirstOid = 16384;  // of what users create

struct BufferNumber {
  std::int32_t number = 0;
};
struct HandleValue {
  const char* kind = nullptr;  // null: nil
  Handle handle;
};

void push(lua_State* L, BufferNumber buffer) { lua_pushinteger(L, buffer.number); }
void push(lua_State* L, HandleValue value) {
  if (value.kind)
    push_handle(L, value.kind, value.handle);
  else
    lua_pushnil(L);
}

// --- arguments ------------------------------------------------------------------------------------------------

BufferManager& pool(lua_State* L) {
  Host& host = Host::of(L);
  BufferManager* manager = host.server().buffers();
  if (!manager) luaL_error(L, "there is no buffer pool yet: shared_buffers(16) makes one of 16 buffers");
  if (!host.server().backends.acting()) luaL_error(L, "no backend acts: switch_to one, or start_backend{ name = ... }");
  return *manager;
}

// In the table at `index`; `fallback` where it has no such field.
lua_Integer number_field(lua_State* L, int index, const char* name, lua_Integer fallback, lua_Integer most) {
  lua_getfield(L, index, name);
  lua_Integer value = fallback;
  if (!lua_isnil(L, -1)) {
    int is_number = 0;
    value = lua_tointegerx(L, -1, &is_number);
    if (!is_number || value < 0 || value > most)
      luaL_error(L, "%s should be a whole number from 0 to %I", name, static_cast<LUAI_UACINT>(most));
  }
  lua_pop(L, 1);
  return value;
}

RelationId check_relation(lua_State* L, int index) {
  const Handle handle = check_handle(L, index, kRelation);
  RelationId id;
  id.relation = handle.value;
  id.tablespace = handle.more;
  return id;
}

std::int32_t check_fork(lua_State* L, int index) {
  constexpr std::array<const char*, 5> forks = {"main", "fsm", "vm", "init", nullptr};
  return lua_isnoneornil(L, index) ? 0 : luaL_checkoption(L, index, nullptr, forks.data());
}

// The page of ReadBuffer and its kin; the relation must be long enough.
PageTag check_page(lua_State* L, int relation, int fork_index, int block_index) {
  BufferManager& manager = pool(L);
  const RelationId id = check_relation(L, relation);
  const std::int32_t fork = fork_index == 0 ? 0 : check_fork(L, fork_index);
  const lua_Integer block = luaL_checkinteger(L, block_index);
  const std::uint32_t blocks = manager.relation_blocks(id, fork);
  if (block < 0 || block >= static_cast<lua_Integer>(blocks))
    luaL_argerror(L, block_index,
                  lua_pushfstring(L, "the relation has %I pages here, block numbers begin at 0: there is no block %I",
                                  static_cast<LUAI_UACINT>(blocks), static_cast<LUAI_UACINT>(block)));
  return {id.tablespace, id.database, id.relation, fork, static_cast<std::uint32_t>(block)};
}

RingSlot check_ring(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return {};
  const Handle handle = check_handle(L, index, kRing);
  ServerWorld& server = Host::of(L).server();
  const RingSlot ring{handle.value};
  luaL_argcheck(L, server.ring_born(ring) == handle.born, index, "this strategy was freed");
  luaL_argcheck(L, server.ring_owner(ring) == server.backends.acting(), index,
                "this strategy is another backend's: it lies in that backend's private memory");
  return ring;
}

// A Buffer that the acting backend has pinned.
BufferSlot check_buffer(lua_State* L, int index) {
  BufferManager& manager = pool(L);
  const lua_Integer number = luaL_checkinteger(L, index);
  const BackendSlot backend = Host::of(L).server().backends.acting();
  BufferSlot buffer;
  if (number > 0 && number <= static_cast<lua_Integer>(manager.buffers()))
    buffer = BufferSlot{static_cast<std::uint32_t>(number - 1)};
  else if (number < 0)
    buffer = manager.local_buffer(backend, number);
  if (!buffer) luaL_argerror(L, index, lua_pushfstring(L, "bad buffer ID: %I", static_cast<LUAI_UACINT>(number)));
  return buffer;
}

BufferSlot check_pinned(lua_State* L, int index) {
  const BufferSlot buffer = check_buffer(L, index);
  if (pool(L).private_count(Host::of(L).server().backends.acting(), buffer) == 0)
    luaL_argerror(L, index, "the acting backend has not pinned this buffer: ReadBuffer first");
  return buffer;
}

// --- the pool and its relations -------------------------------------------------------------------------------

// shared_buffers(n), shared_buffers{ buffers = n, temp_buffers = m, ... }
int shared_buffers(lua_State* L) {
  Host& host = Host::of(L);
  if (host.server().buffers()) return luaL_error(L, "there is a buffer pool already: its size is fixed at start");
  BufferSettings settings;
  auto setting = [&](std::uint32_t& value, const char* name, lua_Integer most) {
    value = static_cast<std::uint32_t>(number_field(L, 1, name, value, most));
  };
  if (lua_istable(L, 1)) {
    lua_settop(L, 1);
    setting(settings.buffers, "buffers", kMostBuffers);
    setting(settings.temp_buffers, "temp_buffers", kMostBuffers);
    setting(settings.max_backends, "max_backends", 0x3FFFF);
    setting(settings.io_combine_limit, "io_combine_limit", 128);
    setting(settings.effective_io_concurrency, "effective_io_concurrency", 1000);
    setting(settings.bgwriter_lru_maxpages, "bgwriter_lru_maxpages", 0x3FFFFFFF);
    setting(settings.bgwriter_delay_ms, "bgwriter_delay", 10000);
    lua_getfield(L, 1, "bgwriter_lru_multiplier");
    settings.bgwriter_lru_multiplier = luaL_optnumber(L, -1, settings.bgwriter_lru_multiplier);
  } else {
    const lua_Integer buffers = luaL_checkinteger(L, 1);
    luaL_argcheck(L, buffers >= 2 && buffers <= kMostBuffers, 1, "from 2 to 1048576 buffers of 8 kB are wanted");
    settings.buffers = static_cast<std::uint32_t>(buffers);
  }
  luaL_argcheck(L, settings.buffers >= 2 && settings.temp_buffers >= 1, 1,
                "from 2 to 1048576 buffers of 8 kB are wanted");
  luaL_argcheck(L, settings.bgwriter_delay_ms >= 10, 1, "bgwriter_delay is from 10 to 10000 ms");
  luaL_argcheck(L, settings.bgwriter_lru_multiplier >= 0 && settings.bgwriter_lru_multiplier <= 10, 1,
                "bgwriter_lru_multiplier is from 0 to 10");
  return call(L, [&host, &settings](Process&) {
    host.server().make_buffers(settings);
    host.server().need_backend();
  });
}

// relation{ name = "orders", blocks = 10, persistence = "permanent", tablespace = 1663 }
int relation(lua_State* L) {
  BufferManager& manager = pool(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  constexpr std::array<const char*, 4> kinds = {"permanent", "unlogged", "temporary", nullptr};
  lua_getfield(L, 1, "persistence");
  const auto persistence = static_cast<Persistence>(luaL_checkoption(L, 2, kinds[0], kinds.data()));
  lua_getfield(L, 1, "name");
  std::size_t length = 0;
  const char* text = lua_tolstring(L, 3, &length);
  if (!text || length == 0 || length > 63) luaL_argerror(L, 1, "a relation wants a name of 1 to 63 bytes");
  const std::string_view name(text, length);
  const auto blocks = static_cast<std::uint32_t>(number_field(L, 1, "blocks", 0, 0xFFFFFFFE));
  RelationId id;
  id.tablespace = static_cast<std::uint32_t>(number_field(L, 1, "tablespace", id.tablespace, 0xFFFFFFFF));
  id.relation = kFirstOid + Host::of(L).server().next_relation();
  return call(L, [&manager, name, blocks, persistence, id](Process&) {
    manager.name_relation(id, name, blocks, persistence);
    return HandleValue{kRelation, {id.relation, id.tablespace, 0}};
  });
}

// --- pages ----------------------------------------------------------------------------------------------------

int read_page(lua_State* L, const PageTag& tag, RingSlot ring) {
  BufferManager& manager = pool(L);
  return call(L, [&manager, tag, ring](Process&) {
    return BufferNumber{manager.buffer_number(manager.read_buffer(tag, ring))};
  });
}

// ReadBuffer(relation, block)
int read_buffer(lua_State* L) { return read_page(L, check_page(L, 1, 0, 2), {}); }

// ReadBufferExtended(relation, fork, block, strategy): fork "main", "fsm", "vm" or "init"
int read_buffer_extended(lua_State* L) { return read_page(L, check_page(L, 1, 2, 3), check_ring(L, 4)); }

// ExtendBufferedRel(relation [, strategy]): a new page at the end
int extend_buffered_rel(lua_State* L) {
  BufferManager& manager = pool(L);
  const RelationId id = check_relation(L, 1);
  const RingSlot ring = check_ring(L, 2);
  return call(L, [&manager, id, ring](Process&) {
    return BufferNumber{manager.buffer_number(manager.extend_buffered_rel(id, 1, ring).front())};
  });
}

// ExtendBufferedRelBy(relation, pages [, strategy]): the first of the new buffers; all are pinned
int extend_buffered_rel_by(lua_State* L) {
  BufferManager& manager = pool(L);
  const RelationId id = check_relation(L, 1);
  const lua_Integer pages = luaL_checkinteger(L, 2);
  luaL_argcheck(L, pages >= 1 && pages <= 64, 2, "1 to 64 pages at a time");  // MAX_BUFFERS_TO_EXTEND_BY
  const RingSlot ring = check_ring(L, 3);
  return call(L, [&manager, id, pages, ring](Process&) {
    return BufferNumber{
        manager.buffer_number(manager.extend_buffered_rel(id, static_cast<std::uint32_t>(pages), ring).front())};
  });
}

int release_buffer(lua_State* L) {
  BufferManager& manager = pool(L);
  const BufferSlot buffer = check_buffer(L, 1);
  return call(L, [&manager, buffer](Process&) { manager.release_buffer(buffer); });
}

int incr_buffer_ref_count(lua_State* L) {
  BufferManager& manager = pool(L);
  const BufferSlot buffer = check_pinned(L, 1);
  return call(L, [&manager, buffer](Process&) { manager.incr_buffer_ref_count(buffer); });
}

// MarkBufferDirty(buffer [, logged]): the change gets a WAL record of its own, unless logged is false.
int mark_buffer_dirty(lua_State* L) {
  BufferManager& manager = pool(L);
  const BufferSlot buffer = check_pinned(L, 1);
  const bool logged = lua_isnoneornil(L, 2) || lua_toboolean(L, 2) != 0;
  return call(L, [&manager, buffer, logged](Process&) {
    manager.mark_buffer_dirty(buffer, logged ? manager.xlog_insert() : 0);
  });
}

// The record of every change so far is on disk, as after a commit.
int xlog_flush(lua_State* L) {
  BufferManager& manager = pool(L);
  return call(L, [&manager](Process&) { manager.xlog_flush(manager.wal_inserted()); });
}

// --- rings ----------------------------------------------------------------------------------------------------

constexpr std::array<const char*, 5> kStrategies = {"BAS_NORMAL", "BAS_BULKREAD", "BAS_BULKWRITE", "BAS_VACUUM",
                                                    nullptr};

int make_ring(lua_State* L, RingKind kind, std::optional<std::uint32_t> kb) {
  BufferManager& manager = pool(L);
  Host& host = Host::of(L);
  const bool modelled = host.server().owns_heap(host.server().backends.acting());
  if (modelled) check_current_context(L);
  return call(L, [&manager, &host, kind, kb, modelled](Process& process) {
    const std::uint32_t slots = manager.ring_slots(kind, kb);
    if (slots == 0) return HandleValue{};
    const Address memory = modelled ? process.palloc0(manager.ring_bytes(slots)) : Address{};
    const RingSlot ring = manager.get_access_strategy(kind, kb, memory);
    host.server().note_ring(ring, host.last_event(), memory);
    return HandleValue{kRing, {ring.value, slots, host.last_event()}};
  });
}

// GetAccessStrategy("BAS_BULKREAD"); nil for BAS_NORMAL
int get_access_strategy(lua_State* L) {
  const int type = luaL_checkoption(L, 1, nullptr, kStrategies.data());
  if (type == 0) {
    lua_pushnil(L);
    return 1;
  }
  return make_ring(L, static_cast<RingKind>(type - 1), std::nullopt);
}

// GetAccessStrategyWithSize("BAS_VACUUM", kB): 16 and newer
int get_access_strategy_with_size(lua_State* L) {
  const int type = luaL_checkoption(L, 1, nullptr, kStrategies.data());
  luaL_argcheck(L, type != 0, 1, "BAS_NORMAL has no ring");
  if (!pool(L).profile().ring_sizes.vacuum_settable)
    return luaL_error(L, "GetAccessStrategyWithSize is new in PostgreSQL 16; this scenario runs as %d",
                      pool(L).profile().major);
  const lua_Integer kb = luaL_checkinteger(L, 2);
  luaL_argcheck(L, kb >= 0 && kb <= 16 * 1024 * 1024, 2, "from 0 kB (no ring) to 16 GB are wanted");
  return make_ring(L, static_cast<RingKind>(type - 1), static_cast<std::uint32_t>(kb));
}

int free_access_strategy(lua_State* L) {
  BufferManager& manager = pool(L);
  const RingSlot ring = check_ring(L, 1);
  luaL_argcheck(L, static_cast<bool>(ring), 1, "a buffer access strategy is wanted, not NULL");
  Host& host = Host::of(L);
  return call(L, [&manager, &host, ring](Process& process) {
    manager.free_access_strategy(ring);
    if (Address memory = host.server().forget_ring(ring)) process.pfree(memory);
  });
}

// --- dropping, flushing, maintenance --------------------------------------------------------------------------

// DropRelationBuffers(relation [, first_block]): from this block on, as a truncation does; without one the whole
// relation
int drop_relation_buffers(lua_State* L) {
  BufferManager& manager = pool(L);
  const RelationId id = check_relation(L, 1);
  const bool whole = lua_isnoneornil(L, 2);
  const lua_Integer from = luaL_optinteger(L, 2, 0);
  luaL_argcheck(L, from >= 0 && from <= 0xFFFFFFFE, 2, "a block number is wanted");
  return call(L, [&manager, id, whole, from](Process&) {
    if (whole)
      manager.drop_relations_all_buffers(id);
    else
      manager.drop_relation_buffers(id, 0, static_cast<std::uint32_t>(from));
  });
}

int flush_relation_buffers(lua_State* L) {
  BufferManager& manager = pool(L);
  const RelationId id = check_relation(L, 1);
  return call(L, [&manager, id](Process&) { manager.flush_relation_buffers(id); });
}

void need_kind(lua_State* L, BackendKind kind, const char* name, const char* function) {
  pool(L);
  const Backends& backends = Host::of(L).server().backends;
  if (backends.find(backends.acting())->kind != kind)
    luaL_error(L, "%s is the %s's work: switch_to(start_backend{ kind = \"%s\" })", function, name, name);
}

// BgBufferSync(): true if the background writer may hibernate
int bg_buffer_sync(lua_State* L) {
  need_kind(L, BackendKind::BackgroundWriter, "background writer", "BgBufferSync");
  BufferManager& manager = pool(L);
  return call(L, [&manager](Process&) { return manager.bg_buffer_sync(); });
}

// CheckPointBuffers(): the whole of it
int check_point_buffers(lua_State* L) {
  need_kind(L, BackendKind::Checkpointer, "checkpointer", "CheckPointBuffers");
  BufferManager& manager = pool(L);
  if (manager.checkpoint_in_progress())
    return luaL_error(L, "a checkpoint is going on: checkpoint_write goes on with it");
  return call(L, [&manager](Process&) { manager.check_point_buffers(); });
}

// checkpoint_begin(): how many buffers are to be written; then checkpoint_write(n): true while some are left
int checkpoint_begin(lua_State* L) {
  need_kind(L, BackendKind::Checkpointer, "checkpointer", "checkpoint_begin");
  BufferManager& manager = pool(L);
  if (manager.checkpoint_in_progress())
    return luaL_error(L, "a checkpoint is going on: checkpoint_write goes on with it");
  return call(L, [&manager](Process&) { return std::uint64_t{manager.begin_checkpoint()}; });
}

int checkpoint_write(lua_State* L) {
  need_kind(L, BackendKind::Checkpointer, "checkpointer", "checkpoint_write");
  BufferManager& manager = pool(L);
  if (!manager.checkpoint_in_progress()) return luaL_error(L, "no checkpoint is going on: checkpoint_begin begins one");
  const lua_Integer buffers = luaL_optinteger(L, 1, 1);
  luaL_argcheck(L, buffers >= 1 && buffers <= kMostBuffers, 1, "at least one buffer is wanted");
  return call(
      L, [&manager, buffers](Process&) { return manager.continue_checkpoint(static_cast<std::uint32_t>(buffers)); });
}

// --- looks ----------------------------------------------------------------------------------------------------

// buffer_state(buffer): a table of what its state word says. A debugger's look, no act of the program.
int buffer_state(lua_State* L) {
  BufferManager& manager = pool(L);
  const BufferSlot buffer = check_buffer(L, 1);
  const std::uint32_t word = manager.state_word(buffer);
  const PageTag tag = manager.tag_of(buffer);
  auto number = [&](const char* name, lua_Integer value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
  };
  auto flag = [&](const char* name, std::uint32_t mask) {
    lua_pushboolean(L, (word & mask) != 0);
    lua_setfield(L, -2, name);
  };
  lua_createtable(L, 0, 10);
  number("state", word);
  number("refcount", refcount_of(word));
  number("usagecount", usage_of(word));
  number("private_refcount", manager.private_count(Host::of(L).server().backends.acting(), buffer));
  flag("dirty", buffer_bits::kDirty);
  flag("valid", buffer_bits::kValid);
  if ((word & buffer_bits::kTagValid) != 0) {
    number("relfilenode", tag.relation);
    number("fork", tag.fork);
    number("block", tag.block);
  }
  return 1;
}

int relation_field(lua_State* L) {
  const RelationId id = check_relation(L, 1);
  const char* field = luaL_checkstring(L, 2);
  if (std::strcmp(field, "blocks") == 0)
    lua_pushinteger(L, pool(L).relation_blocks(id));
  else if (std::strcmp(field, "relfilenode") == 0)
    lua_pushinteger(L, id.relation);
  else
    return luaL_error(L, "a relation shows blocks and relfilenode here, not '%s'", field);
  return 1;
}

int relation_text(lua_State* L) {
  lua_pushfstring(L, "relation %d", static_cast<int>(check_handle(L, 1, kRelation).value));
  return 1;
}

int ring_field(lua_State* L) {
  const Handle ring = check_handle(L, 1, kRing);
  const char* field = luaL_checkstring(L, 2);
  if (std::strcmp(field, "nbuffers") != 0)
    return luaL_error(L, "a buffer access strategy shows nbuffers here, not '%s'", field);
  lua_pushinteger(L, ring.more);
  return 1;
}

int ring_text(lua_State* L) {
  lua_pushfstring(L, "a ring of %d buffers", static_cast<int>(check_handle(L, 1, kRing).more));
  return 1;
}

constexpr luaL_Reg kFunctions[] = {
    {"shared_buffers", shared_buffers},
    {"relation", relation},
    {"ReadBuffer", read_buffer},
    {"ReadBufferExtended", read_buffer_extended},
    {"ExtendBufferedRel", extend_buffered_rel},
    {"ExtendBufferedRelBy", extend_buffered_rel_by},
    {"ReleaseBuffer", release_buffer},
    {"IncrBufferRefCount", incr_buffer_ref_count},
    {"MarkBufferDirty", mark_buffer_dirty},
    {"XLogFlush", xlog_flush},
    {"GetAccessStrategy", get_access_strategy},
    {"GetAccessStrategyWithSize", get_access_strategy_with_size},
    {"FreeAccessStrategy", free_access_strategy},
    {"DropRelationBuffers", drop_relation_buffers},
    {"FlushRelationBuffers", flush_relation_buffers},
    {"BgBufferSync", bg_buffer_sync},
    {"CheckPointBuffers", check_point_buffers},
    {"checkpoint_begin", checkpoint_begin},
    {"checkpoint_write", checkpoint_write},
    {"buffer_state", buffer_state},
};

}  // namespace

void register_buffers(lua_State* L) {
  constexpr luaL_Reg relation_functions[] = {
      {"__index", relation_field}, {"__tostring", relation_text}, {nullptr, nullptr}};
  constexpr luaL_Reg ring_functions[] = {{"__index", ring_field}, {"__tostring", ring_text}, {nullptr, nullptr}};
  register_handle(L, kRelation, relation_functions);
  register_handle(L, kRing, ring_functions);
}

std::span<const luaL_Reg> buffer_functions() { return kFunctions; }

}  // namespace palloscope::core
