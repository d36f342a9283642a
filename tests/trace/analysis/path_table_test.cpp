#include "trace/analysis/path_table.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/support/random_stream.h"
#include "trace/analysis/context_counters.h"
#include "trace/analysis/dump_merge.h"
#include "trace/exporters/event_text.h"
#include "trace/importers/import_dump.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

// The same by brute force: every context's path spelled out, sums by path in a map.
std::string spelled(const MemoryState& state, const ContextRecord& context) {
  std::string path(printed_name(context));
  for (ContextSlot up = context.parent; up; up = state.contexts()[up.value].parent)
    path = std::string(printed_name(state.contexts()[up.value])) + " > " + path;
  return path;
}

std::map<std::string, PathSums> naive_paths(const MemoryState& state, const core::VersionProfile* profile) {
  std::map<std::string, PathSums> sums;
  for (const ContextRecord& context : state.contexts()) {
    if (context.born == 0) continue;
    const ReportedCounters c = context_counters(state, context, profile);
    PathSums own{1, c.blocks, c.total_bytes, c.free_bytes, c.free_chunks, c.used_bytes, context.live_chunk_count};
    if (context.reported) own.chunks = c.chunks - std::min(c.chunks, c.free_chunks);
    sums[spelled(state, context)] += own;
    if (const auto& o = context.omitted_children)
      sums[spelled(state, context) + " > (left out by the dump)"] +=
          PathSums{o->count, o->blocks, o->total_bytes, o->free_bytes, o->free_chunks, o->used_bytes, 0};
  }
  return sums;
}

// The path without idents, as naive_paths spells it.
std::string names_of(const PathTable& table, std::uint32_t node) {
  std::string path;
  for (std::uint32_t at = node; at != PathNode::kNone; at = table.nodes()[at].parent) {
    const std::string name = table.nodes()[at].omitted ? table.label(at) : table.nodes()[at].name;
    path = path.empty() ? name : name + " > " + path;
  }
  return path;
}

std::map<std::string, PathSums> shares_of(const PathTable& table, std::uint32_t source) {
  std::map<std::string, PathSums> sums;
  for (std::uint32_t i = 0; i < table.nodes().size(); ++i)
    if (const PathShare* share = table.share(i, source)) sums[names_of(table, i)] = share->own;
  return sums;
}

}  // namespace

TEST_CASE("paths of random moments are counted as by brute force, and differ exactly where the counts do") {
  const core::VersionProfile* profile = core::find_profile(17, false);
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    INFO("seed " << seed);
    const auto events = test::random_events(seed, 6000, {.live_chunks = 300, .contexts = 30, .resets = 0.03});
    MemoryState state, early;
    for (std::size_t i = 0; i < events.size(); ++i) {
      state.apply(events[i]);
      if (i == 2500) early = state;
    }
    PathTable table;
    REQUIRE(table.add(early, profile) == 0);
    REQUIRE(table.add(state, profile) == 1);
    const auto before = naive_paths(early, profile), after = naive_paths(state, profile);
    REQUIRE(shares_of(table, 0) == before);
    REQUIRE(shares_of(table, 1) == after);

    PathSums whole;
    for (const auto& [path, sums] : after) whole += sums;
    REQUIRE(table.whole(1) == whole);
    for (std::uint32_t i = 0; i < table.nodes().size(); ++i) {
      const std::string path = names_of(table, i);
      const PathSums a = before.count(path) ? before.at(path) : PathSums{};
      const PathSums b = after.count(path) ? after.at(path) : PathSums{};
      REQUIRE(own_difference(table, i, {0, 1}, PathMeasure::Used) ==
              static_cast<std::int64_t>(b.used_bytes) - static_cast<std::int64_t>(a.used_bytes));
      if (!(a == b)) REQUIRE(differs(table, i, {0, 1}));
      // With all below: every path that begins so.
      std::int64_t below = 0;
      for (const auto& [other, sums] : after)
        if (other == path || other.starts_with(path + " > ")) below += static_cast<std::int64_t>(sums.total_bytes);
      for (const auto& [other, sums] : before)
        if (other == path || other.starts_with(path + " > ")) below -= static_cast<std::int64_t>(sums.total_bytes);
      REQUIRE(whole_difference(table, i, {0, 1}, PathMeasure::Total) == below);
    }
  }
}

TEST_CASE("read in slices a table is the same as read at once") {
  MemoryState state;
  for (const core::EventBody& event : test::random_events(7, 4000, {.live_chunks = 300})) state.apply(event);
  PathTable whole, sliced;
  whole.add(state, nullptr);
  PathReader reader(sliced, state, nullptr);
  int calls = 1;
  while (!reader.advance(3)) ++calls;
  REQUIRE(calls > 3);
  REQUIRE(shares_of(whole, 0) == shares_of(sliced, 0));
  for (std::uint32_t slot = 0; slot < state.contexts().size(); ++slot) {
    const ContextRecord* context = state.context({slot});
    const std::uint32_t node = reader.places()[slot];
    REQUIRE((context != nullptr) == (node != PathNode::kNone));
    if (context != nullptr) REQUIRE(names_of(sliced, node) == spelled(state, *context));
  }
}

TEST_CASE("idents are apart where that is asked for, and tell of a change that no number shows") {
  const auto world = [](const char* ident) {
    MemoryState state;
    core::ContextCreated top, child;
    top.context = {0};
    top.name = "TopMemoryContext";
    child.context = {1};
    child.parent = {0};
    child.name = "CachedPlan";
    state.apply(top);
    state.apply(child);
    state.apply(core::ContextIdentSet{{1}, ident});
    return state;
  };
  const MemoryState a = world("select 1"), b = world("select 2");
  PathTable by_name, by_ident(true);
  for (PathTable* table : {&by_name, &by_ident}) {
    table->add(a, nullptr);
    table->add(b, nullptr);
  }
  REQUIRE(by_name.nodes().size() == 2);
  REQUIRE(by_name.path(1) == "TopMemoryContext > CachedPlan");
  REQUIRE(differs(by_name, 1, {0, 1}));
  REQUIRE_FALSE(differs(by_name, 0, {0, 1}));
  REQUIRE(by_ident.nodes().size() == 3);
  REQUIRE(by_ident.path(2) == "TopMemoryContext > CachedPlan [select 2]");
  REQUIRE(by_ident.share(2, 0) == nullptr);
}

TEST_CASE("siblings stand with the greatest difference first, below their parents") {
  MemoryState state;
  for (const core::EventBody& event : test::random_events(3, 4000, {.live_chunks = 300})) state.apply(event);
  PathTable table;
  table.add(MemoryState{}, nullptr);
  table.add(state, nullptr);
  const auto weights = difference_weights(table, {0, 1}, PathMeasure::Total, false);
  const auto order = ordered_nodes(table, weights);
  REQUIRE(std::set<std::uint32_t>(order.begin(), order.end()).size() == table.nodes().size());
  std::map<std::uint32_t, std::uint64_t> last;  // weight of the sibling before, by parent
  std::set<std::uint32_t> seen{PathNode::kNone};
  for (const std::uint32_t node : order) {
    const std::uint32_t parent = table.nodes()[node].parent;
    REQUIRE(seen.count(parent) == 1);
    if (last.count(parent) != 0) REQUIRE(weights[node] <= last[parent]);
    last[parent] = weights[node];
    seen.insert(node);
  }
}
