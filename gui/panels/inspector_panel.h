// The inspector: the selected thing, field by field under PostgreSQL's own names: context as MemoryContextData and its
// kind's struct, block, chunk with the bits of its header, and the bytes. Fields that the last step changed show their
// old value. Links lead on.
#pragma once

#include <string>
#include <string_view>

#include "gui/panels/panel.h"

namespace palloscope::gui {

class InspectorPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;

 private:
  void draw_context(const PanelContext& panel, core::ContextSlot slot);
  void draw_block(const PanelContext& panel, core::BlockSlot slot);
  void draw_chunk(const PanelContext& panel, core::ChunkSlot slot);
  void draw_bytes(const PanelContext& panel, core::BlockSlot block, core::Address from, core::Address to);
  static void draw_faults(const PanelContext& panel, core::Address at, std::uint64_t bytes, core::EventNumber born);
  static void draw_life_link(const PanelContext& panel);
  void draw_gone(const PanelContext& panel, core::EventNumber born);

  bool bytes_open_ = true;
};

}  // namespace palloscope::gui
