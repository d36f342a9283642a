// The address-space strip: shared memory, which exists once, above what backends hold for themselves, which exists for
// each; all to one scale, which is true unless it is asked to be logarithmic.
#pragma once

#include <imgui.h>

#include <vector>

#include "core/workmem/worst_case.h"
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
  // The worst case's settings by key: another one is chosen (none above the first), its value doubled or halved.
  void choose_knob(int direction);
  bool has_knob() const { return knob_ >= 0; }
  void turn_knob(int direction);

 private:
  void refresh(const PanelContext& panel);
  void reckon(const PanelContext& panel);
  void draw_knobs(const PanelContext& panel);
  void draw_axis(const PanelContext& panel, ImVec2 at, float height) const;
  void draw_row(const PanelContext& panel, const AddressRow& row, ImVec2 at, float label_width, float height);
  void draw_part(const PanelContext& panel, const AddressPart& part, ImVec2 low, ImVec2 high) const;
  void draw_legend(const PanelContext& panel) const;

  std::vector<AddressRow> rows_;  // the last one: the worst case
  core::ServerSettings settings_;
  std::uint32_t sorts_ = 1, hashes_ = 1;  // at the same time, in each backend
  core::WorstCase worst_;
  int knob_ = -1;
  bool is_stale_ = true;  // a setting was changed
  double whole_ = 1;      // of the longest row
  AddressScale scale_;
  bool is_fit_ = true;
  std::uint64_t document_ = 0;
  EventNumber cursor_ = ~EventNumber{0};
};

}  // namespace palloscope::gui
