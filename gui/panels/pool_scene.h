// What all parts of the buffers panel look at in one frame, and the little drawing that they share.
#pragma once

#include <imgui.h>

#include <optional>
#include <string>
#include <vector>

#include "gui/layout/lookup_steps.h"
#include "gui/layout/pool_cells.h"
#include "gui/layout/pool_image.h"
#include "gui/layout/pool_tint.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

struct PoolScene {
  const PanelContext& panel;
  const trace::ServerState& server;
  const trace::PoolRecord& pool;
  const PoolCells& cells;
  PoolMode mode = PoolMode::State;
  const Lookup& lookup;
  // Buffers of this pool that the last step changed, by their place in it.
  const std::vector<std::uint32_t>& changed;
  std::optional<std::uint32_t> selected;       // place in the pool
  std::optional<std::uint32_t> pointed;        // under the mouse, in any part of the panel, in the last frame
  std::optional<std::uint32_t>& pointed_now;   // the same for the next frame
  std::optional<core::ClockTicked> tick = {};  // what the hand did last, for the present request

  const trace::BufferRecord* buffer(std::uint32_t place) const;
  bool is_changed(std::uint32_t place) const;
  void select(std::uint32_t place) const;
  bool has_hand() const { return !pool.reported_only && pool.buffers != 0; }
};

// PostgreSQL's Buffer, as pg_buffercache's bufferid and the event list say it: from 1 on; local ones from -1 down.
std::string buffer_number(const trace::PoolRecord& pool, std::uint32_t place);
// Of any pool's buffer.
std::string buffer_number(const trace::ServerState& server, core::BufferSlot slot);
// "orders 12", "orders 12 (fsm)"; without a name the relation's number.
std::string page_name(const trace::ServerState& server, const core::PageTag& tag);
// "backend 1"; no name: its number.
std::string backend_name(const PanelContext& panel, const trace::ServerState& server, core::BackendSlot slot);
const char* state_word_key(LearnedState state);  // of the string table
std::string verdict_text(const PoolScene& scene, const core::ClockTicked& tick);

// The shapes by which the states are told from one another, over a fill that is drawn already: free dotted, dirty
// hatched, pinned with a square in its middle.
void draw_state_shape(const PanelContext& panel, ImVec2 low, ImVec2 high, bool is_free, bool is_dirty, bool is_pinned,
                      Color fill);
// Usage count as five little boxes from `at` on, `side` wide each; answers how wide it was.
float draw_usage(const PanelContext& panel, ImVec2 at, float side, std::uint32_t usage, Color ink);
// The clock hand's sign: an arrow head whose point is at `at`, looking along `angle` (radians).
void draw_hand(const PanelContext& panel, ImVec2 at, float angle, float size);
// A box with a buffer's number that selects it; in its state's colour and shape. True while hovered.
bool draw_buffer_box(const PoolScene& scene, core::BufferSlot slot, const char* id, const std::string& text);

// Everything about one buffer.
void draw_buffer_tooltip(const PoolScene& scene, std::uint32_t place);

}  // namespace palloscope::gui
