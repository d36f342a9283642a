// How many bytes of header a context of this kind puts in front of each payload.
#pragma once

#include <cstdint>

#include "core/events/event.h"
#include "core/version/version_profile.h"

namespace palloscope::trace {

inline std::uint64_t chunk_header_bytes(const core::VersionProfile& profile, core::ContextKind kind) {
  switch (kind) {
    case core::ContextKind::AllocSet:
      return profile.alloc_set.chunk_bytes;
    case core::ContextKind::Generation:
      return profile.generation.chunk_bytes;
    case core::ContextKind::Slab:
      return profile.slab.chunk_bytes;
    case core::ContextKind::Bump:
      return profile.bump.chunk_bytes;
    case core::ContextKind::Unknown:
      return 0;
  }
  return 0;
}

}  // namespace palloscope::trace
