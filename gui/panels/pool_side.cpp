#include "gui/panels/pool_side.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::uint32_t kMostInChain = 64;  // boxes of the freelist that are drawn
constexpr std::uint32_t kMostPins = 32;

void dim_text(const PanelContext& panel, const std::string& text) {
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  draw_paragraphs(text);
  ImGui::PopStyleColor();
}

// --- steps ------------------------------------------------------------------------------------------------------

std::string step_text(const PoolScene& scene, LookupStep step) {
  const Strings& strings = scene.panel.strings;
  const Lookup& lookup = scene.lookup;
  const LookupRow& row = lookup.row(step);
  const auto place = [&](core::BufferSlot slot) { return buffer_number(scene.server, slot); };
  const bool known = row.event != 0;
  switch (step) {
    case LookupStep::Ask:
      return strings.fill(lookup.for_new ? "buffers.step.ask_new" : "buffers.step.ask",
                          {{"page", page_name(scene.server, lookup.tag)}});
    case LookupStep::Hash:
      if (!known) return strings("buffers.step.hash");
      return strings.fill("buffers.step.hashed", {{"hash", fmt::format("{:08x}", lookup.hash)},
                                                  {"bucket", format_count(lookup.bucket)},
                                                  {"partition", format_count(lookup.partition)}}) +
             " " +
             (lookup.found ? strings.fill("buffers.step.found", {{"n", place(lookup.found)}})
                           : std::string(strings("buffers.step.not_found")));
    case LookupStep::Ring: {
      if (!known) return strings("buffers.step.ring");
      static constexpr const char* kVerdicts[] = {"buffers.step.ring_empty", "buffers.step.ring_taken",
                                                  "buffers.step.ring_in_use", "buffers.step.ring_wal"};
      return strings(kVerdicts[static_cast<std::size_t>(lookup.ring_verdict)]);
    }
    case LookupStep::Freelist:
      return known ? strings.fill("buffers.step.freelist_popped", {{"count", format_count(row.count)}})
                   : std::string(strings("buffers.step.freelist"));
    case LookupStep::Clock:
      if (!known || !lookup.tick) return strings("buffers.step.clock");
      return strings.fill("buffers.step.clock_ticked",
                          {{"count", format_count(row.count)}, {"n", place(lookup.tick->buffer)}}) +
             " " + verdict_text(scene, *lookup.tick);
    case LookupStep::Pin:
      return known ? strings.fill("buffers.step.pinned", {{"n", place(lookup.buffer)}})
                   : std::string(strings("buffers.step.pin"));
    case LookupStep::Write:
      return strings(known ? "buffers.step.written" : "buffers.step.write");
    case LookupStep::Evict:
      return strings(!known ? "buffers.step.evict" : lookup.swapped ? "buffers.step.swapped" : "buffers.step.evicted");
    case LookupStep::Insert:
      return strings(known ? "buffers.step.inserted" : "buffers.step.insert");
    case LookupStep::Read:
      return strings(!known ? "buffers.step.read" : lookup.for_new ? "buffers.step.zeroed" : "buffers.step.read_in");
  }
  return {};
}

void draw_step(const PoolScene& scene, LookupStep step) {
  const PanelContext& panel = scene.panel;
  const Theme& theme = panel.theme;
  const LookupRow& row = scene.lookup.row(step);
  const float em = panel.em();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  const bool current = row.status == StepStatus::Current, skipped = row.status == StepStatus::Skipped;
  const bool ahead = row.status == StepStatus::Ahead;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->ChannelsSplit(2);
  draw->ChannelsSetCurrent(1);
  // The number in a disc; done: a tick beside it, not needed: struck through.
  const float r = 0.62f * em;
  const ImVec2 centre{at.x + r + 0.2f * em, at.y + 0.68f * em};
  const std::string number = std::to_string(static_cast<int>(step) + 1);
  const Color disc = current ? theme.accent : row.status == StepStatus::Done ? theme.raised : theme.panel;
  draw->AddCircleFilled(centre, r, disc);
  draw->AddCircle(centre, r, current ? theme.accent : theme.line, 0, std::max(1.0f, 0.08f * em));
  const ImVec2 extent = panel.fonts.mono->CalcTextSizeA(panel.fonts.small_size, FLT_MAX, 0, number.c_str());
  draw->AddText(panel.fonts.mono, panel.fonts.small_size, {centre.x - extent.x / 2, centre.y - extent.y / 2},
                current            ? theme.on_accent
                : ahead || skipped ? theme.dim
                                   : theme.text,
                number.c_str());
  const char* sign = row.status == StepStatus::Done ? icons::kCheck
                     : current                      ? icons::kCurrent
                     : skipped                      ? "\u2013"
                                                    : "";
  draw->AddText(panel.fonts.text, panel.fonts.small_size, {centre.x + r + 0.3f * em, at.y + 0.28f * em},
                current   ? theme.accent
                : skipped ? theme.dim
                          : theme.born,
                sign);
  ImGui::SetCursorScreenPos({at.x, at.y + 0.1f * em});
  ImGui::PushStyleColor(ImGuiCol_Text, ahead || skipped ? theme.dim : theme.text);
  if (current) ImGui::PushFont(panel.fonts.title, em);
  std::string text = step_text(scene, step);
  draw_paragraphs(text, 2 * r + 1.5f * em);
  if (current) ImGui::PopFont();
  ImGui::PopStyleColor();
  const float bottom = std::max(ImGui::GetItemRectMax().y, at.y + 1.5f * em);
  draw->ChannelsSetCurrent(0);
  if (current) {
    draw->AddRectFilled(at, {at.x + width, bottom}, theme.selection, 0.3f * em);
    draw->AddRectFilled(at, {at.x + 0.18f * em, bottom}, theme.accent);
  }
  draw->ChannelsMerge();
  // The step leads to its event.
  ImGui::SetCursorScreenPos(at);
  ImGui::BeginDisabled(row.event == 0);
  if (ImGui::InvisibleButton(("##step" + number).c_str(), {width, bottom - at.y}) && row.event != 0)
    panel.actions.push(Seek{row.event});
  ImGui::EndDisabled();
  if (row.event != 0 && ImGui::IsItemHovered()) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    ImGui::SetTooltip("%s", format_event(row.event).c_str());
  }
}

// --- rings ------------------------------------------------------------------------------------------------------

const char* ring_name(core::RingKind kind) {
  static constexpr const char* kNames[core::kRingKindCount] = {"BAS_BULKREAD", "BAS_BULKWRITE", "BAS_VACUUM"};
  return kNames[static_cast<std::size_t>(kind)];
}

// Slots around a small circle, the current one pointed at. Large rings are drawn as ticks.
void draw_ring_clock(const PoolScene& scene, const trace::RingRecord& ring, float diameter) {
  const PanelContext& panel = scene.panel;
  const Theme& theme = panel.theme;
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("##ring", {diameter, diameter});
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 centre{origin.x + diameter / 2, origin.y + diameter / 2};
  const float em = panel.em(), radius = diameter / 2 - 0.75f * em;
  const auto count = static_cast<std::uint32_t>(ring.slots.size());
  constexpr std::uint32_t kMostDrawn = 256;
  const std::uint32_t drawn = std::min(count, kMostDrawn);
  const auto angle = [&](std::uint32_t i) {
    return 2 * std::numbers::pi_v<float> * static_cast<float>(i) / static_cast<float>(std::max(1u, drawn)) -
           std::numbers::pi_v<float> / 2;
  };
  const bool numbers = count <= 12;
  for (std::uint32_t i = 0; i < drawn; ++i) {
    const std::uint32_t slot = drawn == count ? i : static_cast<std::uint32_t>(std::uint64_t{i} * count / drawn);
    const core::BufferSlot held = ring.slots[slot];
    const ImVec2 at{centre.x + std::cos(angle(i)) * radius, centre.y + std::sin(angle(i)) * radius};
    const float r = numbers ? 0.72f * em : std::clamp(radius * 2.2f / static_cast<float>(drawn), 1.0f, 0.4f * em);
    Color fill = theme.panel;
    const bool in_pool = held && scene.pool.holds(held) && held.value - scene.pool.first.value < scene.cells.size();
    if (in_pool)
      fill = pool_fill(theme, tint_of(scene.cells, scene.cells[held.value - scene.pool.first.value], PoolMode::State));
    draw->AddCircleFilled(at, r, fill);
    if (!held) draw->AddCircle(at, r, theme.dim);
    if (slot == ring.current) draw->AddCircle(at, r + 0.1f * em, theme.accent, 0, 0.15f * em);
    if (numbers && in_pool) {
      const std::string text = buffer_number(scene.server, held);
      const ImVec2 extent = panel.fonts.mono->CalcTextSizeA(panel.fonts.small_size, FLT_MAX, 0, text.c_str());
      draw->AddText(panel.fonts.mono, panel.fonts.small_size, {at.x - extent.x / 2, at.y - extent.y / 2},
                    readable_on(fill), text.c_str());
    }
  }
  if (count == 0) return;
  const std::uint32_t shown =
      drawn == count ? ring.current : static_cast<std::uint32_t>(std::uint64_t{ring.current} * drawn / count);
  const ImVec2 tip{centre.x + std::cos(angle(shown)) * (radius - 0.9f * em),
                   centre.y + std::sin(angle(shown)) * (radius - 0.9f * em)};
  draw->AddLine(centre, tip, theme.accent, 0.14f * em);
  draw->AddCircleFilled(centre, 0.22f * em, theme.accent);
  if (!ImGui::IsItemHovered() || !ImGui::BeginTooltip()) return;
  ImGui::TextUnformatted(ring_name(ring.kind));
  std::string held;
  constexpr std::uint32_t kMostNamed = 40;
  for (std::uint32_t i = 0; i < std::min(count, kMostNamed); ++i)
    held += (i == 0       ? ""
             : i % 8 == 0 ? "\n"
                          : "  ") +
            (ring.slots[i] ? buffer_number(scene.server, ring.slots[i]) : std::string("\u2013"));
  if (count > kMostNamed) held += " \u2026";
  ImGui::TextUnformatted(held.c_str());
  ImGui::EndTooltip();
}

}  // namespace

void draw_lookup_steps(const PoolScene& scene) {
  const PanelContext& panel = scene.panel;
  const Lookup& lookup = scene.lookup;
  if (lookup.request == 0) return dim_text(panel, panel.strings("buffers.no_request"));
  for (int i = 0; i < kLookupStepCount; ++i) draw_step(scene, static_cast<LookupStep>(i));
  if (lookup.end == 0 || panel.session.cursor() < lookup.end) return;
  const std::string text = panel.strings.fill(lookup.hit() ? "buffers.step.answer_hit" : "buffers.step.answer_miss",
                                              {{"event", format_event(lookup.end)}});
  ImGui::PushFont(panel.fonts.title, panel.em());
  draw_paragraphs(text, 0.2f * panel.em());
  ImGui::PopFont();
}

void draw_freelist_chain(const PoolScene& scene) {
  const PanelContext& panel = scene.panel;
  const trace::PoolRecord& pool = scene.pool;
  if (!pool.has_freelist) return dim_text(panel, panel.strings("buffers.no_freelist"));
  if (!pool.first_free) return dim_text(panel, panel.strings("buffers.freelist_empty"));
  const float em = panel.em(), right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
  core::BufferSlot slot = pool.first_free;
  std::uint32_t shown = 0;
  for (; slot && slot.value < scene.server.buffers.size() && shown < kMostInChain; ++shown) {
    const std::string text = buffer_number(scene.server, slot);
    if (shown != 0) {
      const float wanted = ImGui::CalcTextSize(text.c_str()).x + 2.2f * em;
      if (ImGui::GetItemRectMax().x + wanted < right) {
        ImGui::SameLine(0, 0.15f * em);
        ImGui::TextUnformatted("\u2192");
        ImGui::SameLine(0, 0.15f * em);
      } else {
        ImGui::TextUnformatted("\u2192");
        ImGui::SameLine(0, 0.15f * em);
      }
    }
    ImGui::PushID(static_cast<int>(slot.value));
    draw_buffer_box(scene, slot, "##free", text);
    ImGui::PopID();
    slot = scene.server.buffers[slot.value].next_free;
  }
  if (pool.free_count > shown)
    dim_text(panel, panel.strings.fill("freelists.more", {{"count", format_count(pool.free_count - shown)}}));
}

void draw_rings(const PoolScene& scene) {
  const PanelContext& panel = scene.panel;
  const float em = panel.em();
  const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
  bool any = false;
  for (std::size_t i = 0; i < scene.server.rings.size(); ++i) {
    const trace::RingRecord& ring = scene.server.rings[i];
    if (ring.born == 0) continue;
    const float diameter = 5.5f * em, width = std::max(diameter, 8 * em);
    if (any && ImGui::GetItemRectMax().x + width + 0.5f * em < right) ImGui::SameLine(0, 0.5f * em);
    any = true;
    ImGui::BeginGroup();
    ImGui::PushID(static_cast<int>(i));
    draw_ring_clock(scene, ring, diameter);
    ImGui::PopID();
    ImGui::PushFont(panel.fonts.text, panel.fonts.small_size);
    ImGui::TextUnformatted(ring_name(ring.kind));
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    ImGui::TextUnformatted(backend_name(panel, scene.server, ring.backend).c_str());
    ImGui::TextUnformatted(
        panel.strings
            .fill("buffers.ring_slot", {{"n", format_count(ring.current)}, {"count", format_count(ring.slots.size())}})
            .c_str());
    ImGui::PopStyleColor();
    ImGui::PopFont();
    ImGui::EndGroup();
  }
  if (!any) dim_text(panel, panel.strings("buffers.no_rings"));
}

void draw_backends(const PoolScene& scene) {
  const PanelContext& panel = scene.panel;
  const float em = panel.em();
  const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
  bool any = false;
  for (std::size_t i = 0; i < scene.server.backends.size(); ++i) {
    const trace::BackendRecord& backend = scene.server.backends[i];
    if (backend.born == 0) continue;
    any = true;
    const core::BackendSlot slot{static_cast<std::uint32_t>(i)};
    const bool acts = slot == scene.server.point.backend;
    ImGui::PushID(static_cast<int>(i));
    ImGui::PushStyleColor(ImGuiCol_Text, acts ? panel.theme.accent : panel.theme.dim);
    ImGui::TextUnformatted(acts ? icons::kCurrent : " ");
    ImGui::PopStyleColor();
    ImGui::SameLine(1.1f * em);
    ImGui::PushFont(acts ? panel.fonts.title : panel.fonts.text, em);
    ImGui::TextUnformatted(backend_name(panel, scene.server, slot).c_str());
    ImGui::PopFont();
    if (acts) ImGui::SetItemTooltip("%s", panel.strings("buffers.acts"));
    std::uint32_t shown = 0;
    for (const trace::PrivatePin& pin : backend.pins) {
      if (shown++ == kMostPins) break;
      std::string text = buffer_number(scene.server, pin.buffer);
      if (pin.count > 1) text += " \u00D7" + std::to_string(pin.count);
      const float wanted = ImGui::CalcTextSize(text.c_str()).x + em;
      if (ImGui::GetItemRectMax().x + wanted < right)
        ImGui::SameLine(0, 0.3f * em);
      else
        ImGui::SetCursorPosX(ImGui::GetCursorPosX() + 1.1f * em);
      ImGui::PushID(static_cast<int>(shown));
      draw_buffer_box(scene, pin.buffer, "##pin", text);
      ImGui::PopID();
    }
    if (backend.pins.empty()) {
      ImGui::SameLine(0, 0.5f * em);
      ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
      ImGui::TextUnformatted(panel.strings("buffers.no_pins"));
      ImGui::PopStyleColor();
    }
    ImGui::PopID();
  }
  if (!any) dim_text(panel, panel.strings("buffers.no_backends"));
}

}  // namespace palloscope::gui
