#include "trace/findings/churn.h"

namespace palloscope::trace {

void ChurnWatch::created(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths) {
  const ContextRecord* context = state.context(slot);
  if (context == nullptr || context->born != n || !context->parent) return;
  const PathNumber path = paths.of(state, slot);
  Churn& churn = under_[{context->parent.value, path}];
  if (churn.created == 0) {
    churn.path = path;
    churn.parent = {context->parent, state.contexts()[context->parent.value].born};
    churn.first = n;
    churn.example = {slot, n};
  }
  ++churn.created;
  churn.most_at_a_time = std::max(churn.most_at_a_time, churn.created - churn.deleted);
  if (context->recycled) return;
  ++churn.with_malloc;
  if (const BlockRecord* region = state.block(context->region)) churn.malloc_bytes += region->bytes;
}

void ChurnWatch::deleted(EventNumber n, ContextSlot slot, const MemoryState& state, ContextPaths& paths) {
  const ContextRecord* context = state.context(slot);
  if (context == nullptr) return;
  if (context->parent) {
    const auto found = under_.find({context->parent.value, paths.of(state, slot)});
    if (found != under_.end() && found->second.deleted < found->second.created) {
      ++found->second.deleted;
      found->second.last = n;
    }
  }
  // As a parent it is gone: its slot will be another's.
  for (auto at = under_.lower_bound({slot.value, 0}); at != under_.end() && at->first.first == slot.value;) {
    keep(at->second);
    at = under_.erase(at);
  }
}

void ChurnWatch::keep(const Churn& churn) {
  if (churn.deleted < kMany) return;
  Churn& worst = worst_[churn.path];
  if (churn.deleted > worst.deleted) worst = churn;
}

std::vector<Churn> ChurnWatch::churns() const {
  ChurnWatch all = *this;
  for (const auto& [key, churn] : under_) all.keep(churn);
  std::vector<Churn> found;
  for (const auto& [path, churn] : all.worst_) {
    const bool many = churn.with_malloc >= kMany || churn.deleted >= kVeryMany;
    if (many && churn.most_at_a_time <= kMostAtATime) found.push_back(churn);
  }
  return found;
}

}  // namespace palloscope::trace
