// Numbers as people read them. Nothing here depends on the language: words come from the string table.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/ids.h"

namespace palloscope::gui {

// U+202F, narrow no-break space: "1 234 567".
inline constexpr const char* kThinSpace = "\u202F";

// 98765 -> "98 765" (thin spaces from 10 000 on; 1234 stays whole).
std::string format_count(std::uint64_t value);
// 0 -> "0 B", 1000 -> "1000 B", 8192 -> "8 kB", 1258291 -> "1.2 MB". PostgreSQL's units: 1 kB = 1024 B.
std::string format_bytes(std::uint64_t bytes);
// "1 258 291 B": what a hover shows beside format_bytes.
std::string format_bytes_exactly(std::uint64_t bytes);
// "+128 B", "\u2212 8 kB", "\u00B10".
std::string format_change(std::int64_t bytes);
std::string format_count_change(std::int64_t count);
// "0x00007f12 3456 7890" is hard to compare; "7f12 3456 7890": groups of four, no leading zeros, at least 8 digits.
std::string format_address(core::Address address);
// "0x7f1234567890": for copying and for the find box.
std::string format_address_plain(core::Address address);
// "#1 234"
std::string format_event(core::EventNumber event);
// 0.123 -> "12 %"
std::string format_share(double share);

}  // namespace palloscope::gui
