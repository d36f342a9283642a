#include "gui/panels/shmem_inspector.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "gui/format_text.h"
#include "gui/panels/backend_badge.h"
#include "gui/panels/dsm_view.h"
#include "gui/panels/shmem_map.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

// "name    value", the name as PostgreSQL has it.
void field(const PanelContext& panel, const char* name, const std::string& value) {
  const float right = right_edge();
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(name);
  ImGui::PopStyleColor();
  ImGui::SameLine();
  draw_number(panel, value, right, panel.theme.text);
}

void event_link(const PanelContext& panel, const char* name, EventNumber event) {
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(name);
  ImGui::PopStyleColor();
  ImGui::SameLine();
  if (draw_link(panel, name, format_event(event))) panel.actions.push(Seek{event});
}

void title(const PanelContext& panel, const std::string& text, const std::string& below) {
  ImGui::PushFont(panel.fonts.title, panel.em() * 1.1f);
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopFont();
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(below.c_str());
  ImGui::PopStyleColor();
  ImGui::Separator();
}

}  // namespace

void inspect_shmem(const PanelContext& panel, ShmemKey key) {
  const trace::ServerState& server = panel.state().server();
  const trace::ShmemRecord& piece = *find(panel.state(), key);
  const trace::ShmemArea area = trace::area_of_shmem(piece.name, piece.purpose);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float side = 1.3f * panel.em();
  draw_area_badge(panel, at, side, area);
  ImGui::SetCursorScreenPos({at.x + side + 0.5f * panel.em(), at.y});
  ImGui::BeginGroup();
  title(panel, piece.name.empty() ? piece.purpose : piece.name, panel.strings(shmem_area_key(area)));
  ImGui::EndGroup();
  ShmemItem item;
  item.named = !piece.name.empty();
  item.name = item.named ? piece.name : piece.purpose;
  draw_paragraphs(shmem_use_text(panel.strings, item));
  ImGui::Spacing();
  field(panel, "off", format_count(piece.offset));
  field(panel, "size", format_bytes_exactly(piece.bytes));
  field(panel, "allocated_size", format_bytes_exactly(piece.allocated_bytes));
  if (const trace::SegmentRecord* segment = server.segment(piece.segment); segment != nullptr && segment->bytes > 0) {
    const double share = static_cast<double>(piece.allocated_bytes) / static_cast<double>(segment->bytes);
    field(panel, panel.strings("shmem.column.share"), format_share(share));
    if (segment->at) field(panel, "address", format_address(segment->at + piece.offset));
  }
  field(panel, panel.strings("shmem.column.found"), format_count(piece.found));
  event_link(panel, "ShmemAlloc", piece.born);
  if (piece.nodes.empty()) return;
  ImGui::Spacing();
  ImGui::TextUnformatted(panel.strings("shmem.inspector.nodes"));
  for (const auto& [node, bytes] : piece.nodes) {
    const std::string name = node < 0 ? std::string(panel.strings("shmem.inspector.not_resident"))
                                      : panel.strings.fill("shmem.nodes.node", {{"n", std::to_string(node)}});
    field(panel, name.c_str(), format_bytes_exactly(bytes));
  }
}

std::string segment_text(const PanelContext& panel, const trace::SegmentRecord& segment) {
  return segment.name.empty() ? panel.strings(segment_kind_key(segment.kind)) : segment.name;
}

void inspect_segment(const PanelContext& panel, SegmentKey key) {
  const trace::SegmentRecord& segment = *find(panel.state(), key);
  title(panel, segment_text(panel, segment), panel.strings(segment_kind_key(segment.kind)));
  if (segment.handle != 0) field(panel, "handle", std::to_string(segment.handle));
  field(panel, "size", format_bytes_exactly(segment.bytes));
  if (segment.refcnt != 0) field(panel, "refcnt", format_count(segment.refcnt));
  field(panel, "pinned", segment.pinned ? "true" : "false");
  event_link(panel, "dsm_create", segment.born);
  ImGui::Spacing();
  if (segment.attached.empty()) ImGui::TextUnformatted(panel.strings("shmem.nobody_attached"));
  for (const auto& [backend, at] : segment.attached) {
    const ImVec2 place = ImGui::GetCursorScreenPos();
    const float em = panel.em(), right = right_edge();
    draw_backend_badge(panel, {place.x + 0.6f * em, place.y + 0.6f * em}, 1.1f * em, backend);
    ImGui::SetCursorScreenPos({place.x + 1.6f * em, place.y});
    ImGui::TextUnformatted(backend_text(panel, backend).c_str());
    ImGui::SameLine();
    draw_number(panel, at ? format_address(at) : std::string(), right, panel.theme.dim);
  }
}

}  // namespace palloscope::gui
