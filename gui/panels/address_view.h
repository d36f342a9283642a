// The address-space strip: shared memory, which exists once, above what backends hold for themselves, which exists for
// each; all to one scale, which is true unless it is asked to be logarithmic.
#pragma once

#include <imgui.h>

#include <vector>

#include "gui/layout/address_strip.h"
#include "gui/panels/panel.h"

namespace palloscope::gui {

class AddressView {
 public:
  void draw(const PanelContext& panel);

  bool logarithmic() const { return scale_.logarithmic; }
  void set_logarithmic(bool on) { scale_.logarithmic = on; }
  void zoom(double factor);  // around the left edge's part that is in sight
  void fit() { is_fit_ = true; }

 private:
  void refresh(const PanelContext& panel);
  void draw_axis(const PanelContext& panel, ImVec2 at, float height) const;
  void draw_row(const PanelContext& panel, const AddressRow& row, ImVec2 at, float label_width, float height);
  void draw_part(const PanelContext& panel, const AddressPart& part, ImVec2 low, ImVec2 high) const;
  void draw_legend(const PanelContext& panel) const;

  std::vector<AddressRow> rows_;
  double whole_ = 1;  // of the longest row
  AddressScale scale_;
  bool is_fit_ = true;
  std::uint64_t document_ = 0;
  EventNumber cursor_ = ~EventNumber{0};
};

}  // namespace palloscope::gui
