// Strings: what the window says, in two languages, from assets/strings. Texts are asked for by key; a test checks that
// both languages have the same keys and placeholders and that every key in the code exists.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "gui/preferences.h"

namespace palloscope::gui {

using Placeholder = std::pair<std::string_view, std::string_view>;  // name, text

class Strings {
 public:
  // From the JSON text of one language: objects nest, keys join with dots ("map.title").
  static core::Result<Strings> parse(std::string_view json);

  // The text for a key, null-terminated; the key itself if there is none, so that the gap is seen.
  const char* operator()(std::string_view key) const;
  // With {name} replaced: fill("status.event", {{"n", "1"}, {"count", "3"}}).
  std::string fill(std::string_view key, std::initializer_list<Placeholder> placeholders) const;
  std::string fill(std::string_view key, std::span<const Placeholder> placeholders) const;
  bool has(std::string_view key) const;
  std::vector<std::string_view> keys() const;

 private:
  std::map<std::string, std::string, std::less<>> texts_;
};

// The embedded tables, read once.
const Strings& strings_of(Language language);

}  // namespace palloscope::gui
