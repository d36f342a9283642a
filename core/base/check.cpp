#include "core/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace palloscope::core {

void check_failed(std::string_view what) {
  std::fprintf(stderr, "palloscope: internal error: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace palloscope::core
