// VersionProfile: what differs between PostgreSQL's majors and builds, as data. One value per (major, checking).
#pragma once

#include <array>
#include <cstdint>

#include "core/events/event.h"

namespace palloscope::core {

// Offsets and sizes in bytes; numbers from spec sections 1-6.
struct VersionProfile {
  int major = 17;
  bool checking = false;
  // filled in by the core: layouts of contexts, blocks, chunk headers; node tags; method ids; growth rules
};

// 15..18; null for others. `checking` builds come later (null for now).
const VersionProfile* find_profile(int major, bool checking);

}  // namespace palloscope::core
