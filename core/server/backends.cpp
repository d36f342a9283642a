#include "core/server/backends.h"

#include <algorithm>

#include "core/base/check.h"

namespace palloscope::core {

BackendSlot Backends::start(BackendKind kind, std::string_view name) {
  auto free = std::find_if(backends_.begin(), backends_.end(), [](const Backend& b) { return !b.live; });
  BackendSlot slot{static_cast<std::uint32_t>(free - backends_.begin())};
  if (free == backends_.end()) backends_.emplace_back();
  backends_[slot.value] = {kind, next_pid_++, std::string(name), true};
  sink_.emit(BackendStarted{slot, kind, backends_[slot.value].pid, backends_[slot.value].name});
  return slot;
}

void Backends::end(BackendSlot backend) {
  check(find(backend) != nullptr, "only a live backend ends");
  const BackendSlot before = acting_;
  switch_to(backend);
  for (auto give_back = before_end_.rbegin(); give_back != before_end_.rend(); ++give_back) (*give_back)(backend);
  backends_[backend.value].live = false;
  acting_ = {};
  sink_.emit(BackendEnded{backend});
  if (before != backend && find(before)) switch_to(before);
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
