// Shared memory: the main segment from the whole down to one structure with the list beside it; dynamic segments; pages
// and nodes of the machine; and the address-space strip that sets it against private memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "gui/layout/shmem_model.h"
#include "gui/panels/address_view.h"
#include "gui/panels/dsm_view.h"
#include "gui/panels/panel.h"
#include "gui/panels/shmem_list.h"
#include "gui/panels/shmem_map.h"
#include "gui/panels/shmem_pages.h"

namespace palloscope::gui {

enum class ShmemView : std::uint8_t { Segment, Dynamic, Pages, Strip };
inline constexpr int kShmemViewCount = 4;

// By the name that a scenario's head gives it: "segment", "dynamic", "pages", "strip".
std::optional<ShmemView> shmem_view_named(std::string_view name);

class ShmemPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  using View = ShmemView;

  void refresh(const PanelContext& panel);
  void show_selected(const PanelContext& panel);
  void handle_keys(const PanelContext& panel);
  void draw_views(const PanelContext& panel);
  void draw_breadcrumb(const PanelContext& panel);
  void draw_segment(const PanelContext& panel);
  int selected_item(const PanelContext& panel) const;
  void select(const PanelContext& panel, int item) const;

  View view_ = View::Segment;
  ShmemFocus focus_;
  ShmemModel model_;
  ShmemMap map_;
  ShmemList list_;
  DsmView dynamic_;
  ShmemPages pages_;
  AddressView strip_;
  Selection shown_;  // a newly selected piece or segment comes to sight
  std::uint64_t document_ = 0;
  EventNumber cursor_ = ~EventNumber{0};
};

}  // namespace palloscope::gui
