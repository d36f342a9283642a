// Preferences in a file of JSON, below XDG_CONFIG_HOME.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "gui/preferences.h"

namespace palloscope::gui {

// $XDG_CONFIG_HOME/palloscope/settings.json, else ~/.config/...; empty if there is no home.
std::filesystem::path settings_file();

std::string write_preferences(const Preferences& preferences);
// Unknown and unfit values are left at their defaults; an error only if the text is no JSON at all.
core::Result<Preferences> read_preferences(std::string_view json);

// No file: the defaults.
core::Result<Preferences> load_preferences(const std::filesystem::path& file);
core::Status save_preferences(const std::filesystem::path& file, const Preferences& preferences);

// What the machine's own language asks for (LC_ALL, LC_MESSAGES, LANG).
Language language_of_environment();

}  // namespace palloscope::gui
