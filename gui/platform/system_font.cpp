#include "gui/platform/system_font.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace palloscope::gui {
namespace {

// Collections whose third face is simplified Chinese.
constexpr const char* kPlaces[] = {
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
};

std::span<const unsigned char> map(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  struct stat status {};
  std::span<const unsigned char> bytes;
  if (fstat(file, &status) == 0 && status.st_size > 0) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (at != MAP_FAILED) bytes = {static_cast<const unsigned char*>(at), size};
  }
  close(file);
  return bytes;
}

}  // namespace

std::span<const unsigned char> system_chinese_font() {
  static const std::span<const unsigned char> font = [] {
    for (const char* path : kPlaces)
      if (const auto bytes = map(path); !bytes.empty()) return bytes;
    return std::span<const unsigned char>{};
  }();
  return font;
}

}  // namespace palloscope::gui
