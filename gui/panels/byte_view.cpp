#include "gui/panels/byte_view.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "gui/format_text.h"
#include "trace/analysis/known_bytes.h"

namespace palloscope::gui {
namespace {

constexpr int kBytesPerRow = 8;

std::string_view part_key(trace::HeaderPart part) {
  switch (part) {
    case trace::HeaderPart::MethodId:
      return "inspector.bits.method_id";
    case trace::HeaderPart::External:
      return "inspector.bits.external";
    case trace::HeaderPart::Value:
      return "inspector.bits.value";
    case trace::HeaderPart::BlockOffset:
      return "inspector.bits.block_offset";
    case trace::HeaderPart::Magic:
      return "inspector.bits.magic";
  }
  return "inspector.bits.magic";
}

Color part_colour(const Theme& theme, trace::HeaderPart part) {
  return theme.owner[static_cast<std::size_t>(part) % kOwnerColorCount];
}

// What the bits mean, where more can be said than the number.
std::string meaning(const PanelContext& panel, const trace::HeaderBits& bits, const trace::ContextRecord* owner,
                    const core::VersionProfile& profile) {
  if (bits.part == trace::HeaderPart::MethodId)
    for (int kind = 0; kind < core::kContextKindCount; ++kind)
      if (static_cast<std::uint64_t>(profile.chunk_header.id_of[static_cast<std::size_t>(kind)]) == bits.value) {
        static constexpr std::string_view kKinds[] = {"kind.aset", "kind.generation", "kind.slab", "kind.bump"};
        return panel.strings(kKinds[kind]);
      }
  if (bits.part == trace::HeaderPart::Value && owner != nullptr && owner->kind == core::ContextKind::AllocSet &&
      bits.value < core::kAllocSetFreelists)
    return panel.strings.fill("inspector.bits.class_is", {{"bytes", format_bytes_exactly(8ull << bits.value)}});
  if (bits.part == trace::HeaderPart::BlockOffset)
    return panel.strings.fill("inspector.bits.back_to_block", {{"bytes", format_bytes_exactly(bits.value)}});
  return {};
}

// 64 little boxes, highest bit first, in two rows of 32.
void draw_bits(const PanelContext& panel, std::uint64_t word, const std::vector<trace::HeaderBits>& parts) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, em = panel.em();
  const float cell = std::min(em * 0.85f, width / 33.5f), height = cell * 1.25f;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (int i = 0; i < 64; ++i) {
    const auto bit = static_cast<std::uint32_t>(63 - i);
    const int row = i / 32, column = i % 32, group = column / 8;
    const float x = at.x + cell * (static_cast<float>(column) + 0.25f * static_cast<float>(group));
    const float y = at.y + static_cast<float>(row) * (height + em * 0.25f);
    Color colour = panel.theme.dim;
    for (const trace::HeaderBits& part : parts)
      if (bit >= part.first_bit && bit < part.first_bit + part.bit_count) colour = part_colour(panel.theme, part.part);
    const bool set = ((word >> bit) & 1) != 0;
    draw->AddRectFilled({x + 0.5f, y}, {x + cell - 0.5f, y + height},
                        set ? colour : mix(panel.theme.panel, colour, 0.22f));
    const char* digit = set ? "1" : "0";
    const float size = cell * 0.95f;
    const ImVec2 extent = panel.fonts.mono->CalcTextSizeA(size, FLT_MAX, 0, digit);
    draw->AddText(panel.fonts.mono, size, {x + (cell - extent.x) / 2, y + (height - extent.y) / 2},
                  set ? panel.theme.map_text : panel.theme.text, digit);
  }
  ImGui::Dummy({width, 2 * height + em * 0.6f});
}

struct ShownByte {
  std::uint8_t value = 0;
  bool known = false;
  const trace::KnownField* field = nullptr;
};

std::vector<ShownByte> bytes_of(const std::vector<trace::KnownField>& fields, core::Address from, core::Address to) {
  std::vector<ShownByte> bytes(to - from);
  for (const trace::KnownField& field : fields)
    for (std::uint8_t i = 0; i < field.width; ++i) {
      const core::Address at = field.at + i;
      if (at < from || at >= to) continue;
      bytes[at - from] = {static_cast<std::uint8_t>(field.value >> (8 * i)), true, &field};
    }
  return bytes;
}

}  // namespace

void draw_chunk_header(const PanelContext& panel, core::ChunkSlot slot, const core::VersionProfile& profile) {
  const trace::MemoryState& state = panel.state();
  const std::uint64_t word = trace::known_chunk_word(state, profile, slot);
  const trace::ChunkRecord* chunk = state.chunk(slot);
  if (word == 0 || chunk == nullptr) return;
  ImGui::SeparatorText(panel.strings("inspector.header"));
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  ImGui::Text("0x%016llx", static_cast<unsigned long long>(word));
  ImGui::PopFont();
  const auto parts = trace::decode_chunk_header(profile, word);
  if (parts.empty()) {  // 15: a pointer
    ImGui::TextWrapped("%s", panel.strings(chunk->state == trace::ChunkState::Live ? "inspector.bits.is_context"
                                                                                   : "inspector.bits.is_link"));
    return;
  }
  draw_bits(panel, word, parts);
  const trace::ContextRecord* owner = state.context(state.context_of(*chunk));
  if (!ImGui::BeginTable("##parts", 3, ImGuiTableFlags_SizingFixedFit)) return;
  const float em = panel.em();
  for (const trace::HeaderBits& part : parts) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled({at.x, at.y + em * 0.2f}, {at.x + em * 0.7f, at.y + em * 0.9f},
                                              part_colour(panel.theme, part.part));
    ImGui::Dummy({em * 0.8f, em});
    ImGui::SameLine(0, 0);
    ImGui::TextUnformatted(panel.strings(part_key(part.part)));
    ImGui::TableNextColumn();
    ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
    ImGui::TextUnformatted(part.part == trace::HeaderPart::Magic ? fmt::format("0x{:x}", part.value).c_str()
                                                                 : fmt::format("{}", part.value).c_str());
    ImGui::PopFont();
    ImGui::TableNextColumn();
    ImGui::PushStyleColor(ImGuiCol_Text, panel.theme.dim);
    ImGui::TextUnformatted(meaning(panel, part, owner, profile).c_str());
    ImGui::PopStyleColor();
  }
  ImGui::EndTable();
}

void draw_byte_rows(const PanelContext& panel, core::BlockSlot block, core::Address from, core::Address to,
                    const core::VersionProfile& profile) {
  if (from >= to) return;
  from.value &= ~std::uint64_t{kBytesPerRow - 1};
  const auto fields = trace::known_fields(panel.state(), profile, block, from, to);
  const auto bytes = bytes_of(fields, from, to);
  const Theme& theme = panel.theme;
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  const float em = panel.em(), digit = ImGui::CalcTextSize("0").x, line = em * 1.25f;
  const float hex_x = digit * 14, text_x = hex_x + digit * (3 * kBytesPerRow + 1);
  const auto row_count = static_cast<int>((bytes.size() + kBytesPerRow - 1) / kBytesPerRow);
  ImGuiListClipper clipper;
  clipper.Begin(row_count, line);
  while (clipper.Step())
    for (int row = clipper.DisplayStart; row < clipper.DisplayEnd; ++row) {
      const ImVec2 at = ImGui::GetCursorScreenPos();
      ImDrawList* draw = ImGui::GetWindowDrawList();
      const core::Address address = from + static_cast<std::uint64_t>(row) * kBytesPerRow;
      draw->AddText(at, theme.dim, format_address(address).c_str());
      const trace::KnownField* last = nullptr;
      for (int i = 0; i < kBytesPerRow; ++i) {
        const auto index = static_cast<std::size_t>(row * kBytesPerRow + i);
        if (index >= bytes.size()) break;
        const ShownByte& byte = bytes[index];
        const float x = at.x + hex_x + digit * 3 * static_cast<float>(i);
        if (byte.known) {
          const auto field_index = static_cast<std::size_t>(byte.field - fields.data());
          const Color colour = theme.owner[field_index % kOwnerColorCount];
          draw->AddRectFilled({x - digit * 0.3f, at.y}, {x + digit * 2.5f, at.y + line - 1},
                              mix(theme.panel, colour, 0.28f));
          if (byte.field != last) last = byte.field;
        }
        const std::string hex = byte.known ? fmt::format("{:02x}", byte.value) : std::string("··");
        draw->AddText({x, at.y}, byte.known ? theme.text : theme.dim, hex.c_str());
      }
      if (last != nullptr)
        draw->AddText(panel.fonts.text, panel.fonts.small_size, {at.x + text_x, at.y}, theme.dim,
                      std::string(last->name).c_str());
      ImGui::Dummy({text_x + digit * 10, line - ImGui::GetStyle().ItemSpacing.y});
      if (last != nullptr && ImGui::IsItemHovered())
        ImGui::SetTooltip("%s = 0x%llx (%llu)", std::string(last->name).c_str(),
                          static_cast<unsigned long long>(last->value), static_cast<unsigned long long>(last->value));
    }
  ImGui::PopFont();
  ImGui::PushStyleColor(ImGuiCol_Text, theme.dim);
  ImGui::TextWrapped("%s", panel.strings("inspector.unknown_bytes"));
  ImGui::PopStyleColor();
}

}  // namespace palloscope::gui
