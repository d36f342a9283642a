#include "gui/layout/map_tint.h"

#include <algorithm>
#include <bit>

namespace palloscope::gui {
namespace {

constexpr std::uint8_t kLiveTint = 0, kPlainTint = 1, kRecycledTint = 2, kFirstOwnerTint = 3, kFirstKindTint = 11,
                       kFirstClassTint = 16, kFirstAgeTint = 27;
constexpr int kKindCount = 5, kAgeBuckets = 5;

Rgb unpacked(Color colour) {
  const auto c = to_floats(colour);
  return {c[0], c[1], c[2]};
}

// The younger the lower: within 10, 100, 1000, 10 000 events, older.
int age_bucket(core::EventNumber events) {
  int bucket = 0;
  for (core::EventNumber limit = 10; bucket + 1 < kAgeBuckets && events > limit; limit *= 10) ++bucket;
  return bucket;
}

}  // namespace

int owner_colour_index(core::ContextSlot context) { return static_cast<int>(context.value % kOwnerColorCount); }

std::uint8_t owner_tint(core::ContextSlot context) {
  return static_cast<std::uint8_t>(kFirstOwnerTint + owner_colour_index(context));
}

std::uint8_t tint_of(const trace::MemoryState& state, ColourMode mode, core::BlockSlot block_slot,
                     core::ChunkSlot chunk_slot) {
  const trace::BlockRecord* block = state.block(block_slot);
  if (block == nullptr || block->role == core::BlockRole::Plain) return kPlainTint;
  if (block->role == core::BlockRole::Recycled) return kRecycledTint;
  const trace::ChunkRecord* chunk = state.chunk(chunk_slot);
  switch (mode) {
    case ColourMode::State:
      return kLiveTint;
    case ColourMode::Owner:
      return owner_tint(block->context);
    case ColourMode::Kind: {
      const trace::ContextRecord* context = state.context(block->context);
      const int kind = context == nullptr ? kKindCount - 1 : static_cast<int>(context->kind);
      return static_cast<std::uint8_t>(kFirstKindTint + std::min(kind, kKindCount - 1));
    }
    case ColourMode::SizeClass: {
      if (chunk == nullptr) return kLiveTint;
      const auto ceiling_log2 = static_cast<int>(std::bit_width(std::max<std::uint64_t>(chunk->granted_bytes, 8) - 1));
      return static_cast<std::uint8_t>(kFirstClassTint + std::clamp(ceiling_log2 - 3, 0, trace::kFreelistCount - 1));
    }
    case ColourMode::Age: {
      const core::EventNumber born = chunk != nullptr ? chunk->born : block->born;
      return static_cast<std::uint8_t>(kFirstAgeTint + age_bucket(state.event_number() - born));
    }
  }
  return kLiveTint;
}

MapColours map_colours(const Theme& theme, float scale) {
  MapColours colours;
  colours.ground = unpacked(theme.map_ground);
  colours.ink = unpacked(theme.text);
  colours.header = unpacked(theme.header);
  colours.changed_new = unpacked(theme.born);
  colours.changed_freed = unpacked(theme.gone);
  colours.selection = unpacked(theme.accent);
  colours.scale = scale;
  colours.tints[kLiveTint] = unpacked(theme.live);
  colours.tints[kPlainTint] = unpacked(theme.plain);
  colours.tints[kRecycledTint] = unpacked(theme.dim);
  for (std::size_t i = 0; i < kOwnerColorCount; ++i) colours.tints[kFirstOwnerTint + i] = unpacked(theme.owner[i]);
  for (std::size_t i = 0; i < kKindCount; ++i) colours.tints[kFirstKindTint + i] = unpacked(theme.owner[i]);
  // Ramps from one owner colour to another keep their order in grey as well.
  for (std::size_t i = 0; i < trace::kFreelistCount; ++i)
    colours.tints[kFirstClassTint + i] =
        unpacked(mix(theme.owner[0], theme.owner[1], static_cast<float>(i) / (trace::kFreelistCount - 1)));
  for (std::size_t i = 0; i < kAgeBuckets; ++i)
    colours.tints[kFirstAgeTint + i] =
        unpacked(mix(theme.accent, theme.dim, static_cast<float>(i) / (kAgeBuckets - 1)));
  return colours;
}

std::vector<LegendRow> legend_of(ColourMode mode) {
  std::vector<LegendRow> rows;
  if (mode == ColourMode::Kind)
    for (int i = 0; i < kKindCount; ++i) rows.push_back({static_cast<std::uint8_t>(kFirstKindTint + i), i});
  if (mode == ColourMode::SizeClass)
    for (int i = 0; i < trace::kFreelistCount; ++i)
      rows.push_back({static_cast<std::uint8_t>(kFirstClassTint + i), 8 << i});
  if (mode == ColourMode::Age)
    for (int i = 0; i < kAgeBuckets; ++i) rows.push_back({static_cast<std::uint8_t>(kFirstAgeTint + i), i});
  return rows;
}

}  // namespace palloscope::gui
