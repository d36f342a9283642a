// Segments of dynamic shared memory: each with handle, size, references and who is attached. One that was destroyed in
// the last step leaves a ghost.
#pragma once

#include <optional>
#include <vector>

#include "gui/panels/panel.h"
#include "trace/replay/server_state.h"

namespace palloscope::gui {

class DsmView {
 public:
  void draw(const PanelContext& panel);
  // The segment after (1) or before (-1) the selected one; none if there is none.
  std::optional<SegmentKey> next(const PanelContext& panel, int direction) const;

 private:
  void refresh(const PanelContext& panel);
  void draw_card(const PanelContext& panel, core::SegmentSlot slot, const trace::SegmentRecord& segment, bool is_ghost,
                 float width);

  std::vector<core::SegmentSlot> slots_;  // those that live, by birth
  std::uint64_t largest_ = 1;
  std::optional<trace::SegmentRecord> ghost_;
  std::vector<trace::SegmentRecord> last_;  // of all slots at the moment drawn last
  std::uint64_t document_ = 0;
  EventNumber cursor_ = ~EventNumber{0};
};

// "main", "dynamic", ...
std::string_view segment_kind_key(core::SegmentKind kind);

}  // namespace palloscope::gui
