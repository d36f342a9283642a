#include "trace/analysis/dump_moments.h"

#include <array>
#include <utility>
#include <variant>

namespace palloscope::trace {

std::vector<DumpMoment> dump_moments(const Timeline& timeline) {
  constexpr std::array<std::uint8_t, 2> kEnds = {core::SnapshotBegan::kTag, core::SnapshotEnded::kTag};
  std::vector<DumpMoment> moments;
  if (!core::has_moments(timeline.description().source)) return moments;
  DumpMoment moment;
  for (auto at = timeline.next_of(kEnds, 0); at; at = timeline.next_of(kEnds, *at)) {
    const core::EventBody event = timeline.event(*at);
    if (const auto* began = std::get_if<core::SnapshotBegan>(&event)) {
      moment = {0, began->label, began->pid};
      continue;
    }
    moment.event = *at;
    moments.push_back(std::exchange(moment, {}));
  }
  return moments;
}

}  // namespace palloscope::trace
