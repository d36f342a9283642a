#include "core/server/backends.h"

#include <algorithm>

#include "core/base/check.h"

namespace palloscope::core {

BackendSlot Backends::start(BackendKind kind, std::string_view name) {
  auto free = std::find_if(backends_.begin(), backends_.end(), [](const Backend& b) { return !b.live; });
  BackendSlot slot{static_cast<std::uint32_t>(free - backends_.begin())};
  count_work(slot.value);
  if (free == backends_.end()) backends_.emplace_back();
  backends_[slot.value] = {kind, next_pid_++, std::string(name), true, false};
  sink_.emit(BackendStarted{slot, kind, backends_[slot.value].pid, backends_[slot.value].name});
  return slot;
}

void Backends::end(BackendSlot backend) {
  check(find(backend) != nullptr && !is_ending(backend), "only a live backend ends, and once");
  const BackendSlot before = acting_;
  backends_[backend.value].ending = true;
  try {
    give_back(backend, ExitStage::DynamicMemory);
    give_back(backend, ExitStage::Shared);
  } catch (...) {
    backends_[backend.value].ending = false;
    throw;
  }
  switch_to(backend);
  backends_[backend.value].live = backends_[backend.value].ending = false;
  acting_ = {};
  sink_.emit(BackendEnded{backend});
  if (before != backend && find(before)) switch_to(before);
}

// By copies: a call may register others.
void Backends::give_back(BackendSlot backend, ExitStage stage) {
  for (std::size_t left = before_end_.size(); left > 0; --left) {
    const GiveBack next = before_end_[left - 1];
    if (next.stage != stage) continue;
    switch_to(backend);
    next.call(backend);
  }
}

void Backends::switch_to(BackendSlot backend) {
  check(find(backend) != nullptr, "only a live backend acts");
  if (acting_ == backend) return;
  acting_ = backend;
  sink_.emit(BackendSwitched{backend});
}

const Backend* Backends::find(BackendSlot backend) const {
  return backend.value < backends_.size() && backends_[backend.value].live ? &backends_[backend.value] : nullptr;
}

std::string_view Backends::name_of(BackendSlot backend) const {
  const Backend* found = find(backend);
  return found ? std::string_view(found->name) : std::string_view();
}

}  // namespace palloscope::core
