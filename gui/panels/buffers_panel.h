// The buffer pool: as a grid or a clock face, and beside it one of three pages: the read request as steps, the
// freelist, rings and backends; the biography of the selected buffer; the policy laboratory. Shared and local pools,
// scenarios, traces and what pg_buffercache reported.
//
// Keys while it has the keyboard: Up, Down a row, comma and full stop a buffer; Enter looks at the selected buffer, 0
// at all, + and - zoom; A colours, K clock face or grid, D details on and off, J their next page,
// X the next pool.
#pragma once

#include <optional>
#include <vector>

#include "gui/panels/panel.h"
#include "gui/panels/pool_biography.h"
#include "gui/panels/pool_lab.h"
#include "gui/panels/pool_scene.h"
#include "gui/panels/pool_view.h"

namespace palloscope::gui {

class BuffersPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  enum class Page : std::uint8_t { Now, Biography, Policies };
  static constexpr int kPageCount = 3;

  void follow(const PanelContext& panel);
  void choose_pool(const PanelContext& panel);
  void handle_keys(const PanelContext& panel);
  void move_selection(const PanelContext& panel, std::int64_t by);
  void next_pool(const PanelContext& panel);
  void toggle_details();
  void turn_page(int by);
  std::optional<core::BufferSlot> told_buffer(const PanelContext& panel) const;
  bool can_be_clock() const;
  std::optional<std::uint32_t> selected_place(const PanelContext& panel) const;
  void draw_pools(const PanelContext& panel);
  void draw_summary(const PanelContext& panel) const;
  void draw_reported(const PanelContext& panel) const;
  void draw_picture(const PoolScene& scene);
  void draw_pages(const PanelContext& panel);
  void draw_details(const PoolScene& scene);
  void draw_now(const PoolScene& scene) const;
  void draw_legend(const PanelContext& panel, float width) const;

  // View.
  PoolMode mode_ = PoolMode::State;
  bool as_clock_ = false, details_ = true;
  bool both_fit_ = true, details_alone_ = false;  // without room for both, details take the picture's place
  Page page_ = Page::Now;
  PoolView view_;
  PoolBiography biography_;
  PoolLab lab_;
  core::PoolSlot pool_;
  core::BufferSlot selected_;  // the pool of a newly selected buffer comes to sight
  std::optional<std::uint32_t> pointed_, pointed_now_;

  // Caches.
  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0, pool_born_ = 0;
  core::PoolSlot followed_;
  PoolCells cells_;
  Lookup lookup_;
  std::vector<std::uint32_t> changed_;
};

}  // namespace palloscope::gui
