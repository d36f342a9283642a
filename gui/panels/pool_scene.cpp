#include "gui/panels/pool_scene.h"

#include <algorithm>
#include <cmath>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {

const trace::BufferRecord* PoolScene::buffer(std::uint32_t place) const {
  const std::size_t slot = std::size_t{pool.first.value} + place;
  return place < pool.buffers && slot < server.buffers.size() ? &server.buffers[slot] : nullptr;
}

bool PoolScene::is_changed(std::uint32_t place) const {
  return std::find(changed.begin(), changed.end(), place) != changed.end();
}

void PoolScene::select(std::uint32_t place) const {
  panel.actions.push(Select{BufferKey{core::BufferSlot{pool.first.value + place}}});
}

std::string buffer_number(const trace::PoolRecord& pool, std::uint32_t place) {
  const std::string number = format_count(std::uint64_t{place} + 1);
  return pool.backend ? "\u2212" + number : number;
}

std::string buffer_number(const trace::ServerState& server, core::BufferSlot slot) {
  const trace::BufferRecord* buffer = server.buffer(slot);
  const trace::PoolRecord* pool = buffer == nullptr ? nullptr : server.pool(buffer->pool);
  return pool == nullptr ? format_count(std::uint64_t{slot.value} + 1)
                         : buffer_number(*pool, slot.value - pool->first.value);
}

std::string page_name(const trace::ServerState& server, const core::PageTag& tag) {
  static constexpr const char* kForks[] = {"", " (fsm)", " (vm)", " (init)"};
  std::string name = relation_name(server, tag) + " " + format_count(tag.block);
  if (tag.fork > 0 && tag.fork < static_cast<std::int32_t>(std::size(kForks))) name += kForks[tag.fork];
  return name;
}

std::string backend_name(const PanelContext& panel, const trace::ServerState& server, core::BackendSlot slot) {
  if (!slot) return panel.strings("buffers.nobody");
  const trace::BackendRecord* backend = server.backend(slot);
  return backend != nullptr && !backend->name.empty()
             ? backend->name
             : panel.strings.fill("buffers.backend_n", {{"n", std::to_string(slot.value)}});
}

const char* state_word_key(LearnedState state) {
  static constexpr const char* kKeys[] = {"buffers.state.free", "buffers.state.clean", "buffers.state.dirty",
                                          "buffers.state.pinned"};
  return kKeys[static_cast<std::size_t>(state)];
}

std::string verdict_text(const PoolScene& scene, const core::ClockTicked& tick) {
  const Strings& strings = scene.panel.strings;
  const std::string usage = std::to_string(core::usage_of(tick.word));
  switch (tick.verdict) {
    case core::ClockVerdict::Spared:
      return strings.fill("buffers.verdict.spared",
                          {{"old", std::to_string(core::usage_of(tick.word) + 1)}, {"new", usage}});
    case core::ClockVerdict::Pinned:
      return strings("buffers.verdict.pinned");
    case core::ClockVerdict::Taken:
      return strings("buffers.verdict.taken");
  }
  return {};
}

void draw_state_shape(const PanelContext& panel, ImVec2 low, ImVec2 high, bool is_free, bool is_dirty, bool is_pinned,
                      Color fill) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float side = std::min(high.x - low.x, high.y - low.y);
  const Color ink = readable_on(fill);
  if (is_free) fill_dotted(low, high, mix(fill, panel.theme.text, 0.4f), std::max(4.0f, side / 4));
  if (is_dirty) {
    draw->PushClipRect(low, high, true);
    const float step = std::max(4.0f, side / 3), height = high.y - low.y;
    for (float x = low.x - height; x < high.x; x += step)
      draw->AddLine({x, high.y}, {x + height, low.y}, mix(fill, ink, 0.55f), std::max(1.5f, step * 0.22f));
    draw->PopClipRect();
  }
  if (is_pinned) {
    const ImVec2 middle{(low.x + high.x) / 2, (low.y + high.y) / 2};
    const float r = side * 0.19f, halo = r + std::max(1.0f, side * 0.07f);
    draw->AddRectFilled({middle.x - halo, middle.y - halo}, {middle.x + halo, middle.y + halo}, fill);
    draw->AddRectFilled({middle.x - r, middle.y - r}, {middle.x + r, middle.y + r}, ink);
  }
}

float draw_usage(const PanelContext& panel, ImVec2 at, float side, std::uint32_t usage, Color ink) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float pitch = side * 1.3f, line = std::max(1.0f, panel.em() / 16);
  for (std::uint32_t i = 0; i < core::kMaxUsage; ++i) {
    const ImVec2 low{at.x + pitch * static_cast<float>(i), at.y}, high{low.x + side, low.y + side};
    if (i < usage)
      draw->AddRectFilled(low, high, ink);
    else
      draw->AddRect(low, high, with_alpha(ink, 0.45f), 0, 0, line);
  }
  return pitch * static_cast<float>(core::kMaxUsage);
}

void draw_hand(const PanelContext& panel, ImVec2 at, float angle, float size) {
  const float c = std::cos(angle), s = std::sin(angle), half = size * 0.45f;
  const auto point = [&](float along, float aside) {
    return ImVec2{at.x + c * along - s * aside, at.y + s * along + c * aside};
  };
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float halo = std::max(1.5f, size * 0.12f);
  draw->AddTriangleFilled(point(halo * 2, 0), point(-size - halo, half + halo * 1.6f),
                          point(-size - halo, -half - halo * 1.6f), panel.theme.map_ground);
  draw->AddTriangleFilled(at, point(-size, half), point(-size, -half), panel.theme.accent);
}

bool draw_buffer_box(const PoolScene& scene, core::BufferSlot slot, const char* id, const std::string& text) {
  const PanelContext& panel = scene.panel;
  const float em = panel.em();
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  const ImVec2 extent = ImGui::CalcTextSize(text.c_str()), at = ImGui::GetCursorScreenPos();
  const ImVec2 size{extent.x + 0.6f * em, 1.3f * em}, end{at.x + size.x, at.y + size.y};
  const bool in_pool = scene.pool.holds(slot);
  const std::uint32_t place = in_pool ? slot.value - scene.pool.first.value : 0;
  if (ImGui::InvisibleButton(id, size)) panel.actions.push(Select{BufferKey{slot}});
  offer_menu(panel, BufferKey{slot});
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  Color fill = panel.theme.raised;
  if (in_pool && place < scene.cells.size()) {
    const PoolCell& cell = scene.cells[place];
    fill = pool_fill(panel.theme, tint_of(scene.cells, cell, PoolMode::State));
    draw->AddRectFilled(at, end, fill, 0.2f * em);
    // The shape beside the number: a narrow band at the left.
    draw->AddRectFilled(at, {at.x + 0.22f * em, end.y}, readable_on(fill), 0.2f * em);
  } else {
    draw->AddRectFilled(at, end, fill, 0.2f * em);
  }
  const bool selected = in_pool && scene.selected == place;
  if (selected || hovered || (in_pool && scene.is_changed(place)))
    draw->AddRect(at, end,
                  selected  ? panel.theme.accent
                  : hovered ? panel.theme.text
                            : panel.theme.changed,
                  0.2f * em, 0, 0.12f * em);
  draw->AddText({at.x + 0.36f * em, at.y + (size.y - extent.y) / 2}, in_pool ? readable_on(fill) : panel.theme.text,
                text.c_str());
  ImGui::PopFont();
  if (hovered && in_pool) {
    scene.pointed_now = place;
    draw_buffer_tooltip(scene, place);
  }
  return hovered;
}

void draw_buffer_tooltip(const PoolScene& scene, std::uint32_t place) {
  const PanelContext& panel = scene.panel;
  const trace::BufferRecord* buffer = scene.buffer(place);
  if (buffer == nullptr || !ImGui::BeginTooltip()) return;
  const Strings& strings = panel.strings;
  const float em = panel.em();
  const bool known = place < scene.cells.size();
  const LearnedState state = known ? scene.cells[place].state() : learned_state(buffer->word);
  ImGui::PushFont(panel.fonts.title, em);
  ImGui::TextUnformatted(
      strings.fill("buffers.tip.title", {{"n", buffer_number(scene.pool, place)}, {"id", format_count(place)}})
          .c_str());
  ImGui::PopFont();
  if (buffer->has_page()) ImGui::TextUnformatted(page_name(scene.server, buffer->tag).c_str());
  std::string line = strings(state_word_key(state));
  if (state == LearnedState::Pinned && buffer->dirty()) line += std::string(", ") + strings("buffers.state.dirty");
  ImGui::TextUnformatted(line.c_str());
  if (buffer->has_page())
    ImGui::TextUnformatted(strings
                               .fill("buffers.tip.counts", {{"usage", std::to_string(buffer->usage())},
                                                            {"pins", std::to_string(buffer->refcount())}})
                               .c_str());
  for (std::size_t i = 0; i < scene.server.backends.size(); ++i) {
    const trace::BackendRecord& backend = scene.server.backends[i];
    if (backend.born == 0) continue;
    for (const trace::PrivatePin& pin : backend.pins)
      if (pin.buffer.value == scene.pool.first.value + place)
        ImGui::TextUnformatted(
            strings
                .fill("buffers.tip.pinned_by",
                      {{"who", backend_name(panel, scene.server, core::BackendSlot{static_cast<std::uint32_t>(i)})},
                       {"count", std::to_string(pin.count)}})
                .c_str());
  }
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  const auto event = [&](const char* key, EventNumber number) {
    if (number != 0) ImGui::TextUnformatted(strings.fill(key, {{"event", format_event(number)}}).c_str());
  };
  if (buffer->has_page()) {
    event("buffers.tip.tagged", buffer->tagged);
    event("buffers.tip.used", buffer->used);
    event("buffers.tip.dirtied", buffer->dirtied);
  }
  if (buffer->in_freelist) {
    ImGui::TextUnformatted(
        buffer->next_free
            ? strings.fill("buffers.tip.on_freelist", {{"next", buffer_number(scene.server, buffer->next_free)}})
                  .c_str()
            : strings("buffers.tip.freelist_end"));
  }
  if (buffer->node >= 0)
    ImGui::TextUnformatted(strings.fill("buffers.tip.node", {{"node", std::to_string(buffer->node)}}).c_str());
  ImGui::PopStyleColor();
  if (scene.has_hand() && scene.pool.hand() == place) ImGui::TextUnformatted(strings("buffers.tip.hand"));
  ImGui::EndTooltip();
}

}  // namespace palloscope::gui
