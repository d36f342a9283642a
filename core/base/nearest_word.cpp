#include "core/base/nearest_word.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace palloscope::core {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_before, before, row(b.size() + 1);  // of the table of all beginnings of both
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_before = std::exchange(before, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool equal = a[i - 1] == b[j - 1];
      row[j] = std::min({before[j - 1] + (equal ? 0 : 1), before[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_before[j - 2] + 1);
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

std::vector<std::string_view> nearest_names(std::string_view typed, std::span<const std::string_view> names,
                                            std::size_t most) {
  constexpr std::size_t kNotNear = 1000;
  // A part of the name comes next to the name itself; a slip in one of its words, or in the whole, behind.
  const auto distance = [&](std::string_view name) {
    if (typed.size() >= 3 && name.find(typed) != std::string_view::npos) return name.size() - typed.size();
    std::size_t least = edit_distance(typed, name);
    for (std::size_t from = 0; from < name.size();) {
      const std::size_t to = std::min(name.find('-', from), name.size());
      const std::size_t slips = edit_distance(typed, name.substr(from, to - from));
      // Behind the number, the name is as good as the whole.
      least = std::min({least, to - from > 3 ? slips : kNotNear, edit_distance(typed, name.substr(from))});
      from = to + 1;
    }
    return least <= 2 && least < typed.size() ? kNotNear / 2 + least : kNotNear;
  };
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string_view name : names)
    if (const std::size_t far = distance(name); far < kNotNear) near.emplace_back(far, name);
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  // Where one has it as a part, no slip is suspected.
  const bool has_part = !near.empty() && near.front().first < kNotNear / 2;
  if (has_part) std::erase_if(near, [](const auto& one) { return one.first >= kNotNear / 2; });
  std::vector<std::string_view> nearest;
  for (std::size_t i = 0; i < std::min(near.size(), most); ++i) nearest.push_back(near[i].second);
  return nearest;
}

std::string choices_for(std::string_view word, std::span<const std::string_view> words) {
  if (const auto meant = nearest_word(word, words)) return fmt::format("; did you mean {}?", *meant);
  return fmt::format("; there are: {}", fmt::join(words, ", "));
}

}  // namespace palloscope::core
