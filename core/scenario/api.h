// PostgreSQL's functions as scripts see them: a table per subject, each in a file of its own. To add a function, write
// it and name it in its file's table.
#pragma once

#include <span>
#include <type_traits>

#include "core/scenario/host.h"
#include "core/scenario/values.h"

struct luaL_Reg;

namespace palloscope::core {

std::span<const luaL_Reg> context_functions();  // api_contexts.cpp
std::span<const luaL_Reg> chunk_functions();    // api_chunks.cpp: palloc and its kin, malloc, reading and writing
std::span<const luaL_Reg> error_functions();    // api_errors.cpp: ereport, PG_TRY
std::span<const luaL_Reg> lesson_functions();   // api_lesson.cpp: scenario, narrate, statement, print
std::span<const luaL_Reg> library_functions();  // api_library.cpp: require
std::span<const luaL_Reg> server_functions();   // api_server.cpp: start_backend, switch_to
std::span<const luaL_Reg> buffer_functions();   // api_buffers.cpp: shared_buffers, relations, ReadBuffer and its kin
std::span<const luaL_Reg> workmem_functions();  // api_workmem.cpp: tuplesort, ExecHashTableCreate and their kin
std::span<const luaL_Reg> shmem_functions();    // api_shmem.cpp: start-up, requests, ShmemInitStruct
std::span<const luaL_Reg> dsm_functions();      // api_dsm.cpp: dsm_create and its kin; NUMA

// A backend that a script holds (api_server.cpp).
inline constexpr const char* kBackendHandle = "backend";
BackendSlot check_backend(lua_State* L, int index);
// Once per state: the kinds of what those subjects hand out.
void register_backends(lua_State* L);
void register_buffers(lua_State* L);
void register_segments(lua_State* L);

// Once per state: the kinds of what api_workmem.cpp hands out.
void register_operations(lua_State* L);

// Adds the tables and the constants to the table on top of the stack.
void add_functions(lua_State* L);
void add_constants(lua_State* L, int pg_major);

void push(lua_State* L, std::uint64_t number);
void push(lua_State* L, bool truth);

// A function's frame: `action(process)` does the work and answers what the script gets. It may throw; it must not touch
// Lua, since its objects would not survive a Lua error.
template <class Action>
int call(lua_State* L, Action action) {
  static_assert(std::is_trivially_destructible_v<Action>);
  using Answer = std::invoke_result_t<Action, Process&>;
  Host& host = Host::of(L);
  host.enter(L);
  if constexpr (std::is_void_v<Answer>) {
    if (!host.attempt([&] { action(host.process()); })) return host.raise(L);
    host.leave(L);
    return 0;
  } else {
    static_assert(std::is_trivially_destructible_v<Answer>);
    Answer answer{};
    if (!host.attempt([&] { answer = action(host.process()); })) return host.raise(L);
    host.leave(L);
    push(L, answer);
    return 1;
  }
}

// palloc and its kin work in CurrentMemoryContext: a mistake if that was deleted.
void check_current_context(lua_State* L);

}  // namespace palloscope::core
