#include "core/scenario/globals.h"

#include <algorithm>
#include <cctype>

#include "core/scenario/api.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

// Scripts see an empty table, so that every assignment passes through set_global. Reading goes from the script's own
// variables to PostgreSQL's and Lua's names, then to unknown_name.
constexpr const char* kVariables = "palloscope.variables";
constexpr std::string_view kCurrent = "CurrentMemoryContext", kNull = "NULL";
// __index of last resort: (table, name)
int unknown_name(lua_State* L) {
  const char* name = lua_tostring(L, 2);
  if (!name) return 0;
  std::string_view wanted = name;
  if (wanted == kCurrent) {
    push(L, ContextValue{Host::of(L).process().current_memory_context()});
    return 1;
  }
  if (wanted == kNull) return 0;
  Host& host = Host::of(L);
  if (host.variable_names.count(wanted) != 0) return 0;

  char near[64] = "";
  host.attempt([&] {
    std::vector<std::string_view> names(host.api_names.begin(), host.api_names.end());
    names.insert(names.end(), host.variable_names.begin(), host.variable_names.end());
    std::string best = nearest_name(wanted, names);
    if (best.size() < sizeof near) best.copy(near, best.size());
  });
  if (near[0] != '\0') return luaL_error(L, "%s: do you mean %s?", name, near);
  return luaL_error(L, "%s: there is nothing of this name (a variable must be set before it is used)", name);
}

// __newindex: (table, name, value)
int set_global(lua_State* L) {
  lua_settop(L, 3);
  if (lua_type(L, 2) != LUA_TSTRING) return luaL_error(L, "a global variable's name is a string");
  std::size_t length = 0;
  const char* name = lua_tolstring(L, 2, &length);
  Host& host = Host::of(L);
  if (host.api_names.count(std::string_view(name, length)) != 0)
    return luaL_error(L, "%s is a name of PostgreSQL's or Lua's: choose another for your variable", name);
  if (!host.attempt([&] { host.variable_names.emplace(name, length); })) return host.raise(L);

  lua_getfield(L, LUA_REGISTRYINDEX, kVariables);
  lua_pushvalue(L, 2);
  lua_rawget(L, 4);
  Address before = address_in(L, 5);
  PointerOrigin now = origin_in(L, 3);
  lua_settop(L, 4);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 3);
  lua_rawset(L, 4);
  if (before || now.at) host.note_assigned(L, {name, length}, now);
  return 0;
}

// Gives the table on top of the stack a locked metatable with this __index; `newindex` may be null.
void look_further(lua_State* L, lua_CFunction newindex) {  // stack: ..., table, index
  lua_newtable(L);
  lua_insert(L, -2);
  lua_setfield(L, -2, "__index");
  if (newindex) {
    lua_pushcfunction(L, newindex);
    lua_setfield(L, -2, "__newindex");
  }
  lua_pushliteral(L, "locked");
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
}

}  // namespace

void install_globals(lua_State* L, int pg_major) {
  push_safe_library(L);
  add_functions(L);
  add_constants(L, pg_major);
  lua_pushcfunction(L, unknown_name);
  look_further(L, nullptr);
  int api = lua_gettop(L);
  Host& host = Host::of(L);
  lua_pushnil(L);
  while (lua_next(L, api)) {
    host.api_names.emplace(lua_tostring(L, -2));
    lua_pop(L, 1);
  }
  host.api_names.insert({"_G", std::string(kCurrent), std::string(kNull)});

  lua_newtable(L);
  lua_pushvalue(L, api);
  look_further(L, nullptr);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, kVariables);
  int variables = lua_gettop(L);

  lua_newtable(L);
  lua_pushvalue(L, variables);
  look_further(L, set_global);
  lua_pushvalue(L, -1);
  lua_setfield(L, api, "_G");
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_settop(L, api - 1);
}

std::string nearest_name(std::string_view name, const std::vector<std::string_view>& candidates) {
  auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  std::size_t allowed = std::max<std::size_t>(1, name.size() / 4);
  std::string_view best;
  std::size_t best_distance = allowed + 1;
  std::vector<std::size_t> two_ago, previous, row;
  for (std::string_view candidate : candidates) {
    if (candidate.size() > name.size() + allowed || name.size() > candidate.size() + allowed) continue;
    // Edit distance with swaps of neighbours (Damerau-Levenshtein, restricted), without regard to case.
    previous.resize(candidate.size() + 1);
    for (std::size_t j = 0; j < previous.size(); ++j) previous[j] = j;
    for (std::size_t i = 1; i <= name.size(); ++i) {
      row.assign(candidate.size() + 1, i);
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        bool same = lower(name[i - 1]) == lower(candidate[j - 1]);
        row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
        if (i > 1 && j > 1 && lower(name[i - 1]) == lower(candidate[j - 2]) &&
            lower(name[i - 2]) == lower(candidate[j - 1]))
          row[j] = std::min(row[j], two_ago[j - 2] + 1);
      }
      two_ago = previous;
      previous = row;
    }
    std::size_t distance = previous.back();
    // Names in the order of the alphabet where they are as near: the order of candidates does not matter.
    if (distance < best_distance || (distance == best_distance && distance <= allowed && candidate < best)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best_distance <= allowed ? std::string(best) : std::string();
}

}  // namespace palloscope::core
