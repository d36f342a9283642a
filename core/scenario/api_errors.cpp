// Errors: ereport and elog, PG_TRY with catch and finally, PG_RE_THROW, and Lua's own pcall.
//
// PG_TRY calls back into the script, and the script may be paused in there: so every call back is a lua_pcallk or
// lua_callk, with what follows it in a function that Lua can come back to. What a step must remember lies on the stack.
#include <cstring>
#include <string>

#include "core/scenario/api.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

constexpr const char* kCaught = "palloscope.caught";  // registry: the error whose catch is running, for PG_RE_THROW

// sqlstates.h by default: ERRCODE_INTERNAL_ERROR, ERRCODE_WARNING, ERRCODE_SUCCESSFUL_COMPLETION
const char* default_sqlstate(Severity severity) {
  return severity == Severity::Error ? "XX000" : severity == Severity::Warning ? "01000" : "00000";
}

int report(lua_State* L, std::string_view message, std::string_view detail) {
  constexpr const char* levels[] = {"NOTICE", "WARNING", "ERROR", nullptr};
  auto severity = static_cast<Severity>(luaL_checkoption(L, 1, nullptr, levels));
  return call(L, [=](Process& p) {
    Ereport error{default_sqlstate(severity), std::string(message), std::string(detail)};
    if (severity == Severity::Error) throw error;
    p.report(severity, Address{}, error);
  });
}

std::string_view text_at(lua_State* L, int index) {
  std::size_t length = 0;
  const char* text = lua_tolstring(L, index, &length);
  return {text, length};
}

// ereport(level, message [, detail])
int ereport(lua_State* L) {
  luaL_checkstring(L, 2);
  luaL_optstring(L, 3, "");
  lua_settop(L, 3);
  return report(L, text_at(L, 2), lua_isstring(L, 3) ? text_at(L, 3) : std::string_view());
}

// elog(level, format, ...)
int elog(lua_State* L) {
  luaL_checkstring(L, 2);
  lua_getglobal(L, "string");
  lua_getfield(L, -1, "format");
  lua_replace(L, -2);
  lua_insert(L, 2);
  lua_call(L, lua_gettop(L) - 2, 1);
  return report(L, text_at(L, 2), {});
}

// How many functions are active, as a continuation can remember it; and back to that many, after an error.
lua_KContext frames_now(lua_State* L) { return static_cast<lua_KContext>(Host::of(L).frames(L).depth()); }
void forget_frames(lua_State* L, lua_KContext depth) { Host::of(L).frames(L).unwind(static_cast<std::size_t>(depth)); }

// --- PG_TRY ---------------------------------------------------------------------------------------------------

// Stack of a PG_TRY: the body, the handlers, the error to throw at the end (or nil), what was pinned when it began, the
// error that an outer catch is at.
enum Slot { kBody = 1, kCatch = 2, kFinally = 3, kPending = 4, kPinMark = 5, kOuterCaught = 6 };

int finish(lua_State* L) {
  if (lua_isnil(L, kPending)) return 0;
  lua_settop(L, kPending);
  return lua_error(L);
}

int after_finally(lua_State* L, int, lua_KContext) { return finish(L); }

int run_finally(lua_State* L) {
  if (lua_isnil(L, kFinally)) return finish(L);
  lua_pushvalue(L, kFinally);
  Host::of(L).frames(L).block_follows();
  lua_callk(L, 0, 0, 0, after_finally);
  return finish(L);
}

// What nobody in the simulated program may catch: the author's mistakes and the budgets.
bool must_pass(lua_State* L, int index) { return Host::of(L).doomed() || !is_ereport_value(L, index); }

int after_catch(lua_State* L, int status, lua_KContext depth) {
  bool failed = status != LUA_OK && status != LUA_YIELD;
  if (failed) forget_frames(L, depth);
  if (failed) lua_replace(L, kPending);
  lua_settop(L, kOuterCaught);
  lua_setfield(L, LUA_REGISTRYINDEX, kCaught);
  if (failed && must_pass(L, kPending)) return finish(L);
  return run_finally(L);
}

int after_body(lua_State* L, int status, lua_KContext depth) {
  if (status == LUA_OK || status == LUA_YIELD) return run_finally(L);
  forget_frames(L, depth);
  lua_replace(L, kPending);
  lua_settop(L, kPinMark);
  if (must_pass(L, kPending)) return finish(L);
  if (lua_isnil(L, kCatch)) return run_finally(L);

  Host& host = Host::of(L);
  host.enter(L);
  host.announce_caught();
  host.release_pins_since(lua_tointeger(L, kPinMark));
  lua_getfield(L, LUA_REGISTRYINDEX, kCaught);  // becomes kOuterCaught
  lua_pushvalue(L, kPending);
  lua_setfield(L, LUA_REGISTRYINDEX, kCaught);
  lua_pushvalue(L, kCatch);
  lua_pushvalue(L, kPending);
  lua_pushnil(L);
  lua_replace(L, kPending);
  host.frames(L).block_follows();
  return after_catch(L, lua_pcallk(L, 1, 0, 0, depth, after_catch), depth);
}

// PG_TRY(body, { catch = function(err) end, finally = function() end })
int pg_try(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_getfield(L, 2, "catch");
  lua_getfield(L, 2, "finally");
  lua_remove(L, 2);
  luaL_argcheck(L, lua_isnil(L, kCatch) || lua_isfunction(L, kCatch), 2, "catch should be a function");
  luaL_argcheck(L, lua_isnil(L, kFinally) || lua_isfunction(L, kFinally), 2, "finally should be a function");
  luaL_argcheck(L, !lua_isnil(L, kCatch) || !lua_isnil(L, kFinally), 2, "a catch or a finally is wanted");
  lua_pushnil(L);  // kPending
  lua_pushinteger(L, Host::of(L).server().pin_mark());
  lua_pushvalue(L, kBody);
  lua_KContext depth = frames_now(L);
  Host::of(L).frames(L).block_follows();
  return after_body(L, lua_pcallk(L, 0, 0, 0, depth, after_body), depth);
}

int pg_re_throw(lua_State* L) {
  if (lua_getfield(L, LUA_REGISTRYINDEX, kCaught) == LUA_TNIL)
    return luaL_error(L, "PG_RE_THROW belongs in the catch of a PG_TRY");
  Host::of(L).announce_again(L);
  return lua_error(L);
}

// What a handler does once it has dealt with the error: ErrorContext is emptied (elog.c).
int flush_error_state(lua_State* L) {
  return call(L, [](Process& p) { p.memory_context_reset(p.error_context()); });
}

// on_uncaught_error(function(err) ... end): what the process does with an error that nobody caught, as the main loop of
// a server does behind its sigsetjmp; nil: the host's own (Host::recover_at_top_level).
int on_uncaught_error(lua_State* L) {
  if (!lua_isnoneornil(L, 1)) luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, kUncaughtHandler);
  return 0;
}

// --- pcall ----------------------------------------------------------------------------------------------------

int after_protected(lua_State* L, int status, lua_KContext depth) {
  if (status == LUA_OK || status == LUA_YIELD) {
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    return lua_gettop(L);
  }
  forget_frames(L, depth);
  Host& host = Host::of(L);
  if (host.doomed()) return lua_error(L);
  if (is_ereport_value(L, -1)) {
    host.enter(L);
    host.announce_caught();
  }
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

int protected_call(lua_State* L) {
  luaL_checkany(L, 1);
  lua_KContext depth = frames_now(L);
  Host::of(L).frames(L).block_follows();
  return after_protected(L, lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, depth, after_protected), depth);
}

constexpr luaL_Reg kFunctions[] = {
    {"ereport", ereport},
    {"elog", elog},
    {"PG_TRY", pg_try},
    {"PG_RE_THROW", pg_re_throw},
    {"FlushErrorState", flush_error_state},
    {"on_uncaught_error", on_uncaught_error},
    {"pcall", protected_call},
};

}  // namespace

std::span<const luaL_Reg> error_functions() { return kFunctions; }

}  // namespace palloscope::core
