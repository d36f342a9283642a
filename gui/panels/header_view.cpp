#include "gui/panels/header_view.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <optional>

#include "gui/format_text.h"
#include "gui/icons.h"
#include "gui/panels/profile_of.h"
#include "gui/panels/widgets.h"
#include "trace/analysis/known_source.h"

namespace palloscope::gui {
namespace {

Color role_colour(const Theme& theme, LensRole role) {
  return theme.owner[static_cast<std::size_t>(role) % kOwnerColorCount];
}

// A chunk's fields are told apart by a letter too, not by colour alone.
char role_letter(std::size_t index) { return static_cast<char>('a' + index); }

const LensField* field_of(const LensWord& word, std::uint32_t bit) {
  for (const LensField& field : word.fields)
    if (bit >= field.first_bit && bit < field.first_bit + field.bit_count) return &field;
  return nullptr;
}

// The context or block that the lens found, if it is the one that the chunk is known to be in.
std::optional<Selection> known_block(const trace::MemoryState& state, core::ChunkSlot slot, core::Address header) {
  const trace::ChunkRecord* chunk = state.chunk(slot);
  const trace::BlockRecord* block = chunk == nullptr ? nullptr : state.block(chunk->block);
  if (block == nullptr || block->header != header) return std::nullopt;
  return BlockKey{chunk->block, block->born};
}
std::optional<Selection> known_context(const trace::MemoryState& state, core::ChunkSlot slot, core::Address at) {
  const trace::ChunkRecord* chunk = state.chunk(slot);
  if (chunk == nullptr) return std::nullopt;
  const core::ContextSlot owner = state.context_of(*chunk);
  const trace::ContextRecord* context = state.context(owner);
  if (context == nullptr || context->at != at) return std::nullopt;
  return ContextKey{owner, context->born};
}

bool can_write(const Session& session) { return session.at_live_end(); }

}  // namespace

void HeaderView::refresh(const PanelContext& panel, core::ChunkSlot slot, const core::MemorySource* exact,
                         const ShownContents* contents) {
  const bool whole = exact != nullptr;
  const Session& session = panel.session;
  if (slot != key_.slot || session.document->serial != key_.serial) {
    edits.clear();
    bit_ = -1;
  }
  const std::uint64_t reading = contents == nullptr ? 0 : contents->number;
  Key key{session.document->serial, session.cursor(), session.event_count(), slot, whole, reading, edits};
  if (key == key_) return;
  const trace::MemoryState& state = panel.state();
  const trace::ChunkRecord* chunk = state.chunk(slot);
  const trace::ContextRecord* owner = state.context(state.context_of(*chunk));
  const core::ContextKind kind = owner == nullptr ? core::ContextKind::Unknown : owner->kind;
  const core::VersionProfile& profile = profile_of(session);
  std::optional<trace::KnownSource> known;
  std::optional<ContentsSource> read;
  if (!whole) known.emplace(state, profile, slot);
  if (!whole && contents != nullptr) read.emplace(*contents, &*known);
  const core::MemorySource* around = known ? &*known : exact;
  const core::MemorySource& bytes = read ? *read : *around;
  core::PatchedSource patched(bytes);
  edits.apply_to(patched);
  original_ = header_lens(bytes, profile, kind, chunk->at);
  lens_ = header_lens(patched, profile, kind, chunk->at);
  path_ = core::pfree_path(patched, profile, chunk->at, whole);
  key_ = std::move(key);
}

void HeaderView::flip(std::size_t index, std::uint32_t bit) {
  const LensWord& word = lens_.words[index];
  const auto byte = static_cast<std::uint8_t>(word.value >> (bit / 8 * 8));
  const auto was = static_cast<std::uint8_t>(original_.words[index].value >> (bit / 8 * 8));
  edits.set(word.at + bit / 8, static_cast<std::uint8_t>(byte ^ (1u << (bit % 8))), was);
}

// The bits in rows, the highest first; over each run of a field's bits stands its letter.
void HeaderView::draw_word(const PanelContext& panel, std::size_t index) {
  const LensWord& word = lens_.words[index];
  const std::uint64_t was = original_.words[index].value;
  const float em = panel.em(), width = ImGui::GetContentRegionAvail().x;
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  ImGui::PushStyleColor(ImGuiCol_Text, word.value == was ? panel.theme.text : panel.theme.changed);
  ImGui::Text("0x%016llx", static_cast<unsigned long long>(word.value));
  ImGui::PopStyleColor();
  ImGui::PopFont();
  ImGui::SameLine(0, 0.6f * em);
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::TextUnformatted(word.name.data(), word.name.data() + word.name.size());
  ImGui::PopStyleColor();

  const int columns = lens_columns(width, 0.72f * em);
  const int rows = 64 / columns, groups_in_row = columns / 8;
  const auto groups = static_cast<float>(groups_in_row);
  const float cell = std::min(1.5f * em, width / (static_cast<float>(columns) + 0.25f * groups));
  const float height = std::max(cell * 1.2f, 1.1f * em), label = 0.95f * em, pitch = label + height + 0.25f * em;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImGui::PushID(static_cast<int>(index));
  for (int i = 0; i < 64; ++i) {
    const auto bit = static_cast<std::uint32_t>(63 - i);
    const int row = i / columns, column = i % columns, group = column / 8;
    const ImVec2 corner{at.x + cell * (static_cast<float>(column) + 0.25f * static_cast<float>(group)),
                        at.y + static_cast<float>(row) * pitch + label};
    const LensField* field = field_of(word, bit);
    const Color colour = field == nullptr ? panel.theme.dim : role_colour(panel.theme, field->role);
    const bool set = ((word.value >> bit) & 1) != 0, changed = ((word.value ^ was) >> bit & 1) != 0;
    ImGui::SetCursorScreenPos(corner);
    ImGui::PushID(i);
    if (ImGui::InvisibleButton("##bit", {cell, height})) {
      bit_ = static_cast<int>(index) * 64 + i;
      flip(index, bit);
    }
    ImGui::PopID();
    const ImVec2 low{corner.x + 0.5f, corner.y}, high{corner.x + cell - 0.5f, corner.y + height};
    draw->AddRectFilled(low, high, set ? colour : mix(panel.theme.panel, colour, 0.22f));
    if (changed) draw->AddRect(low, high, panel.theme.changed, 0, 0, 0.15f * em);
    if (bit_ == static_cast<int>(index) * 64 + i) draw->AddRect(low, high, panel.theme.accent, 0, 0, 0.12f * em);
    if (ImGui::IsItemHovered())
      ImGui::SetTooltip("%s", panel.strings
                                  .fill("lens.bit", {{"n", std::to_string(bit)},
                                                     {"field", field == nullptr ? "" : panel.strings(field->name_key)}})
                                  .c_str());
    const char* digit = set ? "1" : "0";
    const float size = std::min(cell * 1.1f, em);
    const ImVec2 extent = panel.fonts.mono->CalcTextSizeA(size, FLT_MAX, 0, digit);
    draw->AddText(panel.fonts.mono, size, {corner.x + (cell - extent.x) / 2, corner.y + (height - extent.y) / 2},
                  set ? readable_on(colour) : panel.theme.text, digit);
    // A field's letter where its run begins, in each row.
    if (field != nullptr && word.fields.size() > 1 && (column == 0 || bit + 1 == field->first_bit + field->bit_count)) {
      // Its name too where the run is long enough.
      const std::string letter(1, role_letter(static_cast<std::size_t>(field - word.fields.data())));
      const std::string name = letter + "  " + panel.strings(field->name_key);
      const auto run = static_cast<float>(std::min(columns - column, static_cast<int>(bit - field->first_bit) + 1));
      const float wide = panel.fonts.title->CalcTextSizeA(panel.fonts.small_size, FLT_MAX, 0, name.c_str()).x;
      draw->AddText(panel.fonts.title, panel.fonts.small_size, {corner.x + 1, corner.y - label}, panel.theme.text,
                    (wide < run * cell ? name : letter).c_str());
    }
  }
  ImGui::PopID();
  ImGui::SetCursorScreenPos({at.x, at.y + static_cast<float>(rows) * pitch});
  ImGui::Dummy({width, 0.1f * em});
  draw_fields(panel, word);
}

void HeaderView::draw_fields(const PanelContext& panel, const LensWord& word) {
  const float em = panel.em();
  for (std::size_t i = 0; i < word.fields.size(); ++i) {
    const LensField& field = word.fields[i];
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList* draw = ImGui::GetWindowDrawList();
    const Color colour = role_colour(panel.theme, field.role);
    draw->AddRectFilled({at.x, at.y + 0.1f * em}, {at.x + 1.1f * em, at.y + 1.2f * em}, colour, 0.15f * em);
    if (word.fields.size() > 1) {
      const char letter[2] = {role_letter(i), 0};
      draw->AddText(panel.fonts.title, panel.fonts.small_size, {at.x + 0.3f * em, at.y + 0.15f * em},
                    readable_on(colour), letter);
    }
    ImGui::Dummy({1.2f * em, em});
    ImGui::SameLine(0, 0.3f * em);
    const std::string value =
        field.role == LensRole::Magic || field.role == LensRole::Context || field.role == LensRole::Block
            ? fmt::format("0x{:x}", field.value)
            : format_count(field.value);
    ImGui::TextUnformatted(panel.strings(field.name_key));
    ImGui::SameLine(0, 0.5f * em);
    ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
    ImGui::TextUnformatted(value.c_str());
    ImGui::PopFont();
    if (!field.says_key.empty()) {
      const std::string kind = field.kind_key.empty() ? std::string() : panel.strings(field.kind_key);
      const std::string says = panel.strings.fill(
          field.says_key,
          {{"n", format_count(field.value)}, {"bytes", format_bytes_exactly(field.says_bytes)}, {"kind", kind}});
      ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
      draw_paragraphs(says, 1.5f * em);
      ImGui::PopStyleColor();
    }
    if (!field.target) continue;
    const auto known = field.role == LensRole::Context ? known_context(panel.state(), key_.slot, field.target)
                                                       : known_block(panel.state(), key_.slot, field.target);
    ImGui::Dummy({1.2f * em, 0});
    ImGui::SameLine(0, 0.3f * em);
    const std::string to = std::string(icons::kForwardTouch) + " " + format_address(field.target);
    ImGui::PushID(static_cast<int>(word.at.value & 0xFFFF) * 16 + static_cast<int>(i));
    if (known) {
      if (draw_link(panel, "##target", to)) panel.actions.push(Select{*known});
    } else {
      ImGui::TextUnformatted(to.c_str());
    }
    ImGui::PopID();
  }
}

// Word, allocator, block, context, end: a line each, with arrows.
void HeaderView::draw_path(const PanelContext& panel) {
  using core::PfreeEnd;
  const float em = panel.em();
  const Strings& strings = panel.strings;
  ImGui::SeparatorText(strings(edits.empty() ? "lens.path" : "lens.path_if"));
  int line = 0;
  const auto step = [&](const std::string& text, const std::optional<Selection>& target = {}) {
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    ImGui::TextUnformatted(line == 0 ? icons::kPencil : icons::kForwardTouch);
    ImGui::PopStyleColor();
    ImGui::SameLine(1.6f * em);
    ImGui::PushID(line++);
    if (target) {
      if (draw_link(panel, "##step", text)) panel.actions.push(Select{*target});
    } else {
      draw_paragraphs(text);
    }
    ImGui::PopID();
  };
  step(strings.fill("lens.step_word", {{"word", fmt::format("0x{:016x}", path_.word)}}));
  if (path_.raw != path_.pointer) step(strings.fill("lens.step_redirect", {{"at", format_address(path_.raw)}}));
  static constexpr std::string_view kKinds[] = {"kind.aset", "kind.generation", "kind.slab", "kind.bump"};
  const std::string kind = path_.allocator == core::ContextKind::Unknown
                               ? std::string(strings("lens.nobody"))
                               : std::string(strings(kKinds[static_cast<std::size_t>(path_.allocator)]));
  if (path_.method_id >= 0)
    step(strings.fill("lens.step_id", {{"n", std::to_string(path_.method_id)}, {"kind", kind}}));
  else if (path_.allocator != core::ContextKind::Unknown)
    step(strings.fill("lens.step_tag", {{"kind", kind}}));
  if (path_.block)
    step(strings.fill("lens.step_block", {{"at", format_address(path_.block)}}),
         known_block(panel.state(), key_.slot, path_.block));
  if (path_.context)
    step(strings.fill("lens.step_context", {{"at", format_address(path_.context)}}),
         known_context(panel.state(), key_.slot, path_.context));

  std::string end;
  bool is_bad = true;
  switch (path_.end) {
    case PfreeEnd::ToFreelist:
      end = strings.fill(path_.is_listed ? "lens.end_listed" : "lens.end_freelist",
                         {{"n", std::to_string(path_.freelist)}, {"bytes", format_bytes_exactly(path_.chunk_bytes)}});
      is_bad = path_.is_listed;
      break;
    case PfreeEnd::ToBlock:
      end = strings.fill("lens.end_block", {{"n", format_count(path_.live_left)}});
      is_bad = false;
      break;
    case PfreeEnd::Counted:
      end = strings.fill("lens.end_counted", {{"n", format_count(path_.live_left)}});
      is_bad = false;
      break;
    case PfreeEnd::WithBlock:
      end = strings.fill("lens.end_with_block", {{"bytes", format_bytes_exactly(path_.chunk_bytes)}});
      is_bad = false;
      break;
    case PfreeEnd::Error:
      end = "ERROR: " + path_.text;
      break;
    case PfreeEnd::Crash:
      end = strings.fill("lens.end_crash", {{"text", path_.text}});
      break;
    case PfreeEnd::Tramples:
      end = strings.fill("lens.end_tramples", {{"text", path_.text}, {"at", format_address(path_.stopped_at)}});
      break;
    case PfreeEnd::NotRecorded:
      end = strings.fill("lens.end_not_recorded", {{"at", format_address(path_.stopped_at)}});
      break;
  }
  ImGui::PushStyleColor(ImGuiCol_Text, is_bad ? panel.theme.problem : panel.theme.text);
  ImGui::TextUnformatted(is_bad ? icons::kProblem : icons::kCheck);
  ImGui::SameLine(1.6f * em);
  ImGui::PushFont(panel.fonts.title, em);
  draw_paragraphs(end);
  ImGui::PopFont();
  ImGui::PopStyleColor();
}

void HeaderView::write(const PanelContext& panel) {
  if (edits.empty() || !can_write(panel.session)) return;
  panel.actions.push(Evaluate{edits.console_line()});
  edits.clear();
}

void HeaderView::free_it(const PanelContext& panel) {
  if (!can_write(panel.session)) return;
  write(panel);
  panel.actions.push(Evaluate{fmt::format("pfree(pointer(0x{:x}))", path_.pointer.value)});
}

void HeaderView::draw_buttons(const PanelContext& panel) {
  if (!panel.session.document->run) return;
  const float em = panel.em();
  ImGui::Dummy({0, 0.2f * em});
  if (!can_write(panel.session)) {
    if (draw_link(panel, "##to_end", panel.strings("lens.only_at_end"))) panel.actions.push(SeekEnd{});
    return;
  }
  ImGui::BeginDisabled(edits.empty());
  if (ImGui::Button(panel.strings("lens.write"))) write(panel);
  ImGui::SameLine();
  if (ImGui::Button(panel.strings("lens.undo"))) edits.clear();
  ImGui::EndDisabled();
  ImGui::SameLine();
  if (ImGui::Button(panel.strings("lens.free_it"))) free_it(panel);
  ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
  ImGui::PushFont(panel.fonts.text, panel.fonts.small_size);
  draw_paragraphs(panel.strings("lens.keys"));
  ImGui::PopFont();
  ImGui::PopStyleColor();
}

// Up and Down move from bit to bit (Shift: from byte to byte), Enter flips; Ctrl+Enter writes, Ctrl+Delete frees,
// Delete takes the changes back.
void HeaderView::take_keys(const PanelContext& panel) {
  if (!panel.is_focused || ImGui::GetIO().WantTextInput || lens_.words.empty()) return;
  const ImGuiIO& io = ImGui::GetIO();
  const int count = static_cast<int>(lens_.words.size()) * 64, by = io.KeyShift ? 8 : 1;
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) bit_ = bit_ < 0 ? 0 : std::min(count - 1, bit_ + by);
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) bit_ = bit_ < 0 ? count - 1 : std::max(0, bit_ - by);
  if (ImGui::IsKeyPressed(ImGuiKey_Enter, false)) {
    if (io.KeyCtrl)
      write(panel);
    else if (bit_ >= 0 && bit_ < count)
      flip(static_cast<std::size_t>(bit_ / 64), static_cast<std::uint32_t>(63 - bit_ % 64));
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Delete, false)) {
    if (io.KeyCtrl)
      free_it(panel);
    else
      edits.clear();
  }
}

void HeaderView::draw(const PanelContext& panel, core::ChunkSlot slot, const core::MemorySource* exact,
                      const ShownContents* contents) {
  refresh(panel, slot, exact, contents);
  if (lens_.words.empty() || lens_.words.size() != original_.words.size()) return;
  ImGui::SeparatorText(panel.strings("lens.title"));
  take_keys(panel);
  for (std::size_t i = 0; i < lens_.words.size(); ++i) draw_word(panel, i);
  draw_path(panel);
  draw_buttons(panel);
}

}  // namespace palloscope::gui
