// Dynamic shared memory by PostgreSQL's names (dsm_create and its kin), and the machine with its NUMA nodes.
#include <array>
#include <string_view>

#include "core/scenario/api.h"
#include "core/scenario/handles.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

constexpr const char* kSegment = "dsm_segment";
constexpr std::uint64_t kMostPages = 1 << 20;  // touched in one call

struct SegmentValue {
  DsmId id = 0;  // 0: nil
};
void push(lua_State* L, SegmentValue segment) {
  if (segment.id == 0)
    lua_pushnil(L);
  else
    push_handle(L, kSegment, {static_cast<std::uint32_t>(segment.id), static_cast<std::uint32_t>(segment.id >> 32), 0});
}

DynamicMemory& dynamic(lua_State* L) {
  DynamicMemory* memory = Host::of(L).shmem().dynamic();
  if (!memory) luaL_error(L, "the server has not started: CreateSharedMemoryAndSemaphores() comes first");
  if (!Host::of(L).server().backends.acting())
    luaL_error(L, "no backend acts: switch_to one, or start_backend{ name = ... }");
  return *memory;
}

// A segment that the acting backend is attached to.
DsmId check_segment(lua_State* L, int index) {
  const Handle handle = check_handle(L, index, kSegment);
  const DsmId id = std::uint64_t{handle.more} << 32 | handle.value;
  const DsmAttachment* held = dynamic(L).find(id);
  luaL_argcheck(L, held != nullptr, index, "this segment was detached");
  luaL_argcheck(L, held->backend == Host::of(L).server().backends.acting(), index,
                "this dsm_segment is another backend's: attach to its handle");
  return id;
}

std::uint32_t check_dsm_handle(lua_State* L, int index) {
  const lua_Integer handle = luaL_checkinteger(L, index);
  luaL_argcheck(L, handle >= 0 && handle <= 0xFFFFFFFF, index, "a dsm_handle (32 bits) is wanted");
  return static_cast<std::uint32_t>(handle);
}

int dsm_create(lua_State* L) {
  DynamicMemory& memory = dynamic(L);
  const lua_Integer bytes = luaL_checkinteger(L, 1);
  luaL_argcheck(L, bytes > 0 && bytes <= lua_Integer{1} << 36, 1, "a size above 0, at most 64 GB, is wanted");
  return call(L, [&memory, bytes](Process&) { return SegmentValue{memory.create(static_cast<std::uint64_t>(bytes))}; });
}

int dsm_attach(lua_State* L) {
  DynamicMemory& memory = dynamic(L);
  const std::uint32_t handle = check_dsm_handle(L, 1);
  return call(L, [&memory, handle](Process&) { return SegmentValue{memory.attach(handle)}; });
}

// An action on a segment of the acting backend.
template <class Action>
int with_segment(lua_State* L, Action action) {
  DynamicMemory& memory = dynamic(L);
  const DsmId id = check_segment(L, 1);
  return call(L, [&memory, id, action](Process&) { return action(memory, id); });
}

int dsm_detach(lua_State* L) {
  return with_segment(L, [](DynamicMemory& memory, DsmId id) { memory.detach(id); });
}
int dsm_pin_segment(lua_State* L) {
  return with_segment(L, [](DynamicMemory& memory, DsmId id) { memory.pin_segment(id); });
}
int dsm_pin_mapping(lua_State* L) {
  return with_segment(L, [](DynamicMemory& memory, DsmId id) { memory.pin_mapping(id); });
}
int dsm_unpin_mapping(lua_State* L) {
  return with_segment(L, [](DynamicMemory& memory, DsmId id) { memory.unpin_mapping(id); });
}
int dsm_segment_handle(lua_State* L) {
  return with_segment(L, [](DynamicMemory& memory, DsmId id) { return std::uint64_t{memory.find(id)->handle}; });
}
int dsm_segment_address(lua_State* L) {
  return with_segment(L, [](DynamicMemory& memory, DsmId id) { return PointerValue{memory.find(id)->at}; });
}
int dsm_segment_map_length(lua_State* L) {
  return with_segment(L, [](DynamicMemory& memory, DsmId id) { return memory.find(id)->bytes; });
}

int dsm_unpin_segment(lua_State* L) {
  DynamicMemory& memory = dynamic(L);
  const std::uint32_t handle = check_dsm_handle(L, 1);
  return call(L, [&memory, handle](Process&) { memory.unpin_segment(handle); });
}

int dsm_find_mapping(lua_State* L) {
  DynamicMemory& memory = dynamic(L);
  const std::uint32_t handle = check_dsm_handle(L, 1);
  return call(L, [&memory, handle](Process&) { return SegmentValue{memory.find_mapping(handle)}; });
}

// on_dsm_detach(segment, function)
int on_dsm_detach(lua_State* L) {
  DynamicMemory& memory = dynamic(L);
  const DsmId id = check_segment(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  Host& host = Host::of(L);
  const int function = host.keep_function(L, 2);
  return call(L, [&host, &memory, id, function](Process&) {
    memory.on_detach(id, [&host, function] { host.run_kept(function); });
  });
}

// --- NUMA ---------------------------------------------------------------------------------------------------------

// numa_node{ cores = 16, memory = "64GB" }: its number, from 0
int numa_node(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_getfield(L, 1, "cores");
  lua_getfield(L, 1, "memory");
  const lua_Integer cores = luaL_checkinteger(L, 2);
  luaL_argcheck(L, cores > 0 && cores <= 4096, 1, "a node has 1 to 4096 cores");
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 3, &length);
  Host& host = Host::of(L);
  luaL_argcheck(L, host.shmem().numa.nodes().size() < 64, 1, "a machine has at most 64 nodes");
  const std::string_view memory(text, length);
  return call(L, [&host, cores, memory](Process&) {
    const auto bytes = parse_bytes(memory, 1);
    if (!bytes || *bytes < 1 << 20) throw ScriptMistake{"a node has memory of at least 1MB, as in memory = \"64GB\""};
    return std::uint64_t{
        host.shmem().numa.add_node(static_cast<std::uint32_t>(cores), static_cast<std::uint64_t>(*bytes))};
  });
}

std::uint32_t check_node(lua_State* L, int index) {
  const lua_Integer node = luaL_checkinteger(L, index);
  const auto count = static_cast<lua_Integer>(Host::of(L).shmem().numa.nodes().size());
  luaL_argcheck(L, node >= 0 && node < count, index,
                "the machine has no such node: numa_node{ ... } adds one, from 0 on");
  return static_cast<std::uint32_t>(node);
}

// numa_policy("first touch"), numa_policy("interleave"), numa_policy("bind", node)
int numa_policy(lua_State* L) {
  constexpr std::array<const char*, kNumaPolicyCount + 1> names = {"first touch", "interleave", "bind", nullptr};
  const auto policy = static_cast<NumaPolicy>(luaL_checkoption(L, 1, nullptr, names.data()));
  const std::uint32_t node = policy == NumaPolicy::Bind ? check_node(L, 2) : 0;
  Host& host = Host::of(L);
  luaL_argcheck(L, !host.shmem().numa.nodes().empty(), 1, "the machine has no nodes yet: numa_node{ ... } adds one");
  return call(L, [&host, policy, node](Process&) { host.shmem().numa.set_policy(policy, node); });
}

// run_on(node [, backend]): the scheduler puts the backend there.
int run_on(lua_State* L) {
  const std::uint32_t node = check_node(L, 1);
  Host& host = Host::of(L);
  const BackendSlot backend = lua_isnoneornil(L, 2) ? host.server().backends.acting() : check_backend(L, 2);
  luaL_argcheck(L, static_cast<bool>(backend), 2, "no backend acts: start_backend starts one");
  return call(L, [&host, backend, node](Process&) { host.shmem().numa.place(backend, node); });
}

// touch(name [, bytes [, offset]]): the acting backend reads or writes in a structure of the main segment; answers how
// many bytes were on its own node, and how many on others.
int touch(lua_State* L) {
  Host& host = Host::of(L);
  SharedMemory* shared = host.shmem().shared();
  if (!shared) return luaL_error(L, "there is no shared memory yet: CreateSharedMemoryAndSemaphores() makes it");
  luaL_argcheck(L, !host.shmem().numa.nodes().empty(), 1, "the machine has no nodes yet: numa_node{ ... } adds one");
  luaL_argcheck(L, static_cast<bool>(host.server().backends.acting()), 1, "no backend acts");
  std::size_t length = 0;
  const char* text = luaL_checklstring(L, 1, &length);
  const std::string_view name(text, length);
  std::uint64_t at = 0, size = 0;
  {
    const auto piece = shared->find(name);
    if (piece) at = piece->offset, size = piece->bytes;
  }
  luaL_argcheck(L, size != 0, 1, "no structure of that name: pg_shmem_allocations shows them");
  const lua_Integer offset = luaL_optinteger(L, 3, 0);
  luaL_argcheck(L, offset >= 0 && static_cast<std::uint64_t>(offset) < size, 3, "inside the structure");
  const lua_Integer bytes = luaL_optinteger(L, 2, static_cast<lua_Integer>(size) - offset);
  luaL_argcheck(L, bytes > 0 && static_cast<std::uint64_t>(bytes) <= size - static_cast<std::uint64_t>(offset), 2,
                "not beyond the structure's end");
  luaL_argcheck(L, static_cast<std::uint64_t>(bytes) / shared->page_bytes() <= kMostPages, 2,
                "at most 1048576 pages at a time");
  NumaUse use;
  call(L, [&, offset, bytes](Process&) {
    use = host.shmem().numa.touch(shared->segment(), at + static_cast<std::uint64_t>(offset),
                                  static_cast<std::uint64_t>(bytes), shared->page_bytes());
  });
  lua_pushinteger(L, static_cast<lua_Integer>(use.local_bytes));
  lua_pushinteger(L, static_cast<lua_Integer>(use.remote_bytes));
  return 2;
}

// numa_remote_cost(1.5): what a remote byte costs against a local one, from here on.
int numa_remote_cost(lua_State* L) {
  const double cost = luaL_checknumber(L, 1);
  luaL_argcheck(L, cost >= 1 && cost <= 100, 1, "remote memory costs 1 to 100 times what local memory does");
  Host::of(L).shmem().numa.set_remote_cost(cost);
  return 0;
}

// numa_cost([backend]): its use so far in bytes, remote ones counted dearer; then local bytes, remote bytes.
int numa_cost(lua_State* L) {
  Host& host = Host::of(L);
  const BackendSlot backend = lua_isnoneornil(L, 1) ? host.server().backends.acting() : check_backend(L, 1);
  const NumaUse use = host.shmem().numa.use_of(backend);
  lua_pushnumber(L, host.shmem().numa.cost_of(use));
  lua_pushinteger(L, static_cast<lua_Integer>(use.local_bytes));
  lua_pushinteger(L, static_cast<lua_Integer>(use.remote_bytes));
  return 3;
}

constexpr luaL_Reg kFunctions[] = {
    {"dsm_create", dsm_create},
    {"dsm_attach", dsm_attach},
    {"dsm_detach", dsm_detach},
    {"dsm_pin_segment", dsm_pin_segment},
    {"dsm_unpin_segment", dsm_unpin_segment},
    {"dsm_pin_mapping", dsm_pin_mapping},
    {"dsm_unpin_mapping", dsm_unpin_mapping},
    {"dsm_segment_handle", dsm_segment_handle},
    {"dsm_segment_address", dsm_segment_address},
    {"dsm_segment_map_length", dsm_segment_map_length},
    {"dsm_find_mapping", dsm_find_mapping},
    {"on_dsm_detach", on_dsm_detach},
    {"numa_node", numa_node},
    {"numa_policy", numa_policy},
    {"run_on", run_on},
    {"touch", touch},
    {"numa_remote_cost", numa_remote_cost},
    {"numa_cost", numa_cost},
};

}  // namespace

void register_segments(lua_State* L) { register_handle(L, kSegment, nullptr); }

std::span<const luaL_Reg> dsm_functions() { return kFunctions; }

}  // namespace palloscope::core
