// The panels, one row each, in display order: keys 1-9, the tabs, the menu and the tests follow this table.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gui/layout/workspace.h"

namespace palloscope::gui {

class Panel;

struct PanelRow {
  PanelPlacement placement;  // id; its title is string "<id>.title"
  std::string_view icon;
  std::unique_ptr<Panel> (*make)() = nullptr;
};

std::span<const PanelRow> panel_table();
// The placements alone, in the same order: what the layout works on.
std::span<const PanelPlacement> panel_placements();
const PanelRow* find_panel(std::string_view id);  // null: none
std::string panel_title_key(std::string_view id);

}  // namespace palloscope::gui
