// What a look into a server saw around the backend, as events: the shared buffers and the main shared memory segment.
// Both belong between a moment's SnapshotBegan and SnapshotEnded (trace/live/snapshot_events.h).
#pragma once

#include <string>
#include <vector>

#include "trace/analysis/buffer_moments.h"
#include "trace/analysis/shmem_pieces.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

class ServerEvents {
 public:
  explicit ServerEvents(core::EventSink& sink) : pool_(sink), segment_(sink) {}

  // Emits what differs from the moment before. What cannot be shown is added to `problems`, a sentence each.
  void emit(const ServerMoment& moment, std::vector<std::string>& problems);

 private:
  void emit_pool(const core::WalkedPool& pool, std::vector<std::string>& problems);
  void emit_segment(const core::WalkedShmem& shmem, core::Address at, std::vector<std::string>& problems);

  BufferMoments pool_;
  ShmemEvents segment_;
};

}  // namespace palloscope::trace
