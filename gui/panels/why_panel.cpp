#include "gui/panels/why_panel.h"

#include <imgui.h>

#include <algorithm>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/pool_scene.h"
#include "gui/panels/profile_of.h"
#include "gui/panels/shmem_inspector.h"
#include "gui/panels/widgets.h"
#include "trace/explain/explain.h"
#include "trace/exporters/event_text.h"

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
constexpr std::size_t kEffectsShown = 24;  // of one call; a reset may free thousands of blocks

}  // namespace

void WhyPanel::refresh(const PanelContext& context) {
  const Session& session = context.session;
  const EventNumber cursor = session.cursor();
  const Key key{session.document->serial, cursor, session.event_count(), session.preferences.language};
  if (key == key_) return;
  key_ = key;
  const trace::Timeline& timeline = *session.timeline();
  const core::EventBody event = timeline.event(cursor);
  const auto card_at = [&](EventNumber n) {
    Shown shown{trace::explain(timeline, n, profile_of(session)), {}};
    shown.words = in_words(shown.card, context.strings);
    return shown;
  };
  shown_ = card_at(cursor);
  last_change_ = 0;
  for (EventNumber n = cursor; !changes_memory(timeline.event(n)) && n > 1;) {
    --n;
    if (cursor - n > kLookBack) break;
    if (!changes_memory(timeline.event(n))) continue;
    last_change_ = n;
    before_ = card_at(n);
    break;
  }
  narration_.clear();
  // Later events stand under the same words; the source panel keeps them in sight.
  if (const auto* words = std::get_if<core::Narration>(&event))
    narration_ = session.preferences.language == Language::Chinese && !words->zh.empty() ? words->zh : words->en;
}

// The first sentence says what happened, the others why: so it stands in the heavier face.
void WhyPanel::draw_card(const PanelContext& context, const Shown& shown, bool is_main) {
  if (!is_main) ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
  for (std::size_t i = 0; i < shown.words.sentences.size(); ++i) {
    const bool headline = i == 0 && is_main;
    if (headline) ImGui::PushFont(context.fonts.title, context.em());
    draw_paragraphs(shown.words.sentences[i]);
    if (headline) ImGui::PopFont();
  }
  if (!is_main) ImGui::PopStyleColor();
}

// The effects of one call in order, this one marked; each leads to its event.
void WhyPanel::draw_call(const PanelContext& context, const Shown& shown) {
  if (shown.words.effects.empty()) return;
  const float em = context.em();
  ImGui::Dummy({0, 0.2f * em});
  draw_heading(context, icons::kLayout, shown.words.call);
  const std::size_t count = shown.words.effects.size();
  std::size_t first = 0;
  if (count > kEffectsShown) {
    const std::size_t half = kEffectsShown / 2;
    first = std::min(shown.card.effect > half ? shown.card.effect - half : 0, count - kEffectsShown);
  }
  const float right = right_edge();
  for (std::size_t i = first; i < std::min(count, first + kEffectsShown); ++i) {
    const bool here = i == shown.card.effect;
    const std::string label = std::to_string(i + 1) + "  " + shown.words.effects[i];
    ImGui::PushFont(here ? context.fonts.title : context.fonts.text, context.fonts.small_size);
    const float width = ImGui::CalcTextSize(label.c_str()).x + 0.9f * em;
    if (i != first) {
      ImGui::SameLine(0, 0.35f * em);
      if (ImGui::GetCursorPosX() + width > right) ImGui::NewLine();
    }
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 size{width, ImGui::GetTextLineHeight() + 0.3f * em};
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton("##effect", size)) context.actions.push(Seek{shown.card.effects[i].event});
    ImGui::PopID();
    ImDrawList* draw = ImGui::GetWindowDrawList();
    const bool hovered = ImGui::IsItemHovered();
    const Color back =
        here ? context.theme.accent : mix(context.theme.panel, context.theme.text, hovered ? 0.2f : 0.08f);
    draw->AddRectFilled(at, {at.x + size.x, at.y + size.y}, back, 0.3f * em);
    draw->AddText({at.x + 0.45f * em, at.y + 0.15f * em}, here ? context.theme.panel : context.theme.text,
                  label.c_str());
    ImGui::PopFont();
  }
}

void WhyPanel::draw_links(const PanelContext& context, const Shown& shown) {
  const trace::MemoryState& state = context.state();
  const trace::Card& card = shown.card;
  bool any = false;
  const float right = right_edge();
  const auto link = [&](const char* id, const std::string& text, const Selection& what, const char* in_front = "") {
    if (any) {
      ImGui::SameLine(0, context.em());
      if (ImGui::GetCursorPosX() + ImGui::CalcTextSize(text.c_str()).x > right) ImGui::NewLine();
    } else {
      ImGui::Dummy({0, 0.1f * context.em()});
    }
    any = true;
    if (!draw_link(context, id, text)) return;
    context.actions.push(Select{what});
    if (*in_front != '\0') context.actions.push(ShowPanel{in_front});
  };
  if (const trace::ContextRecord* about = state.context(card.context.slot); about != nullptr && card.context.born != 0)
    link("##about", context.strings.fill("why.show", {{"name", std::string(trace::printed_name(*about))}}),
         ContextKey{card.context.slot, about->born});
  if (const trace::BlockRecord* block = state.block(card.block.slot); block != nullptr && card.block.born != 0)
    link("##block", context.strings("why.show_block"), BlockKey{card.block.slot, block->born});
  if (const trace::ChunkRecord* chunk = state.chunk(card.chunk.slot); chunk != nullptr && card.chunk.born != 0)
    link("##chunk", context.strings("why.show_chunk"), ChunkKey{card.chunk.slot, chunk->born});
  const trace::ServerState& server = state.server();
  if (const trace::BufferRecord* buffer = server.buffer(card.buffer))
    link("##buffer",
         context.strings.fill(buffer->has_page() ? "why.show_page" : "why.show_buffer",
                              {{"n", buffer_number(server, card.buffer)}, {"page", page_name(server, buffer->tag)}}),
         BufferKey{card.buffer}, "buffers");
  const ShmemKey piece{card.allocation.slot, card.allocation.born};
  const trace::ShmemRecord* allocated = find(state, piece);
  if (allocated != nullptr)
    link("##piece",
         context.strings.fill("why.show", {{"name", allocated->name.empty() ? allocated->purpose : allocated->name}}),
         piece, "shmem");
  const SegmentKey key{card.segment.slot, card.segment.born};
  if (const trace::SegmentRecord* segment = find(state, key); segment != nullptr && allocated == nullptr)
    link("##segment", context.strings.fill("why.show", {{"name", segment_text(context, *segment)}}), key, "shmem");
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
  draw_card(context, shown_, /*is_main=*/true);
  draw_call(context, shown_);
  if (last_change_ != 0) {
    ImGui::Dummy({0, 0.3f * em});
    draw_heading(context, icons::kReset,
                 context.strings("why.before") + std::string("  ") + format_event(last_change_));
    draw_card(context, before_, /*is_main=*/false);
  }
  const Shown& last = last_change_ != 0 ? before_ : shown_;
  draw_links(context, last);
  if (last.words.rule.empty()) return;
  ImGui::PushStyleColor(ImGuiCol_Text, context.theme.dim);
  ImGui::PushFont(context.fonts.mono, context.fonts.small_size);
  draw_paragraphs(last.words.rule);
  ImGui::PopFont();
  ImGui::PopStyleColor();
}

}  // namespace palloscope::gui
