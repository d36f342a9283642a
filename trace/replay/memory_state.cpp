#include "trace/replay/memory_state.h"

#include <algorithm>

#include "trace/replay/reducer.h"

namespace palloscope::trace {
namespace {

// Equal where something is live; stale records and the lengths of the tables do not count.
template <class Table, class Live>
bool same_live(const Table& a, const Table& b, Live live) {
  const std::size_t longest = std::max(a.size(), b.size());
  for (std::size_t i = 0; i < longest; ++i) {
    const bool live_a = i < a.size() && live(a[i]);
    const bool live_b = i < b.size() && live(b[i]);
    if (live_a != live_b || (live_a && !(a[i] == b[i]))) return false;
  }
  return true;
}

}  // namespace

void MemoryState::apply(const core::EventBody& event) {
  NullJournal none;
  std::visit(Reducer<NullJournal>{*this, none}, event);
}

void MemoryState::apply(const core::EventBody& event, Journal& journal) {
  std::visit(Reducer<Journal>{*this, journal}, event);
}

bool operator==(const MemoryState& a, const MemoryState& b) {
  auto born = [](const auto& record) { return record.born != 0; };
  auto present = [](const ChunkRecord& record) { return record.state != ChunkState::Gone; };
  return a.heads_ == b.heads_ && same_live(a.contexts_, b.contexts_, born) && same_live(a.blocks_, b.blocks_, born) &&
         same_live(a.chunks_, b.chunks_, present) && a.variables_ == b.variables_ && a.faults_ == b.faults_ &&
         a.server_ == b.server_;
}

}  // namespace palloscope::trace
