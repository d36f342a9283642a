// Handles: what a script holds of things that have slots (backends, rings, relations): a kind, two numbers, and the
// event number at which it was made, so that a handle that outlived its thing is told from the next one's.
#pragma once

#include <cstdint>

#include "core/events/event_sink.h"

struct lua_State;
struct luaL_Reg;

namespace palloscope::core {

struct Handle {
  std::uint32_t value = 0, more = 0;
  EventNumber born = 0;
};

// Once per state and kind; `functions` (may be null) are added to the kind's locked metatable.
void register_handle(lua_State* L, const char* kind, const luaL_Reg* functions);
void push_handle(lua_State* L, const char* kind, const Handle& handle);
// The argument; a Lua error in the script's words if it is something else.
Handle check_handle(lua_State* L, int index, const char* kind);
bool is_handle(lua_State* L, int index, const char* kind);

}  // namespace palloscope::core
