// Backends: the processes of the simulated server. They act in turn: whatever happens is the doing of the one that was
// switched to last. Whoever plays (a script, a test) chooses the order, so a run is the same each time.
//
// Slots are used again after a backend's end. What a backend holds (pins, rings, attachments) others keep; they give it
// back through before_end, each with its own events.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event_sink.h"

namespace palloscope::core {

struct Backend {
  BackendKind kind = BackendKind::Client;
  std::uint32_t pid = 0;
  std::string name;
  bool live = false;
  bool ending = false;
};

// In what order a backend's exit gives things back (shmem_exit). The end of its transaction comes first, and that
// releases pins, then the segments that its resource owner has; then dynamic shared memory ends, then what came to be
// with the server. One without transactions begins with DynamicMemory: its resource owner is released under Shared.
enum class ExitStage : std::uint8_t { TransactionPins, TransactionSegments, DynamicMemory, Shared };

class Backends {
 public:
  explicit Backends(EventSink& sink) : sink_(sink) {}

  BackendSlot start(BackendKind kind, std::string_view name);  // BackendStarted; who acts stays
  // BackendEnded. It acts itself while it gives things back; afterwards whoever acted before does, or, if that was
  // the one that ended, nobody. It is not ending yet. If what it gives back fails, it lives on, and the turn goes back
  // likewise; a crash leaves it with the one that crashed.
  void end(BackendSlot backend);
  bool is_ending(BackendSlot backend) const { return find(backend) && backends_[backend.value].ending; }
  void switch_to(BackendSlot backend);  // BackendSwitched, unless it acts already

  BackendSlot acting() const { return acting_; }          // none: nobody
  const Backend* find(BackendSlot backend) const;         // null: no such backend now
  std::size_t slots() const { return backends_.size(); }  // slots ever used at a time
  std::string_view name_of(BackendSlot backend) const;    // empty: no such backend now

  // Called while a backend ends and acts, stage by stage, the last registered first. What it calls may switch, start
  // and end others.
  void before_end(std::function<void(BackendSlot)> give_back, ExitStage stage = ExitStage::Shared) {
    before_end_.push_back({stage, std::move(give_back)});
  }

  // What backends do that takes time and makes no events: steps through large tables. Whoever plays bounds it.
  void count_work(std::uint64_t steps) { work_ += steps; }
  std::uint64_t work() const { return work_; }

 private:
  struct GiveBack {
    ExitStage stage;
    std::function<void(BackendSlot)> call;
  };
  void give_back_all(BackendSlot backend);
  void give_back(BackendSlot backend, ExitStage stage);
  void return_to(BackendSlot backend, std::uint32_t pid);  // if it is still the same

  EventSink& sink_;
  std::vector<Backend> backends_;  // by slot
  std::vector<GiveBack> before_end_;
  BackendSlot acting_;
  std::uint32_t next_pid_ = 4711;
  std::uint64_t work_ = 0;
};

}  // namespace palloscope::core
