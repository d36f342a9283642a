// Operations under work_mem: each sort, hash join and hash aggregate of the moment as a state machine: its states with
// the present one, the memory it counts against its limit, its slots, runs or batches, and what it decides next. Its
// account over time stands beside it.
#pragma once

#include <memory>
#include <vector>

#include "gui/layout/operation_layout.h"
#include "gui/panels/panel.h"
#include "trace/analysis/operation_story.h"

namespace palloscope::gui {

class OperationsPanel final : public Panel {
 public:
  void draw(const PanelContext& panel) override;

 private:
  struct Shown {
    core::OperationSlot slot;
    std::unique_ptr<trace::OperationStory> story;
    std::vector<trace::OperationPart> parts;  // at `cursor`
    EventNumber cursor = 0, known = 0;
  };
  void refresh(const PanelContext& panel);
  void draw_card(const PanelContext& panel, Shown& shown);
  void draw_head(const PanelContext& panel, const trace::OperationRecord& operation);
  void draw_phases(const PanelContext& panel, const trace::OperationRecord& operation, float width);
  void draw_memory(const PanelContext& panel, const Shown& shown, const trace::OperationRecord& operation, float width);
  void draw_parts(const PanelContext& panel, const Shown& shown, const trace::OperationRecord& operation, float width);
  void draw_forecast(const PanelContext& panel, const trace::OperationRecord& operation, float width);
  void draw_curve(const PanelContext& panel, const Shown& shown, const trace::OperationRecord& operation, float width,
                  float height);

  std::uint64_t document_ = 0;
  std::vector<Shown> shown_;  // those that the state at the cursor has, at work first
};

}  // namespace palloscope::gui
