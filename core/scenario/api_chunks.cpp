// Chunks: palloc and its kin, strings, C's own malloc, and the bytes themselves.
#include <algorithm>
#include <array>
#include <string_view>

#include "core/mcxt/fault_watch.h"
#include "core/scenario/api.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kPsprintfFirstTry = 128;       // bytes; psprintf.c
constexpr lua_Integer kMostBytesAtOnce = 1024 * 1024;  // at once, by a script

// What the process answered: push finds out what lives there.
PointerValue answer(Address at) { return {at, 0}; }

// The address of a pointer that the process is about to use; a watch learns where the program has it from.
Address known(Process& process, PointerValue pointer) {
  process.pointer_from(pointer.at, pointer.born);
  return pointer.at;
}

int palloc(lua_State* L) {
  std::uint64_t bytes = check_size(L, 1);
  check_current_context(L);
  return call(L, [=](Process& p) { return answer(p.palloc(bytes)); });
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
  return call(L, [=](Process& p) { return answer(p.palloc_extended(bytes, flags)); });
}

int memory_context_alloc(lua_State* L) {
  Address context = check_context(L, 1).at;
  std::uint64_t bytes = check_size(L, 2);
  return call(L, [=](Process& p) { return answer(p.memory_context_alloc(context, bytes)); });
}

int memory_context_alloc_zero(lua_State* L) {
  Address context = check_context(L, 1).at;
  std::uint64_t bytes = check_size(L, 2);
  return call(L, [=](Process& p) { return answer(p.memory_context_alloc_zero(context, bytes)); });
}

int memory_context_alloc_extended(lua_State* L) {
  Address context = check_context(L, 1).at;
  std::uint64_t bytes = check_size(L, 2);
  auto flags = static_cast<int>(luaL_optinteger(L, 3, 0));
  return call(L, [=](Process& p) { return answer(p.memory_context_alloc_extended(context, bytes, flags)); });
}

int repalloc(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  std::uint64_t bytes = check_size(L, 2);
  return call(L, [=](Process& p) { return answer(p.repalloc(known(p, pointer), bytes)); });
}

int repalloc_huge(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  std::uint64_t bytes = check_size(L, 2);
  return call(L, [=](Process& p) { return answer(p.repalloc_huge(known(p, pointer), bytes)); });
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
    return answer(at);
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
    return answer(at);
  });
}

// --- C's own --------------------------------------------------------------------------------------------------

int c_malloc(lua_State* L) {
  std::uint64_t bytes = check_size(L, 1);
  return call(L, [=](Process& p) { return answer(p.malloc(bytes)); });
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
  return call(L, [=](Process& p) { return answer(p.realloc(pointer.at, bytes)); });
}

int c_free(lua_State* L) {
  if (lua_isnoneornil(L, 1)) return 0;
  PointerValue pointer = check_pointer(L, 1);
  Host& host = Host::of(L);
  if (!host.is_malloced(pointer.at)) {
    host.enter(L);
    host.attempt([&] { host.process().watch()->free_own(known(host.process(), pointer)); });
  }
  luaL_argcheck(L, host.is_malloced(pointer.at), 1,
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

// An address as a debugger gives it: a number, or what a pointer or context holds.
Address check_address(lua_State* L, int index) {
  if (lua_isinteger(L, index)) return {static_cast<std::uint64_t>(lua_tointeger(L, index))};
  const Address at = address_in(L, index);
  luaL_argcheck(L, static_cast<bool>(at), index, "an address (a number), a pointer or a context is wanted");
  return at;
}

// poke(address, "text" [, offset]): the debugger's hand changes bytes; nobody is blamed for it.
int poke_bytes(lua_State* L) {
  const Address at = check_address(L, 1);
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 2, &length);
  auto offset = static_cast<std::uint64_t>(luaL_optinteger(L, 3, 0));
  return call(L, [=](Process& p) {
    if (length != 0) p.poke(at + offset, {reinterpret_cast<const std::uint8_t*>(text), length});
  });
}

// pointer(address): what (void *) makes of a number.
int pointer_to(lua_State* L) {
  push(L, PointerValue{check_address(L, 1)});
  return 1;
}

// read(p, bytes [, offset]) answers the bytes as a string.
int read_bytes(lua_State* L) {
  PointerValue pointer = check_pointer(L, 1);
  lua_Integer count = luaL_checkinteger(L, 2);
  auto offset = static_cast<std::uint64_t>(luaL_optinteger(L, 3, 0));
  luaL_argcheck(L, count >= 0 && count <= kMostBytesAtOnce, 2, "at most 1 MB is read at once");
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

// fill(p, byte, bytes [, offset]): as memset would.
int fill_bytes(lua_State* L) {
  PointerValue from = check_pointer(L, 1);
  lua_Integer byte = luaL_checkinteger(L, 2), count = luaL_checkinteger(L, 3);
  auto offset = static_cast<std::uint64_t>(luaL_optinteger(L, 4, 0));
  luaL_argcheck(L, byte >= 0 && byte <= 255, 2, "a byte is wanted");
  luaL_argcheck(L, count >= 0 && count <= kMostBytesAtOnce, 3, "at most 1 MB is written at once");
  return call(L, [=](Process& p) {
    if (count == 0) return;
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count), static_cast<std::uint8_t>(byte));
    p.write(known(p, from) + offset, bytes);
  });
}

// peek(p, bytes [, offset]) answers what read would, with the debugger's eyes: no act of the program.
int peek_bytes(lua_State* L) {
  PointerValue from = check_pointer(L, 1);
  lua_Integer count = luaL_checkinteger(L, 2);
  Address at = from.at + static_cast<std::uint64_t>(luaL_optinteger(L, 3, 0));
  luaL_argcheck(L, count >= 0 && count <= kMostBytesAtOnce, 2, "at most 1 MB is read at once");
  luaL_Buffer buffer;
  auto size = static_cast<std::size_t>(count);
  auto* into = reinterpret_cast<std::uint8_t*>(luaL_buffinitsize(L, &buffer, size));
  if (!Host::of(L).process().read(at, {into, size})) return luaL_error(L, "no memory is mapped there");
  luaL_pushresultsize(&buffer, size);
  return 1;
}

// store(p, offset, q): *(char **) (p + offset) = q; fetch(p, offset) answers what was stored there.
int store_pointer(lua_State* L) {
  PointerValue to = check_pointer(L, 1);
  auto offset = static_cast<std::uint64_t>(luaL_checkinteger(L, 2));
  PointerOrigin what;
  if (!lua_isnoneornil(L, 3)) what = check_pointer(L, 3);
  return call(L, [=](Process& p) { p.store_pointer(known(p, to) + offset, what); });
}

int fetch_pointer(lua_State* L) {
  PointerValue from = check_pointer(L, 1);
  auto offset = static_cast<std::uint64_t>(luaL_optinteger(L, 2, 0));
  return call(L, [=](Process& p) {
    std::array<std::uint8_t, 8> bytes{};
    if (!p.read_as_program(known(p, from) + offset, bytes))
      throw Crash{"SIGSEGV", "the process read memory that is not mapped", from.at + offset};
    PointerValue value;
    for (std::size_t i = bytes.size(); i-- > 0;) value.at.value = value.at.value << 8 | bytes[i];
    value.born = p.watch()->stored_at(from.at + offset, value.at);
    return value;
  });
}

// --- conditions of the process --------------------------------------------------------------------------------

// fail_mallocs(bytes): malloc fails from this size on; without an argument it works again.
int fail_mallocs(lua_State* L) {
  std::uint64_t bytes = lua_isnoneornil(L, 1) ? 0 : check_size(L, 1);
  Host::of(L).fail_mallocs_from(bytes);
  return 0;
}

int start_crit_section(lua_State* L) {
  return call(L, [](Process& p) { p.start_crit_section(); });
}

int end_crit_section(lua_State* L) {
  luaL_argcheck(L, Host::of(L).process().crit_section_count() != 0, 1, "there is no START_CRIT_SECTION to end");
  return call(L, [](Process& p) { p.end_crit_section(); });
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
    {"peek", peek_bytes},
    {"fill", fill_bytes},
    {"store", store_pointer},
    {"fetch", fetch_pointer},
    {"fail_mallocs", fail_mallocs},
    {"START_CRIT_SECTION", start_crit_section},
    {"END_CRIT_SECTION", end_crit_section},
    {"poke", poke_bytes},
    {"pointer", pointer_to},
};

}  // namespace

std::span<const luaL_Reg> chunk_functions() { return kFunctions; }

}  // namespace palloscope::core
