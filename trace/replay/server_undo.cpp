#include "trace/replay/server_undo.h"

#include <utility>

namespace palloscope::trace {

template <>
std::vector<BackendRecord>& server_table(ServerState& state) {
  return state.backends;
}
template <>
std::vector<PoolRecord>& server_table(ServerState& state) {
  return state.pools;
}
template <>
std::vector<BufferRecord>& server_table(ServerState& state) {
  return state.buffers;
}
template <>
std::vector<RingRecord>& server_table(ServerState& state) {
  return state.rings;
}
template <>
std::vector<RelationRecord>& server_table(ServerState& state) {
  return state.relations;
}
template <>
std::vector<SegmentRecord>& server_table(ServerState& state) {
  return state.segments;
}
template <>
std::vector<ShmemRecord>& server_table(ServerState& state) {
  return state.allocations;
}
template <>
std::vector<ShmemRequestRecord>& server_table(ServerState& state) {
  return state.requests;
}
template <>
std::vector<NodeRecord>& server_table(ServerState& state) {
  return state.nodes;
}
template <>
std::vector<PlacementRecord>& server_table(ServerState& state) {
  return state.placements;
}
template <>
std::vector<OperationRecord>& server_table(ServerState& state) {
  return state.operations;
}

void ServerUndo::clear() {
  log_.clear();
  bytes_ = 0;
}

void ServerUndo::forget_first(std::size_t count) {
  if (!log_.empty()) bytes_ -= bytes_ / log_.size() * count;  // what single entries own is not kept
  log_.erase(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(count));
  if (log_.empty()) bytes_ = 0;
}

void ServerUndo::undo_to(std::size_t size, ServerState& state) {
  if (log_.size() == size) return;
  bytes_ -= bytes_ / log_.size() * (log_.size() - size);
  for (; log_.size() > size; log_.pop_back()) {
    std::visit([&](auto& saved) { take_back(saved, state); }, log_.back());
  }
}

void ServerUndo::old_buffers(std::size_t from, std::map<BufferSlot, BufferRecord>& into) const {
  for (std::size_t i = log_.size(); i > from; --i) {
    if (const auto* saved = std::get_if<Saved<BufferRecord>>(&log_[i - 1])) into[{saved->index}] = saved->old;
  }
}

}  // namespace palloscope::trace
