#include "gui/finding_text.h"

#include <vector>

#include "gui/explain.h"
#include "gui/format_text.h"

namespace palloscope::gui {
namespace {

// As cards say it, but with sizes as people compare them.
std::string in_rounded_words(const trace::Sentence& sentence, const Strings& strings) {
  trace::Sentence rounded = sentence;
  for (trace::NamedValue& value : rounded.values) {
    if (value.kind != trace::ValueKind::Bytes) continue;
    value.text = format_bytes(value.number);
    value.kind = trace::ValueKind::Text;
  }
  return in_words(rounded, strings);
}

}  // namespace

std::string finding_title(const trace::Finding& finding, const Strings& strings) {
  return strings(std::string("finding.kind.") + std::string(finding_kind_name(finding.kind)));
}

std::string finding_text(const trace::Finding& finding, const Strings& strings) {
  return in_rounded_words(finding.sentence, strings);
}

std::string advice_text(const trace::Finding& finding, const Strings& strings) {
  return finding.advice.key.empty() ? std::string() : in_rounded_words(finding.advice, strings);
}

std::string rounds_text(const trace::RoundRule& rule, std::uint64_t count, const Strings& strings) {
  const std::string key = "finding.rounds_counted." + std::string(round_kind_name(rule.kind));
  return strings.fill(key, {{"rounds", format_count(count)},
                            {"name", rule.name},
                            {"line", std::to_string(rule.line)},
                            {"text", rule.condition ? rule.condition->text() : std::string()}});
}

const char* no_findings_text(const Strings& strings, const trace::Timeline& timeline) {
  const bool is_dump = core::has_moments(timeline.description().source);
  return strings(is_dump ? "findings.none_dump" : "findings.none");
}

std::string waste_part_text(const trace::WastePart& part, const Strings& strings) {
  return strings("waste." + std::string(part.name));
}

std::string waste_part_hint(const trace::WastePart& part, const Strings& strings) {
  return strings("waste.hint." + std::string(part.name));
}

}  // namespace palloscope::gui
