// DiffBase: what the panel of differences compares the cursor with: a moment of the open document, or another file's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/base/result.h"
#include "trace/analysis/path_table.h"

namespace palloscope::gui {

struct Document;

struct DiffBase {
  std::uint64_t serial = 0;    // another for every base: panels key their caches by it
  std::uint64_t document = 0;  // whose moment it is: Document::serial; 0: of a file that is not open
  core::EventNumber event = 0;
  std::string title;                // of that document or file
  std::filesystem::path path = {};  // of the file, where there is one: to go to by swapping
  trace::PathTable table;           // its contexts are source 0
};

// The contexts of this document after the event (clamped to what there is).
DiffBase base_at(const Document& document, core::EventNumber event, const std::string& title);
// Those of a file at its end; a script is run to there. `progress` as of open_document (document.h).
core::Result<DiffBase> base_of_file(const std::filesystem::path& path,
                                    const std::function<bool(double)>& progress = {});

}  // namespace palloscope::gui
