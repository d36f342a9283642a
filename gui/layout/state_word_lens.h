// A buffer's state word under the lens: its 32 bits by field (spec 10.2), from the highest to the lowest. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace palloscope::gui {

struct StateWordField {
  std::string_view name;      // PostgreSQL's
  std::string_view says_key;  // what it means, of the string table
  std::uint32_t first_bit = 0, bit_count = 1;

  constexpr std::uint32_t mask() const { return ((std::uint32_t{1} << bit_count) - 1) << first_bit; }
  constexpr std::uint32_t value(std::uint32_t word) const { return (word & mask()) >> first_bit; }
};

std::span<const StateWordField> state_word_fields();
// The field that this bit belongs to, an index into state_word_fields().
std::size_t state_word_field_of(std::uint32_t bit);

}  // namespace palloscope::gui
