// The context tree's rows: order, folding, filter, ghosts, totals.
#include "gui/layout/tree_layout.h"

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "tests/support/random_operations.h"

using namespace palloscope;
using namespace palloscope::core;
using namespace palloscope::gui;

namespace {

// Top > (Cache > 5 x "index info"), Message; sizes as if a dump had told them.
trace::Timeline tree() {
  auto timeline = trace::Timeline::recording({SourceKind::Dump, 17, false, "tree", ""});
  std::uint32_t next = 0;
  const auto add = [&](const char* name, ContextSlot parent, std::uint64_t total, std::uint64_t used) {
    const ContextSlot slot{next++};
    ContextCreated created;
    created.context = slot;
    created.parent = parent;
    created.kind = ContextKind::Unknown;
    created.name = name;
    timeline.sink().emit(created);
    ContextReported reported;
    reported.context = slot;
    reported.total_bytes = total;
    reported.used_bytes = used;
    reported.free_bytes = total - used;
    timeline.sink().emit(reported);
    return slot;
  };
  const ContextSlot top = add("TopMemoryContext", {}, 1000, 900);
  const ContextSlot cache = add("CacheMemoryContext", top, 5000, 100);
  for (int i = 0; i < 5; ++i) add("index info", cache, 10 + static_cast<std::uint64_t>(i), 5);
  add("MessageContext", top, 300, 300);
  timeline.seek(timeline.size());
  return timeline;
}

std::vector<std::string> names(const std::vector<TreeRow>& rows) {
  std::vector<std::string> names;
  for (const TreeRow& row : rows) names.push_back(std::string(static_cast<std::size_t>(row.depth), ' ') + row.name);
  return names;
}

}  // namespace

TEST_CASE("the tree lists children newest first, as PostgreSQL does, and folds many of one name") {
  const auto timeline = tree();
  const auto rows = lay_out_tree(timeline.state(), {}, {});
  CHECK(names(rows) ==
        std::vector<std::string>{"TopMemoryContext", " MessageContext", " CacheMemoryContext", "  index info"});
  CHECK(rows[3].group_size == 5);
  CHECK(rows[3].bytes.own == 10 + 11 + 12 + 13 + 14);
}

TEST_CASE("inclusive bytes of the top context are the sum of all") {
  const auto timeline = tree();
  const auto rows = lay_out_tree(timeline.state(), {}, {});
  CHECK(rows[0].bytes.inclusive == 1000 + 5000 + 60 + 300);
  CHECK(rows[0].bytes.own == 1000);
  CHECK(rows[0].bytes.used == 900);
}

TEST_CASE("an opened group shows its members and a closed context hides its children") {
  const auto timeline = tree();
  TreeRequest request;
  auto rows = lay_out_tree(timeline.state(), {}, request);
  request.opened_groups.insert({rows[3].born, rows[3].name});
  rows = lay_out_tree(timeline.state(), {}, request);
  CHECK(rows.size() == 4 + 5);
  request.closed.insert({rows[2].context.value, rows[2].born});
  CHECK(lay_out_tree(timeline.state(), {}, request).size() == 3);
}

TEST_CASE("a filter keeps what it finds and the way to it, without regard to case") {
  const auto timeline = tree();
  TreeRequest request;
  request.filter = "message";
  CHECK(names(lay_out_tree(timeline.state(), {}, request)) ==
        std::vector<std::string>{"TopMemoryContext", " MessageContext"});
  request.filter = "no such context";
  CHECK(lay_out_tree(timeline.state(), {}, request).empty());
}

TEST_CASE("siblings can be ordered by their own memory") {
  const auto timeline = tree();
  TreeRequest request;
  request.order = TreeOrder::Own;
  CHECK(names(lay_out_tree(timeline.state(), {}, request))[1] == " CacheMemoryContext");
}

TEST_CASE("a context that the last step deleted leaves a ghost, stepping back as well as forward") {
  auto timeline = tree();
  const ContextSlot message{7};
  REQUIRE(timeline.state().context(message)->name == "MessageContext");
  timeline.sink().emit(ContextDeleted{message});
  timeline.seek(timeline.size() - 1);
  timeline.seek(timeline.size());
  auto rows = lay_out_tree(timeline.state(), timeline.last_change(), {});
  const auto ghost = std::find_if(rows.begin(), rows.end(), [](const TreeRow& row) { return row.ghost; });
  REQUIRE(ghost != rows.end());
  CHECK(ghost->name == "MessageContext");
  CHECK(ghost->bytes.growth == -300);
  timeline.seek(timeline.size() - 1);
  rows = lay_out_tree(timeline.state(), timeline.last_change(), {});
  CHECK(std::none_of(rows.begin(), rows.end(), [](const TreeRow& row) { return row.ghost; }));
}

TEST_CASE("the tree's own and used bytes are what PostgreSQL's statistics say, for every kind of context") {
  for (int major : {15, 17}) {
    auto timeline = trace::Timeline::recording({SourceKind::Scenario, major, false, "exact", ""});
    const VersionProfile& profile = *find_profile(major, false);
    Process process(profile, timeline.sink());
    test::RandomOperations operations(process, 5);
    for (int i = 0; i < 600; ++i) operations.operate();
    timeline.seek(timeline.size());
    const trace::MemoryState& state = timeline.state();
    std::uint64_t sum = 0;
    for (const trace::ContextRecord& context : state.contexts()) {
      if (context.born == 0) continue;
      const ContextCounters there = process.memory_context_counters(context.at);
      const TreeBytes shown = own_bytes(state, context, &profile);
      INFO("PostgreSQL " << major << ", " << context.name);
      CHECK(shown.own == there.totalspace);
      CHECK(shown.used == there.totalspace - there.freespace);
      sum += there.totalspace;
    }
    const auto rows = lay_out_tree(state, {}, {}, &profile);
    CHECK(rows[0].bytes.inclusive == sum);
  }
}

TEST_CASE("a Bump context has no bytes before its keeper is linked") {
  auto timeline = trace::Timeline::recording({SourceKind::Scenario, 17, false, "bump", ""});
  const VersionProfile& profile = *find_profile(17, false);
  Process process(profile, timeline.sink());
  process.bump_context_create(process.top_memory_context(), "bump");
  timeline.seek(timeline.size() - 1);
  for (const trace::ContextRecord& context : timeline.state().contexts()) {
    if (context.born != 0 && context.kind == ContextKind::Bump)
      CHECK(own_bytes(timeline.state(), context, &profile).own == 0);
  }
}
