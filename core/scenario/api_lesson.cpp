// The lesson: the scenario's head, narration in two languages, statement, print.
#include <string>
#include <string_view>

#include "core/scenario/api.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

// The head is read beforehand (scenario_info.cpp); when the script runs it has no effect.
int scenario(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  return 0;
}

// Pushes the field of the table at `table`, which must be a text that is not empty.
std::string_view push_text_field(lua_State* L, int table, const char* field) {
  std::size_t length = 0;
  lua_getfield(L, table, field);
  const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : nullptr;
  if (!text || length == 0) luaL_error(L, "narrate wants { en = \"...\", zh = \"...\" }: %s is missing", field);
  return {text, length};
}

int narrate(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  std::string_view en = push_text_field(L, 1, "en");
  std::string_view zh = push_text_field(L, 1, "zh");
  Host& host = Host::of(L);
  call(L, [&host, en, zh](Process&) { host.emit(Narration{std::string(en), std::string(zh)}); });
  if (host.limits.at_narration) host.want_pause(L);
  return 0;
}

// statement(text): what the server works on from here.
int statement(lua_State* L) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 1, &length);
  Host& host = Host::of(L);
  return call(L, [&host, text, length](Process&) { host.emit(Statement{std::string(text, length)}); });
}

int print(lua_State* L) {
  int count = lua_gettop(L);
  luaL_Buffer line;
  luaL_buffinit(L, &line);
  for (int i = 1; i <= count; ++i) {
    if (i > 1) luaL_addchar(&line, '\t');
    push_text_of(L, i);
    luaL_addvalue(&line);
  }
  luaL_pushresult(&line);
  std::size_t length = 0;
  const char* text = lua_tolstring(L, -1, &length);
  Host& host = Host::of(L);
  return call(L, [&host, text, length](Process&) { host.emit(Output{std::string(text, length)}); });
}

constexpr luaL_Reg kFunctions[] = {
    {"scenario", scenario}, {"narrate", narrate}, {"statement", statement}, {"print", print}};

}  // namespace

std::span<const luaL_Reg> lesson_functions() { return kFunctions; }

}  // namespace palloscope::core
