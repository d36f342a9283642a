#include "gui/panels/inspector_panel.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <optional>

#include "gui/command_table.h"
#include "gui/fault_text.h"
#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/map_tint.h"
#include "gui/panels/buffer_view.h"
#include "gui/panels/map_tooltip.h"
#include "gui/panels/profile_of.h"
#include "gui/panels/shmem_inspector.h"
#include "gui/panels/widgets.h"
#include "trace/analysis/recycled_contexts.h"

namespace palloscope::gui {
namespace {

using trace::BlockRecord;
using trace::ChunkRecord;
using trace::ContextRecord;

// The record before the last step; null if the step did not touch the thing or is not known.
template <class Slot, class Record>
const Record* before(const std::vector<std::pair<Slot, Record>>& changed, Slot slot) {
  const auto found =
      std::find_if(changed.begin(), changed.end(), [&](const auto& entry) { return entry.first == slot; });
  return found == changed.end() ? nullptr : &found->second;
}

// The bytes that somebody asked for, if they could be read.
const ShownContents* good_contents(const Session& session) {
  const ShownContents* contents = shown_contents(session);
  return contents != nullptr && contents->problem.empty() ? contents : nullptr;
}

// Rows of "field  value (was old)". A field is PostgreSQL's name, so it is the same in every language.
class Fields {
 public:
  explicit Fields(const PanelContext& panel, const char* id) : panel_(panel) {
    open_ = ImGui::BeginTable(id, 2, ImGuiTableFlags_SizingStretchProp | ImGuiTableFlags_BordersInnerH);
    if (!open_) return;
    ImGui::TableSetupColumn("field", ImGuiTableColumnFlags_WidthStretch, 0.8f);
    ImGui::TableSetupColumn("value", ImGuiTableColumnFlags_WidthStretch, 1.2f);
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  ~Fields() {
    if (open_) ImGui::EndTable();
  }

  void text(std::string_view name, const std::string& value, const std::optional<std::string>& old = {}) {
    if (!open_) return;
    begin(name);
    const bool changed = old && *old != value;
    ImGui::PushStyleColor(ImGuiCol_Text, changed ? panel_.theme.changed : panel_.theme.text);
    ImGui::PushFont(panel_.fonts.mono, panel_.fonts.mono_size);
    ImGui::PushTextWrapPos(0);
    ImGui::TextUnformatted(value.c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopFont();
    ImGui::PopStyleColor();
    if (!changed) return;
    ImGui::PushStyleColor(ImGuiCol_Text, panel_.theme.dim);
    ImGui::PushFont(panel_.fonts.text, panel_.fonts.small_size);
    ImGui::TextUnformatted(panel_.strings.fill("inspector.was", {{"old", *old}}).c_str());
    ImGui::PopFont();
    ImGui::PopStyleColor();
  }
  // Text that selects something when clicked.
  void link(std::string_view name, const std::string& value, const std::optional<Selection>& target) {
    if (!target) return text(name, value.empty() ? "NULL" : value);
    begin(name);
    ImGui::PushID(name.data(), name.data() + name.size());
    if (draw_link(panel_, "##link", value)) panel_.actions.push(Select{*target});
    ImGui::PopID();
  }

 private:
  void begin(std::string_view name) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    draw_cut_text(name, ImGui::GetContentRegionAvail().x, panel_.theme.dim);
    ImGui::TableNextColumn();
  }
  const PanelContext& panel_;
  bool open_ = false;
};

// value_of applied to the old record, if there is one of the same thing.
template <class Record, class ValueOf>
std::optional<std::string> old_value(const Record* old, ValueOf&& value_of) {
  if (old == nullptr || old->born == 0) return std::nullopt;
  return value_of(*old);
}

std::optional<Selection> select(const trace::MemoryState& state, core::ContextSlot slot) {
  const ContextRecord* context = state.context(slot);
  return context == nullptr ? std::nullopt : std::optional<Selection>(ContextKey{slot, context->born});
}
std::optional<Selection> select(const trace::MemoryState& state, core::BlockSlot slot) {
  const BlockRecord* block = state.block(slot);
  return block == nullptr ? std::nullopt : std::optional<Selection>(BlockKey{slot, block->born});
}
std::optional<Selection> select(const trace::MemoryState& state, core::ChunkSlot slot) {
  const ChunkRecord* chunk = state.chunk(slot);
  return chunk == nullptr ? std::nullopt : std::optional<Selection>(ChunkKey{slot, chunk->born});
}

std::string name_of(const trace::MemoryState& state, core::ContextSlot slot) {
  const ContextRecord* context = state.context(slot);
  return context == nullptr ? std::string() : context->name;
}
std::string name_of(const trace::MemoryState& state, core::BlockSlot slot) {
  const BlockRecord* block = state.block(slot);
  return block == nullptr
             ? std::string()
             : format_bytes(block->bytes) + " @ " + format_address(block->header ? block->header : block->at);
}
std::string name_of(const trace::MemoryState& state, core::ChunkSlot slot) {
  const ChunkRecord* chunk = state.chunk(slot);
  return chunk == nullptr ? std::string() : format_address(chunk->at);
}

const char* struct_name(core::ContextKind kind) {
  switch (kind) {
    case core::ContextKind::AllocSet:
      return "AllocSetContext";
    case core::ContextKind::Generation:
      return "GenerationContext";
    case core::ContextKind::Slab:
      return "SlabContext";
    case core::ContextKind::Bump:
      return "BumpContext";
    case core::ContextKind::Unknown:
      return "MemoryContextData";
  }
  return "MemoryContextData";
}

void title(const PanelContext& panel, const char* icon, const std::string& text, const std::string& below) {
  ImGui::PushFont(panel.fonts.title, panel.em() * 1.1f);
  ImGui::PushTextWrapPos(0);
  ImGui::Text("%s  %s", icon, text.c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopFont();
  if (below.empty()) return;
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(below.c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
}

}  // namespace

void InspectorPanel::draw_faults(const PanelContext& panel, core::Address at, std::uint64_t bytes,
                                 core::EventNumber born) {
  const auto faults = faults_about(panel.session, at, std::max<std::uint64_t>(1, bytes), born);
  const float em = panel.em();
  constexpr std::size_t kMostShown = 16;  // the latest; the event list has them all
  for (const trace::FoundFault& fault : std::span(faults).first(std::min(faults.size(), kMostShown))) {
    ImGui::PushID(static_cast<int>(fault.event));
    const ImVec2 at_px = ImGui::GetCursorScreenPos();
    draw_fault_cross(panel, {at_px.x + 0.5f * em, at_px.y + 0.5f * ImGui::GetTextLineHeight()}, 0.8f * em);
    ImGui::Dummy({1.1f * em, ImGui::GetTextLineHeight()});
    ImGui::SameLine(0, 0.3f * em);
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.fault);
    ImGui::TextUnformatted(panel.strings(fault_key(fault.what.kind)));
    ImGui::PopStyleColor();
    ImGui::SameLine();
    if (draw_link(panel, "##fault", format_event(fault.event))) panel.actions.push(Seek{fault.event});
    const auto place = [&](const char* id, std::string_view key, core::EventNumber event) {
      if (event == 0) return;
      const std::string text = panel.strings.fill(key, {{"event", format_event(event)}});
      ImGui::SetCursorPosX(ImGui::GetCursorPosX() + 1.4f * em);
      if (draw_link(panel, id, text)) panel.actions.push(Seek{event});
    };
    place("##fault_born", "fault.born", fault.what.born);
    place("##fault_ended", "fault.ended", fault.what.ended);
    ImGui::PopID();
  }
}

void InspectorPanel::draw_life_link(const PanelContext& panel) {
  if (draw_link(panel, "##life", panel.strings("inspector.show_life"))) panel.actions.push(ShowPanel{"life"});
}

void InspectorPanel::draw_gone(const PanelContext& panel, core::EventNumber born) {
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(panel.strings.fill("inspector.not_now", {{"event", format_event(born)}}).c_str());
  ImGui::PopTextWrapPos();
  if (born != 0 && draw_link(panel, "##born", panel.strings("inspector.go_to_birth"))) panel.actions.push(Seek{born});
  draw_life_link(panel);
  draw_faults(panel, {}, 0, born);
}

void InspectorPanel::draw_context(const PanelContext& panel, core::ContextSlot slot) {
  const trace::MemoryState& state = panel.state();
  const ContextRecord& c = state.contexts()[slot.value];
  const ContextRecord* old = before(panel.session.timeline()->last_change().contexts, slot);
  const auto field = [&](auto&& value_of) { return std::pair{value_of(c), old_value(old, value_of)}; };
  title(panel, icons::kTree, c.name, fmt::format("{} \u00B7 {}", struct_name(c.kind), format_event(c.born)));
  Fields fields(panel, "##context");
  const auto say = [&](std::string_view name, auto&& value_of) {
    auto [value, was] = field(value_of);
    fields.text(name, value, was);
  };
  using R = const ContextRecord&;
  if (c.reported) {
    const auto& r = *c.reported;
    fields.text("total_bytes", format_bytes_exactly(r.total_bytes));
    fields.text("total_nblocks", format_count(r.blocks));
    fields.text("free_bytes", format_bytes_exactly(r.free_bytes));
    fields.text("free_chunks", format_count(r.free_chunks));
    fields.text("used_bytes", format_bytes_exactly(r.used_bytes));
  } else {
    say("isReset", [](R r) { return std::string(r.is_reset ? "true" : "false"); });
    say("allowInCritSection", [](R r) { return std::string(r.allow_in_crit_section ? "true" : "false"); });
    say("mem_allocated", [](R r) { return format_bytes_exactly(r.mem_allocated_bytes); });
  }
  fields.link("parent", name_of(state, c.parent), select(state, c.parent));
  fields.link("firstchild", name_of(state, c.first_child), select(state, c.first_child));
  fields.link("prevchild", name_of(state, c.prev_sibling), select(state, c.prev_sibling));
  fields.link("nextchild", name_of(state, c.next_sibling), select(state, c.next_sibling));
  say("ident", [](R r) { return r.ident ? fmt::format("\"{}\"", *r.ident) : std::string("NULL"); });
  if (!c.at) return;
  say("reset_cbs", [](R r) { return std::to_string(r.callbacks.size()); });
  fields.link("blocks", name_of(state, c.first_block), select(state, c.first_block));
  if (c.kind == core::ContextKind::Slab) {
    fields.text("chunkSize", format_bytes_exactly(c.min_context_bytes));
    fields.text("blockSize", format_bytes_exactly(c.init_block_bytes));
  } else {
    fields.text("initBlockSize", format_bytes_exactly(c.init_block_bytes));
    fields.text("maxBlockSize", format_bytes_exactly(c.max_block_bytes));
    say("nextBlockSize", [](R r) { return format_bytes_exactly(r.next_block_bytes); });
    fields.text("allocChunkLimit", format_bytes_exactly(c.chunk_limit_bytes));
  }
  if (c.kind == core::ContextKind::AllocSet) fields.text("freeListIndex", std::to_string(c.recycle_list));
  if (const auto taken = trace::taken_over(*panel.session.timeline(), slot)) {
    fields.text(panel.strings("inspector.taken_over"),
                fmt::format("{} ({})", taken->was.name, format_event(taken->born)));
  }
  say(panel.strings("inspector.live_chunks"), [](R r) { return format_count(r.live_chunk_count); });
  say(panel.strings("inspector.free_chunks"), [](R r) { return format_count(r.free_chunk_count); });
  fields.text("@", format_address(c.at));
}

void InspectorPanel::draw_block(const PanelContext& panel, core::BlockSlot slot) {
  const trace::MemoryState& state = panel.state();
  const BlockRecord& b = state.blocks()[slot.value];
  const BlockRecord* old = before(panel.session.timeline()->last_change().blocks, slot);
  title(panel, icons::kBlock, fmt::format("{} {}", panel.strings(block_role_key(b.role)), format_bytes(b.bytes)),
        format_event(b.born));
  {
    Fields fields(panel, "##block");
    using R = const BlockRecord&;
    const auto say = [&](std::string_view name, auto&& value_of) {
      fields.text(name, value_of(b), old_value(old, value_of));
    };
    fields.link("context", name_of(state, b.context), select(state, b.context));
    if (b.context) {
      fields.link("prev", name_of(state, b.prev), select(state, b.prev));
      fields.link("next", name_of(state, b.next), select(state, b.next));
      say("freeptr", [](R r) { return format_address(r.free_at); });
      say("endptr", [](R r) { return format_address(r.end()); });
      say(panel.strings("inspector.tail"), [](R r) { return format_bytes_exactly(r.end() - r.free_at); });
      say(panel.strings("inspector.live_chunks"), [](R r) { return format_count(r.live_chunk_count); });
      if (b.uncounted_free != 0)
        say(panel.strings("inspector.uncounted_free"), [](R r) { return format_count(r.uncounted_free); });
    }
    say("malloc", [](R r) { return format_bytes_exactly(r.bytes) + " @ " + format_address(r.at); });
  }
  draw_bytes(panel);
}

void InspectorPanel::draw_chunk(const PanelContext& panel, core::ChunkSlot slot) {
  const trace::MemoryState& state = panel.state();
  const ChunkRecord& c = state.chunks()[slot.value];
  const ChunkRecord* old = before(panel.session.timeline()->last_change().chunks, slot);
  const bool live = c.state == trace::ChunkState::Live;
  title(panel, icons::kChunk, panel.strings(live ? "inspector.chunk_live" : "inspector.chunk_free"),
        format_address(c.at));
  {
    Fields fields(panel, "##chunk");
    using R = const ChunkRecord&;
    const auto say = [&](std::string_view name, auto&& value_of) {
      fields.text(name, value_of(c), old_value(old, value_of));
    };
    const core::ContextSlot owner = state.context_of(c);
    fields.link(panel.strings("inspector.owner"), name_of(state, owner), select(state, owner));
    fields.link(panel.strings("inspector.block"), name_of(state, c.block), select(state, c.block));
    const bool slab = owner && state.contexts()[owner.value].kind == core::ContextKind::Slab;  // one size for all
    if (live && !slab && !core::requested_known(panel.session.timeline()->description()))
      fields.text(panel.strings("inspector.requested"), panel.strings("inspector.requested_unknown"));
    else if (live)
      say(panel.strings("inspector.requested"), [](R r) { return format_bytes_exactly(r.requested_bytes); });
    say(panel.strings("inspector.granted"), [](R r) { return format_bytes_exactly(r.granted_bytes); });
    if (!live)
      fields.link(panel.strings("inspector.next_free"), name_of(state, c.next_free), select(state, c.next_free));
    fields.link(panel.strings("inspector.born"), format_event(c.born), Selection(EventKey{c.born}));
  }
  draw_life_link(panel);
  draw_faults(panel, c.at, c.granted_bytes, c.born);
  // Of a process contents are asked for: the answer stands where the eye is, not below the lens.
  const bool is_process = panel.session.timeline()->description().source == core::SourceKind::Snapshot;
  if (is_process) draw_bytes(panel);
  header_.draw(panel, slot, exact_bytes(panel), good_contents(panel.session));
  if (!is_process) draw_bytes(panel);
}

const core::MemorySource* InspectorPanel::exact_bytes(const PanelContext& panel) {
  const core::MemorySource* exact = replayed_.at_cursor(panel.session);
  if (replayed_.is_working() && panel.wants_frame != nullptr) *panel.wants_frame = true;
  return exact;
}

// Bytes of a process that was looked into: how to see them, when they were read, or why there are none.
void InspectorPanel::draw_contents_line(const PanelContext& panel, const ShownContents* contents,
                                        std::uint64_t hidden) {
  const Session& session = panel.session;
  const Strings& strings = panel.strings;
  const auto say = [&](const std::string& text, Color color) {
    ImGui::PushStyleColor(ImGuiCol_Text, color);
    draw_paragraphs(text);
    ImGui::PopStyleColor();
  };
  if (const std::string_view why = why_no_contents(session); !why.empty() && contents == nullptr)
    return say(strings(why), panel.theme.dim);
  if (contents == nullptr) {
    const Command* command = find_command("contents");
    const auto keys = keys_of(*command, session.preferences);
    const std::string key = keys.empty() ? std::string() : fmt::format(" ({})", format_for_people(keys.front()));
    if (ImGui::Button(fmt::format("{}{}##show_contents", strings("contents.show"), key).c_str()))
      panel.actions.push(ShowContents{});
    return say(strings("contents.asked"), panel.theme.dim);
  }
  const bool can_read_again = session.document->live && why_no_contents(session).empty();
  if (can_read_again && ImGui::Button(fmt::format("{}##read_again", strings("contents.again")).c_str()))
    panel.actions.push(ShowContents{});
  if (can_read_again) ImGui::SameLine();
  if (ImGui::Button(fmt::format("{}##hide_contents", strings("contents.hide")).c_str()))
    panel.actions.push(ShowContents{false});
  if (!contents->problem.empty())
    say(strings.fill("contents.failed", {{"why", contents->problem}}), panel.theme.problem);
  else if (!contents->read_at.empty())
    say(strings.fill("contents.read_now", {{"time", contents->read_at}}), panel.theme.changed);
  if (contents->problem.empty() && hidden != 0)
    say(strings.fill("contents.cut", {{"n", format_bytes_exactly(hidden)}}), panel.theme.dim);
}

void InspectorPanel::draw_bytes(const PanelContext& panel) {
  constexpr std::uint64_t kMostKnown = 512;  // of a chunk whose contents nobody knows
  ImGui::SetNextItemOpen(bytes_open_, ImGuiCond_Once);
  bytes_open_ = ImGui::CollapsingHeader(panel.strings("inspector.bytes"));
  if (!bytes_open_) return;
  const Session& session = panel.session;
  const core::MemorySource* exact = exact_bytes(panel);
  const ShownContents* contents = good_contents(session);
  const auto range = contents_range(panel.state(), session.selection, contents == nullptr ? kMostKnown : kMostContents);
  if (!range) return;
  if (exact == nullptr && !replayed_.is_working() && !session.document->run)
    draw_contents_line(panel, shown_contents(session), range->hidden);
  std::optional<ContentsSource> read;
  if (exact == nullptr && contents != nullptr) exact = &read.emplace(*contents, nullptr);
  const bool is_chunk = std::holds_alternative<ChunkKey>(session.selection);
  const bool can_change = is_chunk && session.document->run.has_value();
  const bool is_later = read && !contents->read_at.empty();
  bytes_.draw(panel, {range->block, range->from, range->to, range->first}, profile_of(session), exact,
              can_change ? &header_.edits : nullptr, is_later ? "contents.framed" : "inspector.trampled_bytes");
}

void InspectorPanel::draw(const PanelContext& panel) {
  if (!panel.session.document) return;
  const trace::MemoryState& state = panel.state();
  const Selection& selection = panel.session.selection;
  if (const auto* context = std::get_if<ContextKey>(&selection)) {
    if (find(state, *context) != nullptr)
      draw_context(panel, context->slot);
    else
      draw_gone(panel, context->born);
  } else if (const auto* block = std::get_if<BlockKey>(&selection)) {
    if (find(state, *block) != nullptr)
      draw_block(panel, block->slot);
    else
      draw_gone(panel, block->born);
  } else if (const auto* chunk = std::get_if<ChunkKey>(&selection)) {
    if (find(state, *chunk) != nullptr)
      draw_chunk(panel, chunk->slot);
    else
      draw_gone(panel, chunk->born);
  } else if (const auto* buffer = std::get_if<BufferKey>(&selection)) {
    draw_buffer_descriptor(panel, buffer->slot);
  } else if (const auto* event = std::get_if<EventKey>(&selection)) {
    if (draw_link(panel, "##event", format_event(event->number))) panel.actions.push(Seek{event->number});
  } else if (const auto* piece = std::get_if<ShmemKey>(&selection)) {
    if (find(state, *piece) != nullptr)
      inspect_shmem(panel, *piece);
    else
      draw_gone(panel, piece->born);
  } else if (const auto* segment = std::get_if<SegmentKey>(&selection)) {
    if (find(state, *segment) != nullptr)
      inspect_segment(panel, *segment);
    else
      draw_gone(panel, segment->born);
  } else if (state.context(state.point().current) != nullptr) {
    draw_context(panel, state.point().current);  // nothing selected: where palloc goes
  } else {
    draw_empty(panel, "inspector.empty");
  }
}

}  // namespace palloscope::gui
