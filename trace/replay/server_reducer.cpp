// Backends, operations under a memory limit, maintenance of the buffer pool.
#include "trace/replay/server_reducer.h"

#include <algorithm>

namespace palloscope::trace {

template <class J>
Refusal ServerReducer<J>::operator()(const core::BackendStarted& e) {
  BackendRecord* backend = make(s_.backends, e.backend.value);
  if (!backend) return {"backend", e.backend.value, "is already there, or its number is too large"};
  backend->kind = e.kind;
  backend->pid = e.pid;
  backend->name = e.name;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BackendEnded& e) {
  const BackendRecord* backend = live(s_.backends, e.backend.value);
  if (!backend) return {"backend", e.backend.value, "is not there, and cannot end"};
  if (!backend->pins.empty()) return {"backend", e.backend.value, "still has buffers pinned, and cannot end"};
  if (s_.point.backend == e.backend) change_point().backend = {};
  drop(s_.backends, e.backend.value);
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BackendSwitched& e) {
  if (!live(s_.backends, e.backend.value)) return {"backend", e.backend.value, "is not there, and cannot act"};
  change_point().backend = e.backend;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::OperationBegan& e) {
  const std::uint32_t slot = e.operation.value;
  if (slot > s_.operations.size() || (slot < s_.operations.size() && s_.operations[slot].ended == 0))
    return {"operation", slot, "is still at work, or its number is too large"};
  if (slot < s_.operations.size()) {
    journal_.save_server(slot, s_.operations[slot]);
    s_.operations[slot] = {};
  } else {
    append(s_.operations);
  }
  OperationRecord& operation = s_.operations[slot];
  operation.born = n_;
  operation.kind = e.kind;
  operation.phase = e.phase;
  operation.context = e.context;
  operation.backend = s_.point.backend;
  operation.limit_bytes = e.limit_bytes;
  operation.name = e.name;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::OperationPhaseChanged& e) {
  OperationRecord* operation = change(s_.operations, e.operation.value);
  if (!operation || operation->ended != 0) return {"operation", e.operation.value, "is not at work"};
  operation->phase = e.phase;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::OperationCounted& e) {
  OperationRecord* operation = change(s_.operations, e.operation.value);
  if (!operation || operation->ended != 0) return {"operation", e.operation.value, "is not at work"};
  operation->used_bytes = e.used_bytes;
  operation->limit_bytes = e.limit_bytes;
  operation->peak_bytes = std::max(operation->peak_bytes, e.used_bytes);
  operation->tuples = e.tuples;
  operation->slots = e.slots;
  operation->parts = e.parts;
  operation->part = e.part;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::OperationSpilled& e) {
  OperationRecord* operation = change(s_.operations, e.operation.value);
  if (!operation || operation->ended != 0) return {"operation", e.operation.value, "is not at work"};
  if (e.read_back) {
    operation->read_back_bytes += e.bytes;
  } else {
    operation->spilled_tuples += e.tuples;
    operation->spilled_bytes += e.bytes;
  }
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::OperationEnded& e) {
  OperationRecord* operation = change(s_.operations, e.operation.value);
  if (!operation || operation->ended != 0) return {"operation", e.operation.value, "is not at work, and cannot end"};
  operation->ended = n_;
  operation->peak_bytes = e.peak_bytes;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::CheckpointBegan&) {
  change_point().checkpoint = n_;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::CheckpointEnded&) {
  if (s_.point.checkpoint == 0) return {"checkpoint", 0, "has not begun, and cannot end"};
  change_point().checkpoint = 0;
  return {};
}

template class ServerReducer<NullJournal>;
template class ServerReducer<Journal>;

}  // namespace palloscope::trace
