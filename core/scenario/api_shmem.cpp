// Shared memory: the server's start with its settings, the requests of libraries, ShmemInitStruct and its kin; the
// buffer pool inside the segment. Dynamic segments and NUMA are in api_dsm.cpp. What a script asks for that PostgreSQL
// would only assert is refused in words.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "core/scenario/api.h"
#include "core/scenario/handles.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

// Of all hash tables together: their free lists are real bytes, at most a page an element.
constexpr std::uint64_t kMostElementBytes = 256 << 20;

std::uint64_t real_bytes(std::uint64_t entries, std::uint64_t entry_bytes) {
  constexpr std::uint64_t kElementHead = 16;
  return entries * std::min(entry_bytes + kElementHead, AddressSpace::kPageBytes);
}

std::string_view check_text(lua_State* L, int index) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, index, &length);
  return {text, length};
}

// Sizes of structures: a negative one is a mistake of the script, not 2^64 less something.
std::uint64_t check_bytes(lua_State* L, int index) {
  const lua_Integer bytes = luaL_checkinteger(L, index);
  luaL_argcheck(L, bytes > 0, index, "a size in bytes, above 0, is wanted");
  return static_cast<std::uint64_t>(bytes);
}

SharedMemory& segment(lua_State* L) {
  SharedMemory* shared = Host::of(L).shmem().shared();
  if (!shared) luaL_error(L, "there is no shared memory yet: CreateSharedMemoryAndSemaphores() makes it");
  return *shared;
}

// --- before the start ---------------------------------------------------------------------------------------------

// postgresql_conf{ shared_buffers = "128MB", max_connections = 100, ssl = false }
int postgresql_conf(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  Host& host = Host::of(L);
  if (host.shmem().settings_fixed())
    return luaL_error(L, "the server has started: these settings are fixed until it ends");
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    if (lua_type(L, 2) != LUA_TSTRING) return luaL_error(L, "write settings as postgresql_conf{ name = value }");
    const std::string_view name(lua_tostring(L, 2));
    if (lua_isboolean(L, 3)) {
      lua_pushstring(L, lua_toboolean(L, 3) ? "on" : "off");
      lua_replace(L, 3);
    }
    const std::string_view text = check_text(L, 3);
    if (name == "ssl" || name == "gss") {
      (name == "ssl" ? host.shmem().settings.build.ssl : host.shmem().settings.build.gss) = text == "on";
    } else if (!host.attempt([&] {
                 if (const auto done = host.shmem().settings.set(name, text); !done)
                   throw ScriptMistake{done.error().message};
               })) {
      return host.raise(L);
    }
    lua_settop(L, 2);
  }
  return 0;
}

// begin_shmem_requests(library), end_shmem_requests(): around what a library's shmem_request_hook does.
int begin_shmem_requests(lua_State* L) {
  const std::string_view library = check_text(L, 1);
  Host& host = Host::of(L);
  if (host.shmem().shared() != nullptr) return luaL_error(L, "the server has started: requests are taken before");
  return call(L, [&host, library](Process&) {
    host.shmem().library = std::string(library);
    host.shmem().early().begin_requests();
  });
}

int end_shmem_requests(lua_State* L) {
  Host& host = Host::of(L);
  return call(L, [&host](Process&) {
    host.shmem().early().end_requests();
    host.shmem().library.clear();
  });
}

int request_addin_shmem_space(lua_State* L) {
  const std::uint64_t bytes = check_bytes(L, 1);
  Host& host = Host::of(L);
  return call(L, [&host, bytes](Process&) {
    host.shmem().for_request("shared memory").request_addin_space(host.shmem().library, bytes);
  });
}

int request_named_lwlock_tranche(lua_State* L) {
  const std::string_view name = check_text(L, 1);
  const lua_Integer locks = luaL_checkinteger(L, 2);
  luaL_argcheck(L, locks > 0 && locks <= 65536, 2, "from 1 to 65536 locks are wanted");
  Host& host = Host::of(L);
  return call(L, [&host, name, locks](Process&) {
    host.shmem().for_request("LWLocks").request_tranche(host.shmem().library, name, static_cast<std::uint32_t>(locks));
  });
}

// CreateSharedMemoryAndSemaphores([{ free_huge_pages = n, huge_page_size = "2MB" }]): the postmaster's start.
int create_shared_memory(lua_State* L) {
  Host& host = Host::of(L);
  if (host.shmem().shared() != nullptr) return luaL_error(L, "the server has its shared memory already");
  if (lua_istable(L, 1)) {
    lua_settop(L, 1);
    lua_getfield(L, 1, "free_huge_pages");
    const lua_Integer pages = luaL_optinteger(L, 2, 0);
    luaL_argcheck(L, pages >= 0, 1, "free_huge_pages is a number of pages");
    host.shmem().supply.free_pages = static_cast<std::uint64_t>(pages);
    lua_getfield(L, 1, "huge_page_size");
    if (!lua_isnil(L, 3)) {
      const std::string_view text = check_text(L, 3);
      if (!host.attempt([&] {
            const auto bytes = parse_bytes(text, 1024);
            if (!bytes || *bytes < 65536 || (*bytes & (*bytes - 1)) != 0)
              throw ScriptMistake{"huge_page_size is a power of two from 64kB on, as in \"2MB\""};
            host.shmem().supply.page_bytes = static_cast<std::uint64_t>(*bytes);
          }))
        return host.raise(L);
    }
  }
  return call(L, [&host](Process&) {
    std::uint64_t elements = 0;
    if (const auto map = compute_shmem_map(host.shmem().early().settings()))
      for (const ShmemPiece& piece : map->pieces)
        if (piece.purpose.ends_with(": elements")) elements += piece.count * piece.bytes;
    if (elements > kMostElementBytes)
      throw ScriptMistake{
          "these settings make hash tables of more than 256 MB, too much to simulate in the bytes; palloscope shmem "
          "works the sizes out without"};
    host.shmem().hash_bytes = elements;
    ServerWorld& server = host.server();
    if (!server.backends.acting()) {
      const BackendSlot postmaster = server.backends.start(BackendKind::Postmaster, "postmaster");
      server.note_started(postmaster, host.last_event());
      server.backends.switch_to(postmaster);
    }
    host.shmem().start();
  });
}

// --- the calls ----------------------------------------------------------------------------------------------------

// ShmemInitStruct(name, size): pointer, found
int shmem_init_struct(lua_State* L) {
  SharedMemory& shared = segment(L);
  const std::string_view name = check_text(L, 1);
  const std::uint64_t bytes = check_bytes(L, 2);
  bool found = false;
  call(L, [&shared, name, bytes, &found](Process&) {
    const auto structure = shared.init_struct(name, bytes);
    found = structure.found;
    return PointerValue{structure.at};
  });
  lua_pushboolean(L, found);
  return 2;
}

// ShmemInitHash(name, init_size, max_size, keysize, entrysize [, partitions]): pointer
int shmem_init_hash(lua_State* L) {
  SharedMemory& shared = segment(L);
  const std::string_view name = check_text(L, 1);
  const std::uint64_t init = check_bytes(L, 2), most = check_bytes(L, 3), key = check_bytes(L, 4),
                      entry = check_bytes(L, 5);
  const lua_Integer partitions = luaL_optinteger(L, 6, 0);
  luaL_argcheck(L, init <= most && most <= 1 << 20, 3, "from init_size to 1048576 entries are wanted");
  luaL_argcheck(L, key <= 64 && key <= entry && entry <= 65536, 5,
                "an entry of at most 64 kB is wanted, which begins with its key of at most 64 bytes");
  luaL_argcheck(L, partitions >= 0 && partitions <= 128 && (partitions & (partitions - 1)) == 0, 6,
                "partitions are a power of two, at most 128");
  const DynahashShape shape{init, most, static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(entry),
                            static_cast<std::uint32_t>(partitions)};
  ShmemWorld& world = Host::of(L).shmem();
  return call(L, [&shared, &world, name, shape](Process&) {
    const std::uint64_t cost = shared.find(name) ? 0 : real_bytes(shape.init_entries, shape.entry_bytes);
    if (cost > kMostElementBytes - world.hash_bytes)
      throw ScriptMistake{
          "the hash tables of this run would hold more than 256 MB of free elements: these are real bytes of this "
          "machine; a smaller init_size will do, for a table grows up to max_size"};
    const Address table = shared.init_hash(name, shape).at;
    world.hash_bytes += cost;
    return PointerValue{table};
  });
}

// ShmemAlloc(size [, what for])
int shmem_alloc(lua_State* L) {
  SharedMemory& shared = segment(L);
  const std::uint64_t bytes = check_bytes(L, 1);
  const std::string_view purpose = lua_isnoneornil(L, 2) ? std::string_view() : check_text(L, 2);
  return call(L, [&shared, bytes, purpose](Process&) { return PointerValue{shared.alloc(bytes, purpose)}; });
}

int get_named_lwlock_tranche(lua_State* L) {
  SharedMemory& shared = segment(L);
  const std::string_view name = check_text(L, 1);
  return call(L, [&shared, name](Process&) { return PointerValue{shared.tranche(name)}; });
}

// InitBufferPool(): the pool in its own structures of the segment, as many buffers as shared_buffers says.
int init_buffer_pool(lua_State* L) {
  SharedMemory& shared = segment(L);
  Host& host = Host::of(L);
  if (host.server().buffers()) return luaL_error(L, "there is a buffer pool already");
  return call(L, [&host, &shared](Process& process) {
    BufferSettings settings;
    settings.buffers = static_cast<std::uint32_t>(shared.settings().get(Guc::SharedBuffers));
    const auto at = [&](std::string_view name) {
      const auto piece = shared.find(name);
      if (!piece) throw ScriptMistake{"the index of shared memory was trampled: the buffer pool is not in it"};
      return kMainSegment + piece->offset;
    };
    Address blocks = at("Buffer Blocks");
    if (find_buffer_profile(process.profile().major)->rules.blocks_aligned)
      blocks = {(blocks.value + 4095) / 4096 * 4096};
    settings.places = {at("Buffer Descriptors"), blocks, at("Buffer Strategy Status"),
                       at("Shared Buffer Lookup Table")};
    host.server().make_buffers(settings);
  });
}

// pg_shmem_allocations(name): { off, size, allocated_size }, nil: there is none. Without a name: the segment's own
// { size, free, off }. The debugger's look, no act of the program.
int pg_shmem_allocations(lua_State* L) {
  SharedMemory& shared = segment(L);
  lua_settop(L, 1);
  const auto put = [&](const char* name, std::uint64_t number) {
    push(L, number);
    lua_setfield(L, 2, name);
  };
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    put("size", shared.total_bytes());
    put("off", shared.free_offset());
    put("free", shared.total_bytes() - shared.free_offset());
    return 1;
  }
  const std::string_view name = check_text(L, 1);
  std::uint64_t offset = 0, bytes = 0, allocated = 0;
  {
    const auto piece = shared.find(name);
    if (piece) offset = piece->offset, bytes = piece->bytes, allocated = piece->allocated_bytes;
  }
  if (allocated == 0) return 0;
  lua_newtable(L);
  put("off", offset);
  put("size", bytes);
  put("allocated_size", allocated);
  return 1;
}

constexpr luaL_Reg kFunctions[] = {
    {"postgresql_conf", postgresql_conf},
    {"begin_shmem_requests", begin_shmem_requests},
    {"end_shmem_requests", end_shmem_requests},
    {"RequestAddinShmemSpace", request_addin_shmem_space},
    {"RequestNamedLWLockTranche", request_named_lwlock_tranche},
    {"CreateSharedMemoryAndSemaphores", create_shared_memory},
    {"ShmemInitStruct", shmem_init_struct},
    {"ShmemInitHash", shmem_init_hash},
    {"ShmemAlloc", shmem_alloc},
    {"GetNamedLWLockTranche", get_named_lwlock_tranche},
    {"InitBufferPool", init_buffer_pool},
    {"pg_shmem_allocations", pg_shmem_allocations},
};

}  // namespace

std::span<const luaL_Reg> shmem_functions() { return kFunctions; }

}  // namespace palloscope::core
