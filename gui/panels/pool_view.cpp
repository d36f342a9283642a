#include "gui/panels/pool_view.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr float kFullCell = 4.3f;   // height of the least full cell
constexpr float kMarkLine = 0.14f;  // of the text size: outlines of what is selected or changed

}  // namespace

void PoolView::choose_zoom(const PoolScene& scene, ImVec2 room) {
  const float em = scene.panel.em();
  const std::uint32_t buffers = scene.pool.buffers;
  zooms_ = pool_zooms(em, buffers);
  // Room for the number of each row's first buffer.
  const std::string widest = format_count(buffers);
  gutter_ =
      scene.panel.fonts.mono->CalcTextSizeA(scene.panel.fonts.small_size, FLT_MAX, 0, widest.c_str()).x + 0.5f * em;
  const float width = std::max(em, room.x - gutter_);
  const std::size_t fitting = fitting_zoom(zooms_, buffers, width, room.y);
  if (wanted_near_) {
    fitted_ = false;
    while (zoom_ + 1 < zooms_.size() && zooms_[zoom_].detail != PoolDetail::Full) ++zoom_;
    revealed_.reset();
    wanted_near_.reset();
  }
  if (fitted_) zoom_ = fitting;
  if (wanted_steps_ != 0) {
    const auto last = static_cast<int>(zooms_.size()) - 1;
    zoom_ = static_cast<std::size_t>(std::clamp(static_cast<int>(zoom_) + wanted_steps_, 0, last));
    fitted_ = zoom_ <= fitting;
    if (fitted_) zoom_ = fitting;
    wanted_steps_ = 0;
  }
  zoom_ = std::min(zoom_, zooms_.size() - 1);
  grid_ = PoolGrid(buffers, zooms_[zoom_], width, room.y);
  if (anchor_) {
    scroll_ = grid_.rect(*anchor_).y - anchor_y_;
    anchor_.reset();
  }
  if (scene.selected && revealed_ != scene.selected) scroll_ = grid_.scroll_to(*scene.selected, scroll_, room.y);
  revealed_ = scene.selected;
  scroll_ = std::floor(std::clamp(scroll_, 0.0f, std::max(0.0f, grid_.height_px() - room.y)));
}

void PoolView::handle_mouse(const PoolScene& scene, ImVec2 origin, ImVec2 room) {
  ImGui::SetCursorScreenPos(origin);
  ImGui::InvisibleButton("##pool_grid", room);
  const ImGuiIO& io = ImGui::GetIO();
  const float x = io.MousePos.x - origin.x - gutter_, y = io.MousePos.y - origin.y;
  if (!ImGui::IsItemHovered()) return;
  const auto place = grid_.at(x, y + scroll_);
  if (io.MouseWheel != 0) {
    if (io.KeyShift) {
      scroll_ -= io.MouseWheel * 3 * scene.panel.em();
    } else {
      zoom(io.MouseWheel > 0 ? 1 : -1);
      anchor_ = place;
      anchor_y_ = place ? grid_.rect(*place).y - scroll_ : 0;
      if (scene.panel.wants_frame != nullptr) *scene.panel.wants_frame = true;
    }
  }
  if (!place) return;
  scene.pointed_now = *place;
  if (grid_.zoom().per_tile == 1) {
    draw_buffer_tooltip(scene, *place);
  } else if (ImGui::BeginTooltip()) {
    const std::uint32_t last = std::min(scene.pool.buffers, *place + grid_.zoom().per_tile) - 1;
    ImGui::TextUnformatted(scene.panel.strings
                               .fill("buffers.tip.several", {{"first", buffer_number(scene.pool, *place)},
                                                             {"last", buffer_number(scene.pool, last)}})
                               .c_str());
    std::uint32_t counts[kLearnedStateCount] = {};
    for (std::uint32_t i = *place; i <= last && i < scene.cells.size(); ++i)
      ++counts[static_cast<std::size_t>(scene.cells[i].state())];
    for (int i = 0; i < kLearnedStateCount; ++i)
      if (counts[i] != 0)
        ImGui::Text("%s %s", format_count(counts[i]).c_str(),
                    scene.panel.strings(state_word_key(static_cast<LearnedState>(i))));
    ImGui::EndTooltip();
  }
  if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
    scene.select(*place);
    revealed_ = *place;  // it is in sight
  }
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) look_at(*place);
}

void PoolView::draw_picture(const PoolScene& scene, ImVec2 at, ImVec2 room) {
  const PanelContext& panel = scene.panel;
  const PoolGrid::Rows rows = grid_.rows_between(scroll_, scroll_ + room.y);
  const ImageKey key{scene.cells.generation(), grid_.zoom(), grid_.columns(), rows.first, rows.end, scene.mode};
  const PoolColours colours = pool_colours(panel.theme);
  tiles_made_ = 0;
  if (painted_ != key || coloured_ != colours) {
    if (painted_ != key) {
      const bool by_step = painted_ && painted_->same_but_generation(key) &&
                           painted_->generation + 1 == key.generation && scene.cells.done() &&
                           scene.mode != PoolMode::Age;
      if (by_step) {
        repaint_pool(image_, scene.cells, grid_, rows, scene.mode, scene.changed);
        tiles_made_ = scene.changed.size();
      } else {
        image_ = paint_pool(scene.cells, grid_, rows, scene.mode);
        tiles_made_ = image_.texels.size();
      }
    }
    texture_ = panel.pool_surface != nullptr ? panel.pool_surface->draw_pool(image_, colours) : 0;
    painted_ = key;
    coloured_ = colours;
  }
  if (texture_ == 0) return;
  const float pitch = grid_.zoom().height_px;
  const ImVec2 low{at.x, at.y + static_cast<float>(rows.first) * pitch - scroll_};
  const ImVec2 high{low.x + static_cast<float>(image_.columns) * pitch,
                    low.y + static_cast<float>(image_.rows) * pitch};
  ImGui::GetWindowDrawList()->AddImage(static_cast<ImTextureID>(texture_), low, high, {0, 1}, {1, 0});
}

// A labelled buffer: its number, page, usage, pins; shape and colour of its state at the left.
void PoolView::draw_cell(const PoolScene& scene, std::uint32_t place, ImVec2 low, ImVec2 high) const {
  const PanelContext& panel = scene.panel;
  const trace::BufferRecord* buffer = scene.buffer(place);
  if (buffer == nullptr || place >= scene.cells.size()) return;
  const Theme& theme = panel.theme;
  const PoolCell& cell = scene.cells[place];
  const bool has_page = (cell.flags & kHasPage) != 0, is_dirty = (cell.flags & kDirtyPage) != 0;
  const bool is_pinned = (cell.flags & kPinnedNow) != 0;
  const bool is_full = grid_.zoom().detail == PoolDetail::Full;
  // Words grow with the cell, so that a small pool can be read from the last row of a lecture hall.
  const float larger = is_full ? std::clamp(grid_.zoom().height_px / (kFullCell * panel.em()), 1.0f, 2.0f) : 1.0f;
  const float em = panel.em() * larger, small = panel.fonts.small_size * larger, rounding = 0.25f * panel.em();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Color fill = pool_fill(theme, tint_of(scene.cells, cell, scene.mode));
  const Color card = mix(theme.map_ground, fill, has_page ? 0.3f : 0.12f);
  draw->AddRectFilled(low, high, card, rounding);
  // The band at the left is what the legend shows: colour and shape.
  const float band = is_full ? 0.9f * em : 0.6f * em;
  draw->AddRectFilled(low, {low.x + band, high.y}, fill, rounding, ImDrawFlags_RoundCornersLeft);
  draw_state_shape(panel, {low.x + 1, low.y + rounding}, {low.x + band, high.y - rounding}, !has_page, is_dirty,
                   is_pinned, fill);
  const ImVec4 clip(low.x, low.y, high.x - 0.25f * em, high.y);
  const float left = low.x + band + 0.4f * em;
  const auto text = [&](ImFont* font, float size, float x, float y, Color colour, const std::string& words) {
    add_cut_text(draw, font, size, {x, y}, colour, words, clip);
  };
  text(panel.fonts.mono, is_full ? panel.fonts.mono_size * larger : small, left, low.y + 0.25f * em, theme.text,
       buffer_number(scene.pool, place));
  // Pins and the pencil of a dirty page at the upper right.
  float right = high.x - 0.35f * em;
  const auto sign = [&](const std::string& words, Color colour) {
    const float width = panel.fonts.text->CalcTextSizeA(small, FLT_MAX, 0, words.c_str()).x;
    right -= width;
    text(panel.fonts.text, small, right, low.y + 0.32f * em, colour, words);
    right -= 0.35f * em;
  };
  if (!is_full) {  // the band alone tells dirty and pinned
    if (has_page) draw_usage(panel, {left, high.y - 0.7f * em}, 0.29f * em, buffer->usage(), theme.text);
    return;
  }
  if (is_pinned) sign(std::string(icons::kPin) + std::to_string(cell.pins), theme.text);
  if (is_dirty) sign(icons::kPencil, theme.text);
  if (has_page) {
    text(panel.fonts.text, small, left, low.y + 1.55f * em, theme.text, page_name(scene.server, buffer->tag));
    draw_usage(panel, {left, high.y - 0.85f * em}, 0.5f * em, buffer->usage(), theme.text);
  } else {
    const char* words = panel.strings(buffer->in_freelist ? "buffers.cell.on_freelist" : "buffers.state.free");
    text(panel.fonts.text, small, left, low.y + 1.55f * em, theme.dim, words);
  }
}

void PoolView::draw_cells(const PoolScene& scene, ImVec2 at, ImVec2 room) const {
  const PoolGrid::Rows rows = grid_.rows_between(scroll_, scroll_ + room.y);
  const float gap = std::max(2.0f, 0.3f * scene.panel.em());
  for (std::uint32_t place = rows.first * grid_.columns();
       place < std::min(grid_.buffers(), rows.end * grid_.columns()); ++place) {
    const RectF cell = grid_.rect(place);
    const ImVec2 low{at.x + cell.x, at.y + cell.y - scroll_ + gap / 2};
    draw_cell(scene, place, low, {low.x + cell.width - gap, low.y + cell.height - gap});
  }
}

// Over cells and picture alike: what changed, what is selected or pointed at, where the hand stands.
void PoolView::draw_marks(const PoolScene& scene, ImVec2 at, ImVec2 room) const {
  const PanelContext& panel = scene.panel;
  const Theme& theme = panel.theme;
  const float em = panel.em();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const bool labelled = grid_.zoom().detail != PoolDetail::Tiles;
  const float gap = labelled ? std::max(2.0f, 0.3f * em) : 0;
  const auto box = [&](std::uint32_t place) {
    const RectF cell = grid_.rect(place);
    const ImVec2 low{at.x + cell.x, at.y + cell.y - scroll_ + gap / 2};
    return std::pair{low, ImVec2{low.x + cell.width - gap, low.y + cell.height - gap}};
  };
  const auto in_sight = [&](std::uint32_t place) {
    const RectF cell = grid_.rect(place);
    return cell.y + cell.height > scroll_ && cell.y < scroll_ + room.y;
  };
  const auto outline = [&](std::uint32_t place, Color colour, float more) {
    if (place >= grid_.buffers() || !in_sight(place)) return;
    auto [low, high] = box(place);
    const float line = std::max(1.5f, kMarkLine * em);
    // A tile of a few pixels gets a ring around it that can be seen.
    const float grow = labelled ? more : std::max(more + 1, (0.45f * em - (high.x - low.x)) / 2 + more);
    low = {low.x - grow, low.y - grow};
    high = {high.x + grow, high.y + grow};
    if (!labelled) draw->AddRect(low, high, theme.map_ground, 0, 0, line * 2.2f);
    draw->AddRect(low, high, colour, labelled ? 0.25f * em : 0, 0, line);
  };
  constexpr std::size_t kMostOutlined = 512;  // a long step may have changed half the pool
  const float shine = glow(panel);
  for (std::size_t i = 0; i < std::min(kMostOutlined, scene.changed.size()); ++i) {
    const std::uint32_t place = scene.changed[i];
    if (place >= grid_.buffers() || !in_sight(place)) continue;
    if (shine > 0) {
      const auto [low, high] = box(place);
      draw->AddRectFilled(low, high, with_alpha(theme.changed, 0.5f * shine), 0.25f * em);
    }
    outline(place, theme.changed, 0);
  }
  if (scene.pointed) outline(*scene.pointed, theme.text, 0);
  if (scene.selected) outline(*scene.selected, theme.accent, labelled ? 0 : 1.5f);
  if (!scene.has_hand() || !in_sight(scene.pool.hand())) return;
  const auto [low, high] = box(scene.pool.hand());
  if (labelled) {
    const bool is_full = grid_.zoom().detail == PoolDetail::Full;
    const float size = is_full ? 1.1f * em : 0.75f * em;
    const float x = is_full ? (low.x + high.x) / 2 : high.x - 0.6f * em;
    draw->AddRect(low, high, theme.accent, 0.25f * em, 0, std::max(1.0f, 0.07f * em));
    draw_hand(panel, {x, low.y + size * 0.6f}, 1.5708f, size);
  } else {
    // From the side on which there is room, so that the tile itself stays to be seen.
    const float middle = (low.y + high.y) / 2, size = 1.1f * em;
    const bool from_left = low.x - at.x > 2 * size;
    const ImVec2 point{from_left ? low.x - 1 : high.x + 1, middle};
    outline(scene.pool.hand(), theme.accent, 1);
    draw_hand(panel, {point.x + (from_left ? -0.2f : 0.2f) * em, point.y}, from_left ? 0.0f : 3.14159f, size);
  }
}

// The number of each row's first buffer, as many as are legible.
void PoolView::draw_gutter(const PoolScene& scene, ImVec2 at, ImVec2 room) const {
  const PanelContext& panel = scene.panel;
  const PoolGrid::Rows rows = grid_.rows_between(scroll_, scroll_ + room.y);
  const float size = panel.fonts.small_size, pitch = grid_.zoom().height_px;
  std::uint32_t every = 1;
  while (static_cast<float>(every) * pitch < size * 1.5f) every *= 2;
  for (std::uint32_t row = rows.first; row < rows.end; ++row) {
    if (row % every != 0) continue;
    const std::string text = buffer_number(scene.pool, row * grid_.per_row());
    const float width = panel.fonts.mono->CalcTextSizeA(size, FLT_MAX, 0, text.c_str()).x;
    const float y = at.y + static_cast<float>(row) * pitch - scroll_;
    if (y + size > at.y + room.y + 1) break;
    ImGui::GetWindowDrawList()->AddText(panel.fonts.mono, size,
                                        {at.x + gutter_ - 0.5f * panel.em() - width, y + 0.1f * panel.em()},
                                        panel.theme.dim, text.c_str());
  }
}

void PoolView::draw(const PoolScene& scene) {
  const PanelContext& panel = scene.panel;
  ImVec2 origin = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  const float above = std::round(0.5f * panel.em());  // for the hand over the first row
  if (room.x < 4 * panel.em() || room.y < panel.em() + above) return;
  room.y -= above;
  origin.y += above;
  choose_zoom(scene, room);
  const ImVec2 at{origin.x + gutter_, origin.y};
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->PushClipRect({origin.x, origin.y - above}, {origin.x + room.x, origin.y + room.y}, true);
  draw_gutter(scene, origin, room);
  if (grid_.zoom().detail == PoolDetail::Tiles)
    draw_picture(scene, at, room);
  else
    draw_cells(scene, at, room);
  draw_marks(scene, at, room);
  draw->PopClipRect();
  handle_mouse(scene, origin, room);
}

}  // namespace palloscope::gui
