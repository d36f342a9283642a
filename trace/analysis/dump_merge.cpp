#include "trace/analysis/dump_merge.h"

#include <algorithm>
#include <array>
#include <map>

namespace palloscope::trace {
namespace {

// Of a dump: its end, who it was of and how it was labelled.
struct TakenDump {
  EventNumber event = 0;
  ContextKey top;
  core::SnapshotBegan began;
};

std::vector<TakenDump> dumps_of(const Timeline& timeline) {
  constexpr std::array<std::uint8_t, 1> kEnd = {core::SnapshotEnded::kTag};
  std::vector<TakenDump> dumps;
  for (EventNumber at = 0;;) {
    const auto end = timeline.next_of(kEnd, at);
    if (!end) return dumps;
    at = *end;
    // A dump's process has the first of all top contexts (dump_events.h).
    timeline.visit(at, at, [&](EventNumber, const core::EventBody&, const MemoryState& after) {
      if (!after.first_root()) return;
      TakenDump dump{.event = at, .top = {after.first_root(), after.context(after.first_root())->born}, .began = {}};
      if (after.point().snapshot != 0) {
        const core::EventBody began = timeline.event(after.point().snapshot);
        if (const auto* said = std::get_if<core::SnapshotBegan>(&began)) dump.began = *said;
      }
      dumps.push_back(std::move(dump));
    });
  }
}

}  // namespace

std::size_t DumpMerge::add(const Timeline& timeline, const std::string& file, bool every_dump) {
  const core::StreamDescription& description = timeline.description();
  const core::VersionProfile* profile = core::find_profile(description.pg_major, description.checking);
  const std::size_t before = backends_.size();
  if (timeline.size() == 0) return 0;
  if (!core::has_moments(description.source)) {
    timeline.visit(timeline.size(), timeline.size(),
                   [&](EventNumber n, const core::EventBody&, const MemoryState& end) {
                     if (!end.first_root()) return;
                     table_.add(end, profile);
                     backends_.push_back({.file = file, .pid = 0, .label = {}, .event = n});
                   });
    return backends_.size() - before;
  }
  std::vector<TakenDump> dumps = dumps_of(timeline);
  if (!every_dump) {
    std::map<std::uint32_t, EventNumber> last;  // by PID
    for (const TakenDump& dump : dumps) last[dump.began.pid] = dump.event;
    std::erase_if(dumps, [&](const TakenDump& dump) { return last[dump.began.pid] != dump.event; });
  }
  for (const TakenDump& dump : dumps)
    timeline.visit(dump.event, dump.event, [&](EventNumber n, const core::EventBody&, const MemoryState& then) {
      table_.add(then, profile, dump.top.slot);
      backends_.push_back({.file = file, .pid = dump.began.pid, .label = dump.began.label, .event = n});
    });
  return backends_.size() - before;
}

PathSpread spread_of(const PathTable& table, std::uint32_t node, PathMeasure measure) {
  const std::vector<PathShare>& shares = table.nodes()[node].shares;
  PathSpread spread{.backends = shares.size()};
  if (shares.empty()) return spread;
  std::vector<std::uint64_t> values;
  for (const PathShare& share : shares) {
    values.push_back(measured(share.own, measure));
    if (values.size() == 1 || values.back() > spread.most) {
      spread.most = values.back();
      spread.largest = share.source;
    }
  }
  std::sort(values.begin(), values.end());
  spread.least = values.front();
  spread.median = values[(values.size() - 1) / 2];
  return spread;
}

PathShare sum_of(const PathTable& table, std::uint32_t node) {
  PathShare sum;
  for (const PathShare& share : table.nodes()[node].shares) {
    sum.own += share.own;
    sum.all += share.all;
  }
  return sum;
}

}  // namespace palloscope::trace
