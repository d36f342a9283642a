#include "gui/layout/pool_tint.h"

#include <algorithm>

namespace palloscope::gui {
namespace {

constexpr int kUsageSteps = core::kMaxUsage + 1, kPinSteps = kMostPinsShown + 1;

// From the ground over one owner colour to the text's: its order is kept in grey too.
Color ramp(const Theme& theme, int step, int steps) {
  const float at = static_cast<float>(step) / static_cast<float>(steps - 1);
  return at < 0.5f ? mix(mix(theme.map_ground, theme.owner[0], 0.22f), theme.owner[0], at * 2)
                   : mix(theme.owner[0], theme.text, (at - 0.5f) * 1.5f);
}

Color tint_colour(const Theme& theme, std::uint8_t tint) {
  if (tint < kRelationTint) {
    // Free, clean, dirty, pinned.
    const Color states[] = {mix(theme.map_ground, theme.dim, 0.18f), theme.owner[0], theme.owner[1], theme.owner[2]};
    return states[tint];
  }
  if (tint < kOthersTint) return theme.owner[static_cast<std::size_t>(tint - kRelationTint)];
  if (tint == kOthersTint) return theme.plain;
  if (tint < kUsageTint + kUsageSteps) return ramp(theme, tint - kUsageTint, kUsageSteps);
  if (tint < kPinsTint + kPinSteps) return ramp(theme, tint - kPinsTint, kPinSteps);
  if (tint < kAgeTint + kPoolAges) return ramp(theme, tint - kAgeTint, kPoolAges);
  return mix(theme.map_ground, theme.dim, 0.18f);
}

Rgb unpacked(Color colour) {
  const auto c = to_floats(colour);
  return {c[0], c[1], c[2]};
}

}  // namespace

PoolColours pool_colours(const Theme& theme) {
  PoolColours colours;
  colours.ground = unpacked(theme.map_ground);
  colours.ink = unpacked(theme.text);
  for (int i = 0; i < kPoolTintCount; ++i)
    colours.tints[static_cast<std::size_t>(i)] = unpacked(tint_colour(theme, static_cast<std::uint8_t>(i)));
  return colours;
}

Color pool_fill(const Theme& theme, PoolTint tint) {
  const Color fill = tint_colour(theme, tint.tint);
  return tint.blend == 0 ? fill
                         : mix(fill, tint_colour(theme, static_cast<std::uint8_t>(tint.tint + 1)),
                               static_cast<float>(tint.blend) / 255);
}

std::string relation_name(const trace::ServerState& state, const core::PageTag& tag) {
  const trace::RelationRecord* named = state.relation(tag);
  return named != nullptr && !named->name.empty() ? named->name : std::to_string(tag.relation);
}

std::vector<PoolLegendRow> pool_legend(const PoolCells& cells, const trace::ServerState& state, PoolMode mode) {
  std::vector<PoolLegendRow> rows;
  const auto tint = [](int value) { return static_cast<std::uint8_t>(value); };
  if (mode == PoolMode::Relation) {
    std::uint32_t others = 0;
    std::vector<const PoolRelation*> shown;
    for (std::size_t i = 1; i < cells.relations().size(); ++i) {
      const PoolRelation& relation = cells.relations()[i];
      if (relation.buffers == 0) continue;
      if (relation.tint < 0)
        others += relation.buffers;
      else
        shown.push_back(&relation);
    }
    std::sort(shown.begin(), shown.end(), [](auto* a, auto* b) { return a->tint < b->tint; });
    for (const PoolRelation* relation : shown)
      rows.push_back({tint(kRelationTint + relation->tint), LearnedState::Clean, "",
                      relation_name(state, relation->tag) + " " + std::to_string(relation->buffers)});
    if (others != 0) rows.push_back({kOthersTint, LearnedState::Clean, "buffers.others", ""});
  }
  if (mode == PoolMode::Usage)
    for (int i = 0; i < kUsageSteps; ++i)
      rows.push_back({tint(kUsageTint + i), LearnedState::Clean, "", std::to_string(i)});
  if (mode == PoolMode::Pins)
    for (int i = 0; i < kPinSteps; ++i)
      rows.push_back(
          {tint(kPinsTint + i), LearnedState::Clean, "", std::to_string(i) + (i + 1 == kPinSteps ? "+" : "")});
  if (mode == PoolMode::Age) {
    static constexpr const char* kAgeKeys[kPoolAges] = {"buffers.age.never", "buffers.age.long", "buffers.age.10000",
                                                        "buffers.age.1000",  "buffers.age.100",  "buffers.age.10"};
    for (int i = kPoolAges - 1; i > 0; --i) rows.push_back({tint(kAgeTint + i), LearnedState::Clean, kAgeKeys[i], ""});
  }
  static constexpr const char* kStateKeys[] = {"buffers.state.free", "buffers.state.clean", "buffers.state.dirty",
                                               "buffers.state.pinned"};
  for (int i = 0; i < kLearnedStateCount; ++i) {
    // In the other modes colour says something else, but the shapes stay.
    const auto shape = static_cast<LearnedState>(i);
    if (mode == PoolMode::State || shape != LearnedState::Clean)
      rows.push_back({mode == PoolMode::State ? tint(kStateTint + i) : kNoTint, shape, kStateKeys[i], ""});
  }
  return rows;
}

}  // namespace palloscope::gui
