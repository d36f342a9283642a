#include "gui/key_input.h"

#include <imgui.h>

#include <array>
#include <utility>

namespace palloscope::gui {
namespace {

struct KeyPair {
  Key ours;
  ImGuiKey theirs;
};

// Keys that stand alone; letters, digits and F keys are runs in both enumerations. Two of theirs may mean one of ours.
constexpr KeyPair kPairs[] = {
    {Key::Left, ImGuiKey_LeftArrow},
    {Key::Right, ImGuiKey_RightArrow},
    {Key::Up, ImGuiKey_UpArrow},
    {Key::Down, ImGuiKey_DownArrow},
    {Key::PageUp, ImGuiKey_PageUp},
    {Key::PageDown, ImGuiKey_PageDown},
    {Key::Home, ImGuiKey_Home},
    {Key::End, ImGuiKey_End},
    {Key::Space, ImGuiKey_Space},
    {Key::Enter, ImGuiKey_Enter},
    {Key::Enter, ImGuiKey_KeypadEnter},
    {Key::Escape, ImGuiKey_Escape},
    {Key::Tab, ImGuiKey_Tab},
    {Key::Backspace, ImGuiKey_Backspace},
    {Key::Delete, ImGuiKey_Delete},
    {Key::Plus, ImGuiKey_Equal},
    {Key::Plus, ImGuiKey_KeypadAdd},
    {Key::Minus, ImGuiKey_Minus},
    {Key::Minus, ImGuiKey_KeypadSubtract},
    {Key::Slash, ImGuiKey_Slash},
    {Key::Comma, ImGuiKey_Comma},
    {Key::Period, ImGuiKey_Period},
    {Key::LeftBracket, ImGuiKey_LeftBracket},
    {Key::RightBracket, ImGuiKey_RightBracket},
};

std::array<ImGuiKey, 2> imgui_keys(Key key) {
  const auto in_run = [&](Key first, Key last, ImGuiKey theirs) {
    return key >= first && key <= last
               ? static_cast<ImGuiKey>(theirs + (static_cast<int>(key) - static_cast<int>(first)))
               : ImGuiKey_None;
  };
  if (const ImGuiKey letter = in_run(Key::A, Key::Z, ImGuiKey_A)) return {letter, ImGuiKey_None};
  if (const ImGuiKey digit = in_run(Key::Digit0, Key::Digit9, ImGuiKey_0))
    return {digit, in_run(Key::Digit0, Key::Digit9, ImGuiKey_Keypad0)};
  if (const ImGuiKey function = in_run(Key::F1, Key::F12, ImGuiKey_F1)) return {function, ImGuiKey_None};
  std::array<ImGuiKey, 2> found{ImGuiKey_None, ImGuiKey_None};
  for (const KeyPair& pair : kPairs)
    if (pair.ours == key) (found[0] == ImGuiKey_None ? found[0] : found[1]) = pair.theirs;
  return found;
}

std::uint8_t held_modifiers() {
  const ImGuiIO& io = ImGui::GetIO();
  return static_cast<std::uint8_t>((io.KeyShift ? kShift : 0) | (io.KeyCtrl || io.KeySuper ? kCtrl : 0) |
                                   (io.KeyAlt ? kAlt : 0));
}

// '?' and '/' are on other keys in other layouts: the character counts as well as the key.
bool was_typed(KeyChord chord) {
  ImWchar wanted = 0;
  if (chord == KeyChord{Key::Slash, kShift}) wanted = '?';
  if (chord == KeyChord{Key::Slash}) wanted = '/';
  if (wanted == 0) return false;
  const auto& typed = ImGui::GetIO().InputQueueCharacters;
  return typed.contains(wanted);
}

bool went_down(KeyChord chord, bool repeats) {
  if (was_typed(chord)) return true;
  std::uint8_t held = held_modifiers();
  // Text size: '+' may need Shift.
  if (chord.key == Key::Plus) held = static_cast<std::uint8_t>(held & ~kShift);
  if (held != chord.modifiers) return false;
  for (const ImGuiKey key : imgui_keys(chord.key))
    if (key != ImGuiKey_None && ImGui::IsKeyPressed(key, repeats)) return true;
  return false;
}

// Under an overlay, time stands still and panels are out of reach.
bool works_under_overlay(const Command& command) {
  return command.group != CommandGroup::Time && command.group != CommandGroup::Panels;
}

}  // namespace

void queue_key_commands(const Session& session, ActionQueue& actions) {
  const bool typing = ImGui::GetIO().WantTextInput;
  for (const Command& command : command_table()) {
    if (session.overlay != Overlay::None && !works_under_overlay(command)) continue;
    for (const KeyChord chord : keys_of(command, session.preferences)) {
      if (typing && !fires_while_typing(chord)) continue;
      if (!went_down(chord, command.repeats)) continue;
      if (command.available(session)) actions.push(command.make(session));
      break;
    }
  }
}

void send_key(KeyChord chord, bool down) {
  ImGuiIO& io = ImGui::GetIO();
  constexpr std::pair<std::uint8_t, ImGuiKey> kModifiers[] = {
      {kCtrl, ImGuiMod_Ctrl}, {kShift, ImGuiMod_Shift}, {kAlt, ImGuiMod_Alt}};
  for (const auto& [ours, theirs] : kModifiers)
    if ((chord.modifiers & ours) != 0) io.AddKeyEvent(theirs, down);
  io.AddKeyEvent(imgui_keys(chord.key)[0], down);
}

}  // namespace palloscope::gui
