// Contexts by path ("TopMemoryContext/CacheMemoryContext/index info"): those of one path count as one, however many
// there are at a time or one after another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "trace/replay/memory_state.h"

namespace palloscope::trace {

using PathNumber = std::uint32_t;  // in the order in which paths were met
inline constexpr PathNumber kNoPath = ~PathNumber{0};
inline constexpr std::size_t kMostPaths = 65'536;  // contexts of further ones count as their parents

class ContextPaths {
 public:
  // Of a context that is there in this state.
  PathNumber of(const MemoryState& state, ContextSlot slot) {
    const ContextRecord& context = state.contexts()[slot.value];
    if (slot.value < known_.size() && known_[slot.value].born == context.born) return known_[slot.value].path;
    return find(state, slot);
  }
  // The same where it may be unknown: kNoPath then.
  PathNumber known(const MemoryState& state, ContextSlot slot) const;
  // What a dump left out below a context of this path.
  PathNumber omitted_below(PathNumber parent) { return below(parent, "(left out by the dump)"); }
  // Paths below a context that gets another parent are looked up anew.
  void forget(const MemoryState& state, ContextSlot top);

  std::size_t size() const { return paths_.size(); }
  PathNumber parent(PathNumber path) const { return paths_[path].parent; }  // kNoPath: a top context
  std::string_view name(PathNumber path) const { return paths_[path].name; }
  std::string text(PathNumber path) const;
  // Is it `above`, or below it?
  bool is_within(PathNumber path, PathNumber above) const;

 private:
  struct Path {
    PathNumber parent = kNoPath;
    std::string name;
  };
  struct Known {
    EventNumber born = 0;
    PathNumber path = kNoPath;
  };
  PathNumber find(const MemoryState& state, ContextSlot slot);
  PathNumber below(PathNumber parent, const std::string& name);

  std::vector<Path> paths_;
  std::unordered_map<std::string, PathNumber> by_name_;  // the parent's number, a space, the name
  std::vector<Known> known_;                             // by slot
};

// The live contexts' sums by path, brought up to date only where asked.
struct PathTotals {
  std::uint64_t contexts = 0;
  std::uint64_t requested_bytes = 0;  // live chunks
  std::uint64_t total_bytes = 0;      // mem_allocated
  friend bool operator==(const PathTotals&, const PathTotals&) = default;
};

class PathAccounts {
 public:
  // The event about to happen concerns the context.
  void touch(ContextSlot slot) {
    if (slot.value >= shares_.size()) shares_.resize(std::size_t{slot.value} + 1);
    Share& share = shares_[slot.value];
    if (share.waits) return;
    share.waits = true;
    waiting_.push_back(slot);
  }
  // Brings the sums up to this state; calls changed(path) for those that may have changed, some perhaps twice.
  template <class F>
  void settle(const MemoryState& state, ContextPaths& paths, F changed);

  PathTotals totals(PathNumber path) const { return path < totals_.size() ? totals_[path] : PathTotals{}; }

 private:
  struct Share {
    PathNumber path = kNoPath;  // that it was counted for
    PathTotals counted;
    bool waits = false;
  };
  PathTotals& room(PathNumber path) {
    if (path >= totals_.size()) totals_.resize(std::size_t{path} + 1);
    return totals_[path];
  }

  std::vector<PathTotals> totals_;  // by path
  std::vector<Share> shares_;       // by context slot
  std::vector<ContextSlot> waiting_;
};

template <class F>
void PathAccounts::settle(const MemoryState& state, ContextPaths& paths, F changed) {
  for (const ContextSlot slot : waiting_) {
    Share& share = shares_[slot.value];
    share.waits = false;
    if (share.path != kNoPath) {
      PathTotals& old = room(share.path);
      old.contexts -= share.counted.contexts;
      old.requested_bytes -= share.counted.requested_bytes;
      old.total_bytes -= share.counted.total_bytes;
      changed(share.path);
      share.path = kNoPath;
    }
    const ContextRecord* context = state.context(slot);
    if (context == nullptr) continue;
    share.path = paths.of(state, slot);
    share.counted = {1, context->requested_bytes, context->mem_allocated_bytes};
    PathTotals& now = room(share.path);
    now.contexts += 1;
    now.requested_bytes += context->requested_bytes;
    now.total_bytes += context->mem_allocated_bytes;
    changed(share.path);
  }
  waiting_.clear();
}

}  // namespace palloscope::trace
