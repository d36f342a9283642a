#include "gui/panels/panel_table.h"

#include <algorithm>
#include <array>
#include <string>

#include "gui/icons.h"
#include "gui/panels/breakpoints_panel.h"
#include "gui/panels/buffers_panel.h"
#include "gui/panels/compare_panel.h"
#include "gui/panels/contexts_panel.h"
#include "gui/panels/diff_panel.h"
#include "gui/panels/events_panel.h"
#include "gui/panels/findings_panel.h"
#include "gui/panels/freelists_panel.h"
#include "gui/panels/inspector_panel.h"
#include "gui/panels/life_panel.h"
#include "gui/panels/map_panel.h"
#include "gui/panels/operations_panel.h"
#include "gui/panels/panel.h"
#include "gui/panels/process_panel.h"
#include "gui/panels/query_panel.h"
#include "gui/panels/shmem_panel.h"
#include "gui/panels/source_panel.h"
#include "gui/panels/statistics_panel.h"
#include "gui/panels/timeline_panel.h"
#include "gui/panels/why_panel.h"

namespace palloscope::gui {
namespace {

template <class P>
std::unique_ptr<Panel> make_panel() {
  return std::make_unique<P>();
}

// visible: {Teach, Debug, Server}
constexpr PanelRow kPanels[] = {
    {{"contexts", Place::LeftTop, {true, true, true}}, icons::kTree, make_panel<ContextsPanel>},
    {{"map", Place::CentreTop, {true, true, true}}, icons::kMap, make_panel<MapPanel>},
    {{"freelists", Place::CentreMiddle, {true, true, false}}, icons::kFreelists, make_panel<FreelistsPanel>},
    {{"inspector", Place::RightTop, {true, true, true}}, icons::kInspector, make_panel<InspectorPanel>},
    {{"why", Place::RightBottom, {true, true, false}}, icons::kWhy, make_panel<WhyPanel>},
    {{"timeline", Place::CentreLower, {true, true, true}}, icons::kTimeline, make_panel<TimelinePanel>},
    {{"events", Place::CentreBottom, {false, true, true}}, icons::kEvents, make_panel<EventsPanel>},
    {{"source", Place::LeftBottom, {true, true, false}}, icons::kSource, make_panel<SourcePanel>},
    {{"statistics", Place::CentreMiddle, {true, true, true}}, icons::kStatistics, make_panel<StatisticsPanel>},
    {{"life", Place::CentreMiddle, {true, true, false}}, icons::kLife, make_panel<LifePanel>},
    {{"compare", Place::CentreTop, {true, true, false}}, icons::kCompare, make_panel<ComparePanel>},
    {{"shmem", Place::CentreTop, {true, true, true}}, icons::kSharedMemory, make_panel<ShmemPanel>},
    {{"buffers", Place::CentreTop, {true, true, true}}, icons::kBuffers, make_panel<BuffersPanel>},
    {{"operations", Place::CentreTop, {true, true, true}}, icons::kOperations, make_panel<OperationsPanel>},
    {{"diff", Place::CentreTop, {false, true, true}}, icons::kDiff, make_panel<DiffPanel>},
    {{"query", Place::CentreTop, {false, true, true}}, icons::kQuestions, make_panel<QueryPanel>},
    {{"findings", Place::CentreMiddle, {true, true, true}}, icons::kFindings, make_panel<FindingsPanel>},
    {{"process", Place::CentreMiddle, {false, true, true}}, icons::kChip, make_panel<ProcessPanel>},
    {{"breakpoints", Place::RightBottom, {false, true, false}}, icons::kBreakpoint, make_panel<BreakpointsPanel>},
};

consteval bool has_unique_ids() {
  for (const PanelRow& a : kPanels)
    for (const PanelRow& b : kPanels)
      if (&a != &b && a.placement.id == b.placement.id) return false;
  return true;
}
static_assert(has_unique_ids());

consteval auto placements() {
  std::array<PanelPlacement, std::size(kPanels)> rows;
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = kPanels[i].placement;
  return rows;
}
constexpr auto kPlacements = placements();

}  // namespace

std::span<const PanelRow> panel_table() { return kPanels; }

std::span<const PanelPlacement> panel_placements() { return kPlacements; }

const PanelRow* find_panel(std::string_view id) {
  const auto found =
      std::find_if(std::begin(kPanels), std::end(kPanels), [&](const PanelRow& row) { return row.placement.id == id; });
  return found == std::end(kPanels) ? nullptr : &*found;
}

std::string panel_title_key(std::string_view id) { return std::string(id) + ".title"; }

}  // namespace palloscope::gui
