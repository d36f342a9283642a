// Opening and saving files: our own, over std::filesystem, so that it works by keyboard, in tests and without a
// desktop.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gui/panels/panel.h"

namespace palloscope::gui {

struct FolderEntry {
  std::filesystem::path path;
  std::string name;
  bool is_folder = false;
  std::uint64_t bytes = 0;
  friend bool operator==(const FolderEntry&, const FolderEntry&) = default;
};

// Folders first, by name; hidden ones left out. False in `readable`: the folder could not be read.
std::vector<FolderEntry> list_folder(const std::filesystem::path& folder, bool* readable);

enum class FileDialogKind : std::uint8_t { Open, Save, Base };

class FileDialog {
 public:
  void open(FileDialogKind kind, const Session& session);
  // Queues OpenFile, SaveFile or OpenDiffBase, or ShowOverlay{None} when given up. A link in place of a name is opened.
  void draw(const PanelContext& context);

 private:
  void go_to(const std::filesystem::path& folder);
  bool draw_rows(const PanelContext& context, const std::vector<const FolderEntry*>& rows);
  void finish(const PanelContext& context, const std::filesystem::path& file);

  FileDialogKind kind_ = FileDialogKind::Open;
  std::filesystem::path folder_;
  std::vector<FolderEntry> entries_;
  bool readable_ = true;
  std::string filter_;  // Open: what is typed narrows the list; Save: the file's name
  int chosen_ = 0;
  bool needs_focus_ = false;
  bool scroll_to_chosen_ = false;
  std::filesystem::path replace_asked_;  // Save: this exists, asked once
};

}  // namespace palloscope::gui
