// require: libraries of Lua that come with the program (assets/scenarios/lib). They are compiled in, so a script
// reaches no file through it. A library runs once, in the world of the script's globals, and its value is kept.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "core/scenario/api.h"
#include "core/scenario/lua.h"
#include "generated/assets.h"

namespace palloscope::core {
namespace {

constexpr std::string_view kFolder = "assets/scenarios/lib/", kEnding = ".lua";
constexpr const char* kLibraries = "palloscope.libraries";  // registry: name -> value; false while it loads

// "backend/xact.lua" of "backend.xact"
std::string path_of(std::string_view name) {
  std::string path(name);
  std::replace(path.begin(), path.end(), '.', '/');
  return path.append(kEnding);
}

std::string library_names() {
  std::string names;
  for (std::string_view path : generated::embedded_paths()) {
    if (!path.starts_with(kFolder) || !path.ends_with(kEnding)) continue;
    path.remove_prefix(kFolder.size());
    path.remove_suffix(kEnding.size());
    std::string name(path);
    std::replace(name.begin(), name.end(), '/', '.');
    names += names.empty() ? "" : ", ";
    names += name;
  }
  return names;
}

int after_library(lua_State* L, int, lua_KContext) {  // stack: name, libraries, value
  lua_settop(L, 3);
  if (lua_isnil(L, 3)) {
    lua_pushboolean(L, 1);
    lua_replace(L, 3);
  }
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 3);
  lua_rawset(L, 2);
  return 1;
}

// require(name)
int require(lua_State* L) {
  std::size_t length = 0;
  const char* name = luaL_checklstring(L, 1, &length);
  lua_settop(L, 1);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, kLibraries);
  lua_pushvalue(L, 1);
  if (lua_rawget(L, 2) != LUA_TNIL) {
    if (lua_isboolean(L, 3) && !lua_toboolean(L, 3)) return luaL_error(L, "require \"%s\": it requires itself", name);
    return 1;
  }
  lua_settop(L, 2);

  Host& host = Host::of(L);
  std::string_view text;
  const char* chunk_name = nullptr;  // the host keeps it
  host.enter(L);
  if (!host.attempt([&] {
        std::string path = path_of({name, length});
        text = generated::embedded(fmt::format("{}{}", kFolder, path));
        if (!text.data())
          throw ScriptMistake{fmt::format("require \"{}\": there is no library of this name; there are: {}",
                                          std::string_view(name, length), library_names())};
        chunk_name = host.add_library(fmt::format("lib/{}", path), text);
      }))
    return host.raise(L);
  host.leave(L);
  if (luaL_loadbufferx(L, text.data(), text.size(), chunk_name, "t") != LUA_OK) return lua_error(L);
  lua_pushvalue(L, 1);
  lua_pushboolean(L, 0);
  lua_rawset(L, 2);
  lua_callk(L, 0, 1, 0, after_library);
  return after_library(L, LUA_OK, 0);
}

constexpr luaL_Reg kFunctions[] = {{"require", require}};

}  // namespace

std::span<const luaL_Reg> library_functions() { return kFunctions; }

}  // namespace palloscope::core
