#include "gui/strings.h"

#include <nlohmann/json.hpp>

#include "generated/assets.h"

namespace palloscope::gui {
namespace {

void flatten(const nlohmann::json& node, const std::string& prefix,
             std::map<std::string, std::string, std::less<>>& into) {
  for (const auto& [key, value] : node.items()) {
    std::string path = prefix.empty() ? key : prefix + "." + key;
    if (value.is_object())
      flatten(value, path, into);
    else if (value.is_string())
      into[std::move(path)] = value.get<std::string>();
  }
}

Strings load(std::string_view asset) {
  core::Result<Strings> strings = Strings::parse(generated::embedded(asset));
  core::check(bool(strings), "the embedded string tables are well-formed");
  return std::move(*strings);
}

}  // namespace

core::Result<Strings> Strings::parse(std::string_view json) {
  const nlohmann::json root = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded() || !root.is_object())
    return core::Error{core::ErrorCode::BadFormat, "string table: not a JSON object"};
  Strings strings;
  flatten(root, "", strings.texts_);
  return strings;
}

const char* Strings::operator()(std::string_view key) const {
  const auto found = texts_.find(key);
  if (found != texts_.end()) return found->second.c_str();
  return key.data();  // keys are literals or table entries: null-terminated
}

std::string Strings::fill(std::string_view key, std::initializer_list<Placeholder> placeholders) const {
  return fill(key, std::span<const Placeholder>(placeholders.begin(), placeholders.size()));
}

std::string Strings::fill(std::string_view key, std::span<const Placeholder> placeholders) const {
  const std::string_view pattern = (*this)(key);
  std::string filled;
  filled.reserve(pattern.size() + 32);
  for (std::size_t i = 0; i < pattern.size();) {
    const std::size_t end = pattern[i] == '{' ? pattern.find('}', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      filled += pattern[i++];
      continue;
    }
    const std::string_view name = pattern.substr(i + 1, end - i - 1);
    for (const auto& [placeholder, text] : placeholders)
      if (placeholder == name) filled += text;
    i = end + 1;
  }
  return filled;
}

bool Strings::has(std::string_view key) const { return texts_.find(key) != texts_.end(); }

std::vector<std::string_view> Strings::keys() const {
  std::vector<std::string_view> keys;
  keys.reserve(texts_.size());
  for (const auto& [key, text] : texts_) keys.push_back(key);
  return keys;
}

const Strings& strings_of(Language language) {
  static const Strings english = load("assets/strings/en.json");
  static const Strings chinese = load("assets/strings/zh.json");
  return language == Language::English ? english : chinese;
}

}  // namespace palloscope::gui
