#include "core/base/nearest_word.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace palloscope::core {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::optional<std::string_view> nearest_word(std::string_view word, std::span<const std::string_view> words) {
  std::optional<std::string_view> best;
  std::size_t best_distance = std::min<std::size_t>(3, word.size());
  for (const std::string_view candidate : words) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

std::string choices_for(std::string_view word, std::span<const std::string_view> words) {
  if (const auto meant = nearest_word(word, words)) return "; did you mean " + std::string(*meant) + "?";
  std::string list = "; there are: ";
  for (const std::string_view one : words) list += std::string(one) + (&one == &words.back() ? "" : ", ");
  return list;
}

}  // namespace palloscope::core
