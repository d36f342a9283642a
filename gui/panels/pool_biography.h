// The biography of the selected buffer: each page's stay in it, and what was done to it meanwhile.
#pragma once

#include <optional>
#include <vector>

#include "gui/panels/panel.h"
#include "trace/analysis/buffer_life.h"

namespace palloscope::gui {

class PoolBiography {
 public:
  // Reads on in slices while it is drawn. No buffer: says that one is to be selected.
  void draw(const PanelContext& panel, std::optional<core::BufferSlot> buffer);

 private:
  void follow(const PanelContext& panel, core::BufferSlot buffer);
  // A stay's heading or an entry, by their places in the life.
  struct Row {
    bool is_stay = false;
    std::size_t index = 0;
    EventNumber event = 0;
  };
  void lay_out();
  void draw_stay(const PanelContext& panel, const trace::BufferStay& stay) const;
  void draw_entry(const PanelContext& panel, const trace::BufferEntry& entry) const;

  std::optional<trace::BufferLife> life_;
  std::vector<Row> rows_;
  core::BufferSlot buffer_;
  std::uint64_t document_ = 0;
  EventNumber size_ = 0, anchor_ = 0, revealed_ = 0;
  bool done_ = false;
};

}  // namespace palloscope::gui
