// What simulated addresses look like to a script: pointers (of chunks and malloc'ed memory) and memory contexts, two
// kinds that the functions tell apart. One value per address (and, of a pointer, per life of the memory there), so that
// they compare and serve as keys as one expects.
#pragma once

#include <cstdint>
#include <string>

#include "core/mcxt/process.h"

struct lua_State;

namespace palloscope::core {

// Script values of the three kinds, as arguments and results.
using PointerValue = PointerOrigin;
struct ContextValue {
  Address at;
};

// Once per state: the kinds' (locked) metatables.
void register_values(lua_State* L);

// A null address becomes nil. A pointer that does not know its origin takes that of what lives there now.
void push(lua_State* L, PointerValue pointer);
void push(lua_State* L, ContextValue context);

// The address that the value holds, of either kind; null for any other value.
Address address_in(lua_State* L, int index);
PointerOrigin origin_in(lua_State* L, int index);

// Arguments; a Lua error in the script's words if they are something else.
PointerValue check_pointer(lua_State* L, int index);
ContextValue check_context(lua_State* L, int index);
// A size as C sees it: negative numbers become huge ones.
std::uint64_t check_size(lua_State* L, int index);

// PostgreSQL's error as a value: a table with message, detail, sqlstate and where ("leak.lua:12"; may be empty).
void push_ereport(lua_State* L, const Ereport& error, const char* where);
bool is_ereport_value(lua_State* L, int index);

}  // namespace palloscope::core
