// A number with its noun: "1 rule", "2 rules".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace palloscope::core {

// `many`: where it is not the noun with an s behind it ("batches").
std::string counted(std::uint64_t number, std::string_view noun, std::string_view many = {});

}  // namespace palloscope::core
