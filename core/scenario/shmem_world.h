// ShmemWorld: the shared memory around a script's process: settings until the server starts, then the main segment and
// the dynamic ones; and the machine that the script describes. Made when the script first wants it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/mcxt/process.h"
#include "core/scenario/server_world.h"
#include "core/shmem/dynamic_memory.h"
#include "core/shmem/numa.h"
#include "core/shmem/shared_memory.h"

namespace palloscope::core {

class ShmemWorld {
 public:
  ShmemWorld(Process& process, ServerWorld& server, EventSink& sink)
      : settings(process.profile().major),
        numa(sink, server.backends),
        process_(process),
        server_(server),
        sink_(sink) {}

  ShmemSettings settings;
  HugePageSupply supply;
  NumaMachine numa;
  std::uint64_t hash_bytes = 0;  // real ones, of all hash tables' elements
  std::string library;           // whose shmem_request_hook runs; empty: none

  // Null: the server was not started.
  SharedMemory* shared() { return started_ ? shared_.get() : nullptr; }
  DynamicMemory* dynamic() { return dynamic_.get(); }
  // For requests, before the start: settings are fixed from here on.
  SharedMemory& early() {
    if (!shared_) shared_ = std::make_unique<SharedMemory>(process_.address_space(), sink_, server_.backends, settings);
    return *shared_;
  }
  bool settings_fixed() const { return shared_ != nullptr; }
  // The same for a request: thrown if no library's hook runs or ever ran.
  SharedMemory& for_request(std::string_view what) {
    if (!shared_) throw SharedMemory::outside_of_hook(what);
    return *shared_;
  }
  // CreateSharedMemoryAndSemaphores, dsm_postmaster_startup. The postmaster acts.
  void start();

 private:
  Process& process_;
  ServerWorld& server_;
  EventSink& sink_;
  std::unique_ptr<SharedMemory> shared_;
  std::unique_ptr<DynamicMemory> dynamic_;
  bool started_ = false;
};

}  // namespace palloscope::core
