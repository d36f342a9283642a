// The server's processes: start_backend, switch_to, end_backend. The script chooses who acts when.
#include <array>
#include <string_view>

#include "core/scenario/api.h"
#include "core/scenario/handles.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

struct BackendValue {
  Handle handle;
};

void push(lua_State* L, BackendValue backend) { push_handle(L, kBackendHandle, backend.handle); }

// In the order of BackendKind.
constexpr std::array<const char*, kBackendKindCount + 1> kKinds = {
    "client",     "parallel worker", "autovacuum", "background writer", "checkpointer", "wal writer",
    "postmaster", "extension",       nullptr};

// start_backend{ name = "backend 2", kind = "client" }, or start_backend(name [, kind]). The first one acts at once.
int start_backend(lua_State* L) {
  if (lua_istable(L, 1)) {
    lua_settop(L, 1);
    lua_getfield(L, 1, "name");
    lua_getfield(L, 1, "kind");
    lua_remove(L, 1);
  }
  const auto kind = static_cast<BackendKind>(luaL_checkoption(L, 2, kKinds[0], kKinds.data()));
  std::size_t length = 0;
  const char* text = luaL_optlstring(L, 1, kKinds[static_cast<std::size_t>(kind)], &length);
  luaL_argcheck(L, length > 0 && length <= 100, 1, "a name of 1 to 100 bytes is wanted");
  const std::string_view name(text, length);
  Host& host = Host::of(L);
  return call(L, [&host, kind, name](Process&) {
    ServerWorld& server = host.server();
    const BackendSlot backend = server.backends.start(kind, name);
    const EventNumber born = host.last_event();
    server.note_started(backend, born);
    if (!server.backends.acting()) server.backends.switch_to(backend);
    return BackendValue{{backend.value, 0, born}};
  });
}

int switch_to(lua_State* L) {
  const BackendSlot backend = check_backend(L, 1);
  Host& host = Host::of(L);
  return call(L, [&host, backend](Process&) { host.server().backends.switch_to(backend); });
}

// end_backend([backend]): without an argument the one that acts.
int end_backend(lua_State* L) {
  Host& host = Host::of(L);
  const BackendSlot backend = lua_isnoneornil(L, 1) ? host.server().backends.acting() : check_backend(L, 1);
  luaL_argcheck(L, static_cast<bool>(backend), 1, "no backend acts: start_backend starts one");
  luaL_argcheck(L, !host.server().backends.is_ending(backend), 1, "this backend is ending already");
  return call(L, [&host, backend](Process&) { host.server().backends.end(backend); });
}

// ResourceOwnerRelease(): the acting backend's transaction or query ends. Its pins go first, then the dynamic segments
// whose mapping is not pinned (resowner.c).
int resource_owner_release(lua_State* L) {
  Host& host = Host::of(L);
  BufferManager* buffers = host.server().buffers();
  DynamicMemory* segments = host.shmem().dynamic();
  if (buffers == nullptr && segments == nullptr)
    return luaL_error(L, "there is nothing to give back: neither a buffer pool nor shared memory was made");
  if (!host.server().backends.acting()) return luaL_error(L, "no backend acts: start_backend starts one");
  return call(L, [buffers, segments](Process&) {
    if (buffers != nullptr) buffers->release_all_pins();
    if (segments != nullptr) segments->release_unpinned();
  });
}

int backend_text(lua_State* L) {
  const Handle handle = check_handle(L, 1, kBackendHandle);
  const std::string_view name = Host::of(L).server().backends.name_of(BackendSlot{handle.value});
  lua_pushlstring(L, name.data(), name.size());
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"start_backend", start_backend},
                                   {"switch_to", switch_to},
                                   {"end_backend", end_backend},
                                   {"ResourceOwnerRelease", resource_owner_release}};

}  // namespace

BackendSlot check_backend(lua_State* L, int index) {
  const Handle handle = check_handle(L, index, kBackendHandle);
  const BackendSlot backend{handle.value};
  luaL_argcheck(L, Host::of(L).server().is_same(backend, handle.born), index, "this backend has ended");
  return backend;
}

void register_backends(lua_State* L) {
  constexpr luaL_Reg functions[] = {{"__tostring", backend_text}, {nullptr, nullptr}};
  register_handle(L, kBackendHandle, functions);
}

std::span<const luaL_Reg> server_functions() { return kFunctions; }

}  // namespace palloscope::core
