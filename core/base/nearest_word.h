// The word that was meant by one with a slip of the finger in it: for "did you mean" in errors.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace palloscope::core {

// How many letters must be added, dropped, changed or swapped with the next to make one word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The first of the nearest, if it is no more than two slips away, and fewer than the word has letters.
std::optional<std::string_view> nearest_word(std::string_view word, std::span<const std::string_view> words);

// Of names of several words joined by dashes: those that were meant by a part of one ("clock" of "50-the-clock-sweep"),
// by its number, or with a slip; the nearest first, at most so many.
std::vector<std::string_view> nearest_names(std::string_view typed, std::span<const std::string_view> names,
                                            std::size_t most);

// "; did you mean X?", or "; there are: A, B, C" where nothing is near: to be put behind what is wrong.
std::string choices_for(std::string_view word, std::span<const std::string_view> words);

}  // namespace palloscope::core
