#include "gui/picture/picture_files.h"

#include <fmt/format.h>

#include <fstream>
#include <vector>

#include "gui/picture/png_writer.h"
#include "trace/file/crc32c.h"

namespace palloscope::gui {

std::filesystem::path picture_file(const Session& session, const PictureRequest& request) {
  std::filesystem::path folder;
  std::string name = "palloscope";
  if (session.document) {
    const Document& document = *session.document;
    folder = document.path.parent_path();
    const std::string of = document.path.empty() ? document.scenario_name : document.path.stem().string();
    name = fmt::format("{}-{}", of.empty() ? name : of, session.cursor());
  }
  if (!request.panel.empty()) name += '-' + request.panel;
  for (int i = 1;; ++i) {
    std::filesystem::path file =
        folder / (name + (i == 1 ? "" : fmt::format("-{}", i)) + (request.svg ? ".svg" : ".png"));
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return file;
  }
}

std::string content_hash(const Document& document) {
  std::uint32_t sum = 0;
  const auto take = [&](const char* bytes, std::size_t size) {
    sum = trace::crc32c({reinterpret_cast<const std::uint8_t*>(bytes), size}, sum);
  };
  if (document.path.empty()) {
    take(document.script.data(), document.script.size());
  } else {
    std::ifstream file(document.path, std::ios::binary);
    std::vector<char> piece(std::size_t{1} << 20);
    while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())), file.gcount() > 0)
      take(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  return fmt::format("crc32c {:08x}", sum);
}

std::string picture_text(const Session& session) {
  if (!session.document) return "Palloscope";
  const Document& document = *session.document;
  const int major = document.timeline.description().pg_major;
  return fmt::format(
      "{}, event {} of {}{}", document.path.empty() ? document.scenario_name : document.path.filename().string(),
      session.cursor(), session.event_count(), major == 0 ? std::string() : fmt::format(", PostgreSQL {}", major));
}

core::Status write_text(const std::filesystem::path& file, const std::string& text) {
  return write_bytes(file, {text.begin(), text.end()});
}

}  // namespace palloscope::gui
