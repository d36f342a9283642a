#include "gui/panels/buffer_view.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <optional>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/layout/page_bucket.h"
#include "gui/layout/state_word_lens.h"
#include "gui/panels/pool_scene.h"
#include "gui/panels/widgets.h"

namespace palloscope::gui {
namespace {

using trace::BufferRecord;

// As it was before the last step; null: the step did not touch it.
const BufferRecord* before(const PanelContext& panel, core::BufferSlot slot) {
  const trace::ChangeSet& change = panel.session.timeline()->last_change();
  if (!change.known) return nullptr;
  for (const auto& [changed, old] : change.buffers)
    if (changed == slot) return &old;
  return nullptr;
}

Color field_colour(const Theme& theme, std::size_t field) { return theme.owner[(field + 5) % kOwnerColorCount]; }

char field_letter(std::size_t field) { return static_cast<char>('a' + field); }

// The bits in rows, the highest first; each field has its letter, told apart without colour too.
void draw_bits(const PanelContext& panel, std::uint32_t word, std::uint32_t was) {
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x;
  const int columns = width > 26 * em ? 32 : 16, rows = 32 / columns;
  const float cell = std::min(1.5f * em, width / (static_cast<float>(columns) * 1.03f));
  const float height = 1.25f * em, label = 0.95f * em, pitch = label + height + 0.25f * em;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const auto fields = state_word_fields();
  for (int i = 0; i < 32; ++i) {
    const auto bit = static_cast<std::uint32_t>(31 - i);
    const std::size_t index = state_word_field_of(bit);
    const StateWordField& field = fields[index];
    const int row = i / columns, column = i % columns, nibble = column / 4;
    const ImVec2 low{at.x + cell * (static_cast<float>(column) + 0.125f * static_cast<float>(nibble)),
                     at.y + static_cast<float>(row) * pitch + label};
    const ImVec2 high{low.x + cell - 1, low.y + height};
    const bool set = ((word >> bit) & 1) != 0, changed = (((word ^ was) >> bit) & 1) != 0;
    const Color colour = field_colour(panel.theme, index);
    draw->AddRectFilled(low, high, set ? colour : mix(panel.theme.panel, colour, 0.22f));
    if (changed) draw->AddRect(low, high, panel.theme.changed, 0, 0, 0.15f * em);
    const char* digit = set ? "1" : "0";
    const float size = std::min(cell * 1.1f, em);
    const ImVec2 extent = panel.fonts.mono->CalcTextSizeA(size, FLT_MAX, 0, digit);
    draw->AddText(panel.fonts.mono, size, {low.x + (cell - extent.x) / 2, low.y + (height - extent.y) / 2},
                  set ? readable_on(colour) : panel.theme.text, digit);
    if (column == 0 || bit + 1 == field.first_bit + field.bit_count) {
      const char letter[2] = {field_letter(index), 0};
      draw->AddText(panel.fonts.title, panel.fonts.small_size, {low.x + 1, low.y - label}, panel.theme.text, letter);
    }
    if (ImGui::IsMouseHoveringRect(low, high) && ImGui::IsWindowHovered())
      ImGui::SetTooltip(
          "%s",
          panel.strings.fill("lens.bit", {{"n", std::to_string(bit)}, {"field", std::string(field.name)}}).c_str());
  }
  ImGui::Dummy({width, static_cast<float>(rows) * pitch});
}

void draw_fields(const PanelContext& panel, std::uint32_t word, std::uint32_t was) {
  const float em = panel.em();
  const auto fields = state_word_fields();
  // Counts first, then the flags that are set, then the others in one dim line.
  std::string unset;
  const auto line = [&](std::size_t i) {
    const StateWordField& field = fields[i];
    const std::uint32_t value = field.value(word), old = field.value(was);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList* draw = ImGui::GetWindowDrawList();
    const Color colour = field_colour(panel.theme, i);
    draw->AddRectFilled({at.x, at.y + 0.1f * em}, {at.x + 1.1f * em, at.y + 1.2f * em}, colour, 0.15f * em);
    const char letter[2] = {field_letter(i), 0};
    draw->AddText(panel.fonts.title, panel.fonts.small_size, {at.x + 0.3f * em, at.y + 0.15f * em}, readable_on(colour),
                  letter);
    ImGui::Dummy({1.2f * em, em});
    ImGui::SameLine(0, 0.3f * em);
    std::string text(field.name);
    if (field.bit_count > 1) text += " " + format_count(value);
    ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
    ImGui::PushStyleColor(ImGuiCol_Text, value != old ? panel.theme.changed : panel.theme.text);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopStyleColor();
    ImGui::PopFont();
    if (value != old) {
      ImGui::SameLine(0, 0.5f * em);
      ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
      ImGui::TextUnformatted(panel.strings.fill("inspector.was", {{"old", format_count(old)}}).c_str());
      ImGui::PopStyleColor();
    }
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    draw_paragraphs(panel.strings(field.says_key), 1.5f * em);
    ImGui::PopStyleColor();
  };
  for (std::size_t i = fields.size(); i-- > 0;) {
    if (fields[i].bit_count > 1 || fields[i].value(word) != 0 || fields[i].value(was) != 0) {
      line(i);
    } else {
      unset += (unset.empty() ? "" : "  ") + std::string(1, field_letter(i)) + " " + std::string(fields[i].name);
    }
  }
  if (unset.empty()) return;
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::PushFont(panel.fonts.text, panel.fonts.small_size);
  draw_paragraphs(panel.strings.fill("buffers.bits_unset", {{"names", unset}}));
  ImGui::PopFont();
  ImGui::PopStyleColor();
}

// "name   value", the old value behind it where the last step changed it.
void draw_row(const PanelContext& panel, const char* name, const std::string& value, const std::string& old) {
  const float em = panel.em();
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(name);
  ImGui::PopStyleColor();
  ImGui::SameLine(std::min(9 * em, 0.45f * ImGui::GetWindowWidth()));
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  ImGui::PushStyleColor(ImGuiCol_Text, old != value ? panel.theme.changed : panel.theme.text);
  ImGui::TextUnformatted(value.c_str());
  ImGui::PopStyleColor();
  ImGui::PopFont();
  if (old == value) return;
  ImGui::SameLine(0, 0.5f * em);
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(panel.strings.fill("inspector.was", {{"old", old}}).c_str());
  ImGui::PopStyleColor();
}

std::string free_next(const trace::ServerState& server, const BufferRecord& buffer) {
  if (!buffer.in_freelist) return "-2";
  const trace::PoolRecord* pool = server.pool(buffer.pool);
  if (!buffer.next_free || pool == nullptr) return "-1";
  return std::to_string(buffer.next_free.value - pool->first.value);
}

}  // namespace

void draw_buffer_descriptor(const PanelContext& panel, core::BufferSlot slot) {
  const trace::ServerState& server = panel.state().server();
  const BufferRecord* buffer = server.buffer(slot);
  if (buffer == nullptr) return draw_empty(panel, "buffers.no_buffer");
  const trace::PoolRecord& pool = *server.pool(buffer->pool);
  const BufferRecord* changed = before(panel, slot);
  const BufferRecord& old = changed != nullptr ? *changed : *buffer;
  const float em = panel.em();
  const std::uint32_t place = slot.value - pool.first.value;
  ImGui::PushFont(panel.fonts.title, 1.1f * em);
  ImGui::Text("%s  %s", icons::kBuffers,
              panel.strings.fill("buffers.tip.title", {{"n", buffer_number(pool, place)}, {"id", format_count(place)}})
                  .c_str());
  ImGui::PopFont();
  const LearnedState state = learned_state(buffer->word);
  std::string says = panel.strings(state_word_key(state));
  if (state == LearnedState::Pinned && buffer->dirty())
    says += std::string(", ") + panel.strings("buffers.state.dirty");
  if (buffer->has_page()) says = page_name(server, buffer->tag) + " \u00B7 " + says;
  ImGui::TextUnformatted(says.c_str());
  if (draw_link(panel, "##show_pool", panel.strings("buffers.show_in_pool"))) panel.actions.push(ShowPanel{"buffers"});

  ImGui::SeparatorText("BufferDesc");
  const auto row = [&](const char* name, auto&& value_of) { draw_row(panel, name, value_of(*buffer), value_of(old)); };
  using B = const BufferRecord&;
  const auto of_tag = [](B b, std::uint32_t value) { return b.has_page() ? std::to_string(value) : std::string("0"); };
  row("tag.spcOid", [&](B b) { return of_tag(b, b.tag.tablespace); });
  row("tag.dbOid", [&](B b) { return of_tag(b, b.tag.database); });
  row("tag.relNumber", [&](B b) { return of_tag(b, b.tag.relation); });
  row("tag.forkNum", [](B b) { return std::to_string(b.has_page() ? b.tag.fork : -1); });
  row("tag.blockNum",
      [](B b) { return b.has_page() ? std::to_string(b.tag.block) : std::string("InvalidBlockNumber"); });
  row("buf_id", [&](B) { return pool.backend ? fmt::format("-{}", place + 2) : std::to_string(place); });
  if (pool.has_freelist) row("freeNext", [&](B b) { return free_next(server, b); });
  row("state", [](B b) { return fmt::format("0x{:08x}", b.word); });
  draw_bits(panel, buffer->word, old.word);
  draw_fields(panel, buffer->word, old.word);

  const auto event = [&](const char* id, const char* key, EventNumber number) {
    if (number == 0) return;
    if (draw_link(panel, id, panel.strings.fill(key, {{"event", format_event(number)}})))
      panel.actions.push(Seek{number});
  };
  if (!buffer->has_page()) return;
  const PageBucket place_in_table = page_bucket(buffer->tag, pool.buffers, static_cast<bool>(pool.backend));
  ImGui::SeparatorText(panel.strings("buffers.section.lookup"));
  draw_paragraphs(panel.strings.fill(pool.backend ? "buffers.bucket_local" : "buffers.bucket",
                                     {{"hash", fmt::format("{:08x}", place_in_table.hash)},
                                      {"bucket", format_count(place_in_table.bucket)},
                                      {"partition", format_count(place_in_table.partition)}}));
  ImGui::SeparatorText(panel.strings("buffers.section.history"));
  event("##tagged", "buffers.tip.tagged", buffer->tagged);
  event("##used", "buffers.tip.used", buffer->used);
  event("##dirtied", "buffers.tip.dirtied", buffer->dirtied);
  if (buffer->dirtied != 0 && buffer->lsn != 0)
    ImGui::TextUnformatted(
        panel.strings
            .fill("buffers.lsn", {{"lsn", fmt::format("{:X}/{:X}", buffer->lsn >> 32, buffer->lsn & 0xFFFFFFFF)}})
            .c_str());
}

}  // namespace palloscope::gui
