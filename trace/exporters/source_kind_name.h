// What a stream is of, as machine-readable output calls it.
#pragma once

#include <string_view>

#include "core/events/event_sink.h"

namespace palloscope::trace {

constexpr std::string_view source_kind_name(core::SourceKind kind) {
  switch (kind) {
    case core::SourceKind::Scenario:
      return "scenario";
    case core::SourceKind::Recording:
      return "recording";
    case core::SourceKind::Dump:
      return "dump";
    case core::SourceKind::Snapshot:
      return "snapshot";
  }
  return "unknown";
}

}  // namespace palloscope::trace
