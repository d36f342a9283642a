#include "core/base/counted.h"

#include <fmt/format.h>

namespace palloscope::core {

std::string counted(std::uint64_t number, std::string_view noun, std::string_view many) {
  if (number == 1) return fmt::format("1 {}", noun);
  return many.empty() ? fmt::format("{} {}s", number, noun) : fmt::format("{} {}", number, many);
}

}  // namespace palloscope::core
