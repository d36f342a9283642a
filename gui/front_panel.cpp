#include "gui/front_panel.h"

#include "gui/panels/panel_table.h"

namespace palloscope::gui {

std::string_view front_panel(const trace::MemoryState& state) {
  if (state.totals().context_count > 0) return {};
  if (!state.server().segments.empty()) return "shmem";
  if (!state.server().pools.empty()) return "buffers";
  return {};
}

void suit_front(WorkspaceState& workspace, const trace::MemoryState& state) {
  const std::string_view id = front_panel(state);
  std::string& front = workspace.front[static_cast<std::size_t>(Place::CentreTop)];
  if (const PanelRow* panel = find_panel(id); panel != nullptr)
    show_panel(workspace, panel->placement);
  else if (state.totals().context_count > 0 && (front == "shmem" || front == "buffers"))
    front.clear();
}

}  // namespace palloscope::gui
