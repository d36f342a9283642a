// Commands: everything a person can order by key, menu, palette, button or clicker; one row each. Menu, palette,
// tooltips and help are made from this table and from nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gui/action.h"
#include "gui/key_chord.h"

namespace palloscope::gui {

enum class CommandGroup : std::uint8_t { File, Time, Find, View, Panels, Help };
inline constexpr int kCommandGroupCount = 6;

struct Command {
  std::string_view id;    // in settings; its title is string "command.<id>", a longer word "command.<id>.hint" if any
  std::string_view icon;  // glyph of the icon font (icons.h); may be empty
  CommandGroup group = CommandGroup::File;
  std::array<KeyChord, 3> keys{};  // default chords
  bool repeats = false;            // while the key is held
  bool (*available)(const Session&) = nullptr;
  Action (*make)(const Session&) = nullptr;
};

std::span<const Command> command_table();
const Command* find_command(std::string_view id);  // null: none

std::string command_title_key(const Command& command);  // "command.<id>"
// The user's own keys if the preferences have some, else the table's.
std::vector<KeyChord> keys_of(const Command& command, const Preferences& preferences);

}  // namespace palloscope::gui
