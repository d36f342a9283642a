// A field as COPY writes it in CSV.
#pragma once

#include <string>
#include <string_view>

namespace palloscope::trace {

// The empty text is quoted, to tell it from NULL.
std::string csv_field(std::string_view text);

}  // namespace palloscope::trace
