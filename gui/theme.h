// Theme: every colour the window uses, as a value; two of them. Colours are packed as ImGui packs them (ABGR), so a
// draw list takes them as they are. What a thing is, is never told by colour alone.
#pragma once

#include <array>
#include <cstdint>

#include "gui/preferences.h"

namespace palloscope::gui {

using Color = std::uint32_t;  // 0xAABBGGRR, as IM_COL32

constexpr Color rgb(std::uint32_t rrggbb, std::uint8_t alpha = 0xFF) {
  return (std::uint32_t{alpha} << 24) | ((rrggbb & 0xFF) << 16) | (rrggbb & 0xFF00) | ((rrggbb >> 16) & 0xFF);
}
constexpr Color with_alpha(Color color, float alpha) {
  return (color & 0x00FFFFFF) | (static_cast<std::uint32_t>(alpha * 255.0f + 0.5f) << 24);
}
constexpr std::array<float, 4> to_floats(Color color) {
  constexpr auto channel = [](std::uint32_t value) { return static_cast<float>(value & 0xFF) / 255.0f; };
  return {channel(color), channel(color >> 8), channel(color >> 16), channel(color >> 24)};
}
// a at 0, b at 1
constexpr Color mix(Color a, Color b, float share) {
  Color mixed = 0;
  for (int shift = 0; shift < 32; shift += 8) {
    const auto from = static_cast<float>((a >> shift) & 0xFF), to = static_cast<float>((b >> shift) & 0xFF);
    mixed |= static_cast<Color>(from + (to - from) * share + 0.5f) << shift;
  }
  return mixed;
}

// Of black and white, what reads on this fill.
constexpr Color readable_on(Color fill) {
  const std::uint32_t luma = (fill & 0xFF) * 299 + ((fill >> 8) & 0xFF) * 587 + ((fill >> 16) & 0xFF) * 114;
  return luma > 140'000 ? rgb(0x10151F) : rgb(0xFFFFFF);
}

inline constexpr int kOwnerColorCount = 8;

struct Theme {
  bool is_dark = true;

  // Chrome.
  Color ground = 0;  // behind the cards
  Color panel = 0;   // a card
  Color raised = 0;  // buttons, table heads, hover
  Color line = 0;    // borders, separators
  Color text = 0;    // reads well on ground, panel and raised
  Color dim = 0;     // secondary text; still reads on panel
  Color accent = 0;  // the one: main action, cursor, selection
  Color on_accent = 0;
  Color selection = 0;  // translucent, over panel
  Color notice = 0, warning = 0, problem = 0;

  // What a piece of memory is. Fills; the map adds the shapes (edge, hatch, dots, double outline, notch, cross).
  Color map_ground = 0;  // no memory here
  Color header = 0;      // chunk and block headers, context headers
  Color live = 0;        // payload in use (when colours do not say the owner)
  Color waste = 0;       // granted but not asked for: rounding
  Color free = 0;        // on a freelist
  Color tail = 0;        // never handed out
  Color keeper = 0;      // outline
  Color external = 0;    // outline and notch
  Color plain = 0;       // malloc'ed, in no context
  Color fault = 0;       // the cross
  Color map_text = 0;    // reads on live, free and tail; on owner colours take readable_on()

  // What the last step did (outline, glow, numbers).
  Color born = 0, gone = 0, changed = 0;

  // Owners, kinds, size classes: distinct also for the three kinds of colour blindness.
  std::array<Color, kOwnerColorCount> owner{};

  friend bool operator==(const Theme&, const Theme&) = default;
};

const Theme& theme_of(ThemeChoice choice);

}  // namespace palloscope::gui
