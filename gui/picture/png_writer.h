// PNG and animated PNG (APNG), the same bytes for the same pictures on every machine. An animation stores of each step
// the rectangle that changed; who knows no animations sees the first picture.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "gui/picture/picture.h"

namespace palloscope::gui {

// `text`: what is said of the picture inside the file (Latin letters); empty: nothing.
std::vector<std::uint8_t> png_bytes(const Picture& picture, const std::string& text = {});
core::Status write_stable_png(const std::filesystem::path& file, const Picture& picture, const std::string& text = {});
core::Status write_bytes(const std::filesystem::path& file, const std::vector<std::uint8_t>& bytes);

// One picture after the other, all of one size; only the last is kept.
class ApngWriter {
 public:
  // `frames`: how many there will be; each is shown for so long.
  ApngWriter(std::filesystem::path file, std::uint32_t frames, std::uint16_t milliseconds, const std::string& text);
  core::Status add(const Picture& picture);
  core::Status finish();

 private:
  core::Status failed() const;
  std::filesystem::path file_;
  std::ofstream out_;
  std::uint32_t frames_, sequence_ = 0;
  std::uint16_t milliseconds_;
  std::string text_;
  std::optional<Picture> last_;
};

}  // namespace palloscope::gui
