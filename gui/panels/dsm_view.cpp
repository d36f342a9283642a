#include "gui/panels/dsm_view.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/backend_badge.h"
#include "gui/panels/cut_text.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

constexpr EventNumber kSearchBack = 5000;  // events, for the making of a segment that is gone

// The segment as it was made: what a ghost shows where the moment before was not seen.
std::optional<trace::SegmentRecord> made_before(const trace::Timeline& timeline, EventNumber destroyed,
                                                core::SegmentSlot slot) {
  const EventNumber last = destroyed > kSearchBack ? destroyed - kSearchBack : 1;
  for (EventNumber n = destroyed; n-- > last;) {
    const core::EventBody event = timeline.event(n);
    const auto* created = std::get_if<core::SegmentCreated>(&event);
    if (created == nullptr || created->segment != slot) continue;
    trace::SegmentRecord record;
    record.born = n;
    record.kind = created->kind;
    record.at = created->at;
    record.bytes = created->bytes;
    record.page_bytes = created->page_bytes;
    record.handle = created->handle;
    record.name = created->name;
    return record;
  }
  return std::nullopt;
}

}  // namespace

std::string_view segment_kind_key(core::SegmentKind kind) {
  static constexpr std::string_view kKeys[core::kSegmentKindCount] = {
      "shmem.segment.main", "shmem.segment.system_v", "shmem.segment.dynamic", "shmem.segment.preallocated"};
  return kKeys[static_cast<std::size_t>(kind)];
}

void DsmView::refresh(const PanelContext& panel) {
  const Session& session = panel.session;
  if (document_ == session.document->serial && cursor_ == session.cursor()) return;
  const bool stepped = document_ == session.document->serial && cursor_ + 1 == session.cursor();
  document_ = session.document->serial;
  cursor_ = session.cursor();
  const trace::ServerState& server = session.state().server();
  ghost_.reset();
  if (cursor_ > 0) {
    const core::EventBody event = session.timeline()->event(cursor_);
    if (const auto* destroyed = std::get_if<core::SegmentDestroyed>(&event)) {
      const std::size_t slot = destroyed->segment.value;
      if (stepped && slot < last_.size() && last_[slot].born != 0)
        ghost_ = last_[slot];
      else
        ghost_ = made_before(*session.timeline(), cursor_, destroyed->segment);
      if (ghost_ && ghost_->kind == core::SegmentKind::Main) ghost_.reset();
    }
  }
  slots_.clear();
  largest_ = ghost_ ? std::max<std::uint64_t>(1, ghost_->bytes) : 1;
  for (std::size_t i = 0; i < server.segments.size(); ++i) {
    const trace::SegmentRecord& record = server.segments[i];
    if (record.born == 0 || record.kind == core::SegmentKind::Main) continue;
    slots_.push_back(core::SegmentSlot{static_cast<std::uint32_t>(i)});
    largest_ = std::max(largest_, record.bytes);
  }
  std::sort(slots_.begin(), slots_.end(), [&](core::SegmentSlot a, core::SegmentSlot b) {
    return server.segments[a.value].born < server.segments[b.value].born;
  });
  last_ = server.segments;
}

std::optional<SegmentKey> DsmView::next(const PanelContext& panel, int direction) const {
  if (slots_.empty()) return std::nullopt;
  const trace::ServerState& server = panel.state().server();
  const auto* key = std::get_if<SegmentKey>(&panel.session.selection);
  auto at = std::find_if(slots_.begin(), slots_.end(), [&](core::SegmentSlot slot) {
    return key != nullptr && key->slot == slot && server.segments[slot.value].born == key->born;
  });
  if (at == slots_.end())
    at = direction > 0 ? slots_.begin() : slots_.end() - 1;
  else if (direction > 0 && at + 1 != slots_.end())
    ++at;
  else if (direction < 0 && at != slots_.begin())
    --at;
  return SegmentKey{*at, server.segments[at->value].born};
}

void DsmView::draw_card(const PanelContext& panel, core::SegmentSlot slot, const trace::SegmentRecord& segment,
                        bool is_ghost, float width) {
  const Theme& theme = panel.theme;
  const float em = panel.em(), small = panel.fonts.small_size, pad = 0.5f * em, height = 5.6f * em;
  const ImVec2 low = ImGui::GetCursorScreenPos(), high(low.x + width, low.y + height);
  ImGui::PushID(static_cast<int>(is_ghost ? -1 : static_cast<int>(slot.value)));
  const bool clicked = ImGui::InvisibleButton("##card", {width, height});
  ImGui::PopID();
  const SegmentKey key{slot, segment.born};
  if (clicked && !is_ghost) panel.actions.push(Select{key});
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const bool is_selected = !is_ghost && panel.session.selection == Selection{key};
  const bool is_new = !is_ghost && segment.born == panel.session.cursor();
  const Color ink = is_ghost ? theme.dim : theme.text;
  draw->AddRectFilled(low, high, is_ghost ? theme.panel : theme.raised, 0.3f * em);
  if (is_ghost) fill_hatched(low, high, theme.panel, with_alpha(theme.gone, 0.35f), 0.6f * em);
  const Color edge = is_ghost ? theme.gone : is_new ? theme.born : is_selected ? theme.accent : theme.line;
  draw->AddRect(low, high, edge, 0.3f * em, 0, is_ghost || is_new || is_selected ? 0.15f * em : 1.0f);
  // First line: handle, kind, what it is for.
  const std::string head = segment.handle != 0 ? fmt::format("{}", segment.handle) : std::string();
  std::string title = panel.strings(segment_kind_key(segment.kind));
  if (!head.empty()) title += fmt::format(" {}", head);
  const ImVec4 clip(low.x, low.y, high.x - pad, high.y);
  const std::string bytes = format_bytes(segment.bytes);
  const float extent = panel.fonts.mono->CalcTextSizeA(em, FLT_MAX, 0, bytes.c_str()).x;
  const ImVec4 before_bytes(low.x, low.y, high.x - pad - extent - 0.4f * em, high.y);
  float x = low.x + pad;
  const float y = low.y + pad;
  add_cut_text(draw, panel.fonts.title, em, {x, y}, ink, title, before_bytes);
  x += panel.fonts.title->CalcTextSizeA(em, FLT_MAX, 0, title.c_str()).x + em;
  add_cut_text(draw, panel.fonts.text, small, {x, y + 0.1f * em}, theme.dim, segment.name, before_bytes);
  draw->AddText(panel.fonts.mono, em, {high.x - pad - extent, y}, ink, bytes.c_str());
  // Size against the largest of them.
  const float bar_y = y + 1.5f * em, whole = high.x - low.x - 2 * pad;
  const auto share = static_cast<float>(static_cast<double>(segment.bytes) / static_cast<double>(largest_));
  draw->AddRectFilled({low.x + pad, bar_y}, {low.x + pad + whole, bar_y + 0.5f * em}, theme.map_ground, 0.2f * em);
  draw->AddRectFilled({low.x + pad, bar_y}, {low.x + pad + std::max(2.0f, whole * share), bar_y + 0.5f * em},
                      is_ghost ? theme.free : theme.live, 0.2f * em);
  // References, then the attached ones as their signs.
  const float line = bar_y + 1.1f * em;
  x = low.x + pad;
  const auto say = [&](const std::string& text, Color color) {
    add_cut_text(draw, panel.fonts.text, em, {x, line}, color, text, clip);
    x += panel.fonts.text->CalcTextSizeA(em, FLT_MAX, 0, text.c_str()).x + 0.8f * em;
  };
  if (is_ghost) {
    say(panel.strings("shmem.destroyed"), theme.gone);
    return;
  }
  if (segment.refcnt != 0) say(panel.strings.fill("shmem.refcnt", {{"n", format_count(segment.refcnt)}}), theme.text);
  if (segment.pinned) say(fmt::format("{} {}", icons::kPin, panel.strings("shmem.pinned")), theme.changed);
  if (segment.attached.empty()) say(panel.strings("shmem.nobody_attached"), theme.dim);
  const float side = 1.25f * em;
  std::string who;
  for (const auto& [backend, at] : segment.attached) {
    if (x + side > high.x - pad) break;
    draw_backend_badge(panel, {x + side / 2, line + 0.55f * em}, side, backend);
    x += side * 1.35f;
    who += fmt::format("{}{}  {}  @ {}", who.empty() ? "" : "\n", backend_letter(backend), backend_text(panel, backend),
                       format_address(at));
  }
  if (segment.attached.size() == 1 && x + 6 * em < high.x)
    add_cut_text(draw, panel.fonts.text, small, {x, line + 0.1f * em}, theme.dim,
                 backend_text(panel, segment.attached.front().first), clip);
  if (!who.empty() && ImGui::IsItemHovered()) ImGui::SetTooltip("%s", who.c_str());
}

void DsmView::draw(const PanelContext& panel) {
  refresh(panel);
  if (slots_.empty() && !ghost_) {
    draw_empty(panel, "shmem.no_dynamic");
    return;
  }
  if (ImGui::BeginChild("##segments")) {
    const float room = ImGui::GetContentRegionAvail().x, gap = ImGui::GetStyle().ItemSpacing.x;
    const int columns = std::clamp(static_cast<int>(room / (26 * panel.em())), 1, 3);
    const float width = (room - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns);
    int drawn = 0;
    const auto place = [&] {
      if (drawn++ % columns != 0) ImGui::SameLine();
    };
    for (const core::SegmentSlot slot : slots_) {
      place();
      draw_card(panel, slot, panel.state().server().segments[slot.value], false, width);
    }
    if (ghost_) {
      place();
      draw_card(panel, {}, *ghost_, true, width);
    }
  }
  ImGui::EndChild();
}

}  // namespace palloscope::gui
