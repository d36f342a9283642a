#include "core/server/backends.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/mcxt/errors.h"

namespace palloscope::core {
namespace {

// An extension's worker is taken for one that is connected to a database.
bool has_transactions(BackendKind kind) {
  return kind == BackendKind::Client || kind == BackendKind::ParallelWorker || kind == BackendKind::Autovacuum ||
         kind == BackendKind::Extension;
}

}  // namespace

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
  const std::uint32_t pid = find(before) ? find(before)->pid : 0;
  backends_[backend.value].ending = true;
  try {
    give_back_all(backend);
  } catch (const Crash&) {
    backends_[backend.value].ending = false;
    throw;
  } catch (...) {
    backends_[backend.value].ending = false;
    try {
      return_to(before, pid);
    } catch (...) {  // the first error is the one to tell
    }
    throw;
  }
  switch_to(backend);
  backends_[backend.value].live = backends_[backend.value].ending = false;
  acting_ = {};
  sink_.emit(BackendEnded{backend});
  return_to(before, pid);
}

void Backends::return_to(BackendSlot backend, std::uint32_t pid) {
  if (const Backend* still = find(backend); still && still->pid == pid) switch_to(backend);
}

void Backends::give_back_all(BackendSlot backend) {
  if (has_transactions(backends_[backend.value].kind)) {
    give_back(backend, ExitStage::TransactionPins);
    give_back(backend, ExitStage::TransactionSegments);
  }
  give_back(backend, ExitStage::DynamicMemory);
  give_back(backend, ExitStage::Shared);
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
