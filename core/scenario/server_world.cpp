#include "core/scenario/server_world.h"

#include "core/base/check.h"

namespace palloscope::core {

BackendSlot ServerWorld::need_backend() {
  if (!backends.acting()) {
    BackendSlot backend = backends.start(BackendKind::Client, "backend 1");
    note_started(backend, 0);
    backends.switch_to(backend);
  }
  return backends.acting();
}

void ServerWorld::note_started(BackendSlot backend, EventNumber born) {
  if (!heap_owner_) heap_owner_ = backend;
  if (backend.value >= births_.size()) births_.resize(backend.value + std::size_t{1});
  births_[backend.value] = born;
}

bool ServerWorld::is_same(BackendSlot backend, EventNumber born) const {
  return backends.find(backend) && births_[backend.value] == born;
}

void ServerWorld::make_buffers(const BufferSettings& settings) {
  const BufferProfile* profile = find_buffer_profile(process_.profile().major);
  check(profile != nullptr && !buffers_, "a server has one buffer pool, in a version that is simulated");
  PrivateMemory memory{[this](BackendSlot backend, std::uint64_t bytes) { return zeroed(backend, bytes); },
                       [this](BackendSlot backend, std::uint64_t bytes) { return local_blocks(backend, bytes); }};
  backends.before_end([this](BackendSlot backend) {
    for (Ring& ring : rings_)
      if (ring.backend == backend) ring = {};
  });
  buffers_ =
      std::make_unique<BufferManager>(*profile, settings, process_.address_space(), backends, sink_, std::move(memory));
}

Address ServerWorld::zeroed(BackendSlot backend, std::uint64_t bytes) {
  if (!owns_heap(backend)) return {};
  const Address at = process_.malloc(bytes);
  if (!at) throw Ereport{"53200", "out of memory", "", {}};
  process_.address_space().fill(at, 0, bytes);
  return at;
}

Address ServerWorld::local_blocks(BackendSlot backend, std::uint64_t bytes) {
  if (!owns_heap(backend)) return {};
  if (!local_buffer_context_)
    local_buffer_context_ = process_.alloc_set_context_create(process_.top_memory_context(), "LocalBufferContext");
  return process_.memory_context_alloc(local_buffer_context_, bytes);
}

void ServerWorld::note_ring(RingSlot ring, EventNumber born, Address memory) {
  if (ring.value >= rings_.size()) rings_.resize(ring.value + std::size_t{1});
  rings_[ring.value] = {born, backends.acting(), memory};
}

Address ServerWorld::forget_ring(RingSlot ring) {
  const Address memory = rings_[ring.value].memory;
  rings_[ring.value] = {};
  return memory;
}

// The backend in the upper half, what it held in the lower.
std::int64_t ServerWorld::pin_mark() {
  const BackendSlot backend = backends.acting();
  if (!buffers_ || !backend) return -1;
  return static_cast<std::int64_t>(backend.value) << 32 | static_cast<std::int64_t>(buffers_->pins_held());
}

void ServerWorld::release_pins_since(std::int64_t mark) {
  const BackendSlot backend = backends.acting();
  if (!buffers_ || !backend) return;
  const bool same = mark >= 0 && mark >> 32 == static_cast<std::int64_t>(backend.value);
  buffers_->release_pins_above(same ? static_cast<std::size_t>(mark & 0xFFFFFFFF) : 0);
}

void ServerWorld::release_all_pins() {
  if (buffers_ && backends.acting()) buffers_->release_all_pins();
}

}  // namespace palloscope::core
