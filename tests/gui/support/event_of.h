// Where something happened in what is open.
#pragma once

#include <cstdint>

#include "gui/session.h"

namespace palloscope::test {

// The first event of this kind, or the second, ...; 0: there is none.
inline core::EventNumber event_of(const gui::Session& session, std::uint8_t tag, int which = 1) {
  core::EventNumber at = 0;
  const std::uint8_t tags[] = {tag};
  for (; which > 0; --which) at = session.timeline()->next_of(tags, at).value_or(0);
  return at;
}

}  // namespace palloscope::test
