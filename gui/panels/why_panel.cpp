#include "gui/panels/why_panel.h"

#include <imgui.h>

#include "gui/format_text.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {

void WhyPanel::draw(const PanelContext& context) {
  const Session& session = context.session;
  if (!session.document || session.cursor() == 0) {
    draw_empty(context, "why.empty");
    return;
  }
  const EventNumber narration = session.state().point().narration;
  if (narration != 0) {
    const core::EventBody event = session.timeline()->event(narration);
    if (const auto* words = std::get_if<core::Narration>(&event)) {
      const bool is_chinese = session.preferences.language == Language::Chinese && !words->zh.empty();
      ImGui::PushTextWrapPos(0);
      ImGui::TextUnformatted((is_chinese ? words->zh : words->en).c_str());
      ImGui::PopTextWrapPos();
    }
  }
}

}  // namespace palloscope::gui
