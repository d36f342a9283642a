#include "gui/panels/pool_biography.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <string>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/pool_scene.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

using trace::BufferDeed;

constexpr std::size_t kEventsPerFrame = 100'000;  // some milliseconds

struct DeedLook {
  const char* icon;
  const char* key;
};

DeedLook look_of(BufferDeed deed) {
  switch (deed) {
    case BufferDeed::Loaded:
      return {icons::kBorn, "buffers.deed.loaded"};
    case BufferDeed::Pinned:
      return {icons::kPin, "buffers.deed.pinned"};
    case BufferDeed::Unpinned:
      return {icons::kDetach, "buffers.deed.unpinned"};
    case BufferDeed::Dirtied:
      return {icons::kPencil, "buffers.deed.dirtied"};
    case BufferDeed::Written:
      return {icons::kDisk, "buffers.deed.written"};
    case BufferDeed::CountedDown:
      return {icons::kClockHand, "buffers.deed.counted_down"};
    case BufferDeed::PassedOver:
      return {icons::kClockHand, "buffers.deed.passed_over"};
    case BufferDeed::Swept:
      return {icons::kSweep, "buffers.deed.swept"};
    case BufferDeed::Popped:
      return {icons::kFreelists, "buffers.deed.popped"};
    case BufferDeed::Refused:
      return {icons::kFreelists, "buffers.deed.refused"};
    case BufferDeed::RingReused:
      return {icons::kRing, "buffers.deed.ring_reused"};
    case BufferDeed::RingSpared:
      return {icons::kRing, "buffers.deed.ring_spared"};
    case BufferDeed::RingJoined:
      return {icons::kRing, "buffers.deed.ring_joined"};
    case BufferDeed::RingLeft:
      return {icons::kRing, "buffers.deed.ring_left"};
    case BufferDeed::Evicted:
      return {icons::kGone, "buffers.deed.evicted"};
    case BufferDeed::Dropped:
      return {icons::kGone, "buffers.deed.dropped"};
    case BufferDeed::Freed:
      return {icons::kFreelists, "buffers.deed.freed"};
    case BufferDeed::Flagged:
      return {icons::kTag, "buffers.deed.flagged"};
  }
  return {icons::kTag, "buffers.deed.flagged"};
}

const char* reason_key(core::WriteReason reason) {
  static constexpr const char* kKeys[core::kWriteReasonCount] = {"buffers.write.victim", "buffers.write.background",
                                                                 "buffers.write.checkpoint", "buffers.write.flush"};
  return kKeys[static_cast<std::size_t>(reason)];
}

}  // namespace

void PoolBiography::lay_out() {
  rows_.clear();
  std::size_t stay = 0;
  const auto& stays = life_->stays();
  for (std::size_t i = 0; i < life_->entries().size(); ++i) {
    const EventNumber event = life_->entries()[i].event;
    for (; stay < stays.size() && stays[stay].first <= event; ++stay) rows_.push_back({true, stay, stays[stay].first});
    rows_.push_back({false, i, event});
  }
  for (; stay < stays.size(); ++stay) rows_.push_back({true, stay, stays[stay].first});
}

void PoolBiography::follow(const PanelContext& panel, core::BufferSlot buffer) {
  const Session& session = panel.session;
  const EventNumber cursor = session.cursor();
  const auto outside = [&] {  // of what is kept of a very long life
    if (!done_ || anchor_ == cursor || !life_->is_cut() || life_->entries().empty()) return false;
    return cursor < life_->entries().front().event || cursor > life_->entries().back().event;
  };
  if (!life_ || document_ != session.document->serial || buffer_ != buffer || outside()) {
    document_ = session.document->serial;
    buffer_ = buffer;
    anchor_ = cursor;
    life_.emplace(*session.timeline(), buffer, cursor);
    done_ = false;
    revealed_ = ~EventNumber{0};
  }
  if (done_ && size_ == session.event_count()) return;
  size_ = session.event_count();
  done_ = life_->advance(kEventsPerFrame);
  lay_out();
  if (!done_ && panel.wants_frame != nullptr) *panel.wants_frame = true;
}

void PoolBiography::draw_stay(const PanelContext& panel, const trace::BufferStay& stay) const {
  const trace::ServerState& server = panel.state().server();
  const std::string relation(life_->relation_name(stay.tag));
  std::string page = relation.empty() ? page_name(server, stay.tag) : relation + " " + format_count(stay.tag.block);
  std::string text = panel.strings.fill(stay.for_new ? "buffers.stay.made" : "buffers.stay.loaded", {{"page", page}});
  if (stay.last != 0)
    text += stay.dropped ? std::string(" ") + panel.strings("buffers.stay.dropped")
                         : " " + panel.strings.fill("buffers.stay.evicted", {{"page", page_name(server, stay.wanted)}});
  ImGui::PushFont(panel.fonts.title, panel.em());
  draw_cut_text(text, ImGui::GetContentRegionAvail().x, panel.theme.text);
  ImGui::PopFont();
}

void PoolBiography::draw_entry(const PanelContext& panel, const trace::BufferEntry& entry) const {
  const float em = panel.em();
  const bool here = entry.event == panel.session.cursor(), ahead = entry.event > panel.session.cursor();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  if (here)
    ImGui::GetWindowDrawList()->AddRectFilled(at, {at.x + width, at.y + ImGui::GetTextLineHeight() + 0.1f * em},
                                              panel.theme.selection, 0.2f * em);
  const DeedLook look = look_of(entry.deed);
  std::string text = panel.strings(look.key);
  if (entry.deed == BufferDeed::Written) text += std::string(", ") + panel.strings(reason_key(entry.reason));
  if (const auto who = life_->backend_name(entry.who); !who.empty()) text += " \u00B7 " + std::string(who);
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(look.icon);
  ImGui::PopStyleColor();
  ImGui::SameLine(1.6f * em);
  if (draw_link(panel, fmt::format("##life{}", entry.event).c_str(), format_event(entry.event)))
    panel.actions.push(Seek{entry.event});
  const float widest = ImGui::CalcTextSize(format_event(life_->entries().back().event).c_str()).x;
  ImGui::SameLine(2.4f * em + widest);
  // Usage afterwards at the right end.
  const float pips = 0.42f * em, right = at.x + width - pips * 1.3f * core::kMaxUsage - 0.3f * em;
  draw_cut_text(text, right - ImGui::GetCursorScreenPos().x - 0.4f * em, ahead ? panel.theme.dim : panel.theme.text);
  draw_usage(panel, {right, at.y + 0.35f * em}, pips, core::usage_of(entry.word),
             ahead ? panel.theme.dim : panel.theme.text);
}

void PoolBiography::draw(const PanelContext& panel, std::optional<core::BufferSlot> buffer) {
  if (!buffer) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    draw_paragraphs(panel.strings("buffers.select_one"));
    ImGui::PopStyleColor();
    return;
  }
  follow(panel, *buffer);
  if (!done_) draw_share_bar(panel, static_cast<float>(life_->progress()), 12 * panel.em(), panel.theme.accent);
  if (rows_.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    draw_paragraphs(panel.strings("buffers.no_life"));
    ImGui::PopStyleColor();
    return;
  }
  if (!ImGui::BeginChild("##entries")) return ImGui::EndChild();
  const EventNumber cursor = panel.session.cursor();
  const float line = ImGui::GetTextLineHeightWithSpacing();
  if (done_ && revealed_ != cursor) {
    // The line at or before the cursor into the middle third.
    const auto found = std::upper_bound(rows_.begin(), rows_.end(), cursor,
                                        [](EventNumber event, const Row& row) { return event < row.event; });
    const float y = static_cast<float>(found - rows_.begin()) * line, height = ImGui::GetWindowHeight();
    if (y < ImGui::GetScrollY() + height / 3 || y > ImGui::GetScrollY() + height * 2 / 3)
      ImGui::SetScrollY(std::max(0.0f, y - height / 2));
    revealed_ = cursor;
  }
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(rows_.size()), line);
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const Row& row = rows_[static_cast<std::size_t>(i)];
      ImGui::PushID(i);
      if (row.is_stay)
        draw_stay(panel, life_->stays()[row.index]);
      else
        draw_entry(panel, life_->entries()[row.index]);
      ImGui::PopID();
    }
  }
  ImGui::EndChild();
}

}  // namespace palloscope::gui
