// The structures of the main segment as a list beside the picture: sorted by any column, filtered by name, with what
// libraries asked for below.
#pragma once

#include <string>
#include <vector>

#include "gui/layout/shmem_model.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

enum class ShmemColumn : std::uint8_t { Name, Allocated, Asked, Offset, Share, Found };
inline constexpr int kShmemColumnCount = 6;

// Indexes of the model's items in this order, those whose name contains `filter` (without regard to case).
std::vector<int> sorted_items(const ShmemModel& model, ShmemColumn column, bool descending, std::string_view filter);

class ShmemList {
 public:
  // `selected`: index of the model's item; -1: none.
  void draw(const PanelContext& panel, const ShmemModel& model, int selected);
  // The item after (1) or before (-1) this one on the list; -1: the list is empty.
  int next(int selected, int direction) const;
  void draw_filter(const PanelContext& panel, float width);

 private:
  void refresh(const PanelContext& panel, const ShmemModel& model);
  void draw_row(const PanelContext& panel, const ShmemModel& model, int item, bool is_selected);
  void draw_requests(const PanelContext& panel);

  ShmemColumn column_ = ShmemColumn::Offset;
  bool descending_ = false;
  std::string filter_;
  std::vector<int> rows_;
  std::uint64_t document_ = 0;
  EventNumber cursor_ = ~EventNumber{0};
  bool stale_ = true;
  int revealed_ = -1;
};

}  // namespace palloscope::gui
