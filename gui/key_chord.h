// KeyChord: a key with modifiers, as a value without ImGui: what the command table binds, what settings store, what
// tooltips show.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace palloscope::gui {

// clang-format off
enum class Key : std::uint8_t {
  None,
  Left, Right, Up, Down, PageUp, PageDown, Home, End, Space, Enter, Escape, Tab, Backspace, Delete,
  Plus, Minus, Slash, Comma, Period, LeftBracket, RightBracket,
  Digit0, Digit1, Digit2, Digit3, Digit4, Digit5, Digit6, Digit7, Digit8, Digit9,
  A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z,
  F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12,
};
// clang-format on
inline constexpr int kKeyCount = static_cast<int>(Key::F12) + 1;

enum KeyModifiers : std::uint8_t { kNoModifier = 0, kShift = 1, kCtrl = 2, kAlt = 4 };

struct KeyChord {
  Key key = Key::None;
  std::uint8_t modifiers = kNoModifier;  // KeyModifiers, or'ed
  friend constexpr bool operator==(KeyChord, KeyChord) = default;
};

// "Ctrl+K", "Shift+Right"; empty for no key.
std::string format(KeyChord chord);
// The same as drawn for people: "Ctrl+K", "Shift+\u2192", "?".
std::string format_for_people(KeyChord chord);
std::optional<KeyChord> parse_key_chord(std::string_view text);
// "Ctrl+K, F1"; unknown ones are left out.
std::vector<KeyChord> parse_key_chords(std::string_view text);

// Does it mean the command also while a text field has the keyboard? Letters, arrows and the field's own Ctrl keys do
// not.
bool fires_while_typing(KeyChord chord);

}  // namespace palloscope::gui
