#include "trace/live/server_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/counted.h"
#include "trace/replay/server_state.h"

namespace palloscope::trace {

void ServerEvents::emit(const ServerMoment& moment, std::vector<std::string>& problems) {
  if (moment.pool) emit_pool(*moment.pool, problems);
  if (moment.shmem) emit_segment(*moment.shmem, moment.shmem_at, problems);
}

void ServerEvents::emit_pool(const core::WalkedPool& pool, std::vector<std::string>& problems) {
  if (pool.buffers.empty() || pool.buffers.size() > kMostBuffers) {
    problems.push_back(
        fmt::format("the server has {}; those cannot be shown", core::counted(pool.buffers.size(), "buffer")));
    return;
  }
  if (pool_.is_begun() && pool.buffers.size() != pool_.buffers()) {
    problems.push_back(fmt::format("only {} of {} buffers could be read; they are shown as they were before",
                                   pool.buffers.size(), pool_.buffers()));
    return;
  }
  std::vector<SeenBuffer> seen;
  seen.reserve(pool.buffers.size());
  for (const core::WalkedBuffer& buffer : pool.buffers) seen.push_back({buffer.tag, buffer.word});
  std::optional<SeenStrategy> strategy;
  if (pool.has_strategy)
    // The server stores the hand's place before it brings it back into the pool.
    strategy = SeenStrategy{static_cast<std::uint32_t>(pool.next_victim % pool.buffers.size()), pool.complete_passes,
                            pool.freelist};
  pool_.emit(std::move(seen), strategy);
}

void ServerEvents::emit_segment(const core::WalkedShmem& shmem, core::Address at, std::vector<std::string>& problems) {
  ShmemPieces pieces;
  for (const core::WalkedStructure& structure : shmem.structures) {
    const bool inside = structure.offset <= shmem.total_bytes &&
                        structure.allocated_bytes <= shmem.total_bytes - structure.offset &&
                        structure.bytes <= structure.allocated_bytes;
    if (inside && pieces.add({{}, structure.offset, structure.bytes, structure.allocated_bytes, structure.name, {}}))
      continue;
    problems.push_back(
        fmt::format("shared memory: \"{:.64}\" ({} bytes at offset {}) is not inside the segment of {} "
                    "bytes, or inside another structure",
                    structure.name, structure.allocated_bytes, structure.offset, shmem.total_bytes));
    if (problems.size() > 20) break;  // that is no index
  }
  pieces.fill_to(std::min(shmem.free_offset, shmem.total_bytes));
  segment_.emit(shmem.total_bytes, pieces.pieces(), at);
}

}  // namespace palloscope::trace
