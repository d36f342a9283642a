#include "trace/replay/server_state.h"

#include <algorithm>

namespace palloscope::trace {
namespace {

template <class Record>
bool same_live(const std::vector<Record>& a, const std::vector<Record>& b) {
  const std::size_t longest = std::max(a.size(), b.size());
  for (std::size_t i = 0; i < longest; ++i) {
    const bool live_a = i < a.size() && a[i].born != 0, live_b = i < b.size() && b[i].born != 0;
    if (live_a != live_b || (live_a && !(a[i] == b[i]))) return false;
  }
  return true;
}

}  // namespace

const PoolRecord* ServerState::shared_pool() const {
  const auto found = std::find_if(pools.begin(), pools.end(),
                                  [](const PoolRecord& record) { return record.born != 0 && !record.backend; });
  return found == pools.end() ? nullptr : &*found;
}

const RelationRecord* ServerState::relation(const PageTag& tag) const {
  const auto found = std::find_if(relations.begin(), relations.end(), [&](const RelationRecord& record) {
    return record.relation == tag.relation && record.database == tag.database && record.tablespace == tag.tablespace;
  });
  return found == relations.end() ? nullptr : &*found;
}

bool operator==(const ServerState& a, const ServerState& b) {
  return a.point == b.point && same_live(a.backends, b.backends) && same_live(a.pools, b.pools) &&
         a.buffers == b.buffers && same_live(a.rings, b.rings) && same_live(a.relations, b.relations) &&
         same_live(a.segments, b.segments) && same_live(a.allocations, b.allocations) &&
         same_live(a.requests, b.requests) && same_live(a.nodes, b.nodes) && same_live(a.placements, b.placements) &&
         same_live(a.operations, b.operations);
}

}  // namespace palloscope::trace
