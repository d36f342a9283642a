#include "gui/panels/map_tooltip.h"

#include <fmt/format.h>

#include <algorithm>

#include "gui/fault_text.h"
#include "gui/format_text.h"
#include "imgui.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui {
namespace {

std::string_view use_key(ByteUse use) {
  switch (use) {
    case ByteUse::ContextHeader:
      return "map.use.context_header";
    case ByteUse::BlockHeader:
      return "map.use.block_header";
    case ByteUse::ChunkHeader:
      return "map.use.chunk_header";
    case ByteUse::Live:
      return "map.use.live";
    case ByteUse::Rounding:
      return "map.use.rounding";
    case ByteUse::Free:
      return "map.use.free";
    case ByteUse::Dead:
      return "map.use.dead";
    case ByteUse::Tail:
      return "map.use.tail";
    case ByteUse::Plain:
      return "map.use.plain";
    case ByteUse::Recycled:
      return "map.use.recycled";
    case ByteUse::Unsure:
      return "map.use.unsure";
    case ByteUse::Undivided:
      return "map.use.undivided";
  }
  return "map.use.plain";
}

void row(const PanelContext& panel, std::string_view key, const std::string& value) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(panel.strings(key));
  ImGui::PopStyleColor();
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(value.c_str());
}

std::string label_of(const VariableLabels& variables, core::Address at) {
  auto found = variables.find(at);
  return found == variables.end() ? std::string() : found->second;
}

}  // namespace

std::string_view block_role_key(core::BlockRole role) {
  switch (role) {
    case core::BlockRole::Plain:
      return "map.role.plain";
    case core::BlockRole::Keeper:
      return "map.role.keeper";
    case core::BlockRole::Ordinary:
      return "map.role.ordinary";
    case core::BlockRole::External:
      return "map.role.external";
    case core::BlockRole::Header:
      return "map.role.header";
    case core::BlockRole::Recycled:
      return "map.role.recycled";
  }
  return "map.role.plain";
}

void draw_map_tooltip(const PanelContext& panel, core::BlockSlot block_slot, const ByteSpan& span,
                      const VariableLabels& variables) {
  const trace::MemoryState& state = panel.state();
  const trace::BlockRecord* block = state.block(block_slot);
  if (block == nullptr || !ImGui::BeginTooltip()) return;
  const trace::ContextRecord* owner = state.context(block->context);
  const trace::ChunkRecord* chunk = state.chunk(span.chunk);
  ImGui::PushFont(panel.fonts.title, panel.em());
  ImGui::TextUnformatted(owner != nullptr ? std::string(trace::printed_name(*owner)).c_str()
                                          : panel.strings("map.no_context"));
  ImGui::PopFont();
  ImGui::TextUnformatted(panel.strings(use_key(span.use)));
  if (ImGui::BeginTable("##tooltip", 2, ImGuiTableFlags_SizingFixedFit)) {
    if (chunk != nullptr) {
      if (auto name = label_of(variables, chunk->at); !name.empty()) row(panel, "map.tip.variable", name);
      if (chunk->state == trace::ChunkState::Live && core::requested_known(panel.session.timeline()->description()))
        row(panel, "map.tip.requested", format_bytes_exactly(chunk->requested_bytes));
      row(panel, "map.tip.granted", format_bytes_exactly(chunk->granted_bytes));
      row(panel, "map.tip.born", format_event(chunk->born));
      row(panel, "map.tip.address", format_address(chunk->at));
    } else {
      row(panel, "map.tip.bytes", format_bytes_exactly(span.end - span.begin));
    }
    row(panel, "map.tip.block",
        fmt::format("{} {}", panel.strings(block_role_key(block->role)), format_bytes(block->bytes)));
    ImGui::EndTable();
  }
  if (span.use == ByteUse::Unsure)
    ImGui::TextUnformatted(panel.strings
                               .fill("map.tip.unsure", {{"n", format_count(block->uncounted_free)},
                                                        {"count", format_count(block->chunk_count)}})
                               .c_str());
  if (chunk != nullptr) {
    for (const trace::FoundFault& fault :
         faults_about(panel.session, chunk->at, std::max<std::uint64_t>(1, chunk->granted_bytes), chunk->born)) {
      ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.fault);
      ImGui::Text("%s %s", format_event(fault.event).c_str(), panel.strings(fault_key(fault.what.kind)));
      ImGui::PopStyleColor();
    }
  }
  ImGui::EndTooltip();
}

void draw_piece_label(const PanelContext& panel, const ByteSpan& span, const VariableLabels& variables, float x,
                      float y, float width, float height) {
  const trace::ChunkRecord* chunk = panel.state().chunk(span.chunk);
  std::string text;
  Color colour = panel.theme.map_text;
  if (span.use == ByteUse::Live && chunk != nullptr) {
    text = format_count(chunk->requested_bytes);
    if (auto name = label_of(variables, chunk->at); !name.empty()) text = name + " " + text;
  } else if (span.use == ByteUse::Free && chunk != nullptr) {
    text = panel.strings.fill("map.free_chunk", {{"bytes", format_count(chunk->granted_bytes)}});
    colour = panel.theme.text;
  } else if (span.use == ByteUse::Tail || span.use == ByteUse::Plain || span.use == ByteUse::Recycled) {
    text = format_bytes(span.end - span.begin);
    colour = panel.theme.dim;
  }
  const float size = panel.fonts.small_size;
  const ImVec2 extent = panel.fonts.text->CalcTextSizeA(size, FLT_MAX, 0, text.c_str());
  if (text.empty() || extent.x + size * 0.4f > width) return;
  const ImVec2 at(x + (width - extent.x) / 2, y + (height - extent.y) / 2);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (span.use != ByteUse::Live) {  // hatching and dots behind letters cannot be read
    const float pad = size * 0.2f;
    draw->AddRectFilled({at.x - pad, at.y}, {at.x + extent.x + pad, at.y + extent.y}, panel.theme.map_ground, pad);
  }
  draw->AddText(panel.fonts.text, size, at, colour, text.c_str());
}

}  // namespace palloscope::gui
