#include "gui/key_chord.h"

#include <array>

namespace palloscope::gui {
namespace {

// In the order of Key.
constexpr std::array<std::string_view, kKeyCount> kNames = {
    "",    "Left",      "Right",  "Up",   "Down",  "PageUp", "PageDown", "Home",   "End", "Space", "Enter", "Escape",
    "Tab", "Backspace", "Delete", "Plus", "Minus", "Slash",  "Comma",    "Period", "[",   "]",     "0",     "1",
    "2",   "3",         "4",      "5",    "6",     "7",      "8",        "9",      "A",   "B",     "C",     "D",
    "E",   "F",         "G",      "H",    "I",     "J",      "K",        "L",      "M",   "N",     "O",     "P",
    "Q",   "R",         "S",      "T",    "U",     "V",      "W",        "X",      "Y",   "Z",     "F1",    "F2",
    "F3",  "F4",        "F5",     "F6",   "F7",    "F8",     "F9",       "F10",    "F11", "F12"};

std::string_view name(Key key) { return kNames[static_cast<std::size_t>(key)]; }

std::string_view symbol(Key key) {
  switch (key) {
    case Key::Left:
      return "\u2190";
    case Key::Right:
      return "\u2192";
    case Key::Up:
      return "\u2191";
    case Key::Down:
      return "\u2193";
    case Key::Plus:
      return "+";
    case Key::Minus:
      return "\u2212";
    case Key::Slash:
      return "/";
    case Key::Comma:
      return ",";
    case Key::Period:
      return ".";
    case Key::Escape:
      return "Esc";
    case Key::PageUp:
      return "Page \u2191";
    case Key::PageDown:
      return "Page \u2193";
    default:
      return name(key);
  }
}

std::string modifiers_text(std::uint8_t modifiers, char joint) {
  std::string text;
  if ((modifiers & kCtrl) != 0) text += std::string("Ctrl") + joint;
  if ((modifiers & kAlt) != 0) text += std::string("Alt") + joint;
  if ((modifiers & kShift) != 0) text += std::string("Shift") + joint;
  return text;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::string format(KeyChord chord) {
  if (chord.key == Key::None) return "";
  return modifiers_text(chord.modifiers, '+') + std::string(name(chord.key));
}

std::string format_for_people(KeyChord chord) {
  if (chord.key == Key::None) return "";
  if (chord == KeyChord{Key::Slash, kShift}) return "?";
  return modifiers_text(chord.modifiers, '+') + std::string(symbol(chord.key));
}

std::optional<KeyChord> parse_key_chord(std::string_view text) {
  KeyChord chord;
  text = trimmed(text);
  for (std::size_t plus = text.find('+'); plus != std::string_view::npos; plus = text.find('+')) {
    const std::string_view modifier = trimmed(text.substr(0, plus));
    if (modifier == "Ctrl")
      chord.modifiers |= kCtrl;
    else if (modifier == "Shift")
      chord.modifiers |= kShift;
    else if (modifier == "Alt")
      chord.modifiers |= kAlt;
    else
      return std::nullopt;
    text = trimmed(text.substr(plus + 1));
  }
  if (text.empty()) return std::nullopt;
  for (std::size_t i = 1; i < kNames.size(); ++i)
    if (kNames[i] == text) {
      chord.key = static_cast<Key>(i);
      return chord;
    }
  return std::nullopt;
}

std::vector<KeyChord> parse_key_chords(std::string_view text) {
  std::vector<KeyChord> chords;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (const auto chord = parse_key_chord(text.substr(0, comma))) chords.push_back(*chord);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return chords;
}

bool fires_while_typing(KeyChord chord) {
  if ((chord.key >= Key::F1 && chord.key <= Key::F12) || chord.key == Key::Escape) return true;
  if ((chord.modifiers & kCtrl) == 0) return false;
  switch (chord.key) {
    case Key::A:
    case Key::C:
    case Key::V:
    case Key::X:
    case Key::Y:
    case Key::Z:  // the field's own
      return false;
    default:
      return chord.key >= Key::A && chord.key <= Key::Z;
  }
}

}  // namespace palloscope::gui
