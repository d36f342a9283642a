#include "gui/panels/findings_panel.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "gui/finding_text.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr std::size_t kEventsPerFrame = 100'000;  // some milliseconds
constexpr std::size_t kMostShown = 200;
constexpr std::uint64_t kMostRegions = 100'000;  // of which a frame sums up the waste

void dim_text(const PanelContext& panel, const std::string& text) {
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopStyleColor();
}

// A part of a bar, told by pattern as well as by colour.
void fill_part(const PanelContext& panel, std::size_t part, ImVec2 low, ImVec2 high) {
  const Theme& theme = panel.theme;
  const float em = panel.em();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  switch (part) {
    case 0:
      return draw->AddRectFilled(low, high, theme.live);
    case 1:
      return draw->AddRectFilled(low, high, theme.waste);
    case 2:
      return draw->AddRectFilled(low, high, theme.header);
    case 3:
      return fill_hatched(low, high, theme.free, theme.text, 0.5f * em);
    case 4:
      draw->AddRectFilled(low, high, theme.tail);
      return fill_dotted(low, high, theme.dim, 0.5f * em);
    default:
      draw->AddRectFilled(low, high, theme.map_ground);
      return draw->AddRect(low, high, theme.dim, 0, 0, 0.12f * em);
  }
}

}  // namespace

FindingsPanel::FindingsPanel() = default;
FindingsPanel::~FindingsPanel() = default;

void FindingsPanel::look_again(const PanelContext& panel) {
  survey_ = std::make_unique<trace::Survey>(*panel.session.timeline());
  stopped_ = false;
  selected_ = 0;
}

void FindingsPanel::follow(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ != session.document->serial || !survey_) {
    document_ = session.document->serial;
    cursor_ = ~EventNumber{0};
    look_again(panel);
  }
  // A scenario that has only begun is looked through once it has something to show.
  if (survey_->done() && survey_->events() == 0 && session.event_count() != 0) look_again(panel);
  if (survey_->done() || stopped_) return;
  if (!survey_->advance(kEventsPerFrame) && panel.wants_frame != nullptr) *panel.wants_frame = true;
}

void FindingsPanel::go_to(const PanelContext& panel, std::size_t i) {
  selected_ = i;
  const trace::Finding& finding = survey_->findings()[i];
  panel.actions.push(Seek{finding.event});
  if (finding.context.born != 0) panel.actions.push(Select{finding.context});
}

void FindingsPanel::handle_keys(const PanelContext& panel) {
  if (!panel.is_focused || ImGui::GetIO().WantTextInput) return;
  if (ImGui::IsKeyPressed(ImGuiKey_Backspace, false)) {
    if (survey_->done())
      look_again(panel);
    else
      stopped_ = !stopped_;
  }
  const std::size_t count = survey_->done() ? std::min(survey_->findings().size(), kMostShown) : 0;
  if (count == 0) return;
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow) && selected_ + 1 < count) {
    ++selected_;
    reveal_ = true;
  }
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow) && selected_ > 0) {
    --selected_;
    reveal_ = true;
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Enter, false) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false))
    go_to(panel, selected_);
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
  dim_text(panel, text);
  draw_share_bar(panel, share, std::min(24 * em, ImGui::GetContentRegionAvail().x), panel.theme.accent);
}

void FindingsPanel::draw_head(const PanelContext& panel) {
  const trace::Peak& peak = survey_->peak();
  if (peak.event != 0) {
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
  std::string rounds = panel.strings.fill("findings.rounds", {{"rounds", rounds_text(*survey_, panel.strings)}});
  if (panel.session.event_count() > survey_->events())
    rounds += "  " + panel.strings.fill("findings.newer",
                                        {{"count", format_count(panel.session.event_count() - survey_->events())}});
  if (!survey_->problem().empty())
    rounds += "  " + panel.strings.fill("findings.damaged", {{"problem", survey_->problem()}});
  draw_cut_text(rounds, ImGui::GetContentRegionAvail().x, panel.theme.dim);
}

void FindingsPanel::refresh_waste(const PanelContext& panel) {
  const trace::MemoryState& state = panel.state();
  const core::ContextSlot slot = context_of(panel.session.selection, state);
  if (cursor_ == panel.session.cursor() && waste_of_ == slot) return;
  cursor_ = panel.session.cursor();
  waste_of_ = slot;
  const core::StreamDescription& description = panel.session.timeline()->description();
  const core::VersionProfile* profile = core::find_profile(description.pg_major, description.checking);
  waste_ = {};
  if (const trace::ContextRecord* context = state.context(slot))
    waste_ = waste_of(state, *context, profile);
  else if (state.totals().region_count <= kMostRegions)
    waste_ = waste_of(state, profile);
}

void FindingsPanel::draw_waste(const PanelContext& panel) {
  refresh_waste(panel);
  if (waste_.total_bytes == 0) return;
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x, height = 1.1f * em;
  const trace::ContextRecord* context = panel.state().context(waste_of_);
  const std::string total = format_bytes(waste_.total_bytes);
  draw_cut_text(context != nullptr
                    ? panel.strings.fill("findings.waste_here", {{"name", context->name}, {"total", total}})
                    : panel.strings.fill("findings.waste_all", {{"total", total}}),
                width, panel.theme.text);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("##waste", {std::max(1.0f, width), height});
  const bool hovered = ImGui::IsItemHovered();
  float x = at.x;
  for (std::size_t i = 0; i < std::size(trace::kWasteParts); ++i) {
    const std::uint64_t bytes = waste_.*trace::kWasteParts[i].bytes;
    if (bytes == 0) continue;
    const float wide = static_cast<float>(static_cast<double>(bytes) / static_cast<double>(waste_.total_bytes)) * width;
    const ImVec2 low(x, at.y), high(x + wide, at.y + height);
    fill_part(panel, i, low, high);
    x += wide;
    if (hovered && ImGui::IsMouseHoveringRect(low, high))
      ImGui::SetTooltip("%s: %s\n%s", waste_part_text(trace::kWasteParts[i], panel.strings).c_str(),
                        format_bytes_exactly(bytes).c_str(),
                        waste_part_hint(trace::kWasteParts[i], panel.strings).c_str());
  }
  ImGui::GetWindowDrawList()->AddRect(at, {at.x + width, at.y + height}, panel.theme.line);
  // What each part is, as many as fit on a line.
  ImGui::PushFont(panel.fonts.text, panel.fonts.small_size);
  float left = 0;
  for (std::size_t i = 0; i < std::size(trace::kWasteParts); ++i) {
    const std::uint64_t bytes = waste_.*trace::kWasteParts[i].bytes;
    if (bytes == 0) continue;
    const std::string text =
        fmt::format("{} {}", waste_part_text(trace::kWasteParts[i], panel.strings), format_bytes(bytes));
    const float wide = ImGui::CalcTextSize(text.c_str()).x + 2.2f * em;
    if (left > 0 && left + wide <= width)
      ImGui::SameLine(0, em);
    else
      left = 0;
    left += wide + em;
    const ImVec2 box = ImGui::GetCursorScreenPos();
    const ImVec2 low(box.x, box.y + 0.1f * em), high(box.x + 0.85f * em, box.y + 0.95f * em);
    fill_part(panel, i, low, high);
    ImGui::GetWindowDrawList()->AddRect(low, high, panel.theme.line);
    ImGui::Dummy({0.9f * em, ImGui::GetTextLineHeight()});
    ImGui::SameLine(0, 0.2f * em);
    ImGui::TextUnformatted(text.c_str());
  }
  ImGui::PopFont();
}

// A card: what kind it is and how much it weighs, the sentence, what to do. True when it was clicked.
bool FindingsPanel::draw_finding(const PanelContext& panel, std::size_t i) {
  const trace::Finding& finding = survey_->findings()[i];
  const Theme& theme = panel.theme;
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x, pad = 0.5f * em;
  ImGui::PushID(static_cast<int>(i));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->ChannelsSplit(2);
  draw->ChannelsSetCurrent(1);
  ImGui::BeginGroup();
  ImGui::Dummy({width, 0.25f * em});
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + pad + 0.3f * em);
  ImGui::PushFont(panel.fonts.title, em);
  ImGui::TextUnformatted(finding_title(finding, panel.strings).c_str());
  ImGui::PopFont();
  ImGui::SameLine(0, em);
  const std::string weight = format_bytes(finding.weight_bytes) + "  " + format_event(finding.event);
  const float room = panel.fonts.mono->CalcTextSizeA(panel.fonts.mono_size, FLT_MAX, 0, weight.c_str()).x;
  draw_cut_text(finding.path, std::max(em, ImGui::GetContentRegionAvail().x - room - 2 * em), theme.dim);
  ImGui::SameLine();
  draw_number(panel, weight, right_edge() - pad, theme.text);
  draw_paragraphs(finding_text(finding, panel.strings), pad + 0.3f * em);
  if (const std::string advice = advice_text(finding, panel.strings); !advice.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, theme.dim);
    draw_paragraphs(std::string(icons::kWhy) + "  " + advice, pad + 0.3f * em);
    ImGui::PopStyleColor();
  }
  ImGui::Dummy({width, 0.15f * em});
  ImGui::EndGroup();
  const ImVec2 high(at.x + width, ImGui::GetItemRectMax().y);
  ImGui::SetCursorScreenPos(at);
  const bool clicked = ImGui::InvisibleButton(fmt::format("##finding{}", i).c_str(), {width, high.y - at.y});
  const bool is_selected = i == selected_;
  draw->ChannelsSetCurrent(0);
  draw->AddRectFilled(at, high, is_selected || ImGui::IsItemHovered() ? theme.raised : theme.panel, 0.3f * em);
  draw->AddRect(at, high, is_selected ? theme.accent : theme.line, 0.3f * em, 0, is_selected ? 0.14f * em : 1.0f);
  draw->AddRectFilled({at.x, at.y + 0.35f * em}, {at.x + 0.3f * em, high.y - 0.35f * em}, theme.problem, 0.1f * em);
  draw->ChannelsMerge();
  if (is_selected && reveal_) {
    ImGui::SetScrollHereY(0.5f);
    reveal_ = false;
  }
  ImGui::PopID();
  return clicked;
}

void FindingsPanel::draw_list(const PanelContext& panel) {
  const auto& findings = survey_->findings();
  if (findings.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.born);
    ImGui::TextUnformatted(icons::kCheck);
    ImGui::PopStyleColor();
    ImGui::SameLine(0, 0.5f * panel.em());
    draw_paragraphs(no_findings_text(panel.strings, *panel.session.timeline()));
    return;
  }
  for (std::size_t i = 0; i < findings.size() && i < kMostShown; ++i)
    if (draw_finding(panel, i)) go_to(panel, i);
  if (findings.size() > kMostShown)
    dim_text(panel, panel.strings.fill("report.cut", {{"count", format_count(findings.size() - kMostShown)}}));
}

void FindingsPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  follow(panel);
  handle_keys(panel);
  if (!ImGui::BeginChild("##findings", {0, 0})) {
    ImGui::EndChild();
    return;
  }
  if (survey_->done())
    draw_head(panel);
  else
    draw_progress(panel);
  draw_waste(panel);
  ImGui::Dummy({0, 0.2f * panel.em()});
  if (survey_->done()) draw_list(panel);
  ImGui::EndChild();
}

}  // namespace palloscope::gui
