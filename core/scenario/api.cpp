#include "core/scenario/api.h"

#include "core/base/check.h"
#include "core/scenario/lua.h"

namespace palloscope::core {

void add_functions(lua_State* L) {
  for (auto functions :
       {context_functions(), chunk_functions(), error_functions(), lesson_functions(), library_functions(),
        server_functions(), buffer_functions(), workmem_functions(), shmem_functions(), dsm_functions()}) {
    for (const luaL_Reg& function : functions) {
      check(lua_getfield(L, -1, function.name) == LUA_TNIL, "a script's function stands in one table only");
      lua_pop(L, 1);
      lua_pushcfunction(L, function.func);
      lua_setfield(L, -2, function.name);
    }
  }
}

void add_constants(lua_State* L, int pg_major) {
  struct Number {
    const char* name;
    lua_Integer value;
  };
  const Number numbers[] = {{"MCXT_ALLOC_HUGE", kMcxtAllocHuge},
                            {"MCXT_ALLOC_NO_OOM", kMcxtAllocNoOom},
                            {"MCXT_ALLOC_ZERO", kMcxtAllocZero},
                            {"SLAB_DEFAULT_BLOCK_SIZE", 8192},
                            {"SLAB_LARGE_BLOCK_SIZE", 8 * 1024 * 1024},
                            {"MaxAllocSize", 0x3FFFFFFF},
                            {"PG_MAJORVERSION_NUM", pg_major},
                            {"TUPLESORT_RANDOMACCESS", 1},
                            {"TUPLESORT_ALLOWBOUNDED", 2}};
  for (const Number& number : numbers) {
    lua_pushinteger(L, number.value);
    lua_setfield(L, -2, number.name);
  }
  struct Sizes {
    const char* name;
    AllocSetSizes value;
  };
  const Sizes sizes[] = {{"ALLOCSET_DEFAULT_SIZES", kDefaultSizes},
                         {"ALLOCSET_SMALL_SIZES", kSmallSizes},
                         {"ALLOCSET_START_SMALL_SIZES", kStartSmallSizes}};
  for (const Sizes& size : sizes) {
    lua_createtable(L, 3, 0);
    const std::uint64_t parts[] = {size.value.min_context_bytes, size.value.init_block_bytes,
                                   size.value.max_block_bytes};
    for (int i = 0; i < 3; ++i) {
      lua_pushinteger(L, static_cast<lua_Integer>(parts[i]));
      lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, size.name);
  }
  for (const char* level : {"NOTICE", "WARNING", "ERROR"}) {
    lua_pushstring(L, level);
    lua_setfield(L, -2, level);
  }
  push(L, Host::of(L).process().profile().checking);
  lua_setfield(L, -2, "MEMORY_CONTEXT_CHECKING");
  push(L, ContextValue{Host::of(L).process().top_memory_context()});
  lua_setfield(L, -2, "TopMemoryContext");
  push(L, ContextValue{Host::of(L).process().error_context()});
  lua_setfield(L, -2, "ErrorContext");
}

void push(lua_State* L, std::uint64_t number) { lua_pushinteger(L, static_cast<lua_Integer>(number)); }
void push(lua_State* L, bool truth) { lua_pushboolean(L, truth); }

void check_current_context(lua_State* L) {
  Host& host = Host::of(L);
  if (!host.is_live_context(host.process().current_memory_context()))
    luaL_error(L, "CurrentMemoryContext was deleted; a server would go on in freed memory");
  host.note_palloc(L);
}

}  // namespace palloscope::core
