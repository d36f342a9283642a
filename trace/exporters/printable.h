// Bytes of unknown encoding as text that can be shown: names and idents come from servers in any encoding.
#pragma once

#include <string>
#include <string_view>

namespace palloscope::trace {

// Valid UTF-8 stays as it is; control characters and bytes that are no UTF-8 become \x1b.
std::string printable(std::string_view bytes);
// Text as it is where it is valid UTF-8, else printable(): for formats that escape by themselves.
std::string valid_text(std::string_view bytes);

// The same, cut between characters to at most `most_bytes` before an ellipsis.
std::string printable_start(std::string_view bytes, std::size_t most_bytes);

// Length of the valid UTF-8 character that `bytes` begins with; 0 if there is none.
std::size_t utf8_character_bytes(std::string_view bytes);

}  // namespace palloscope::trace
