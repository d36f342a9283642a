// The inspector: the selected thing, field by field under PostgreSQL's own names: context as MemoryContextData and its
// kind's struct, block, chunk with the bits of its header (which a scenario lets one change), and the bytes. Fields
// that the last step changed show their old value. Links lead on.
#pragma once

#include <string>
#include <string_view>

#include "gui/panels/byte_view.h"
#include "gui/panels/header_view.h"
#include "gui/panels/panel.h"
#include "gui/replayed_bytes.h"

namespace palloscope::gui {

class InspectorPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;

 private:
  void draw_context(const PanelContext& panel, core::ContextSlot slot);
  void draw_block(const PanelContext& panel, core::BlockSlot slot);
  void draw_chunk(const PanelContext& panel, core::ChunkSlot slot);
  static void draw_faults(const PanelContext& panel, core::Address at, std::uint64_t bytes, core::EventNumber born);
  static void draw_life_link(const PanelContext& panel);
  void draw_bytes(const PanelContext& panel);
  static void draw_contents_line(const PanelContext& panel, const ShownContents* contents, std::uint64_t hidden);
  void draw_gone(const PanelContext& panel, core::EventNumber born);

  // The true bytes at the cursor; null: there are none, or not yet.
  const core::MemorySource* exact_bytes(const PanelContext& panel);

  bool bytes_open_ = true;
  ReplayedBytes replayed_;
  HeaderView header_;
  ByteView bytes_;
};

}  // namespace palloscope::gui
