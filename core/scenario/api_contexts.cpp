// Contexts: create, switch, reset, delete, reparent, identify, look.
#include <string_view>

#include "core/scenario/api.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMostBlockBytes = 0x3FFFFFFF;  // MaxAllocSize
constexpr std::uint64_t kMinBlockBytes = 1024;         // spec 3.1, "parameter rules": assertions of the real functions

std::string_view check_text(lua_State* L, int index) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, index, &length);
  return {text, length};
}

// Parent may be NULL, as in C.
Address parent_argument(lua_State* L) { return lua_isnoneornil(L, 1) ? Address{} : check_context(L, 1).at; }

// ALLOCSET_..._SIZES, or min, init, max as numbers, or nothing (default).
AllocSetSizes check_sizes(lua_State* L, int index) {
  std::uint64_t parts[3] = {kDefaultSizes.min_context_bytes, kDefaultSizes.init_block_bytes,
                            kDefaultSizes.max_block_bytes};
  if (lua_istable(L, index)) {
    for (int i = 0; i < 3; ++i) {
      lua_rawgeti(L, index, i + 1);
      parts[i] = check_size(L, -1);
      lua_pop(L, 1);
    }
  } else if (!lua_isnoneornil(L, index)) {
    for (int i = 0; i < 3; ++i) parts[i] = check_size(L, index + i);
  }
  auto [least, init, most] = parts;
  bool good = init >= kMinBlockBytes && init % 8 == 0 && most >= init && most % 8 == 0 && most <= kMostBlockBytes &&
              (least == 0 || (least >= kMinBlockBytes && least % 8 == 0 && least <= most));
  if (!good)
    luaL_argerror(L, index,
                  "sizes are: initBlockSize at least 1024, maxBlockSize at least initBlockSize, all multiples "
                  "of 8, minContextSize 0 or between 1024 and maxBlockSize");
  return {least, init, most};
}

int alloc_set_context_create(lua_State* L) {
  Address parent = parent_argument(L);
  std::string_view name = check_text(L, 2);
  AllocSetSizes sizes = check_sizes(L, 3);
  return call(L, [=](Process& p) { return ContextValue{p.alloc_set_context_create(parent, name, sizes)}; });
}

int generation_context_create(lua_State* L) {
  Address parent = parent_argument(L);
  std::string_view name = check_text(L, 2);
  AllocSetSizes sizes = check_sizes(L, 3);
  return call(L, [=](Process& p) { return ContextValue{p.generation_context_create(parent, name, sizes)}; });
}

int slab_context_create(lua_State* L) {
  Address parent = parent_argument(L);
  std::string_view name = check_text(L, 2);
  std::uint64_t block = check_size(L, 3), chunk = check_size(L, 4);
  luaL_argcheck(L, block >= kMinBlockBytes && block <= (1ull << 30), 3,
                "a block size from 1024 bytes to 1 GB is wanted");
  luaL_argcheck(L, chunk <= (1ull << 30), 4, "a chunk size up to 1 GB is wanted");
  return call(L, [=](Process& p) { return ContextValue{p.slab_context_create(parent, name, block, chunk)}; });
}

int bump_context_create(lua_State* L) {
  Address parent = parent_argument(L);
  std::string_view name = check_text(L, 2);
  AllocSetSizes sizes = check_sizes(L, 3);
  int major = Host::of(L).process().profile().major;
  if (major < 17) return luaL_error(L, "BumpContextCreate is new in PostgreSQL 17; this scenario runs as %d", major);
  return call(L, [=](Process& p) { return ContextValue{p.bump_context_create(parent, name, sizes)}; });
}

int memory_context_switch_to(lua_State* L) {
  Address context = check_context(L, 1).at;
  return call(L, [=](Process& p) { return ContextValue{p.memory_context_switch_to(context)}; });
}

// Reset and delete. A server that deleted ErrorContext could not report its next error.
void spare_error_context(lua_State* L, Address doomed) {
  Process& process = Host::of(L).process();
  if (doomed == process.top_memory_context())
    luaL_argerror(L, 1, "TopMemoryContext holds ErrorContext and everything else: a server never does this");
}

// A reset or delete, and then a look at the script's variables.
template <class Action>
int call_ending(lua_State* L, Action action) {
  EventNumber before = Host::of(L).last_event();
  call(L, action);
  Host::of(L).tell_dangling_variables(L, before);
  return 0;
}

template <void (Process::*function)(Address)>
int on_context(lua_State* L) {
  Address context = check_context(L, 1).at;
  return call_ending(L, [=](Process& p) { (p.*function)(context); });
}

template <void (Process::*function)(Address)>
int on_tree(lua_State* L) {
  Address context = check_context(L, 1).at;
  spare_error_context(L, context);
  return call_ending(L, [=](Process& p) { (p.*function)(context); });
}

int memory_context_delete(lua_State* L) {
  Address context = check_context(L, 1).at;
  Process& process = Host::of(L).process();
  spare_error_context(L, context);
  luaL_argcheck(L, context != process.error_context(), 1, "a server never deletes ErrorContext");
  luaL_argcheck(L, context != process.current_memory_context(), 1,
                "this is CurrentMemoryContext: switch away first (PostgreSQL asserts so)");
  return call_ending(L, [=](Process& p) { p.memory_context_delete(context); });
}

int memory_context_set_parent(lua_State* L) {
  Address context = check_context(L, 1).at;
  Address parent = lua_isnoneornil(L, 2) ? Address{} : check_context(L, 2).at;
  luaL_argcheck(L, context != parent, 2, "a context cannot be its own parent");
  luaL_argcheck(L, context != Host::of(L).process().top_memory_context(), 1, "TopMemoryContext has no parent");
  luaL_argcheck(L, !Host::of(L).is_within(parent, context), 2, "this is a descendant of the context that should move");
  return call(L, [=](Process& p) { p.memory_context_set_parent(context, parent); });
}

int memory_context_set_identifier(lua_State* L) {
  Address context = check_context(L, 1).at;
  bool none = lua_isnoneornil(L, 2);
  std::string_view ident = none ? std::string_view() : check_text(L, 2);
  return call(L, [=](Process& p) {
    p.memory_context_set_identifier(context, none ? std::nullopt : std::optional<std::string_view>(ident));
  });
}

int memory_context_allow_in_critical_section(lua_State* L) {
  Address context = check_context(L, 1).at;
  bool allow = lua_toboolean(L, 2) != 0;
  return call(L, [=](Process& p) { p.memory_context_allow_in_critical_section(context, allow); });
}

int memory_context_register_reset_callback(lua_State* L) {
  Address context = check_context(L, 1).at;
  luaL_checktype(L, 2, LUA_TFUNCTION);
  Host& host = Host::of(L);
  host.enter(L);
  host.remember_callback(L, context, 2);
  host.leave(L);
  return 0;
}

int memory_context_mem_allocated(lua_State* L) {
  Address context = check_context(L, 1).at;
  bool recurse = lua_toboolean(L, 2) != 0;
  return call(L, [=](Process& p) { return p.memory_context_mem_allocated(context, recurse); });
}

int memory_context_is_empty(lua_State* L) {
  Address context = check_context(L, 1).at;
  return call(L, [=](Process& p) { return p.memory_context_is_empty(context); });
}

// The dump, line by line, as Output.
int memory_context_stats(lua_State* L) {
  Address context = lua_isnone(L, 1) ? Host::of(L).process().top_memory_context() : check_context(L, 1).at;
  return call(L, [=](Process& p) {
    std::string text = p.memory_context_stats(context);
    for (std::size_t from = 0; from < text.size();) {
      std::size_t end = std::min(text.find('\n', from), text.size());
      p.announce(Output{text.substr(from, end - from)});
      from = end + 1;
    }
  });
}

constexpr luaL_Reg kFunctions[] = {
    {"AllocSetContextCreate", alloc_set_context_create},
    {"GenerationContextCreate", generation_context_create},
    {"SlabContextCreate", slab_context_create},
    {"BumpContextCreate", bump_context_create},
    {"MemoryContextSwitchTo", memory_context_switch_to},
    {"MemoryContextReset", on_tree<&Process::memory_context_reset>},
    {"MemoryContextResetOnly", on_context<&Process::memory_context_reset_only>},
    {"MemoryContextResetChildren", on_context<&Process::memory_context_reset_children>},
    {"MemoryContextDelete", memory_context_delete},
    {"MemoryContextDeleteChildren", on_tree<&Process::memory_context_delete_children>},
    {"MemoryContextSetParent", memory_context_set_parent},
    {"MemoryContextSetIdentifier", memory_context_set_identifier},
    {"MemoryContextAllowInCriticalSection", memory_context_allow_in_critical_section},
    {"MemoryContextRegisterResetCallback", memory_context_register_reset_callback},
    {"MemoryContextCheck", on_context<&Process::memory_context_check>},
    {"MemoryContextMemAllocated", memory_context_mem_allocated},
    {"MemoryContextIsEmpty", memory_context_is_empty},
    {"MemoryContextStats", memory_context_stats},
};

}  // namespace

std::span<const luaL_Reg> context_functions() { return kFunctions; }

}  // namespace palloscope::core
