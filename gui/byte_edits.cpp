#include "gui/byte_edits.h"

#include <fmt/format.h>

namespace palloscope::gui {

void ByteEdits::set(core::Address at, std::uint8_t byte, std::uint8_t was) {
  if (byte == was)
    bytes_.erase(at.value);
  else
    bytes_[at.value] = byte;
}

void ByteEdits::apply_to(core::PatchedSource& source) const {
  for (const auto& [at, byte] : bytes_) source.set({at}, byte);
}

std::string ByteEdits::console_line() const {
  std::string line;
  for (auto i = bytes_.begin(); i != bytes_.end();) {
    line += fmt::format("{}poke(0x{:x}, \"", line.empty() ? "" : " ", i->first);
    std::uint64_t next = i->first;
    for (; i != bytes_.end() && i->first == next; ++i, ++next) line += fmt::format("\\x{:02x}", i->second);
    line += "\")";
  }
  return line;
}

}  // namespace palloscope::gui
