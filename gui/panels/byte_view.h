// Bytes in hex and text with their fields coloured, and a chunk header taken apart into its bits: the inspector's
// lowest level. Shows what is known (trace/analysis/known_bytes); the rest says so instead of guessing.
#pragma once

#include "core/version/version_profile.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

void draw_chunk_header(const PanelContext& panel, core::ChunkSlot chunk, const core::VersionProfile& profile);

// The bytes of a region in [from, to), eight a row.
void draw_byte_rows(const PanelContext& panel, core::BlockSlot block, core::Address from, core::Address to,
                    const core::VersionProfile& profile);

}  // namespace palloscope::gui
