// What a person has chosen and the program remembers between runs (settings.h reads and writes it).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gui/layout/workspace.h"

namespace palloscope::gui {

enum class Language : std::uint8_t { English, Chinese };
enum class ThemeChoice : std::uint8_t { Dark, Light };

inline constexpr float kMinTextScale = 0.8f, kMaxTextScale = 2.5f, kTextScaleStep = 0.1f;
// What the window may keep of a trace beside the states it shows, in MB (trace/replay/memory_budget.h).
inline constexpr int kMinMemoryMb = 16, kMaxMemoryMb = 65536;
inline constexpr std::size_t kMaxRecentFiles = 8, kMaxQuestions = 100;

struct Preferences {
  Language language = Language::English;
  ThemeChoice theme = ThemeChoice::Dark;
  float text_scale = 1.0f;  // times the monitor's own scale
  bool motion = true;       // false: changes are outlined only
  int memory_mb = 512;
  WorkspaceState workspace;
  std::vector<std::filesystem::path> recent_files;  // newest first
  std::vector<std::string> questions;               // asked in SQL, newest first
  std::map<std::string, std::string> keys;          // command id -> key chords, replacing the table's
  friend bool operator==(const Preferences&, const Preferences&) = default;
};

}  // namespace palloscope::gui
