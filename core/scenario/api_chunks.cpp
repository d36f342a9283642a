// Chunks: palloc and its kin, strings, C's own malloc, and the bytes themselves.
#include <algorithm>
#include <string_view>

#include "core/scenario/api.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kPsprintfFirstTry = 128;     // bytes; psprintf.c
constexpr lua_Integer kMostBytesRead = 1024 * 1024;  // at once, by a script

// The address of a pointer that the process is about to use; a watch learns where the program has it from.
Address known(Process& process, PointerValue pointer) {
  process.pointer_from(pointer.at, pointer.born);
  return pointer.at;
}

int palloc(lua_State* L) {
  std::uint64_t bytes = check_size(L, 1);
  check_current_context(L);
  return call(L, [=](Process& p) { return PointerValue{p.palloc(bytes)}; });
}

int palloc0(lua_State* L) {
  std::uint64_t bytes = check_size(L, 1);
  check_current_context(L);
  return call(L, [=](Process& p) { return PointerValue{p.palloc0(bytes)}; });
}

int palloc_extended(lua_State* L) {
  std::uint64_t bytes = check_size(L, 1);
  auto flags = static_cast<int>(luaL_optinteger(L, 2, 0));
  check_current_context(L);
  return call(L, [=](Process& p) { return PointerValue{p.palloc_extended(bytes, flags)}; });
}

int memory_context_alloc(lua_State* L) {
  Address context = check_context(L, 1).at;
  std::uint64_t bytes = check_size(L, 2);
  return call(L, [=](Process& p) { return PointerValue{p.memory_context_alloc(context, bytes)}; });
}

int memory_context_alloc_zero(lua_State* L) {
  Address context = check_context(L, 1).at;
  std::uint64_t bytes = check_size(L, 2);
  return call(L, [=](Process& p) { return PointerValue{p.memory_context_alloc_zero(context, bytes)}; });
}

int memory_context_alloc_extended(lua_State* L) {
  Address context = check_context(L, 1).at;
  std::uint64_t bytes = check_size(L, 2);
  auto flags = static_cast<int>(luaL_optinteger(L, 3, 0));
  return call(L, [=](Process& p) { return PointerValue{p.memory_context_alloc_extended(context, bytes, flags)}; });
}

int repalloc(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  std::uint64_t bytes = check_size(L, 2);
  return call(L, [=](Process& p) { return PointerValue{p.repalloc(known(p, pointer), bytes)}; });
}

int repalloc_huge(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  std::uint64_t bytes = check_size(L, 2);
  return call(L, [=](Process& p) { return PointerValue{p.repalloc_huge(known(p, pointer), bytes)}; });
}

int pfree(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  return call(L, [=](Process& p) { p.pfree(known(p, pointer)); });
}

int get_memory_chunk_context(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  return call(L, [=](Process& p) { return ContextValue{p.get_memory_chunk_context(known(p, pointer))}; });
}

int get_memory_chunk_space(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  return call(L, [=](Process& p) { return p.get_memory_chunk_space(known(p, pointer)); });
}

// --- strings --------------------------------------------------------------------------------------------------

void write_c_string(Process& process, Address at, std::string_view text) {
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  bytes.push_back(0);
  process.write(at, bytes);
}

int pstrdup(lua_State* L) {
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 1, &length);
  check_current_context(L);
  return call(L, [=](Process& p) {
    Address at = p.palloc(length + 1);
    write_c_string(p, at, {text, length});
    return PointerValue{at};
  });
}

// As psprintf.c: first 128 bytes; if that is too short, it is freed and as much as needed is asked for.
int psprintf(lua_State* L) {
  lua_getglobal(L, "string");
  lua_getfield(L, -1, "format");
  lua_replace(L, -2);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  std::size_t length = 0;
  const char* text = lua_tolstring(L, -1, &length);
  check_current_context(L);
  return call(L, [=](Process& p) {
    Address at = p.palloc(kPsprintfFirstTry);
    if (length + 1 > kPsprintfFirstTry) {
      p.pfree(at);
      at = p.palloc(length + 1);
    }
    write_c_string(p, at, {text, length});
    return PointerValue{at};
  });
}

// --- C's own --------------------------------------------------------------------------------------------------

int c_malloc(lua_State* L) {
  std::uint64_t bytes = check_size(L, 1);
  return call(L, [=](Process& p) { return PointerValue{p.malloc(bytes)}; });
}

int c_realloc(lua_State* L) {
  if (lua_isnoneornil(L, 1)) {
    lua_remove(L, 1);
    return c_malloc(L);
  }
  PointerValue pointer = check_pointer(L, 1);
  std::uint64_t bytes = check_size(L, 2);
  luaL_argcheck(L, Host::of(L).is_malloced(pointer.at), 1,
                "realloc(): invalid pointer (no malloc'ed memory begins here)");
  return call(L, [=](Process& p) { return PointerValue{p.realloc(pointer.at, bytes)}; });
}

int c_free(lua_State* L) {
  if (lua_isnoneornil(L, 1)) return 0;
  PointerValue pointer = check_pointer(L, 1);
  luaL_argcheck(L, Host::of(L).is_malloced(pointer.at), 1,
                "free(): invalid pointer (no malloc'ed memory begins here, or it was freed already)");
  return call(L, [=](Process& p) { p.free(pointer.at); });
}

// --- bytes ----------------------------------------------------------------------------------------------------

// write(p, "text" [, offset]): as memcpy(p + offset, ...) would, wherever that may be.
int write_bytes(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 2, &length);
  auto offset = static_cast<std::uint64_t>(luaL_optinteger(L, 3, 0));
  return call(L, [=](Process& p) {
    if (length != 0) p.write(known(p, pointer) + offset, {reinterpret_cast<const std::uint8_t*>(text), length});
  });
}

// read(p, bytes [, offset]) answers the bytes as a string.
int read_bytes(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  lua_Integer count = luaL_checkinteger(L, 2);
  auto offset = static_cast<std::uint64_t>(luaL_optinteger(L, 3, 0));
  luaL_argcheck(L, count >= 0 && count <= kMostBytesRead, 2, "at most 1 MB is read at once");
  luaL_Buffer buffer;
  auto size = static_cast<std::size_t>(count);
  auto* into = reinterpret_cast<std::uint8_t*>(luaL_buffinitsize(L, &buffer, size));
  Host& host = Host::of(L);
  bool mapped = false;
  host.enter(L);
  if (!host.attempt([&] {
        mapped = host.process().read_as_program(known(host.process(), pointer) + offset, {into, size});
      }))
    return host.raise(L);
  host.leave(L);
  if (!mapped) return luaL_error(L, "segmentation fault: no memory is mapped there");
  luaL_pushresultsize(&buffer, size);
  return 1;
}

constexpr luaL_Reg kFunctions[] = {
    {"palloc", palloc},
    {"palloc0", palloc0},
    {"palloc_extended", palloc_extended},
    {"MemoryContextAlloc", memory_context_alloc},
    {"MemoryContextAllocZero", memory_context_alloc_zero},
    {"MemoryContextAllocExtended", memory_context_alloc_extended},
    {"repalloc", repalloc},
    {"repalloc_huge", repalloc_huge},
    {"pfree", pfree},
    {"GetMemoryChunkContext", get_memory_chunk_context},
    {"GetMemoryChunkSpace", get_memory_chunk_space},
    {"pstrdup", pstrdup},
    {"psprintf", psprintf},
    {"malloc", c_malloc},
    {"realloc", c_realloc},
    {"free", c_free},
    {"write", write_bytes},
    {"read", read_bytes},
};

}  // namespace

std::span<const luaL_Reg> chunk_functions() { return kFunctions; }

}  // namespace palloscope::core
