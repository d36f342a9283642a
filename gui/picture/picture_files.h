// Where a picture of the window goes, and what is said of it inside the file.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "gui/session.h"

namespace palloscope::gui {

// Beside what is open (else the current folder): "oltp-120-map.png"; a name that is not taken yet.
std::filesystem::path picture_file(const Session& session, const PictureRequest& request);

// "crc32c 1a2b3c4d", of the file that is open; of a scenario, of its text. Reads the whole file.
std::string content_hash(const Document& document);
// "oltp.pscope, event 120 of 9000, PostgreSQL 17"; nothing of the machine. Latin letters.
std::string picture_text(const Session& session);

core::Status write_text(const std::filesystem::path& file, const std::string& text);

}  // namespace palloscope::gui
