#include "gui/panels/pool_lab.h"

#include <imgui.h>

#include <algorithm>
#include <optional>
#include <string>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

using trace::kReplacementPolicyCount;

constexpr std::size_t kEventsPerFrame = 100'000;  // some milliseconds
constexpr const char* kNameKeys[kReplacementPolicyCount] = {"policies.clock", "policies.clock_without_rings",
                                                            "policies.lru", "policies.two_q", "policies.arc"};
constexpr const char* kLetters[kReplacementPolicyCount] = {"C", "N", "L", "Q", "A"};

Color colour_of(const Theme& theme, int policy) { return theme.owner[static_cast<std::size_t>(policy)]; }

// Which policy it is, also without its colour.
void draw_letter(const PanelContext& panel, ImVec2 at, int policy, float size) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Color fill = colour_of(panel.theme, policy);
  draw->AddRectFilled(at, {at.x + size, at.y + size}, fill, size * 0.2f);
  const char* letter = kLetters[policy];
  const ImVec2 extent = panel.fonts.title->CalcTextSizeA(size * 0.85f, FLT_MAX, 0, letter);
  draw->AddText(panel.fonts.title, size * 0.85f, {at.x + (size - extent.x) / 2, at.y + (size - extent.y) / 2},
                readable_on(fill), letter);
}

}  // namespace

void PoolLab::follow(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ != session.document->serial || !run_) {
    document_ = session.document->serial;
    run_ = std::make_unique<trace::PolicyRun>(*session.timeline());
    done_ = false;
  }
  if (done_ && size_ == session.event_count()) return;
  size_ = session.event_count();
  done_ = run_->advance(kEventsPerFrame);
  if (!done_ && panel.wants_frame != nullptr) *panel.wants_frame = true;
}

void PoolLab::draw_table(const PanelContext& panel) const {
  const float em = panel.em();
  const trace::PolicySample* sample = now(panel);
  if (!ImGui::BeginTable("##policies", 5, ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_SizingStretchProp)) return;
  ImGui::TableSetupColumn("##policy", ImGuiTableColumnFlags_WidthStretch, 2.4f);
  ImGui::TableSetupColumn(panel.strings("policies.hits"), ImGuiTableColumnFlags_WidthStretch, 0.9f);
  ImGui::TableSetupColumn(panel.strings("policies.misses"), ImGuiTableColumnFlags_WidthStretch, 1.15f);
  ImGui::TableSetupColumn(panel.strings("policies.writes"), ImGuiTableColumnFlags_WidthStretch, 1.0f);
  ImGui::TableSetupColumn(panel.strings("policies.evictions"), ImGuiTableColumnFlags_WidthStretch, 1.4f);
  ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
  for (int column = 1; column < 5; ++column) {  // above their numbers' last digits
    ImGui::TableSetColumnIndex(column);
    const char* name = ImGui::TableGetColumnName(column);
    ImGui::SetCursorPosX(std::max(ImGui::GetCursorPosX(), right_edge() - ImGui::CalcTextSize(name).x));
    ImGui::TextUnformatted(name);
  }
  const auto best_of = [&](auto&& read) -> std::optional<std::uint64_t> {  // none: all are alike
    std::uint64_t fewest = ~std::uint64_t{0}, most = 0;
    for (const trace::PolicyCounts& counts : sample->counts) {
      fewest = std::min<std::uint64_t>(fewest, read(counts));
      most = std::max<std::uint64_t>(most, read(counts));
    }
    return fewest == most ? std::nullopt : std::optional(fewest);
  };
  const auto fewest_misses = best_of([](const trace::PolicyCounts& counts) { return counts.misses(); });
  const auto fewest_writes = best_of([](const trace::PolicyCounts& counts) { return counts.writes; });
  const std::string fewest = panel.strings("policies.fewest");
  for (int i = 0; i < kReplacementPolicyCount; ++i) {
    const trace::PolicyCounts& counts = sample->counts[static_cast<std::size_t>(i)];
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    draw_letter(panel, {at.x, at.y + 0.05f * em}, i, 1.1f * em);
    ImGui::Dummy({1.3f * em, em});
    ImGui::SameLine(0, 0.2f * em);
    draw_cut_text(panel.strings(kNameKeys[i]), ImGui::GetContentRegionAvail().x, panel.theme.text);
    const auto number = [&](std::uint64_t value, bool is_best, const std::string& tip) {
      ImGui::TableNextColumn();
      const std::string text = format_count(value);
      if (is_best) {
        const float digits = panel.fonts.mono->CalcTextSizeA(panel.fonts.mono_size, FLT_MAX, 0, text.c_str()).x;
        ImGui::SetCursorPosX(std::max(ImGui::GetCursorPosX(), right_edge() - digits - 1.3f * em));
        ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.accent);
        ImGui::TextUnformatted(icons::kCheck);
        ImGui::PopStyleColor();
        ImGui::SameLine(0, 0);
      }
      draw_number(panel, text, right_edge(), is_best ? panel.theme.accent : panel.theme.text);
      if (!tip.empty() && ImGui::IsItemHovered()) ImGui::SetTooltip("%s", tip.c_str());
    };
    const double share =
        counts.requests == 0 ? 0 : static_cast<double>(counts.hits) / static_cast<double>(counts.requests);
    number(counts.hits, false, panel.strings.fill("policies.share", {{"share", format_share(share)}}));
    number(counts.misses(), counts.misses() == fewest_misses, counts.misses() == fewest_misses ? fewest : "");
    number(counts.writes, counts.writes == fewest_writes, counts.writes == fewest_writes ? fewest : "");
    number(counts.evictions, false, {});
  }
  ImGui::EndTable();
}

// Misses over the recording, a line a policy with its letter at its end; the cursor.
void PoolLab::draw_curve(const PanelContext& panel) const {
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x, height = 9 * em;
  const auto curve = run_->curve();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::InvisibleButton("##policy_curve", {std::max(1.0f, width), height});
  const float room = std::max(1.0f, width - 6.5f * em);  // the letters stand behind the ends
  const double last = static_cast<double>(std::max<EventNumber>(1, panel.session.event_count()));
  if (ImGui::IsItemActive()) {
    const double share = std::clamp((ImGui::GetIO().MousePos.x - at.x) / room, 0.0f, 1.0f);
    const auto to = static_cast<EventNumber>(share * last);
    if (to != panel.session.cursor()) panel.actions.push(Seek{to});
  }
  std::uint64_t most = 1;
  for (const trace::PolicyCounts& counts : curve.back().counts) most = std::max(most, counts.misses());
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + width, at.y + height}, panel.theme.map_ground, 0.2f * em);
  draw->PushClipRect(at, {at.x + width, at.y + height}, true);
  const auto x_of = [&](EventNumber event) {
    return at.x + static_cast<float>(static_cast<double>(event) / last) * room;
  };
  const auto y_of = [&](std::uint64_t misses) {
    return at.y + height - 0.4f * em -
           static_cast<float>(static_cast<double>(misses) / static_cast<double>(most)) * (height - 1.5f * em);
  };
  for (int i = kReplacementPolicyCount - 1; i >= 0; --i) {
    const auto policy = static_cast<std::size_t>(i);
    draw->PathLineTo({at.x, y_of(0)});
    for (const trace::PolicySample& sample : curve)
      draw->PathLineTo({x_of(sample.event), y_of(sample.counts[policy].misses())});
    draw->PathStroke(colour_of(panel.theme, i), 0, i == 0 ? 0.2f * em : 0.12f * em);
  }
  const float x = x_of(panel.session.cursor());
  draw->AddLine({x, at.y}, {x, at.y + height}, panel.theme.text, std::max(1.5f, 0.1f * em));
  for (int i = 0; i < kReplacementPolicyCount; ++i) {
    const float y = y_of(curve.back().counts[static_cast<std::size_t>(i)].misses());
    draw_letter(panel, {x_of(curve.back().event) + em * (0.2f + 1.2f * static_cast<float>(i)), y - 0.5f * em}, i, em);
  }
  draw->AddText(panel.fonts.text, panel.fonts.small_size, {at.x + 0.3f * em, at.y + 0.2f * em}, panel.theme.dim,
                panel.strings("policies.curve"));
  draw->PopClipRect();
}

void PoolLab::draw(const PanelContext& panel) {
  follow(panel);
  if (!done_) draw_share_bar(panel, static_cast<float>(run_->progress()), 12 * panel.em(), panel.theme.accent);
  if (run_->buffers() == 0 || run_->curve().empty() || now(panel) == nullptr) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    draw_paragraphs(panel.strings("policies.empty"));
    ImGui::PopStyleColor();
    return;
  }
  draw_table(panel);
  draw_curve(panel);
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::PushFont(panel.fonts.text, panel.fonts.small_size);
  draw_paragraphs(panel.strings.fill("policies.rules", {{"buffers", format_count(run_->buffers())}}));
  ImGui::PopFont();
  ImGui::PopStyleColor();
}

}  // namespace palloscope::gui
