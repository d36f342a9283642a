#include "gui/platform/picture.h"

#include <png.h>

#include <cstring>
#include <string>

namespace palloscope::gui {
namespace {

constexpr int kMostPixels = 1 << 26;

core::Error failed(const std::filesystem::path& file, const png_image& image) {
  return {core::ErrorCode::Io, file.string() + ": " + image.message};
}

}  // namespace

core::Status write_png(const std::filesystem::path& file, const Picture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = PNG_FORMAT_RGBA;
  if (png_image_write_to_file(&image, file.c_str(), 0, picture.rgba.data(), 0, nullptr) == 0)
    return failed(file, image);
  return core::Done{};
}

core::Result<Picture> read_png(const std::filesystem::path& file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&image, file.c_str()) == 0) return failed(file, image);
  image.format = PNG_FORMAT_RGBA;
  if (std::uint64_t{image.width} * image.height > kMostPixels) {
    png_image_free(&image);
    return core::Error{core::ErrorCode::Unsupported, file.string() + ": too large a picture"};
  }
  Picture picture{static_cast<int>(image.width), static_cast<int>(image.height), {}};
  picture.rgba.resize(PNG_IMAGE_SIZE(image));
  if (png_image_finish_read(&image, nullptr, picture.rgba.data(), 0, nullptr) == 0) return failed(file, image);
  return picture;
}

}  // namespace palloscope::gui
