#include "core/scenario/sandbox.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "core/base/check.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

constexpr lua_Integer kMostElements = 1'000'000;  // that one call of the table library may walk over
constexpr std::uint64_t kReserveBytes = 1 << 20;
constexpr double kMostPatternWork = 1e8;       // steps of the pattern matcher, by the estimate below
constexpr lua_Integer kRandomSeed = 20260101;  // any constant: random, but the same in every run

int call_inner(lua_State* L) {
  int arguments = lua_gettop(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, arguments, LUA_MULTRET);
  return lua_gettop(L);
}

// --- base -----------------------------------------------------------------------------------------------------

int text_of(lua_State* L) {
  luaL_checkany(L, 1);
  push_text_of(L, 1);
  return 1;
}

int set_metatable(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return luaL_error(L, "this metatable is locked");
  if (lua_istable(L, 2)) {
    // A finalizer would run at moments that depend on the collector; a length that lies makes the table library run on.
    for (const char* field : {"__gc", "__len"}) {
      lua_pushstring(L, field);
      if (lua_rawget(L, 2) != LUA_TNIL) return luaL_error(L, "%s is not available to scripts", field);
      lua_pop(L, 1);
    }
  }
  lua_setmetatable(L, 1);
  return 1;
}

// load(text [, name [, "t" [, env]]]): text only.
int load_text(lua_State* L) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 1, &length);
  const char* name = luaL_optstring(L, 2, "=load");
  bool own_environment = !lua_isnone(L, 4);
  if (luaL_loadbufferx(L, text, length, name, "t") != LUA_OK) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  if (own_environment) {
    lua_pushvalue(L, 4);
    lua_setupvalue(L, -2, 1);
  }
  return 1;
}

int next_pair(lua_State* L) {  // upvalues: table, sorted keys, position
  lua_Integer at = lua_tointeger(L, lua_upvalueindex(3)) + 1;
  lua_pushinteger(L, at);
  lua_replace(L, lua_upvalueindex(3));
  if (lua_rawgeti(L, lua_upvalueindex(2), at) == LUA_TNIL) return 1;
  lua_pushvalue(L, -1);
  lua_gettable(L, lua_upvalueindex(1));
  return 2;
}

int rank_of_type(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TNUMBER:
      return 0;
    case LUA_TSTRING:
      return 1;
    case LUA_TBOOLEAN:
      return 2;
    case LUA_TUSERDATA:
      return 3;
    default:
      return luaL_error(L, "pairs: keys must be numbers, strings, booleans or addresses");
  }
}

int key_before(lua_State* L) {
  int a = rank_of_type(L, 1), b = rank_of_type(L, 2);
  if (a != b)
    lua_pushboolean(L, a < b);
  else if (lua_isboolean(L, 1))
    lua_pushboolean(L, lua_toboolean(L, 1) < lua_toboolean(L, 2));
  else
    lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
  return 1;
}

// Lua's own order of a table's string keys differs from run to run; here numbers come first, then strings, each sorted.
int sorted_pairs(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_newtable(L);
  lua_Integer count = 0;
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, 2, ++count);
  }
  lua_pushvalue(L, lua_upvalueindex(1));  // table.sort
  lua_pushvalue(L, 2);
  lua_pushcfunction(L, key_before);
  lua_call(L, 2, 0);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, next_pair, 3);
  return 1;
}

// --- string ---------------------------------------------------------------------------------------------------

int repeat(lua_State* L) {
  std::size_t length = 0, separator = 0;
  luaL_checklstring(L, 1, &length);
  luaL_optlstring(L, 3, "", &separator);
  if (length + separator == 0) {  // Lua would loop over nothing, however often
    lua_pushliteral(L, "");
    return 1;
  }
  return call_inner(L);
}

// Backtracking costs at most about length^(repetitions + 1).
int match(lua_State* L) {
  std::size_t length = 0, pattern_length = 0;
  luaL_checklstring(L, 1, &length);
  const char* pattern = luaL_checklstring(L, 2, &pattern_length);
  auto repetitions =
      std::count_if(pattern, pattern + pattern_length, [](char c) { return c == '*' || c == '+' || c == '-'; });
  double work =
      std::pow(static_cast<double>(length) + 1, static_cast<double>(std::min<std::ptrdiff_t>(repetitions, 8)));
  if (work > kMostPatternWork) return luaL_error(L, "this pattern could take too long on a text of this length");
  return call_inner(L);
}

// %p shows simulated addresses; everything that is not a number or a string is turned into its repeatable text first.
int format(lua_State* L) {
  std::size_t length = 0;
  const char* pattern = luaL_checklstring(L, 1, &length);
  luaL_Buffer wanted;
  luaL_buffinit(L, &wanted);
  for (std::size_t i = 0; i < length; ++i) {
    luaL_addchar(&wanted, pattern[i]);
    if (pattern[i] != '%') continue;
    while (++i < length && std::strchr("-+ #0123456789.", pattern[i])) luaL_addchar(&wanted, pattern[i]);
    if (i < length) luaL_addchar(&wanted, pattern[i] == 'p' ? 's' : pattern[i]);
  }
  luaL_pushresult(&wanted);
  lua_replace(L, 1);
  for (int i = 2, n = lua_gettop(L); i <= n; ++i) {
    if (lua_isnumber(L, i) || lua_isstring(L, i) || lua_isboolean(L, i) || lua_isnil(L, i)) continue;
    push_text_of(L, i);
    lua_replace(L, i);
  }
  return call_inner(L);
}

// --- table, math ----------------------------------------------------------------------------------------------

int walk_table(lua_State* L) {
  if (lua_istable(L, 1) && static_cast<lua_Integer>(lua_rawlen(L, 1)) > kMostElements)
    return luaL_error(L, "this table is too long for this");
  return call_inner(L);
}

// table.move, table.concat, table.unpack: the range is in arguments 2 and 3 (concat: 3 and 4).
template <int first>
int walk_range(lua_State* L) {
  if (lua_isinteger(L, first) && lua_isinteger(L, first + 1)) {
    auto from = lua_tointeger(L, first), to = lua_tointeger(L, first + 1);
    if (to >= from && static_cast<lua_Unsigned>(to) - static_cast<lua_Unsigned>(from) > kMostElements)
      return luaL_error(L, "this range is too long");
  } else if (lua_isinteger(L, first + 1) && lua_tointeger(L, first + 1) > kMostElements) {
    return luaL_error(L, "this range is too long");
  }
  return walk_table(L);
}

int seed(lua_State* L) {
  luaL_checkinteger(L, 1);
  lua_settop(L, 1);
  return call_inner(L);
}

struct Wrapped {
  const char* library;
  const char* name;
  lua_CFunction with;
};
constexpr Wrapped kWrapped[] = {
    {"string", "rep", repeat},          {"string", "find", match},        {"string", "match", match},
    {"string", "gmatch", match},        {"string", "gsub", match},        {"string", "format", format},
    {"table", "concat", walk_range<3>}, {"table", "move", walk_range<2>}, {"table", "unpack", walk_range<2>},
    {"table", "insert", walk_table},    {"table", "remove", walk_table},  {"table", "sort", walk_table},
    {"math", "randomseed", seed},
};

constexpr const char* kBaseFunctions[] = {"assert", "error",  "getmetatable", "ipairs",   "rawequal", "rawget",
                                          "rawlen", "rawset", "select",       "tonumber", "type"};

int open_libraries(lua_State* L) {
  luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
  luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
  luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 1);
  luaL_requiref(L, LUA_COLIBNAME, luaopen_coroutine, 1);
  lua_settop(L, 0);

  lua_getglobal(L, "string");
  lua_pushnil(L);
  lua_setfield(L, -2, "dump");
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushliteral(L, "locked");
  lua_setfield(L, -2, "__metatable");
  lua_settop(L, 0);

  for (const Wrapped& wrapped : kWrapped) {
    lua_getglobal(L, wrapped.library);
    lua_getfield(L, -1, wrapped.name);
    lua_pushcclosure(L, wrapped.with, 1);
    lua_setfield(L, -2, wrapped.name);
    lua_settop(L, 0);
  }
  lua_getglobal(L, "math");
  lua_getfield(L, -1, "randomseed");
  lua_pushinteger(L, kRandomSeed);
  lua_call(L, 1, 0);
  lua_settop(L, 0);
  return 0;
}

}  // namespace

LuaSandbox::LuaSandbox(std::uint64_t memory_limit_bytes, void* owner) {
  memory_.limit = memory_limit_bytes;
  open_reserve(true);
  state_ = lua_newstate(allocate, &memory_);
  check(state_ != nullptr, "a script's memory limit leaves room for Lua itself");
  // Coroutines get a copy of the main state's extra space.
  std::memcpy(lua_getextraspace(state_), &owner, sizeof owner);
  lua_pushcfunction(state_, open_libraries);
  check(lua_pcall(state_, 0, 0, 0) == LUA_OK, "Lua's libraries open");
}

LuaSandbox::~LuaSandbox() { lua_close(state_); }

void LuaSandbox::open_reserve(bool open) { memory_.reserve = open ? kReserveBytes : 0; }

void* LuaSandbox::allocate(void* memory, void* block, std::size_t old_bytes, std::size_t new_bytes) {
  auto& m = *static_cast<Memory*>(memory);
  if (!block) old_bytes = 0;  // then it is a type's number
  if (new_bytes == 0) {
    std::free(block);
    m.used -= old_bytes;
    return nullptr;
  }
  if (new_bytes > old_bytes && m.used - old_bytes + new_bytes > m.limit + m.reserve) {
    m.refused = true;
    return nullptr;
  }
  void* result = std::realloc(block, new_bytes);
  if (result) m.used = m.used - old_bytes + new_bytes;
  return result;
}

void* owner_of(lua_State* L) {
  void* owner = nullptr;
  std::memcpy(&owner, lua_getextraspace(L), sizeof owner);
  return owner;
}

void push_safe_library(lua_State* L) {
  lua_newtable(L);
  int library = lua_gettop(L);
  for (const char* name : kBaseFunctions) {
    lua_getglobal(L, name);
    lua_setfield(L, library, name);
  }
  for (const char* name : {LUA_STRLIBNAME, LUA_TABLIBNAME, LUA_MATHLIBNAME, LUA_UTF8LIBNAME, LUA_COLIBNAME}) {
    lua_getglobal(L, name);
    lua_setfield(L, library, name);
  }
  lua_getglobal(L, LUA_TABLIBNAME);
  lua_getfield(L, -1, "sort");
  lua_pushcclosure(L, sorted_pairs, 1);
  lua_setfield(L, library, "pairs");
  constexpr luaL_Reg own[] = {
      {"tostring", text_of}, {"setmetatable", set_metatable}, {"load", load_text}, {nullptr, nullptr}};
  lua_settop(L, library);
  luaL_setfuncs(L, own, 0);
}

const char* push_text_of(lua_State* L, int index) {
  index = lua_absindex(L, index);
  switch (lua_type(L, index)) {
    case LUA_TTABLE:
    case LUA_TUSERDATA:
      if (luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
        lua_pop(L, 1);
        return luaL_tolstring(L, index, nullptr);
      }
      [[fallthrough]];
    case LUA_TFUNCTION:
    case LUA_TTHREAD:
    case LUA_TLIGHTUSERDATA:
      return lua_pushstring(L, luaL_typename(L, index));
    default:
      return luaL_tolstring(L, index, nullptr);
  }
}

}  // namespace palloscope::core
