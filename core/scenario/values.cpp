#include "core/scenario/values.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/mcxt/fault_watch.h"
#include "core/scenario/host.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

constexpr const char* kPointer = "pointer";
constexpr const char* kContext = "memory context";
constexpr const char* kEreport = "ereport";

// Registry names of the weak tables address and origin -> value.
constexpr const char* kPointers = "palloscope.pointers";
constexpr const char* kContexts = "palloscope.contexts";

PointerValue held(void* memory) {
  PointerValue value;
  std::memcpy(&value, memory, sizeof value);
  return value;
}

void push_value(lua_State* L, const PointerValue& value, const char* kind, const char* interned) {
  if (!value.at) {
    lua_pushnil(L);
    return;
  }
  lua_getfield(L, LUA_REGISTRYINDEX, interned);
  char key[sizeof value];
  std::memcpy(key, &value, sizeof value);
  lua_pushlstring(L, key, sizeof key);
  lua_pushvalue(L, -1);
  if (lua_rawget(L, -3) == LUA_TNIL) {
    lua_pop(L, 1);
    std::memcpy(lua_newuserdatauv(L, sizeof value, 0), &value, sizeof value);
    luaL_setmetatable(L, kind);
    lua_insert(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
  } else {
    lua_remove(L, -2);
  }
  lua_remove(L, -2);
}

void push_hex(lua_State* L, Address at) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(at.value));
  lua_pushstring(L, text);
}

int pointer_text(lua_State* L) {
  push_hex(L, address_in(L, 1));
  return 1;
}

int pointer_add(lua_State* L) {
  int number = lua_isinteger(L, 1) ? 1 : 2;
  auto offset = static_cast<std::uint64_t>(luaL_checkinteger(L, number));
  PointerValue from = check_pointer(L, 3 - number);
  push(L, PointerValue{from.at + offset, from.born});
  return 1;
}

int pointer_subtract(lua_State* L) {
  PointerValue from = check_pointer(L, 1);
  if (Address other = address_in(L, 2))
    lua_pushinteger(L, static_cast<lua_Integer>(from.at - other));
  else
    push(L, PointerValue{from.at - static_cast<std::uint64_t>(luaL_checkinteger(L, 2)), from.born});
  return 1;
}

// A pointer that outlived its memory is another value than the one that the next owner got.
int address_equal(lua_State* L) {
  lua_pushboolean(L, address_in(L, 1) == address_in(L, 2));
  return 1;
}

int address_less(lua_State* L) {
  lua_pushboolean(L, address_in(L, 1) < address_in(L, 2));
  return 1;
}

int address_less_equal(lua_State* L) {
  lua_pushboolean(L, address_in(L, 1) <= address_in(L, 2));
  return 1;
}

int concat_texts(lua_State* L) {
  push_text_of(L, 1);
  push_text_of(L, 2);
  lua_concat(L, 2);
  return 1;
}

int context_text(lua_State* L) {
  Address at = address_in(L, 1);
  const std::string& name = Host::of(L).context_name(at);
  if (name.empty()) {
    lua_pushliteral(L, "deleted context ");
    push_hex(L, at);
    lua_concat(L, 2);
  } else {
    lua_pushlstring(L, name.data(), name.size());
  }
  return 1;
}

// The fields of MemoryContextData and of its counters that a lesson may want to say.
int context_field(lua_State* L) {
  ContextValue context = check_context(L, 1);
  const char* field = luaL_checkstring(L, 2);
  Host& host = Host::of(L);
  if (std::strcmp(field, "name") == 0) {
    const std::string& name = host.context_name(context.at);
    lua_pushlstring(L, name.data(), name.size());
    return 1;
  }
  std::uint64_t value = 0;
  bool known = true;
  if (!host.attempt([&] {
        if (std::strcmp(field, "mem_allocated") == 0) {
          value = host.process().memory_context_mem_allocated(context.at, false);
          return;
        }
        ContextCounters counters = host.process().memory_context_counters(context.at);
        if (std::strcmp(field, "nblocks") == 0)
          value = counters.nblocks;
        else if (std::strcmp(field, "freechunks") == 0)
          value = counters.freechunks;
        else if (std::strcmp(field, "totalspace") == 0)
          value = counters.totalspace;
        else if (std::strcmp(field, "freespace") == 0)
          value = counters.freespace;
        else if (std::strcmp(field, "usedspace") == 0)
          value = counters.totalspace - counters.freespace;
        else
          known = false;
      }))
    return host.raise(L);
  if (!known)
    return luaL_error(L,
                      "a memory context shows name, mem_allocated, nblocks, totalspace, freespace, usedspace and "
                      "freechunks here, not '%s'",
                      field);
  lua_pushinteger(L, static_cast<lua_Integer>(value));
  return 1;
}

int read_only(lua_State* L) { return luaL_error(L, "fields are changed by calling PostgreSQL's functions"); }

int ereport_text(lua_State* L) {
  lua_settop(L, 1);
  lua_getfield(L, 1, "where");
  lua_getfield(L, 1, "message");
  lua_getfield(L, 1, "detail");
  const char* where = push_text_of(L, 2);
  const char* message = push_text_of(L, 3);
  const char* detail = push_text_of(L, 4);
  lua_pushfstring(L, "%s%sERROR: %s%s%s", where, where[0] ? ": " : "", message, detail[0] ? "\nDETAIL: " : "", detail);
  return 1;
}

void make_kind(lua_State* L, const char* kind, const luaL_Reg* functions) {
  luaL_newmetatable(L, kind);
  luaL_setfuncs(L, functions, 0);
  lua_pushliteral(L, "locked");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void make_weak_table(lua_State* L, const char* name) {
  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, name);
}

[[noreturn]] void wrong_kind(lua_State* L, int index, const char* wanted) {
  const char* got = lua_isnoneornil(L, index) ? "NULL" : push_text_of(L, index);
  luaL_argerror(L, index, lua_pushfstring(L, "a %s is wanted, not %s", wanted, got));
  std::abort();  // not reached: the line before does not come back
}

}  // namespace

void register_values(lua_State* L) {
  constexpr luaL_Reg pointer[] = {{"__tostring", pointer_text}, {"__add", pointer_add}, {"__sub", pointer_subtract},
                                  {"__eq", address_equal},      {"__lt", address_less}, {"__le", address_less_equal},
                                  {"__concat", concat_texts},   {nullptr, nullptr}};
  constexpr luaL_Reg context[] = {
      {"__tostring", context_text}, {"__index", context_field}, {"__newindex", read_only}, {"__lt", address_less},
      {"__le", address_less_equal}, {"__concat", concat_texts}, {nullptr, nullptr}};
  constexpr luaL_Reg ereport[] = {{"__tostring", ereport_text}, {nullptr, nullptr}};
  make_kind(L, kPointer, pointer);
  make_kind(L, kContext, context);
  make_kind(L, kEreport, ereport);
  make_weak_table(L, kPointers);
  make_weak_table(L, kContexts);
}

void push(lua_State* L, PointerValue pointer) {
  if (pointer.born == 0) pointer.born = Host::of(L).process().born_at(pointer.at);
  push_value(L, pointer, kPointer, kPointers);
}
void push(lua_State* L, ContextValue context) { push_value(L, {context.at, 0}, kContext, kContexts); }

Address address_in(lua_State* L, int index) {
  if (void* memory = luaL_testudata(L, index, kPointer)) return held(memory).at;
  if (void* memory = luaL_testudata(L, index, kContext)) return held(memory).at;
  return {};
}

PointerOrigin origin_in(lua_State* L, int index) {
  if (void* memory = luaL_testudata(L, index, kPointer)) return held(memory);
  return {address_in(L, index), 0};
}

PointerValue check_pointer(lua_State* L, int index) {
  if (void* memory = luaL_testudata(L, index, kPointer)) return held(memory);
  wrong_kind(L, index, luaL_testudata(L, index, kContext) ? "pointer to a chunk" : "pointer");
}

ContextValue check_context(lua_State* L, int index) {
  void* memory = luaL_testudata(L, index, kContext);
  if (!memory) wrong_kind(L, index, "memory context");
  ContextValue context{held(memory).at};
  Host& host = Host::of(L);
  if (!host.is_live_context(context.at)) {
    host.enter(L);
    if (!host.attempt([&] { host.process().watch()->use_context(context.at); })) host.raise(L);
    luaL_argerror(L, index, "this memory context was deleted; a server would go on in freed memory");
  }
  return context;
}

std::uint64_t check_size(lua_State* L, int index) { return static_cast<std::uint64_t>(luaL_checkinteger(L, index)); }

void push_ereport(lua_State* L, const Ereport& error, const char* where) {
  const std::pair<const char*, std::string_view> fields[] = {
      {"message", error.message}, {"detail", error.detail}, {"sqlstate", error.sqlstate}, {"where", where}};
  lua_createtable(L, 0, 4);
  for (const auto& [name, text] : fields) {
    lua_pushlstring(L, text.data(), text.size());
    lua_setfield(L, -2, name);
  }
  luaL_setmetatable(L, kEreport);
}

bool is_ereport_value(lua_State* L, int index) {
  if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return false;
  luaL_getmetatable(L, kEreport);
  bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return same;
}

}  // namespace palloscope::core
