#include "trace/findings/context_paths.h"

#include <algorithm>

#include "trace/exporters/printable.h"

namespace palloscope::trace {

namespace {

std::string key_of(PathNumber parent, const std::string& name) { return std::to_string(parent) + ' ' + name; }

}  // namespace

PathNumber ContextPaths::below(PathNumber parent, const std::string& name) {
  const std::string key = key_of(parent, name);
  if (const auto found = by_name_.find(key); found != by_name_.end()) return found->second;
  if (paths_.size() >= kMostPaths) return parent == kNoPath ? 0 : parent;
  const auto number = static_cast<PathNumber>(paths_.size());
  paths_.push_back({parent, name});
  by_name_.emplace(key, number);
  return number;
}

PathNumber ContextPaths::find(const MemoryState& state, ContextSlot slot) {
  if (known_.size() < state.contexts().size()) known_.resize(state.contexts().size());
  // Up to the first whose path is known, then down again.
  std::vector<ContextSlot> way;
  PathNumber path = kNoPath;
  for (ContextSlot up = slot; up; up = state.contexts()[up.value].parent) {
    const ContextRecord& context = state.contexts()[up.value];
    if (known_[up.value].born == context.born) {
      path = known_[up.value].path;
      break;
    }
    way.push_back(up);
  }
  for (auto at = way.rbegin(); at != way.rend(); ++at) {
    const ContextRecord& context = state.contexts()[at->value];
    path = below(path, context.name);
    known_[at->value] = {context.born, path};
  }
  return path;
}

PathNumber ContextPaths::known(const MemoryState& state, ContextSlot slot) const {
  std::vector<ContextSlot> way;
  for (ContextSlot up = slot; state.context(up) != nullptr; up = state.contexts()[up.value].parent) way.push_back(up);
  PathNumber path = kNoPath;
  for (auto at = way.rbegin(); at != way.rend(); ++at) {
    const auto found = by_name_.find(key_of(path, state.contexts()[at->value].name));
    if (found == by_name_.end()) return kNoPath;
    path = found->second;
  }
  return path;
}

void ContextPaths::forget(const MemoryState& state, ContextSlot top) {
  std::vector<ContextSlot> below = {top};
  while (!below.empty()) {
    const ContextSlot slot = below.back();
    below.pop_back();
    if (slot.value < known_.size()) known_[slot.value] = {};
    const ContextRecord* context = state.context(slot);
    if (context == nullptr) continue;
    for (ContextSlot child = context->first_child; child; child = state.contexts()[child.value].next_sibling)
      below.push_back(child);
  }
}

std::string ContextPaths::text(PathNumber path) const {
  std::vector<PathNumber> way;
  for (; path != kNoPath && path < paths_.size(); path = paths_[path].parent) way.push_back(path);
  std::string text;
  for (auto at = way.rbegin(); at != way.rend(); ++at) {
    if (!text.empty()) text += '/';
    text += printable(paths_[*at].name);
  }
  return text;
}

bool ContextPaths::is_within(PathNumber path, PathNumber above) const {
  for (; path != kNoPath; path = paths_[path].parent)
    if (path == above) return true;
  return false;
}

}  // namespace palloscope::trace
