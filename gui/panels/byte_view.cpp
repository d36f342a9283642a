#include "gui/panels/byte_view.h"

#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "gui/format_text.h"
#include "trace/analysis/known_bytes.h"

namespace palloscope::gui {
namespace {

constexpr int kBytesPerRow = 8;

struct ShownByte {
  std::uint8_t value = 0;
  bool known = false;     // from the events or exact
  bool trampled = false;  // the true byte is not what the events make expect
  bool edited = false;
  const trace::KnownField* field = nullptr;
};

std::vector<ShownByte> bytes_of(const std::vector<trace::KnownField>& fields, core::Address from, core::Address to,
                                const core::MemorySource* exact, const ByteEdits* edits) {
  std::vector<ShownByte> bytes(to - from);
  for (const trace::KnownField& field : fields)
    for (std::uint8_t i = 0; i < field.width; ++i) {
      const core::Address at = field.at + i;
      if (at < from || at >= to) continue;
      bytes[at - from] = {static_cast<std::uint8_t>(field.value >> (8 * i)), true, false, false, &field};
    }
  if (exact == nullptr) return bytes;
  core::PatchedSource patched(*exact);
  if (edits != nullptr) edits->apply_to(patched);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::array<std::uint8_t, 1> now{}, typed{};
    if (!exact->read(from + i, now) || !patched.read(from + i, typed)) continue;
    bytes[i].trampled = bytes[i].known && bytes[i].value != now[0];
    bytes[i].edited = edits != nullptr && edits->has(from + i);
    bytes[i].value = typed[0];
    bytes[i].known = true;
  }
  return bytes;
}

}  // namespace

// A small box over the byte. Enter takes it and goes on to the next byte, Escape leaves.
void ByteView::draw_typed_byte(const PanelContext& panel, const core::MemorySource& exact, ByteEdits& edits,
                               core::Address at, core::Address to, float width) {
  std::array<char, 3> buffer{};
  std::copy_n(text_.begin(), std::min<std::size_t>(2, text_.size()), buffer.begin());
  ImGui::SetNextItemWidth(width);
  if (takes_key_) ImGui::SetKeyboardFocusHere();
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2{0, 0});
  const bool entered = ImGui::InputText(
      "##byte", buffer.data(), buffer.size(),
      ImGuiInputTextFlags_CharsHexadecimal | ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
  ImGui::PopStyleVar();
  text_ = buffer.data();
  const bool was_waiting = takes_key_;
  takes_key_ = false;
  if (entered) {
    unsigned value = 0;
    std::array<std::uint8_t, 1> was{};
    const auto parsed = std::from_chars(text_.data(), text_.data() + text_.size(), value, 16);
    if (!text_.empty() && parsed.ec == std::errc{} && exact.read(at, was))
      edits.set(at, static_cast<std::uint8_t>(value), was[0]);
    typed_ = at + 1 < to ? at + 1 : core::Address{};
    text_.clear();
    takes_key_ = true;
    if (panel.wants_frame != nullptr) *panel.wants_frame = true;
  } else if (!was_waiting && ImGui::IsItemDeactivated()) {
    typed_ = {};
  }
}

void ByteView::draw(const PanelContext& panel, const Range& range, const core::VersionProfile& profile,
                    const core::MemorySource* exact, ByteEdits* edits, std::string_view framed) {
  core::Address from = range.from;
  const core::Address to = range.to;
  if (from >= to) return;
  from.value &= ~std::uint64_t{kBytesPerRow - 1};
  if (exact == nullptr) edits = nullptr;
  if (edits != nullptr && panel.filter_wanted && panel.is_focused) {
    typed_ = range.first;
    text_.clear();
    takes_key_ = true;
  }
  const auto fields = trace::known_fields(panel.state(), profile, range.block, from, to);
  const auto bytes = bytes_of(fields, from, to, exact, edits);
  const Theme& theme = panel.theme;
  ImGui::PushFont(panel.fonts.mono, panel.fonts.mono_size);
  const float em = panel.em(), digit = ImGui::CalcTextSize("0").x, line = em * 1.25f;
  // In a narrow panel a process's contents leave the high digits out rather than the letters.
  const bool is_short =
      exact != nullptr && !panel.session.document->run && ImGui::GetContentRegionAvail().x < digit * 48;
  const float hex_x = digit * (is_short ? 5.5f : 14), text_x = hex_x + digit * (3 * kBytesPerRow + 1);
  const auto row_count = static_cast<int>((bytes.size() + kBytesPerRow - 1) / kBytesPerRow);
  ImGuiListClipper clipper;
  clipper.Begin(row_count, line);
  if (typed_ >= from && typed_ < to) clipper.IncludeItemByIndex(static_cast<int>((typed_ - from) / kBytesPerRow));
  while (clipper.Step())
    for (int row = clipper.DisplayStart; row < clipper.DisplayEnd; ++row) {
      const ImVec2 at = ImGui::GetCursorScreenPos();
      ImDrawList* draw = ImGui::GetWindowDrawList();
      const core::Address address = from + static_cast<std::uint64_t>(row) * kBytesPerRow;
      const std::string name = is_short ? fmt::format("{:04x}", address.value & 0xFFFF) : format_address(address);
      draw->AddText(at, theme.dim, name.c_str());
      const trace::KnownField* last = nullptr;
      std::string signs;
      for (int i = 0; i < kBytesPerRow; ++i) {
        const auto index = static_cast<std::size_t>(row * kBytesPerRow + i);
        if (index >= bytes.size()) break;
        const ShownByte& byte = bytes[index];
        const float x = at.x + hex_x + digit * 3 * static_cast<float>(i);
        const ImVec2 low{x - digit * 0.3f, at.y}, high{x + digit * 2.5f, at.y + line - 1};
        if (byte.field != nullptr) {
          const auto field_index = static_cast<std::size_t>(byte.field - fields.data());
          draw->AddRectFilled(low, high, mix(theme.panel, theme.owner[field_index % kOwnerColorCount], 0.28f));
          last = byte.field;
        }
        if (byte.trampled) draw->AddRect(low, high, theme.problem, 0, 0, 0.12f * em);
        if (byte.edited) draw->AddRect(low, high, theme.changed, 0, 0, 0.12f * em);
        if (edits != nullptr) {
          ImGui::SetCursorScreenPos(low);
          ImGui::PushID(static_cast<int>(index));
          if (typed_ == from + index) {
            draw_typed_byte(panel, *exact, *edits, typed_, to, digit * 2.8f);
            ImGui::PopID();
            continue;
          }
          if (ImGui::InvisibleButton("##cell", {high.x - low.x, high.y - low.y})) {
            typed_ = from + index;
            text_.clear();
            takes_key_ = true;
          }
          ImGui::PopID();
        }
        const std::string hex = byte.known ? fmt::format("{:02x}", byte.value) : std::string("··");
        draw->AddText({x, at.y}, byte.trampled ? theme.problem : byte.known ? theme.text : theme.dim, hex.c_str());
        signs += byte.known && byte.value >= 0x20 && byte.value < 0x7F ? static_cast<char>(byte.value) : '.';
      }
      if (last != nullptr)
        draw->AddText(panel.fonts.text, panel.fonts.small_size, {at.x + text_x, at.y}, theme.dim,
                      std::string(last->name).c_str());
      else if (exact != nullptr)
        draw->AddText({at.x + text_x, at.y}, theme.dim, signs.c_str());
      ImGui::SetCursorScreenPos(at);
      ImGui::SetNextItemAllowOverlap();
      ImGui::Dummy({text_x + digit * 10, line - ImGui::GetStyle().ItemSpacing.y});
      if (last != nullptr && ImGui::IsItemHovered())
        ImGui::SetTooltip("%s = 0x%llx (%llu)", std::string(last->name).c_str(),
                          static_cast<unsigned long long>(last->value), static_cast<unsigned long long>(last->value));
    }
  ImGui::PopFont();
  const bool any_trampled = std::any_of(bytes.begin(), bytes.end(), [](const ShownByte& b) { return b.trampled; });
  ImGui::PushStyleColor(ImGuiCol_Text, any_trampled ? theme.problem : theme.dim);
  if (any_trampled)
    ImGui::TextWrapped("%s", panel.strings(framed));
  else if (exact == nullptr)
    ImGui::TextWrapped("%s", panel.strings("inspector.unknown_bytes"));
  else if (edits != nullptr)
    ImGui::TextWrapped("%s", panel.strings("inspector.edit_bytes"));
  ImGui::PopStyleColor();
}

}  // namespace palloscope::gui
