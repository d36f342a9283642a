// ByteEdits: bytes that the student has changed and not yet written: what a what-if reads, and the console line that
// really writes them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/walk/pfree_path.h"

namespace palloscope::gui {

class ByteEdits {
 public:
  // A byte that is set to what it was anyway is no edit.
  void set(core::Address at, std::uint8_t byte, std::uint8_t was);
  void clear() { bytes_.clear(); }
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }
  bool has(core::Address at) const { return bytes_.count(at.value) != 0; }
  void apply_to(core::PatchedSource& source) const;
  // poke(0x55d0c2a443b0, "\x83\x00"), a call for each run of neighbours.
  std::string console_line() const;
  friend bool operator==(const ByteEdits&, const ByteEdits&) = default;

 private:
  std::map<std::uint64_t, std::uint8_t> bytes_;
};

}  // namespace palloscope::gui
