#include "gui/panels/compare_map.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "gui/map_surface.h"
#include "gui/panels/map_tooltip.h"

namespace palloscope::gui {
namespace {

constexpr float kRow = 0.75f, kGap = 0.12f;  // of the text size, as the large map's packed rows

// The malloc contender's contexts are one slot behind the recording's: its first owner is malloc itself.
std::uint8_t tint(const CompareMapSubject& subject, core::BlockSlot block, core::ChunkSlot chunk) {
  const ColourMode mode = subject.kind == trace::ContenderKind::Pool ? ColourMode::State : ColourMode::Owner;
  const std::uint8_t same = tint_of(*subject.state, mode, block, chunk);
  if (subject.kind != trace::ContenderKind::Malloc) return same;
  const trace::BlockRecord* record = subject.state->block(block);
  if (record == nullptr || !record->context) return same;
  return owner_tint(core::ContextSlot{record->context.value == 0 ? 0 : record->context.value - 1});
}

}  // namespace

MapView CompareMap::view_of(const PanelContext& panel, float width, double bytes_per_px) {
  MapView view;
  view.bytes_per_px = bytes_per_px;
  view.width_px = std::floor(width);
  view.row_height_px = std::round(kRow * panel.em());
  view.row_gap_px = std::max(1.0f, std::round(kGap * panel.em()));
  view.label_height_px = view.lane_gap_px = 0;
  view.packed = true;
  return view;
}

int CompareMap::rows_in(const PanelContext& panel, float height) {
  const MapView view = view_of(panel, 100, 1);
  return std::max(1, static_cast<int>((height + view.row_gap_px) / (view.row_height_px + view.row_gap_px)));
}

const BlockIndex& CompareMap::index(const CompareMapSubject& subject, core::BlockSlot block) {
  auto found = indices_.find(block);
  if (found == indices_.end())
    found = indices_.emplace(block, BlockIndex(*subject.state, block, *subject.profile)).first;
  return found->second;
}

void CompareMap::draw_tooltip(const PanelContext& panel, const CompareMapSubject& subject, double x, double y) {
  const auto place = layout_.at(x, y);
  if (!place || !ImGui::BeginTooltip()) return;
  const trace::MemoryState& state = *subject.state;
  const trace::BlockRecord* block = state.block(place->block);
  const trace::ContextRecord* owner = block == nullptr ? nullptr : state.context(block->context);
  ImGui::TextUnformatted(owner != nullptr ? owner->name.c_str() : panel.strings("map.lane_malloc"));
  if (const trace::ChunkRecord* chunk = state.chunk(index(subject, place->block).chunk_at(place->offset)))
    ImGui::TextUnformatted(
        panel.strings
            .fill(chunk->state == trace::ChunkState::Live ? "compare.tip_live" : "compare.tip_free",
                  {{"asked", format_bytes(chunk->requested_bytes)}, {"given", format_bytes(chunk->granted_bytes)}})
            .c_str());
  if (block != nullptr)
    ImGui::TextUnformatted(panel.strings.fill("compare.tip_block", {{"bytes", format_bytes(block->bytes)}}).c_str());
  ImGui::EndTooltip();
}

void CompareMap::draw(const PanelContext& panel, const CompareMapSubject& subject, float width, float height,
                      double bytes_per_px, int picture) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Key key{subject.key, view_of(panel, width, bytes_per_px), static_cast<int>(height),
                map_colours(panel.theme, panel.em() / 16)};
  if (subject_ != subject.key) {
    subject_ = subject.key;
    indices_.clear();
    painted_.reset();
  }
  if (!painted_ || *painted_ != key) {
    layout_ = BlockMapLayout(*subject.state, key.view);
    const MapPaint paint{[&](core::BlockSlot block) -> const BlockIndex& { return index(subject, block); },
                         {},
                         [&](core::BlockSlot block, core::ChunkSlot chunk) { return tint(subject, block, chunk); },
                         [](core::BlockSlot, core::ChunkSlot) { return std::uint8_t{0}; }};
    const MapImage image = paint_map(layout_, *subject.state, paint, 0, key.height_px);
    texture_ = panel.map_surface != nullptr ? panel.map_surface->draw(image, key.colours, picture) : 0;
    painted_ = key;
  }
  ImGui::InvisibleButton("##map", {width, height});
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 end(at.x + static_cast<float>(key.view.width_px), at.y + static_cast<float>(key.height_px));
  if (texture_ != 0) draw->AddImage(static_cast<ImTextureID>(texture_), at, end, {0, 1}, {1, 0});
  if (ImGui::IsItemHovered())
    draw_tooltip(panel, subject, ImGui::GetIO().MousePos.x - at.x, ImGui::GetIO().MousePos.y - at.y);
}

}  // namespace palloscope::gui
