#include "gui/panels/why_panel.h"

#include <imgui.h>

#include "gui/explain.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

void draw_heading(const PanelContext& context, const char* icon, const std::string& text) {
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
  ImGui::PushFont(context.fonts.title, context.fonts.small_size);
  ImGui::Text("%s  %s", icon, text.c_str());
  ImGui::PopFont();
  ImGui::PopStyleColor();
}

// Source lines, variables and words stand between the events that change something.
bool changes_memory(const core::EventBody& event) {
  return std::visit(
      [](const auto& e) { return e.kTag < core::ErrorCaught::kTag || e.kTag >= core::SnapshotBegan::kTag; }, event);
}
constexpr EventNumber kLookBack = 32;

}  // namespace

void WhyPanel::refresh(const PanelContext& context) {
  const Session& session = context.session;
  const Key key{session.document->serial, session.cursor(), session.preferences.language};
  if (key == key_) return;
  key_ = key;
  const trace::Timeline& timeline = *session.timeline();
  const core::EventBody event = timeline.event(session.cursor());
  explanation_ = explain(event, session.state(), context.strings);
  last_change_ = 0;
  for (EventNumber n = session.cursor(); !changes_memory(timeline.event(n)) && n > 1;) {
    --n;
    if (session.cursor() - n > kLookBack) break;
    const core::EventBody earlier = timeline.event(n);
    if (!changes_memory(earlier)) continue;
    last_change_ = n;
    before_ = explain(earlier, session.state(), context.strings);
    break;
  }
  narration_.clear();
  // Later events stand under the same words; the source panel keeps them in sight.
  if (const auto* words = std::get_if<core::Narration>(&event))
    narration_ = session.preferences.language == Language::Chinese && !words->zh.empty() ? words->zh : words->en;
}

void WhyPanel::draw(const PanelContext& context) {
  const Session& session = context.session;
  if (!session.document || session.cursor() == 0) {
    key_ = {};
    draw_empty(context, "why.empty");
    return;
  }
  refresh(context);
  const float em = context.em();
  if (!narration_.empty()) {
    draw_heading(context, icons::kLesson, context.strings("why.lesson"));
    // The teacher's words carry a bar at their left, so that they are told from the machine's.
    const ImVec2 start = ImGui::GetCursorScreenPos();
    draw_paragraphs(narration_, 0.8f * em);
    const float bottom = ImGui::GetItemRectMax().y;
    ImGui::GetWindowDrawList()->AddRectFilled({start.x, start.y}, {start.x + 0.2f * em, bottom}, context.theme.accent,
                                              0.1f * em);
    ImGui::Dummy({0, 0.3f * em});
  }
  draw_heading(context, icons::kWhy, context.strings("why.event") + std::string("  ") + format_event(session.cursor()));
  for (const std::string& sentence : explanation_.sentences) draw_paragraphs(sentence);
  if (last_change_ != 0) {
    ImGui::Dummy({0, 0.3f * em});
    draw_heading(context, icons::kReset,
                 context.strings("why.before") + std::string("  ") + format_event(last_change_));
    ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
    for (const std::string& sentence : before_.sentences) draw_paragraphs(sentence);
    ImGui::PopStyleColor();
  }

  if (const trace::ContextRecord* about = session.state().context(explanation_.about)) {
    const std::string link = context.strings.fill("why.show", {{"name", about->name}});
    if (draw_link(context, "##about", link)) context.actions.push(Select{ContextKey{explanation_.about, about->born}});
  }
}

}  // namespace palloscope::gui
