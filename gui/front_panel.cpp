#include "gui/front_panel.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "gui/panels/panel_table.h"

namespace palloscope::gui {

std::string_view front_panel(const Document& document) {
  if (!document.scenario_name.empty()) return std::string_view(document.panel).substr(0, document.panel.find('/'));
  const auto tells_of = [&](std::uint8_t kind) {
    const std::array<std::uint8_t, 1> kinds = {kind};
    return document.timeline.next_of(kinds, 0).has_value();
  };
  if (document.timeline.description().source == core::SourceKind::Snapshot) return "process";
  if (tells_of(core::OperationBegan::kTag)) return "operations";
  if (tells_of(core::PageRequested::kTag)) return "buffers";
  if (tells_of(core::SegmentCreated::kTag)) return "shmem";
  if (tells_of(core::BufferPoolCreated::kTag)) return "buffers";
  return {};
}

std::string_view front_view(const Document& document) {
  const std::size_t slash = document.panel.find('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(document.panel).substr(slash + 1);
}

void suit_front(WorkspaceState& workspace, const Document& document) {
  constexpr std::string_view kOurs[] = {"shmem", "buffers", "operations", "findings", "process"};
  for (std::string& front : workspace.front) {
    if (std::find(std::begin(kOurs), std::end(kOurs), front) != std::end(kOurs)) front.clear();
  }
  if (const PanelRow* panel = find_panel(front_panel(document)); panel != nullptr)
    show_panel(workspace, panel->placement);
}

}  // namespace palloscope::gui
