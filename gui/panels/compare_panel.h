// One recorded stream of calls on several allocators, side by side: a map of each at the same scale, memory held over
// time, and the table of what each needs. All stand at the cursor's call. Contenders are chosen from a list or typed;
// they run in slices between frames and can be stopped.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gui/panels/compare_map.h"
#include "gui/panels/panel.h"
#include "trace/compare/comparison.h"

namespace palloscope::gui {

class ComparePanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;
  void draw_title_tools(const PanelContext& panel, float width) override;

 private:
  // A column of the table, a map and a curve; the first is the recording.
  struct Row {
    std::string letter, name, note, refused;
    std::optional<trace::Figures> now;
    const trace::RunFigures* run = nullptr;
    trace::Timeline* timeline = nullptr;  // null: the recording's, or none
    trace::ContenderKind kind = trace::ContenderKind::Recorded;
  };

  void follow(const PanelContext& panel);
  void work(const PanelContext& panel);
  void refresh_rows(const PanelContext& panel);
  void toggle(const trace::ContenderSpec& spec);
  void start(const PanelContext& panel);
  void draw_list(const PanelContext& panel);
  void draw_choice(const PanelContext& panel, const trace::ContenderSpec& spec);
  void draw_chips(const PanelContext& panel);
  void draw_progress(const PanelContext& panel);
  void draw_maps(const PanelContext& panel, float width, float height);
  void draw_curve(const PanelContext& panel, float width, float height);
  void draw_table(const PanelContext& panel, float width, float height);
  struct TableSizes {
    float what = 0, value = 0, all = 0;  // the column of words, one of numbers, the table
  };
  TableSizes table_sizes(const PanelContext& panel, float room) const;  // room 0: the least
  std::string table_text(const PanelContext& panel) const;
  std::string label(const PanelContext& panel, const trace::ContenderSpec& spec) const;

  std::vector<trace::ContenderSpec> specs_;
  std::unique_ptr<trace::Comparison> comparison_;
  std::string problem_;   // why this stream cannot be compared, or what was typed not be understood
  bool stopped_ = false;  // by the user

  std::vector<Row> rows_;
  std::vector<CompareMap> maps_;
  char typed_[64] = "";
  int choice_ = 0, choices_ = 0;  // the line of the list that Enter takes; lines there are

  std::uint64_t document_ = 0;
  EventNumber cursor_ = 0, size_ = 0;
  bool rows_dirty_ = true;
  double refreshed_s_ = 0;
};

}  // namespace palloscope::gui
