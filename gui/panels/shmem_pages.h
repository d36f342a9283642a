// The segment's pages: how many there are with ordinary and with huge pages, what became of huge_pages, and on which
// node of the machine the pages lie, with what each backend pays for that.
#pragma once

#include <imgui.h>

#include <optional>
#include <vector>

#include "gui/layout/node_bands.h"
#include "gui/layout/shmem_model.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

// A translation look-aside buffer of today's servers holds about so many entries: for the comparison of page sizes.
inline constexpr std::uint64_t kTlbEntries = 1536;
inline constexpr std::uint64_t kSmallPage = 4096, kHugePage = std::uint64_t{2} << 20;

class ShmemPages {
 public:
  void draw(const PanelContext& panel, const ShmemModel& model);
  // By so many text heights, in the next frame; by keyboard.
  void scroll(float lines) { scroll_lines_ += lines; }

 private:
  void refresh(const PanelContext& panel, const ShmemModel& model);
  void draw_huge_pages(const PanelContext& panel, const ShmemModel& model);
  void draw_page_grid(const PanelContext& panel, const ShmemModel& model);
  void draw_nodes(const PanelContext& panel, const ShmemModel& model);
  void draw_placement(const PanelContext& panel, const ShmemModel& model);
  void draw_costs(const PanelContext& panel);

  float scroll_lines_ = 0;
  std::uint64_t document_ = 0;
  EventNumber cursor_ = ~EventNumber{0};
  std::optional<core::HugePagesTried> tried_;
  std::vector<std::uint64_t> node_bytes_;  // by node; placed, or reported by a server
  std::uint64_t not_placed_ = 0;
  bool is_reported_ = false;
  std::vector<NodeBand> bands_;
  float bands_width_ = 0;
};

}  // namespace palloscope::gui
