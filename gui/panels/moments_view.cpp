#include "gui/panels/moments_view.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <string>

#include "gui/format_text.h"
#include "gui/panels/waste_bar.h"
#include "gui/panels/widgets.h"
#include "trace/live/growth.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kEventsPerFrame = 50'000;
constexpr std::size_t kMostHolders = 100;
constexpr double kLeastSeconds = 1, kShareOfTime = 10;  // between two surveys of a stream that grows

}  // namespace

void MomentsView::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ != session.document->serial || !survey_) {
    document_ = session.document->serial;
    trace::RoundRule no_rounds;
    survey_ = std::make_unique<trace::Survey>(*session.timeline(), no_rounds);
    next_.reset();
    surveyed_ = session.event_count();
    begun_s_ = panel.now_s;
    due_s_ = panel.now_s + kLeastSeconds;
    moments_ = trace::dump_moments(*session.timeline());
  }
  trace::Survey& at_work = next_ ? *next_ : *survey_;
  if (!at_work.advance(kEventsPerFrame)) {
    if (panel.wants_frame != nullptr) *panel.wants_frame = true;
    due_s_ = panel.now_s + std::max(kLeastSeconds, kShareOfTime * (panel.now_s - begun_s_));
    return;
  }
  if (next_) {
    survey_ = std::move(next_);
    moments_ = trace::dump_moments(*session.timeline());
  }
  if (surveyed_ == session.event_count() || panel.now_s < due_s_) return;
  trace::RoundRule no_rounds;
  next_ = std::make_unique<trace::Survey>(*session.timeline(), no_rounds);
  surveyed_ = session.event_count();
  begun_s_ = panel.now_s;
  if (panel.wants_frame != nullptr) *panel.wants_frame = true;
}

// Below each column when it was, and of whom; and which of them are compared.
void MomentsView::draw_labels(const PanelContext& panel) const {
  const auto& samples = survey_->samples();
  const float small = panel.fonts.small_size, width = ImGui::GetContentRegionAvail().x;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float each = width / static_cast<float>(samples.size());
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const auto& base = panel.session.diff_base;
  const auto letter = [&](float x, const char* text, Color color) {
    draw->AddRectFilled({x, at.y}, {x + 1.1f * small, at.y + 1.1f * small}, color, 0.2f * small);
    draw->AddText(panel.fonts.title, small, {x + 0.2f * small, at.y}, readable_on(color), text);
    return x + 1.3f * small;
  };
  float free_from = at.x;  // of the label before; one that does not fit beside it is left out
  const bool is_one_process = panel.session.timeline()->description().source == core::SourceKind::Snapshot;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    float x = at.x + static_cast<float>(i) * each;
    const EventNumber before = i == 0 ? 0 : samples[i - 1].event;
    const auto holds = [&](EventNumber event) { return event > before && event <= samples[i].event; };
    if (base && base->document == document_ && holds(base->event)) x = letter(x, "A", panel.theme.notice);
    if (holds(panel.session.cursor())) x = letter(x, base ? "B" : "•", panel.theme.text);
    const auto moment = std::find_if(moments_.begin(), moments_.end(),
                                     [&](const trace::DumpMoment& one) { return one.event == samples[i].event; });
    std::string said = format_event(samples[i].event);
    if (moment != moments_.end() && !moment->label.empty()) said = trace::clock_of(moment->label);
    if (moment != moments_.end() && moment->pid != 0 && !is_one_process) said += fmt::format("  PID {}", moment->pid);
    const float end = x + panel.fonts.text->CalcTextSizeA(small, FLT_MAX, 0, said.c_str()).x;
    if (x < free_from || (end > at.x + width && i > 0)) continue;
    free_from = end + small;
    draw->PushClipRect({x, at.y}, {at.x + width, at.y + 1.3f * small}, true);
    draw->AddText(panel.fonts.text, small, {x, at.y}, panel.theme.dim, said.c_str());
    draw->PopClipRect();
  }
  ImGui::Dummy({width, 1.3f * small});
}

// The only moment: who holds most of it.
void MomentsView::draw_holders(const PanelContext& panel) const {
  const trace::Peak& peak = survey_->peak();
  const float em = panel.em();
  std::string said = panel.strings.fill("timeline.one_moment", {{"total", format_bytes(peak.bytes())}});
  if (!moments_.empty() && !moments_.front().label.empty()) said += "   " + moments_.front().label;
  draw_cut_text(said, ImGui::GetContentRegionAvail().x, panel.theme.dim);
  if (!ImGui::BeginTable("##moment_holders", 3, ImGuiTableFlags_ScrollY | ImGuiTableFlags_NoPadOuterX)) return;
  ImGui::TableSetupColumn("##name", ImGuiTableColumnFlags_WidthStretch, 1.2f);
  ImGui::TableSetupColumn("##bar", ImGuiTableColumnFlags_WidthStretch, 1);
  ImGui::TableSetupColumn("##bytes", ImGuiTableColumnFlags_WidthFixed, 5 * em);
  const std::uint64_t most = peak.holders.empty() ? 1 : peak.holders.front().waste.total_bytes;
  const core::ContextSlot selected = context_of(panel.session.selection, panel.state());
  for (std::size_t i = 0; i < peak.holders.size() && i < kMostHolders; ++i) {
    const trace::PathWaste& holder = peak.holders[i];
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushID(static_cast<int>(i));
    const bool is_selected = selected && survey_->paths().known(panel.state(), selected) == holder.path;
    if (ImGui::Selectable("##held", is_selected, ImGuiSelectableFlags_SpanAllColumns) && holder.example.born != 0)
      panel.actions.push(Select{holder.example});
    ImGui::PopID();
    ImGui::SameLine(0, 0);
    std::string name(survey_->paths().name(holder.path));
    if (holder.contexts > 1) name += fmt::format("  × {}", format_count(holder.contexts));
    draw_cut_text(name, ImGui::GetContentRegionAvail().x, panel.theme.text);
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const auto length = [&](std::uint64_t bytes) {
      return width * static_cast<float>(static_cast<double>(bytes) / static_cast<double>(most));
    };
    // As the server counts it: headers and rounding are used.
    const std::uint64_t unused = holder.waste.free_bytes + holder.waste.tail_bytes + holder.waste.empty_bytes;
    const float whole = length(holder.waste.total_bytes), used = whole - std::min(whole, length(unused));
    const ImVec2 low(at.x, at.y + 0.2f * em), high(at.x + whole, at.y + em);
    fill_hatched(low, high, panel.theme.free, with_alpha(panel.theme.text, 0.5f), 0.5f * em);
    ImGui::GetWindowDrawList()->AddRectFilled(low, {at.x + used, high.y}, panel.theme.live);
    ImGui::GetWindowDrawList()->AddRect(low, high, panel.theme.line);
    ImGui::TableNextColumn();
    draw_bytes(panel, holder.waste.total_bytes);
  }
  ImGui::EndTable();
}

void MomentsView::draw(const PanelContext& panel) {
  refresh(panel);
  const auto& samples = survey_->samples();
  if (!survey_->done() || samples.empty()) return;
  if (samples.size() == 1) return draw_holders(panel);
  const float height = ImGui::GetContentRegionAvail().y - 1.5f * panel.fonts.small_size - panel.em() * 0.3f;
  if (const auto event = draw_waste_curve(panel, samples, *survey_, height)) panel.actions.push(Seek{*event});
  draw_labels(panel);
}

}  // namespace palloscope::gui
