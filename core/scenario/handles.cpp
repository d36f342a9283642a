#include "core/scenario/handles.h"

#include <cstdlib>
#include <cstring>

#include "core/scenario/lua.h"
#include "core/scenario/sandbox.h"

namespace palloscope::core {

void register_handle(lua_State* L, const char* kind, const luaL_Reg* functions) {
  luaL_newmetatable(L, kind);
  if (functions) luaL_setfuncs(L, functions, 0);
  lua_pushliteral(L, "locked");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void push_handle(lua_State* L, const char* kind, const Handle& handle) {
  std::memcpy(lua_newuserdatauv(L, sizeof handle, 0), &handle, sizeof handle);
  luaL_setmetatable(L, kind);
}

Handle check_handle(lua_State* L, int index, const char* kind) {
  void* memory = luaL_testudata(L, index, kind);
  if (!memory) {
    const char* got = lua_isnoneornil(L, index) ? "NULL" : push_text_of(L, index);
    luaL_argerror(L, index, lua_pushfstring(L, "a %s is wanted, not %s", kind, got));
    std::abort();  // not reached: the line before does not come back
  }
  Handle handle;
  std::memcpy(&handle, memory, sizeof handle);
  return handle;
}

bool is_handle(lua_State* L, int index, const char* kind) { return luaL_testudata(L, index, kind) != nullptr; }

}  // namespace palloscope::core
