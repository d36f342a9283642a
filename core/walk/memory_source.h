// MemorySource: bytes by address, whoever holds them: a simulated process, later a live process or a core file.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/ids.h"

namespace palloscope::core {

class MemorySource {
 public:
  virtual ~MemorySource() = default;
  // Fills `into` with the bytes from `at` on; false (and `into` unspecified) if any of them cannot be read.
  virtual bool read(Address at, std::span<std::uint8_t> into) const = 0;
};

}  // namespace palloscope::core
