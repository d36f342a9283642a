#include "gui/panels/map_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/map_tooltip.h"
#include "gui/panels/profile_of.h"
#include "gui/panels/widgets.h"
#include "imgui.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui {
namespace {

// Scales are powers of two, so that a growing heap is redrawn at another scale now and then and not at every step.
constexpr double kSmallestBytesPerPx = 1.0 / 64, kLargestBytesPerPx = 1 << 26;
constexpr double kMostScreensInLanes = 3;

double quantized(double bytes_per_px) {
  constexpr double kRounding = 1e-6;  // a scale that is on a step stays there
  return std::exp2(std::ceil(std::log2(bytes_per_px) * 2 - kRounding) / 2);
}

// Rows with room for captions; thin ones; one dense map without lanes.
enum class Density { Roomy, Thin, Packed };

MapView view_of(Density density, float em, float width) {
  MapView view;
  view.width_px = width;
  view.label_height_px = 0;
  view.packed = density == Density::Packed;
  if (density == Density::Roomy) {
    view.row_height_px = std::round(2.0f * em);
    view.row_gap_px = std::round(1.1f * em);  // holds the captions of blocks
    view.lane_gap_px = std::round(0.3f * em);
  } else if (density == Density::Thin) {
    view.row_height_px = std::round(1.25f * em);
    view.row_gap_px = std::round(0.25f * em);
    view.lane_gap_px = std::round(0.2f * em);
  } else {
    view.row_height_px = std::round(0.75f * em);
    view.row_gap_px = std::max(1.0f, std::round(0.15f * em));
    view.lane_gap_px = 0;
  }
  return view;
}

// Height of everything shown at this scale, from the lanes' sizes alone.
double height_at(const std::vector<double>& lane_bytes, const MapView& view, double bytes_per_px) {
  double height = 0;
  for (double bytes : lane_bytes)
    height += std::ceil(bytes / bytes_per_px / view.width_px) * (view.row_height_px + view.row_gap_px) +
              view.label_height_px + view.lane_gap_px;
  return height;
}

// Chunks looked through before one frame is drawn, and all that are kept at the same time (80 bytes each).
constexpr std::size_t kIndexedPerFrame = 200'000, kMostIndexed = 3'000'000;

}  // namespace

// Takes over what the last move of the cursor changed: only touched blocks lose their index.
void MapBlocks::follow(const PanelContext& panel) {
  const Session& session = panel.session;
  const trace::Timeline& timeline = *session.timeline();
  const bool other_document = document_ != session.document->serial;
  if (other_document || cursor_ != session.cursor() || known_faults_ != session.faults().size()) follow_faults(panel);
  if (!other_document && cursor_ == session.cursor()) return;
  const trace::ChangeSet& change = timeline.last_change();
  const bool known = !other_document && change.known && change.from == cursor_ && change.to == session.cursor();
  const std::unordered_map<core::ChunkSlot, std::uint8_t> marked = std::move(changed_chunks_);
  changed_chunks_.clear();
  if (known) {
    // What was marked is so no longer.
    for (const auto& [chunk, mark] : marked)
      if (chunk.value < session.state().chunks().size()) touch(session.state().chunks()[chunk.value].block);
    for (const auto& [block, old] : change.blocks) touch(block);
    for (const auto& [chunk, old] : change.chunks) {
      const trace::ChunkRecord* now = session.state().chunk(chunk);
      if (old.block) touch(old.block);
      if (now == nullptr) continue;
      touch(now->block);
      if (now->state == trace::ChunkState::Live && (old.state != trace::ChunkState::Live || old.born != now->born))
        changed_chunks_[chunk] = kMarkNew;
      else if (now->state == trace::ChunkState::Free && old.state == trace::ChunkState::Live)
        changed_chunks_[chunk] = kMarkFreed;
    }
  } else {
    layout_.reset();
    forget_indices();
    painted_.reset();
  }
  variables_.clear();
  for (const auto& [name, address] : session.state().variables()) {
    if (!address) continue;
    std::string& label = variables_[address];
    label += label.empty() ? name : ", " + name;
  }
  document_ = session.document->serial;
  cursor_ = session.cursor();
}

// The block is not what it was.
void MapBlocks::touch(core::BlockSlot block) {
  if (const auto found = indices_.find(block); found != indices_.end()) {
    indexed_ -= found->second.chunk_count();
    indices_.erase(found);
  }
  touched_.push_back(block);
}

void MapBlocks::forget_indices() {
  indices_.clear();
  indexed_ = 0;
}

// A mistake is marked from its event on, as long as its memory is there and was not handed out anew.
void MapBlocks::follow_faults(const PanelContext& panel) {
  constexpr std::size_t kMost = 24;  // the latest: finding each costs a look at every region
  known_faults_ = panel.session.faults().size();
  faults_.clear();
  auto past = panel.session.document->faults.until(panel.session.cursor());
  if (past.size() > kMost) past = past.last(kMost);
  for (const trace::FoundFault& fault : past)
    if (const core::BlockSlot block = trace::matters_in(fault, panel.state()))
      faults_.emplace_back(block, fault.what.at - panel.state().blocks()[block.value].at);
}

// What is shown, in any view; the rest of the view is chosen when its size is known.
MapView MapBlocks::focused_view(const PanelContext& panel, const MapFocus& focus) {
  MapView view;
  if (focus.block.slot && find(panel.state(), focus.block) != nullptr) view.only_block = focus.block.slot;
  if (focus.context.slot && find(panel.state(), focus.context) != nullptr) view.only_context = focus.context.slot;
  return view;
}

MapView MapBlocks::choose_view(const PanelContext& panel, float width, float height) const {
  const float em = panel.em();
  const float with_gutter = std::floor(std::max(em, width - gutter_width(panel, width)));
  const auto focused = [&](Density density) {
    MapView view = view_of(density, em, density == Density::Packed ? std::floor(width) : with_gutter);
    view.only_block = layout_->view().only_block;
    view.only_context = layout_->view().only_context;
    return view;
  };
  // The roomiest rows with which every owner's lane is in sight; very many owners share one dense map.
  MapView view = focused(Density::Roomy);
  const std::vector<double> lanes = layout_->owner_bytes();
  if (height_at(lanes, view, 1e30) > height) view = focused(Density::Thin);
  if (height_at(lanes, view, 1e30) > height * kMostScreensInLanes) view = focused(Density::Packed);
  const double least = height_at(lanes, view, 1e30);
  double scale = bytes_per_px_;
  if (fitted_) {
    double total = 0;
    for (double bytes : lanes) total += bytes;
    const double rows = std::max(1.0, height / (view.row_height_px + view.row_gap_px));
    scale = view.packed ? total / view.width_px / rows : kSmallestBytesPerPx * 4;
    while (!view.packed && scale < kLargestBytesPerPx && height_at(lanes, view, scale) > height &&
           height_at(lanes, view, scale) > least * 1.0001)
      scale *= std::sqrt(2.0);
  }
  view.bytes_per_px = std::clamp(quantized(scale), kSmallestBytesPerPx, kLargestBytesPerPx);
  return view;
}

// Lays out what is shown now; only what the step changed, where that is known.
void MapBlocks::lay_out(const PanelContext& panel, const MapFocus& focus, float width, float height) {
  const MapView shown = focused_view(panel, focus);
  bool moved = false;
  if (!layout_ || layout_->view().only_block != shown.only_block ||
      layout_->view().only_context != shown.only_context) {
    MapView view = layout_ ? layout_->view() : view_of(Density::Roomy, panel.em(), width);
    view.only_block = shown.only_block;
    view.only_context = shown.only_context;
    layout_.emplace(panel.state(), view);
    moved = true;
  } else {
    moved = layout_->follow(panel.state(), touched_);
  }
  const bool other_size = panel_width_ != width || panel_height_ != height || em_ != panel.em();
  if (!moved && !fitting_ && !other_size && bytes_per_px_ == layout_->view().bytes_per_px) return;
  const MapView view = choose_view(panel, width, height);
  if (view != layout_->view()) {
    layout_->arrange(view);
    moved = true;
  }
  bytes_per_px_ = view.bytes_per_px;
  panel_width_ = width;
  panel_height_ = height;
  em_ = panel.em();
  fitting_ = false;
  if (moved) painted_.reset();
}

// A block that was not looked into yet has its turn in one of the next frames, and so long an outline.
const BlockIndex& MapBlocks::index(const PanelContext& panel, core::BlockSlot block) {
  const auto found = indices_.find(block);
  if (found != indices_.end()) return found->second;
  const trace::BlockRecord* record = panel.state().block(block);
  const std::size_t chunks = record == nullptr ? 0 : record->chunk_count;
  if (chunks > 0 && indexed_now_ > 0 && indexed_now_ + chunks > kIndexedPerFrame) {
    waiting_ = true;
  } else if (chunks == 0 || indexed_ == 0 || indexed_ + chunks <= kMostIndexed) {
    indexed_now_ += chunks;
    indexed_ += chunks;
    return indices_.emplace(block, BlockIndex(panel.state(), block, profile_of(panel.session))).first->second;
  }
  return outline_ = BlockIndex::outline(panel.state(), block, profile_of(panel.session));
}

// At once, whatever it costs: what somebody points at.
const BlockIndex& MapBlocks::whole_index(const PanelContext& panel, core::BlockSlot block) {
  const BlockIndex& known = index(panel, block);
  return known.is_outline() ? outline_ = BlockIndex(panel.state(), block, profile_of(panel.session)) : known;
}

std::uint8_t MapBlocks::marks(const PanelContext& panel, core::BlockSlot block, core::ChunkSlot chunk) const {
  std::uint8_t marks = 0;
  if (auto changed = changed_chunks_.find(chunk); chunk && changed != changed_chunks_.end()) marks |= changed->second;
  const Selection& selection = panel.session.selection;
  if (const auto* selected = std::get_if<ChunkKey>(&selection)) {
    if (selected->slot == chunk && find(panel.state(), *selected) != nullptr) marks |= kMarkSelected;
  } else if (const auto* selected_block = std::get_if<BlockKey>(&selection)) {
    if (selected_block->slot == block && find(panel.state(), *selected_block) != nullptr) marks |= kMarkSelected;
  }
  return marks;
}

void MapBlocks::repaint(const PanelContext& panel, ColourMode mode, float height) {
  const Key key{document_,
                panel.session.event_count(),
                layout_->view(),
                static_cast<int>(scroll_px_),
                static_cast<int>(height),
                mode,
                mode == ColourMode::Age ? cursor_ : 0,
                panel.session.selection,
                map_colours(panel.theme, panel.em() / 16)};
  const bool same = painted_ && *painted_ == key;
  if (same && touched_.empty() && !waiting_) return;
  if (!same && painted_ && painted_->view != key.view && indexed_ > kMostIndexed / 2) forget_indices();
  const MapPaint paint{
      [&](core::BlockSlot block) -> const BlockIndex& { return index(panel, block); },
      [&](core::BlockSlot block) { return BlockIndex::outline(panel.state(), block, profile_of(panel.session)); },
      [&](core::BlockSlot block, core::ChunkSlot chunk) { return tint_of(panel.state(), mode, block, chunk); },
      [&](core::BlockSlot block, core::ChunkSlot chunk) { return marks(panel, block, chunk); }};
  if (same && !waiting_) {
    repaint_map(image_, *layout_, panel.state(), paint, touched_);
  } else {
    waiting_ = false;
    image_ = paint_map(*layout_, panel.state(), paint, std::floor(scroll_px_), static_cast<int>(height));
  }
  texture_ = panel.map_surface != nullptr ? panel.map_surface->draw(image_, key.colours) : 0;
  painted_ = key;
}

void MapBlocks::draw(const PanelContext& panel, MapFocus& focus, ColourMode mode) {
  touched_.clear();
  indexed_now_ = 0;
  follow(panel);
  const ImVec2 origin = ImGui::GetCursorScreenPos(), space = ImGui::GetContentRegionAvail();
  const float width = std::floor(space.x), height = std::floor(space.y);
  if (width < 8 || height < 8) {
    layout_.reset();  // what is touched now is not followed
    return;
  }

  if (wanted_zoom_ != 1 && layout_) {
    bytes_per_px_ = std::clamp(layout_->view().bytes_per_px * wanted_zoom_, kSmallestBytesPerPx, kLargestBytesPerPx);
    fitted_ = false;
    fitting_ = true;
    wanted_zoom_ = 1;
  }
  if (focus != focus_) {
    focus_ = focus;
    fit();
    scroll_px_ = 0;
  }
  lay_out(panel, focus, width, height);
  const MapView& view = layout_->view();
  const float gutter = width - static_cast<float>(view.width_px), map_x = origin.x + gutter;
  reveal_selection(panel, height);
  scroll_px_ = std::clamp(scroll_px_, 0.0, std::max(0.0, layout_->height_px() - height));

  ImGui::InvisibleButton("##map", {width, height});
  handle_mouse(panel, focus, map_x, origin.y, height);
  repaint(panel, mode, height);
  if (waiting_ && panel.wants_frame != nullptr) *panel.wants_frame = true;

  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->PushClipRect(origin, {origin.x + width, origin.y + height}, true);
  if (texture_ != 0)
    draw->AddImage(static_cast<ImTextureID>(texture_), {map_x, origin.y}, {origin.x + width, origin.y + height}, {0, 1},
                   {1, 0});
  draw_lane_labels(panel, origin.x, origin.y, gutter, height);
  draw_captions(panel, map_x, origin.y, height);
  draw_chunk_labels(panel, map_x, origin.y, height);
  draw_faults(panel, map_x, origin.y, height);
  if (layout_->height_px() > height) {  // where in the heap we are
    const float share = height / static_cast<float>(layout_->height_px());
    const float y = origin.y + static_cast<float>(scroll_px_) * share, w = panel.em() * 0.25f;
    draw->AddRectFilled({origin.x + width - w, y}, {origin.x + width, y + std::max(panel.em(), height * share)},
                        with_alpha(panel.theme.dim, 0.7f), w / 2);
  }
  draw->PopClipRect();
}

void MapBlocks::handle_mouse(const PanelContext& panel, MapFocus& focus, float x0, float y0, float height) {
  const ImGuiIO& io = ImGui::GetIO();
  if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left)) scroll_px_ -= io.MouseDelta.y;
  if (!ImGui::IsItemHovered()) return;
  const double x = io.MousePos.x - x0, y = io.MousePos.y - y0 + scroll_px_;
  auto place = layout_->at(x, y);
  if (io.MouseWheel != 0 && io.KeyShift) scroll_px_ -= io.MouseWheel * layout_->row_pitch_px() * 2;
  if (io.MouseWheel != 0 && !io.KeyShift) {
    // Zoom: the byte under the mouse keeps its height on the screen.
    MapView zoomed = layout_->view();
    zoomed.bytes_per_px = std::clamp(quantized(layout_->view().bytes_per_px * (io.MouseWheel > 0 ? 0.68 : 1.38)),
                                     kSmallestBytesPerPx, kLargestBytesPerPx);
    fitted_ = false;
    bytes_per_px_ = zoomed.bytes_per_px;
    layout_->arrange(zoomed);
    painted_.reset();
    if (place)
      if (auto point = layout_->find(place->block, place->offset))
        scroll_px_ += point->y - y + layout_->view().row_height_px / 2;
    scroll_px_ = std::clamp(scroll_px_, 0.0, std::max(0.0, layout_->height_px() - height));
    return;
  }
  if (!place) return;
  const trace::MemoryState& state = panel.state();
  const trace::BlockRecord* block = state.block(place->block);
  if (block == nullptr) return;
  const core::ChunkSlot chunk = whole_index(panel, place->block).chunk_at(place->offset);
  Selection selected = BlockKey{place->block, block->born};
  if (chunk) selected = ChunkKey{chunk, state.chunks()[chunk.value].born};
  offer_menu(panel, selected);
  if (ImGui::IsMouseReleased(ImGuiMouseButton_Left) && io.MouseDragMaxDistanceSqr[0] < 16) {
    revealed_ = selected;  // it is where the user is looking already
    panel.actions.push(Select{selected});
  }
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    if (focus.context.slot || layout_->view().packed || !block->context)
      focus.block = {place->block, block->born};
    else
      focus.context = {block->context, state.contexts()[block->context.value].born};
  }
  if (!ImGui::IsMouseDown(ImGuiMouseButton_Left))
    draw_map_tooltip(panel, place->block, whole_index(panel, place->block).span_at(place->offset), variables_);
}

// A thing selected elsewhere scrolls into view once; it is not held there.
void MapBlocks::reveal_selection(const PanelContext& panel, float height) {
  const Selection& selection = panel.session.selection;
  if (selection == revealed_) return;
  revealed_ = selection;
  std::optional<BlockMapLayout::Point> point;
  const trace::MemoryState& state = panel.state();
  if (const auto* key = std::get_if<ChunkKey>(&selection)) {
    if (const auto* chunk = find(state, *key))
      if (const auto* block = state.block(chunk->block)) point = layout_->find(chunk->block, chunk->at - block->at);
  } else if (const auto* block_key = std::get_if<BlockKey>(&selection)) {
    point = layout_->find(block_key->slot, 0);
  } else if (const auto* context_key = std::get_if<ContextKey>(&selection)) {
    if (const auto* context = find(state, *context_key)) point = layout_->find(context->first_block, 0);
  }
  if (!point) return;
  const double top = point->y - layout_->view().label_height_px, bottom = point->y + layout_->row_pitch_px();
  if (top < scroll_px_)
    scroll_px_ = top;
  else if (bottom > scroll_px_ + height)
    scroll_px_ = bottom - height;
}

float MapBlocks::gutter_width(const PanelContext& panel, float width) {
  return std::round(std::clamp(width * 0.2f, panel.em() * 6, panel.em() * 12));
}

// Left of each lane: whose it is and how large; on roomy rows in two lines.
void MapBlocks::draw_lane_labels(const PanelContext& panel, float x0, float y0, float gutter, float height) {
  if (layout_->view().packed) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Theme& theme = panel.theme;
  const float em = panel.em(), small = panel.fonts.small_size, row = static_cast<float>(layout_->view().row_height_px);
  const bool roomy = row >= 1.9f * em;
  auto [first, last] = layout_->lanes_between(scroll_px_, scroll_px_ + height);
  const core::ContextSlot selected = context_of(panel.session.selection, panel.state());
  for (std::size_t i = first; i < last; ++i) {
    const MapLane& lane = layout_->lanes()[i];
    const float y = y0 + static_cast<float>(lane.top_px - scroll_px_);
    const float name_y = roomy ? y : y + (row - em) / 2, swatch = em * 0.7f;
    std::string name = panel.strings(lane.owner == LaneOwner::Malloc ? "map.lane_malloc" : "map.lane_recycled");
    Color swatch_colour = lane.owner == LaneOwner::Malloc ? theme.plain : theme.dim;
    if (const trace::ContextRecord* context = panel.state().context(lane.context)) {
      name = trace::printed_name(*context);
      swatch_colour = theme.owner[static_cast<std::size_t>(owner_colour_index(lane.context))];
    }
    const bool is_selected = lane.context && lane.context == selected;
    const bool is_current = lane.context && lane.context == panel.state().point().current;
    if (is_selected) draw->AddRectFilled({x0, y}, {x0 + gutter - em * 0.3f, y + row}, theme.selection, em * 0.2f);
    draw->AddRectFilled({x0 + em * 0.2f, name_y + em * 0.2f}, {x0 + em * 0.2f + swatch, name_y + em * 0.2f + swatch},
                        swatch_colour, em * 0.15f);
    const std::string size = format_bytes(lane.bytes);
    const float size_width = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, size.c_str()).x;
    const float right = x0 + gutter - em * 0.5f;
    ImVec4 clip(x0, name_y - em, roomy ? right : right - size_width - em * 0.3f, name_y + em * 2);
    float x = x0 + em * 1.1f;
    add_cut_text(draw, panel.fonts.title, em * 0.95f, {x, name_y}, is_selected ? theme.accent : theme.text, name, clip);
    if (roomy) {
      const std::string below = is_current ? size + "  " + panel.strings("map.current") : size;
      clip.z = right;
      add_cut_text(draw, panel.fonts.text, small, {x, name_y + em * 1.1f}, is_current ? theme.accent : theme.dim, below,
                   clip);
    } else {
      draw->AddText(panel.fonts.mono, small, {right - size_width, y + (row - small) / 2}, theme.dim, size.c_str());
      if (is_current) draw->AddRectFilled({x0, y}, {x0 + em * 0.15f, y + row}, theme.accent);
    }
  }
}

// Below each block that is wide enough: what it is and how large.
void MapBlocks::draw_captions(const PanelContext& panel, float x0, float y0, float height) {
  const float size = panel.fonts.small_size;
  if (layout_->view().packed || layout_->view().row_gap_px < size) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  auto [first, last] = layout_->lanes_between(scroll_px_, scroll_px_ + height);
  const double pitch = layout_->row_pitch_px();
  for (std::size_t i = first; i < last; ++i) {
    const MapLane& lane = layout_->lanes()[i];
    auto row = static_cast<std::uint64_t>(std::max(0.0, scroll_px_ - lane.rows_top_px) / pitch);
    for (; row < lane.row_count; ++row) {
      const double top = lane.rows_top_px + static_cast<double>(row) * pitch - scroll_px_;
      if (top > height) break;
      for (const MapSpan& span : layout_->spans(lane, row)) {
        if (span.begin != 0 || span.x1 - span.x0 < size * 2.5) continue;
        const trace::BlockRecord* block = panel.state().block(span.block);
        if (block == nullptr) continue;
        std::string text = format_bytes(block->bytes);
        if (block->role != core::BlockRole::Ordinary && block->role != core::BlockRole::Plain)
          text = fmt::format("{} {}", panel.strings(block_role_key(block->role)), text);
        const auto x = x0 + static_cast<float>(span.x0),
                   y = y0 + static_cast<float>(top + layout_->view().row_height_px) + 1;
        const ImVec4 clip(x, y, x0 + static_cast<float>(span.x1) - 2, y + size * 1.4f);
        add_cut_text(draw, panel.fonts.text, size, {x, y}, panel.theme.dim, text, clip);
      }
    }
  }
}

// A bold cross on the first byte concerned.
void MapBlocks::draw_faults(const PanelContext& panel, float x0, float y0, float height) const {
  const auto row = static_cast<float>(layout_->view().row_height_px);
  const float size = std::clamp(row * 0.75f, panel.em() * 0.6f, panel.em() * 1.3f);
  for (const auto& [block, offset] : faults_) {
    const auto point = layout_->find(block, offset);
    if (!point) continue;
    const float y = y0 + static_cast<float>(point->y - scroll_px_) + row / 2;
    if (y < y0 - row || y > y0 + height + row) continue;
    const float x = std::max(x0 + static_cast<float>(point->x), x0 + size / 2);
    draw_fault_cross(panel, {x, y}, size);
  }
}

// Chunks wide enough say what was asked for, and which variable of the script points to them.
void MapBlocks::draw_chunk_labels(const PanelContext& panel, float x0, float y0, float height) {
  const float size = panel.fonts.small_size;
  const double smallest = size * 1.6;
  if (layout_->view().row_height_px < size * 1.3) return;
  auto [first, last] = layout_->lanes_between(scroll_px_, scroll_px_ + height);
  const double pitch = layout_->row_pitch_px();
  for (std::size_t i = first; i < last; ++i) {
    const MapLane& lane = layout_->lanes()[i];
    auto row = static_cast<std::uint64_t>(std::max(0.0, scroll_px_ - lane.rows_top_px) / pitch);
    for (; row < lane.row_count; ++row) {
      const double top = lane.rows_top_px + static_cast<double>(row) * pitch - scroll_px_;
      if (top > height) break;
      for (const MapSpan& span : layout_->spans(lane, row)) {
        if (static_cast<double>(span.end - span.begin) / layout_->view().bytes_per_px < smallest) continue;
        const BlockIndex& inside = index(panel, span.block);
        if (inside.is_outline()) continue;
        // Spans narrower than a label are jumped over a label's width at a time: no more looks than fit on the screen.
        const auto jump =
            std::max<std::uint64_t>(1, static_cast<std::uint64_t>(smallest * layout_->view().bytes_per_px));
        for (std::uint64_t at = span.begin; at < span.end;) {
          const ByteSpan piece = inside.span_at(at);
          const std::uint64_t begin = std::max(piece.begin, span.begin), end = std::min(piece.end, span.end);
          const double px = static_cast<double>(end - begin) / layout_->view().bytes_per_px;
          if (px >= smallest) {
            const float x = x0 + static_cast<float>(span.x0 + static_cast<double>(begin - span.begin) /
                                                                  layout_->view().bytes_per_px);
            const float y = y0 + static_cast<float>(top);
            draw_piece_label(panel, piece, variables_, x, y, static_cast<float>(px),
                             static_cast<float>(layout_->view().row_height_px));
            at = end;
          } else {
            at = std::max(end, at + jump);
          }
        }
      }
    }
  }
}

}  // namespace palloscope::gui
