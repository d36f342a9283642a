#include "core/scenario/scenario_info.h"

#include <algorithm>

#include "core/scenario/lua.h"
#include "core/scenario/sandbox.h"
#include "generated/assets.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kHeadBytes = 4ull << 20;  // Lua's memory while a head is read
constexpr int kHeadInstructions = 100'000;
constexpr std::string_view kFolder = "assets/scenarios/";

std::string base_name(std::string_view path) {
  if (auto slash = path.find_last_of("/\\"); slash != std::string_view::npos) path.remove_prefix(slash + 1);
  if (path.ends_with(".lua")) path.remove_suffix(4);
  return std::string(path);
}

// A field of the table at `table`, left on the stack; empty if it is no text.
std::string_view push_text(lua_State* L, int table, const char* key) {
  std::size_t length = 0;
  lua_pushstring(L, key);
  lua_rawget(L, table);
  const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : nullptr;
  return {text, length};
}

// The view is valid while what it shows stays on the stack.
struct LocalizedView {
  std::string_view en, zh;
};

LocalizedView push_localized(lua_State* L, const char* key) {
  lua_pushstring(L, key);
  lua_rawget(L, 1);
  int table = lua_gettop(L);
  if (!lua_istable(L, table)) return {};
  std::string_view en = push_text(L, table, "en");
  return {en, push_text(L, table, "zh")};
}

// 0: not there
int number_field(lua_State* L, const char* key) {
  lua_pushstring(L, key);
  lua_rawget(L, 1);
  return lua_isinteger(L, -1) ? static_cast<int>(lua_tointeger(L, -1)) : 0;
}

// scenario{...}: fills the info, which is this state's owner, and ends the script.
int keep_head(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checkstack(L, 16, nullptr);
  LocalizedView title = push_localized(L, "title"), about = push_localized(L, "about");
  int pg_major = number_field(L, "pg"), order = number_field(L, "order");
  std::string_view panel = push_text(L, 1, "panel"), rounds = push_text(L, 1, "rounds");
  if (title.en.empty() || title.zh.empty()) return luaL_error(L, "a scenario's title is wanted in en and zh");

  auto& info = *static_cast<ScenarioInfo*>(owner_of(L));
  info.title.en = title.en;
  info.title.zh = title.zh;
  info.about.en = about.en;
  info.about.zh = about.zh;
  if (pg_major != 0) info.pg_major = pg_major;
  if (order != 0) info.order = order;
  info.panel = panel;
  info.rounds = rounds;
  info.problem.clear();
  lua_pushnil(L);
  return lua_error(L);
}

int not_in_a_head(lua_State* L) {
  return luaL_error(L, "a scenario begins with scenario{ title = { en = ..., zh = ... } }");
}

void stop_reading(lua_State* L, lua_Debug*) { luaL_error(L, "the scenario's head takes too long"); }

// Protected: everything here may raise a Lua error. Argument: the compiled script.
int run_head(lua_State* L) {
  push_safe_library(L);
  lua_pushcfunction(L, keep_head);
  lua_setfield(L, -2, "scenario");
  lua_newtable(L);
  lua_pushcfunction(L, not_in_a_head);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setupvalue(L, 1, 1);
  lua_sethook(L, stop_reading, LUA_MASKCOUNT, kHeadInstructions);
  lua_settop(L, 1);
  lua_call(L, 0, 0);
  return not_in_a_head(L);
}

}  // namespace

ScenarioInfo read_scenario_info(std::string_view name, std::string_view text) {
  ScenarioInfo info;
  info.name = base_name(name);
  info.title = {info.name, info.name};
  info.problem = "the scenario has no head";
  LuaSandbox sandbox(kHeadBytes, &info);
  lua_State* L = sandbox.state();
  std::string chunk = "=" + info.name + ".lua";
  lua_pushcfunction(L, run_head);
  bool compiled = luaL_loadbufferx(L, text.data(), text.size(), chunk.c_str(), "t") == LUA_OK;
  if (compiled) lua_pcall(L, 1, 0, 0);
  if (const char* problem = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : nullptr) info.problem = problem;
  return info;
}

const std::vector<BuiltinScenario>& builtin_scenarios() {
  static const std::vector<BuiltinScenario> all = [] {
    std::vector<BuiltinScenario> list;
    for (std::string_view path : generated::embedded_paths()) {
      if (!path.starts_with(kFolder) || !path.ends_with(".lua")) continue;
      if (path.find('/', kFolder.size()) != std::string_view::npos) continue;  // a library
      std::string_view text = generated::embedded(path);
      list.push_back({read_scenario_info(path, text), text});
    }
    std::sort(list.begin(), list.end(), [](const BuiltinScenario& a, const BuiltinScenario& b) {
      return std::pair(a.info.order, a.info.name) < std::pair(b.info.order, b.info.name);
    });
    return list;
  }();
  return all;
}

const BuiltinScenario* find_builtin_scenario(std::string_view name) {
  auto without_zero = [](std::string_view number) { return number.substr(number.starts_with('0') ? 1 : 0); };
  for (const BuiltinScenario& scenario : builtin_scenarios()) {
    std::string_view whole = scenario.info.name;
    auto dash = whole.find('-');
    bool numbered = dash != std::string_view::npos && dash <= 2;
    if (name == whole ||
        (numbered && (name == whole.substr(dash + 1) || without_zero(name) == without_zero(whole.substr(0, dash)))))
      return &scenario;
  }
  return nullptr;
}

}  // namespace palloscope::core
