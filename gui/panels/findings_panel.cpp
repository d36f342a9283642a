#include "gui/panels/findings_panel.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <vector>

#include "gui/finding_text.h"
#include "gui/format_text.h"
#include "gui/lesson_rounds.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kEventsPerFrame = 100'000;  // some milliseconds
constexpr EventNumber kLookedAtAgain = 300'000;   // as many are looked through anew for each moment of a live process
constexpr const char* kPageKeys[] = {"findings.page.findings", "findings.page.waste", "findings.page.uses"};
constexpr int kPages = static_cast<int>(std::size(kPageKeys));

}  // namespace

FindingsPanel::FindingsPanel() = default;
FindingsPanel::~FindingsPanel() = default;

void FindingsPanel::look_again(const PanelContext& panel) {
  survey_ = std::make_unique<trace::Survey>(*panel.session.timeline(), rounds_.rule());
  newer_.reset();
  stopped_ = false;
  cards_.forget();
  waste_.forget();
  uses_.forget();
}

void FindingsPanel::follow(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ != session.document->serial || !survey_) {
    document_ = session.document->serial;
    rounds_.restart(lesson_rounds(session.timeline()->description(), session.document->script));
    look_again(panel);
  }
  // A scenario that has only begun is looked through once it has something to show.
  if (survey_->done() && survey_->events() == 0 && session.event_count() != 0) look_again(panel);
  if (survey_->done()) rounds_.follow(panel);
  if (survey_->done()) look_at_news(panel);
  if (survey_->done() || stopped_) return;
  if (!survey_->advance(kEventsPerFrame) && panel.wants_frame != nullptr) *panel.wants_frame = true;
}

// A process that is followed: each moment is taken in behind what is shown.
void FindingsPanel::look_at_news(const PanelContext& panel) {
  const Document& document = *panel.session.document;
  const EventNumber there = panel.session.event_count();
  if (!newer_ && document.live && there > survey_->events() && there == document.live_end && there <= kLookedAtAgain)
    newer_ = std::make_unique<trace::Survey>(*panel.session.timeline(), rounds_.rule());
  if (!newer_) return;
  const bool is_done = newer_->advance(kEventsPerFrame);
  if (!is_done && panel.wants_frame != nullptr) *panel.wants_frame = true;
  if (!is_done) return;
  const bool same_count = newer_->findings().size() == survey_->findings().size();
  survey_ = std::move(newer_);
  if (!same_count) cards_.forget();
  waste_.forget();
  uses_.forget();
}

void FindingsPanel::handle_keys(const PanelContext& panel) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!panel.is_focused || io.WantTextInput || panel.session.overlay != Overlay::None || io.KeyCtrl || io.KeyAlt)
    return;
  if (ImGui::IsKeyPressed(ImGuiKey_Backspace, false)) {
    if (survey_->done())
      look_again(panel);
    else
      stopped_ = !stopped_;
  }
  const int turn = (ImGui::IsKeyPressed(ImGuiKey_Period) ? 1 : 0) - (ImGui::IsKeyPressed(ImGuiKey_Comma) ? 1 : 0);
  page_ = static_cast<Page>((static_cast<int>(page_) + kPages + turn) % kPages);
  if (rounds_.handle_keys(panel, panel.filter_wanted)) look_again(panel);
  if (!survey_->done()) return;
  if (page_ == Page::Findings) cards_.handle_keys(panel, *survey_);
  if (page_ == Page::Waste) waste_.handle_keys(panel, *survey_);
  if (page_ == Page::Uses) uses_.handle_keys(panel, *survey_);
}

// --- drawing ----------------------------------------------------------------------------------------------------

void FindingsPanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document || !survey_ || document_ != panel.session.document->serial) return;
  const bool runs = !survey_->done() && !stopped_;
  const char* label = panel.strings(runs ? "findings.cancel" : "findings.again");
  ToolRow tools(width, std::vector{label});
  if (!tools.button(label, runs ? nullptr : panel.strings("findings.again_hint"))) return;
  if (runs)
    stopped_ = true;
  else if (stopped_)
    stopped_ = false;
  else
    look_again(panel);
}

void FindingsPanel::draw_progress(const PanelContext& panel) {
  const float em = panel.em();
  const auto share = static_cast<float>(survey_->progress());
  const std::string text =
      stopped_ ? panel.strings.fill("findings.stopped", {{"share", format_share(share)}})
               : panel.strings.fill("findings.looking",
                                    {{"events", format_count(survey_->events())}, {"share", format_share(share)}});
  draw_cut_text(text, ImGui::GetContentRegionAvail().x, panel.theme.dim);
  draw_share_bar(panel, share, std::min(24 * em, ImGui::GetContentRegionAvail().x), panel.theme.accent);
}

// The pages to the left, what is a round to the right.
void FindingsPanel::draw_pages(const PanelContext& panel) {
  const float em = panel.em();
  for (int i = 0; i < kPages; ++i) {
    if (i > 0) ImGui::SameLine();
    std::string label = panel.strings(kPageKeys[i]);
    if (i == 0 && survey_->done() && !survey_->findings().empty())
      label += "  " + format_count(survey_->findings().size());
    const bool is_here = static_cast<int>(page_) == i;
    if (is_here) {
      ImGui::PushStyleColor(ImGuiCol_Button, panel.theme.accent);
      ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.on_accent);
    }
    if (ImGui::SmallButton(fmt::format("{}###page{}", label, i).c_str())) page_ = static_cast<Page>(i);
    if (is_here) ImGui::PopStyleColor(2);
    ImGui::SetItemTooltip("%s", panel.strings("findings.page_hint"));
  }
  if (survey_->is_of_dump()) return;
  ImGui::SameLine(0, em);
  // A narrow panel has it on a line of its own.
  if (ImGui::GetContentRegionAvail().x < 8 * em) ImGui::NewLine();
  if (rounds_.draw(panel, *survey_, ImGui::GetContentRegionAvail().x)) look_again(panel);
}

// What else there is to know: the highest moment, events that came since, a damaged trace.
void FindingsPanel::draw_foot(const PanelContext& panel) {
  const float width = ImGui::GetContentRegionAvail().x;
  const trace::Peak& peak = survey_->peak();
  if (peak.event != 0 && page_ == Page::Findings) {
    const std::string said = panel.strings.fill(
        "findings.peak", {{"event", format_event(peak.event)}, {"bytes", format_bytes(peak.bytes())}});
    if (draw_link(panel, "##peak", said)) panel.actions.push(Seek{peak.event});
    if (!peak.holders.empty()) {
      const trace::PathWaste& most = peak.holders.front();
      const std::string held = panel.strings.fill(
          "findings.held_by", {{"name", survey_->paths().text(most.path)},
                               {"share", format_share(static_cast<double>(most.waste.total_bytes) /
                                                      static_cast<double>(std::max<std::uint64_t>(peak.bytes(), 1)))}});
      ImGui::SameLine(0, panel.em());
      draw_cut_text(held, ImGui::GetContentRegionAvail().x, panel.theme.text);
    }
  }
  if (panel.session.event_count() > survey_->events())
    draw_cut_text(panel.strings.fill("findings.newer",
                                     {{"count", format_count(panel.session.event_count() - survey_->events())}}),
                  width, panel.theme.dim);
  if (!survey_->problem().empty())
    draw_cut_text(panel.strings.fill("findings.damaged", {{"problem", survey_->problem()}}), width,
                  panel.theme.problem);
}

void FindingsPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  follow(panel);
  handle_keys(panel);
  draw_pages(panel);
  if (ImGui::BeginChild("##findings", {0, 0})) {
    if (!survey_->done()) {
      draw_progress(panel);
    } else {
      if (page_ == Page::Findings) cards_.draw(panel, *survey_);
      if (page_ == Page::Waste) waste_.draw(panel, *survey_);
      if (page_ == Page::Uses) uses_.draw(panel, *survey_);
      draw_foot(panel);
    }
  }
  ImGui::EndChild();
}

}  // namespace palloscope::gui
