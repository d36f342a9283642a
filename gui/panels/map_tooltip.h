// What the block map writes about a single piece of memory: in the hover, and on the piece itself where it is wide
// enough.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "gui/layout/block_index.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

// Names of the script's variables that hold an address.
using VariableLabels = std::unordered_map<core::Address, std::string>;

std::string_view block_role_key(core::BlockRole role);  // of the string table

void draw_map_tooltip(const PanelContext& panel, core::BlockSlot block, const ByteSpan& span,
                      const VariableLabels& variables);

void draw_piece_label(const PanelContext& panel, const ByteSpan& span, const VariableLabels& variables, float x,
                      float y, float width, float height);

}  // namespace palloscope::gui
