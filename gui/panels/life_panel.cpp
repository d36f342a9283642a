#include "gui/panels/life_panel.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>

#include "gui/fault_text.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/map_tint.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/tool_row.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

using trace::LifeSegment;
using trace::LifeUse;

constexpr std::size_t kEventsPerFrame = 150'000;  // some milliseconds

Color owner_color(const Theme& theme, ContextKey context) {
  return context.slot ? theme.owner[static_cast<std::size_t>(owner_colour_index(context.slot))] : theme.dim;
}

std::string size_text(const LifeSegment& segment) {
  if (segment.use == LifeUse::Live && segment.requested_bytes != 0)
    return fmt::format("{} \u2192 {} B", format_count(segment.requested_bytes), format_count(segment.granted_bytes));
  return format_bytes(segment.granted_bytes);
}

}  // namespace

std::string_view life_use_key(LifeUse use) {
  static constexpr std::string_view kKeys[trace::kLifeUseCount] = {
      "life.use.unmapped", "life.use.plain", "life.use.header",  "life.use.rest",
      "life.use.live",     "life.use.free",  "life.use.recycled"};
  return kKeys[static_cast<std::size_t>(use)];
}

std::string life_cause_text(const Strings& strings, const LifeSegment& segment) {
  static constexpr std::string_view kKeys[trace::kLifeCauseCount] = {
      "life.cause.start",     "life.cause.malloc",      "life.cause.realloc",    "life.cause.malloc_free",
      "life.cause.created",   "life.cause.block_added", "life.cause.block_left", "life.cause.block_emptied",
      "life.cause.allocated", "life.cause.reused",      "life.cause.carved",     "life.cause.resized",
      "life.cause.freed",     "life.cause.reset",       "life.cause.deleted",    "life.cause.recycled"};
  std::string_view key = kKeys[static_cast<std::size_t>(segment.cause)];
  const bool arrives = segment.use == LifeUse::Live;
  if (segment.moved != 0) key = arrives ? "life.cause.moved_here" : "life.cause.moved_away";
  return strings.fill(key, {{"name", segment.context_name}});
}

// --- following the selection ------------------------------------------------------------------------------------

std::optional<core::Address> LifePanel::selected_place(const PanelContext& panel) const {
  const trace::MemoryState& state = panel.state();
  const Selection& selection = panel.session.selection;
  if (const auto* chunk = std::get_if<ChunkKey>(&selection))
    return trace::address_of_chunk(*panel.session.timeline(), chunk->slot, chunk->born);
  if (const auto* address = std::get_if<core::Address>(&selection)) return *address;
  if (const auto* block = std::get_if<BlockKey>(&selection)) {
    const trace::BlockRecord* record = find(state, *block);
    if (record != nullptr) return record->header ? record->header : record->at;
    return std::nullopt;
  }
  if (const auto* context = std::get_if<ContextKey>(&selection)) {
    const trace::ContextRecord* record = find(state, *context);
    if (record != nullptr && record->at) return record->at;
  }
  return std::nullopt;
}

// The selection is a chunk that this very strip tells of: no reason to change places.
bool LifePanel::shows(const Selection& selection) const {
  const auto* chunk = std::get_if<ChunkKey>(&selection);
  return chunk != nullptr && std::any_of(segments_.begin(), segments_.end(), [&](const LifeSegment& segment) {
           return segment.chunk == chunk->slot && segment.born == chunk->born;
         });
}

void LifePanel::begin(const PanelContext& panel, core::Address at) {
  most_ = trace::ChunkLife::kSegments;
  life_.emplace(*panel.session.timeline(), at, panel.session.cursor(), most_);
  done_ = false;
  told_first_ = ~EventNumber{0};
  revealed_ = ~EventNumber{0};
}

void LifePanel::follow(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ != session.document->serial) {
    document_ = session.document->serial;
    life_.reset();
    segments_.clear();
    marks_.clear();
    followed_ = {};
  }
  if (followed_ != session.selection) {
    followed_ = session.selection;
    const bool is_event = std::holds_alternative<EventKey>(followed_);
    if (!(life_ && (is_event || shows(followed_)))) {
      if (const auto at = selected_place(panel)) {
        begin(panel, *at);
      } else if (!is_event) {
        life_.reset();
        segments_.clear();
      }
    }
  }
  if (!life_) return;
  // Far from the stretch that is known: look around the new moment.
  const EventNumber cursor = session.cursor();
  if (!segments_.empty() && done_ &&
      (cursor < segments_.front().first || (segments_.back().last != 0 && cursor > segments_.back().last) ||
       (!life_->reaches_end() && cursor >= segments_.back().first && segments_.size() > 1)))
    begin(panel, life_->at());
  search_on(panel);
}

void LifePanel::search_on(const PanelContext& panel) {
  const EventNumber size = panel.session.event_count();
  if (done_ && size == size_) return;
  size_ = size;
  done_ = life_->advance(kEventsPerFrame);
  segments_ = trace::without_transit(life_->segments());
  marks_ = life_->marks();
  layout_width_ = 0;
  if (!done_ && panel.wants_frame != nullptr) *panel.wants_frame = true;
}

void LifePanel::go_to(const PanelContext& panel, std::size_t i) {
  const LifeSegment& segment = segments_[i];
  panel.actions.push(Seek{segment.first});
  if (segment.chunk && segment.born != 0) panel.actions.push(Select{ChunkKey{segment.chunk, segment.born}});
}

void LifePanel::handle_keys(const PanelContext& panel) {
  if (!panel.is_focused || ImGui::GetIO().WantTextInput || segments_.empty()) return;
  const std::size_t here = layout_.segment_at(panel.session.cursor());
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow) && here + 1 < segments_.size()) go_to(panel, here + 1);
  // First to where this stretch began, then to the one before.
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) {
    if (panel.session.cursor() > segments_[here].first)
      go_to(panel, here);
    else if (here > 0)
      go_to(panel, here - 1);
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Enter) && segments_[here].moved != 0)
    if (const auto other = trace::other_half(*panel.session.timeline(), segments_[here]))
      panel.actions.push(Select{*other});
}

// --- drawing ----------------------------------------------------------------------------------------------------

void LifePanel::draw_title_tools(const PanelContext& panel, float width) {
  if (!panel.session.document || !life_ || !done_ || !life_->stopped_early()) return;
  const char* more = panel.strings("life.more");
  ToolRow tools(width, std::vector{more});
  if (tools.button(more, panel.strings("life.more_hint"))) {
    most_ *= 4;
    life_->more(most_);
    done_ = false;
  }
}

void LifePanel::draw_head(const PanelContext& panel, float width) const {
  const std::size_t here = layout_.segment_at(panel.session.cursor());
  const LifeSegment& now = segments_[here];
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  const std::string address = format_address(life_->at());
  ImGui::TextUnformatted(address.c_str());
  ImGui::PopFont();
  ImGui::SameLine(0, panel.em());
  std::string text = panel.strings(life_use_key(now.use));
  if (now.context.slot) text += fmt::format(" \u00B7 {}", now.context_name);
  const auto used = static_cast<std::uint64_t>(
      std::count_if(segments_.begin(), segments_.end(), [](const LifeSegment& s) { return s.use == LifeUse::Live; }));
  if (used > 0) text += " \u00B7 " + panel.strings.fill("life.times_used", {{"n", format_count(used)}});
  if (!done_) text += " \u00B7 " + panel.strings.fill("life.searching", {{"share", format_share(life_->progress())}});
  draw_cut_text(text, width - (ImGui::GetCursorPosX()), done_ ? panel.theme.text : panel.theme.dim);
}

void LifePanel::draw_segment(const PanelContext& panel, std::size_t i, ImVec2 low, ImVec2 high) {
  const LifeSegment& segment = segments_[i];
  const Theme& theme = panel.theme;
  const float em = panel.em(), small = panel.fonts.small_size;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Color owner = owner_color(theme, segment.context);
  Color text = theme.text;
  switch (segment.use) {
    case LifeUse::Live:
      draw->AddRectFilled(low, high, owner);
      text = readable_on(owner);
      break;
    case LifeUse::Free:
      fill_hatched(low, high, mix(theme.map_ground, owner, 0.14f), owner, 0.6f * em);
      break;
    case LifeUse::Rest:
      draw->AddRectFilled(low, high, theme.map_ground);
      fill_dotted(low, high, mix(theme.map_ground, theme.dim, 0.8f), 0.6f * em);
      break;
    case LifeUse::Header:
      draw->AddRectFilled(low, high, theme.header);
      text = readable_on(theme.header);
      break;
    case LifeUse::Plain:
      draw->AddRectFilled(low, high, theme.plain);
      text = readable_on(theme.plain);
      break;
    case LifeUse::Recycled:
      fill_hatched(low, high, theme.map_ground, theme.dim, 0.6f * em);
      break;
    case LifeUse::Unmapped: {
      const float y = (low.y + high.y) / 2;
      for (float x = low.x; x < high.x; x += 0.6f * em)
        draw->AddLine({x, y}, {std::min(high.x, x + 0.3f * em), y}, theme.dim, std::max(1.5f, 0.1f * em));
      break;
    }
  }
  if (segment.use != LifeUse::Unmapped) draw->AddRect(low, high, mix(theme.map_ground, theme.dim, 0.6f));
  // What it is, in two lines; letters on a pattern get a ground of their own.
  const bool on_pattern = text == theme.text;
  std::string first =
      segment.context.slot ? segment.context_name : std::string(panel.strings(life_use_key(segment.use)));
  std::string second;
  if (segment.use == LifeUse::Live || segment.use == LifeUse::Free)
    second = size_text(segment);
  else if (segment.context.slot)
    second = panel.strings(life_use_key(segment.use));
  else if (segment.use == LifeUse::Recycled)
    second = segment.context_name;
  if (segment.use == LifeUse::Free) second = panel.strings.fill("life.free_bytes", {{"bytes", second}});
  const float pad = 0.35f * em;
  const ImVec4 clip(low.x, low.y, high.x - pad * 0.5f, high.y);
  float y = (low.y + high.y) / 2 - (second.empty() ? 0.55f * em : 1.1f * em);
  const auto line = [&](ImFont* font, float size, const std::string& words) {
    if (on_pattern) {
      const float width = std::min(font->CalcTextSizeA(size, FLT_MAX, 0, words.c_str()).x, high.x - low.x - 2 * pad);
      draw->AddRectFilled({low.x + pad * 0.6f, y}, {low.x + pad * 1.4f + width, y + size * 1.15f},
                          segment.use == LifeUse::Unmapped ? theme.panel : theme.map_ground, 0.15f * em);
    }
    add_cut_text(draw, font, size, {low.x + pad, y}, text, words, clip);
    y += 1.15f * em;
  };
  line(panel.fonts.title, 0.95f * em, first);
  if (!second.empty()) line(segment.chunk ? panel.fonts.mono : panel.fonts.text, small, second);
}

void LifePanel::draw_tooltip(const PanelContext& panel, const LifeSegment& segment) {
  const trace::Timeline& timeline = *panel.session.timeline();
  if (told_first_ != segment.first) {  // looks elsewhere in the stream: once
    told_first_ = segment.first;
    told_other_ = trace::other_half(timeline, segment);
  }
  if (!ImGui::BeginTooltip()) return;
  ImGui::PushFont(panel.fonts.title, panel.em());
  ImGui::TextUnformatted(life_cause_text(panel.strings, segment).c_str());
  ImGui::PopFont();
  const auto say = [](const std::string& text) { ImGui::TextUnformatted(text.c_str()); };
  say(panel.strings.fill(segment.last == 0 ? "life.tip_open" : "life.tip_span",
                         {{"first", format_event(segment.first)}, {"last", format_event(segment.last)}}));
  std::string what = panel.strings(life_use_key(segment.use));
  if (segment.chunk) what += " \u00B7 " + size_text(segment) + " \u00B7 " + format_address(segment.at);
  say(what);
  if (told_other_) {
    say(panel.strings.fill(segment.use == LifeUse::Live ? "life.tip_from" : "life.tip_to",
                           {{"at", format_address(*told_other_)}, {"event", format_event(segment.moved)}}));
  }
  int told = 0;
  constexpr int kMostTold = 8;
  for (const trace::LifeMark& mark : marks_) {
    if (mark.event < segment.first || mark.event > segment.end_event()) continue;
    if (!mark.fault || told++ >= kMostTold) continue;
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.fault);
    say(fmt::format("{} {}", format_event(mark.event), panel.strings(fault_key(*mark.fault))));
    ImGui::PopStyleColor();
  }
  ImGui::EndTooltip();
}

// What happened within the stretches: mistakes as crosses on the strip, writes as small ticks at its lower edge.
void LifePanel::draw_marks(const PanelContext& panel, float x0, float bottom) const {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float em = panel.em();
  for (const trace::LifeMark& mark : marks_) {
    if (segments_.empty() || mark.event < segments_.front().first) continue;
    const float x = x0 + layout_.x_of(mark.event);
    if (!ImGui::IsRectVisible({x - em, bottom - 2 * em}, {x + em, bottom + em})) continue;
    if (mark.fault)
      draw_fault_cross(panel, {x, bottom - 0.6f * em}, em);
    else
      draw->AddTriangleFilled({x - 0.25f * em, bottom}, {x + 0.25f * em, bottom}, {x, bottom - 0.4f * em},
                              panel.theme.changed);
  }
}

void LifePanel::draw_strip(const PanelContext& panel) {
  const float em = panel.em(), small = panel.fonts.small_size;
  const ImVec2 space = ImGui::GetContentRegionAvail();
  if (!ImGui::BeginChild("##strip", space, ImGuiChildFlags_None, ImGuiWindowFlags_HorizontalScrollbar)) {
    ImGui::EndChild();
    return;
  }
  const float room = ImGui::GetContentRegionAvail().x;
  if (layout_width_ != room || layout_em_ != em) {
    layout_ = LifeLayout(segments_, size_, room, em);
    layout_width_ = room;
    layout_em_ = em;
  }
  const EventNumber cursor = panel.session.cursor();
  const float needle = layout_.x_of(cursor);
  if (revealed_ != cursor) {
    if (done_) revealed_ = cursor;
    const float scroll = ImGui::GetScrollX();
    const std::size_t here = layout_.segment_at(cursor);
    const LifeBox& box = layout_.boxes()[here];
    if (box.x < scroll || box.x + box.width > scroll + room)
      ImGui::SetScrollX(std::max(0.0f, box.x + box.width / 2 - room / 2));
  }
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const float inner = ImGui::GetContentRegionAvail().y;
  const float top = origin.y + 1.45f * em;
  const float height = std::clamp(inner - 2.9f * em, 2.4f * em, 4.5f * em), bottom = top + height;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float sight_left = ImGui::GetWindowPos().x, sight_right = sight_left + ImGui::GetWindowWidth();
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const LifeBox& box = layout_.boxes()[i];
    const ImVec2 low(origin.x + box.x, top), high(low.x + box.width - 1, bottom);
    if (high.x < sight_left || low.x > sight_right) continue;
    ImGui::SetCursorScreenPos({low.x, origin.y});
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton(fmt::format("##segment{}", i).c_str(), {box.width, bottom - origin.y})) go_to(panel, i);
    const bool hovered = ImGui::IsItemHovered();
    ImGui::PopID();
    draw_segment(panel, i, low, high);
    if (hovered) {
      draw->AddRect(low, high, panel.theme.accent, 0, 0, std::max(2.0f, 0.15f * em));
      draw_tooltip(panel, segments_[i]);
    }
    // Above: the event that began it, and what it was.
    const ImVec4 clip(low.x, origin.y, high.x - 0.2f * em, top);
    const bool here = segments_[i].first <= cursor && cursor <= segments_[i].end_event();
    const std::string number = segments_[i].first == 0 ? "" : format_event(segments_[i].first) + " ";
    draw->AddLine({low.x, origin.y + 0.2f * em}, {low.x, top}, panel.theme.line);
    const float width = panel.fonts.mono->CalcTextSizeA(small, FLT_MAX, 0, number.c_str()).x;
    add_cut_text(draw, panel.fonts.mono, small, {low.x + 0.3f * em, origin.y + 0.15f * em},
                 here ? panel.theme.accent : panel.theme.dim, number, clip);
    add_cut_text(draw, panel.fonts.text, small, {low.x + 0.3f * em + width, origin.y + 0.15f * em}, panel.theme.text,
                 life_cause_text(panel.strings, segments_[i]), clip);
  }
  draw_marks(panel, origin.x, bottom);
  // The present moment.
  const float x = origin.x + needle, thick = std::max(1.5f, 0.14f * em);
  draw->AddLine({x, top - 0.2f * em}, {x, bottom + 0.35f * em}, panel.theme.panel, thick * 2.4f);
  draw->AddLine({x, top - 0.2f * em}, {x, bottom + 0.35f * em}, panel.theme.text, thick);
  draw->AddTriangleFilled({x - 0.45f * em, bottom + 0.85f * em}, {x + 0.45f * em, bottom + 0.85f * em},
                          {x, bottom + 0.15f * em}, panel.theme.text);
  const std::string now = panel.strings.fill("life.now", {{"event", format_event(cursor)}});
  const float now_width = panel.fonts.text->CalcTextSizeA(small, FLT_MAX, 0, now.c_str()).x;
  const float now_x = std::clamp(x + 0.7f * em, sight_left, std::max(sight_left, sight_right - now_width - 0.2f * em));
  draw->AddText(panel.fonts.text, small, {now_x, bottom + 0.2f * em}, panel.theme.text, now.c_str());
  ImGui::SetCursorScreenPos({origin.x, origin.y});
  ImGui::Dummy({layout_.width(), bottom - origin.y + 1.2f * em});
  ImGui::EndChild();
}

void LifePanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  follow(panel);
  if (!life_ || segments_.empty()) {
    draw_empty(panel,
               panel.state().totals().region_count == 0 && panel.session.cursor() > 0 ? "life.unknown" : "life.empty");
    return;
  }
  if (layout_.boxes().size() != segments_.size()) layout_width_ = 0;
  if (layout_width_ == 0) layout_ = LifeLayout(segments_, size_, ImGui::GetContentRegionAvail().x, panel.em());
  handle_keys(panel);
  draw_head(panel, right_edge());
  draw_strip(panel);
}

}  // namespace palloscope::gui
