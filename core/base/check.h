// Broken invariants of our own: the program stops with words, in release too. The watched program's
// mistakes and bad input never come here (they are Faults and Errors).
#pragma once

#include <string_view>

namespace palloscope::core {

[[noreturn]] void check_failed(std::string_view what);

// `what` says the invariant that should have held.
inline void check(bool holds, std::string_view what) {
  if (!holds) [[unlikely]]
    check_failed(what);
}

}  // namespace palloscope::core
