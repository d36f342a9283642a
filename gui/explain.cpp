#include "gui/explain.h"

#include "gui/format_text.h"

namespace palloscope::gui {
namespace {

std::string text_of(const trace::NamedValue& value, const Strings& strings) {
  switch (value.kind) {
    case trace::ValueKind::Bytes:
      return format_exact_bytes(value.number);
    case trace::ValueKind::Count:
      return format_count(value.number);
    case trace::ValueKind::Address:
      return format_address({value.number});
    case trace::ValueKind::Event:
      return format_event(value.number);
    case trace::ValueKind::Text:
      return value.text;
    case trace::ValueKind::Key:
      return strings(value.text);
    case trace::ValueKind::Page:
      return strings.fill("why.page", {{"relation", value.text}, {"block", std::to_string(value.number)}});
  }
  return {};
}

}  // namespace

std::string format_exact_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t kMegabyte = 1024 * 1024;
  if (bytes >= kMegabyte && bytes % kMegabyte == 0) return format_count(bytes / kMegabyte) + " MB";
  return format_bytes_exactly(bytes);
}

std::string in_words(const trace::Sentence& sentence, const Strings& strings) {
  std::vector<std::string> texts;
  texts.reserve(sentence.values.size());
  for (const trace::NamedValue& value : sentence.values) texts.push_back(text_of(value, strings));
  std::vector<Placeholder> placeholders;
  for (std::size_t i = 0; i < texts.size(); ++i) placeholders.emplace_back(sentence.values[i].name, texts[i]);
  return strings.fill(sentence.key, placeholders);
}

Explanation in_words(const trace::Card& card, const Strings& strings) {
  Explanation said;
  for (const trace::Sentence& sentence : card.sentences) said.sentences.push_back(in_words(sentence, strings));
  if (!card.rule.file.empty())
    said.rule = strings.fill("why.rule",
                             {{"file", card.rule.file}, {"function", card.rule.function}, {"spec", card.rule.spec}});
  for (const trace::CallEffect& effect : card.effects) said.effects.push_back(in_words(effect.label, strings));
  if (!card.effects.empty())
    said.call = strings.fill("why.call_place", {{"call", in_words(card.call, strings)},
                                                {"k", std::to_string(card.effect + 1)},
                                                {"n", std::to_string(card.effects.size())}});
  return said;
}

}  // namespace palloscope::gui
