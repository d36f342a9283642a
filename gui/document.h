// Opening and saving: from a file or a built-in scenario to a Document.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "core/base/result.h"
#include "gui/session.h"
#include "trace/live/follow.h"

namespace palloscope::gui {

// A trace of ours, a scenario (.lua), or a dump that one of the importers knows. `progress` is told how much of a dump
// was read (0..1) and stops it by answering false.
core::Result<Document> open_document(const std::filesystem::path& path,
                                     const std::function<bool(double)>& progress = {});
// Text as a server, psql or gdb printed it. `name` stands for the file's.
core::Result<Document> open_text_document(std::string_view name, std::string text);
// Looks into a running server process, and goes on looking. `wake` is called by a thread when there is something new.
core::Result<Document> open_process(const AttachRequest& request, std::function<void()> wake);
Document live_document(trace::Followed followed, const AttachRequest& request);
core::Result<Document> open_scenario(std::string_view builtin_name);
// An empty process for the console alone; also opened by open_scenario under this name.
inline constexpr std::string_view kEmptyProcess = "console";
// A script's text, started and paused before its first line. `server`: none: what the script's head asks for.
core::Result<Document> start_script(std::string_view name, std::string_view text,
                                    std::optional<ServerChoice> server = {});

// Breakpoints, bookmarks and notes that lie beside the open document's file (notes.h), instead of those there are.
void take_notes(Session& session);

// Where a freshly opened document is shown first: lessons at their first words, dumps at their end, recordings where
// they need most memory.
EventNumber first_view(const trace::Timeline& timeline);

}  // namespace palloscope::gui
