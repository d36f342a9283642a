// Where bytes go, drawn: a bar of the parts, its legend, and the same parts over time. Each part is told by pattern as
// well as by colour.
#pragma once

#include <optional>
#include <vector>

#include "gui/panels/panel.h"
#include "trace/findings/survey.h"

namespace palloscope::gui {

// A bar as wide as there is room, its parts named on hover.
void draw_waste_bar(const PanelContext& panel, const trace::Waste& waste);
// What each part is, and how much; in as many lines as it takes.
void draw_waste_legend(const PanelContext& panel, const trace::Waste& waste);

// The samples as layers, the first part lowest; marks the cursor and the highest moment. Of a dump a column stands for
// each moment. Answers the event that was clicked.
std::optional<EventNumber> draw_waste_curve(const PanelContext& panel, const std::vector<trace::SurveySample>& samples,
                                            const trace::Survey& survey, float height);

}  // namespace palloscope::gui
