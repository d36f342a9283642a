// Findings in words, for window, reports and terminal alike.
#pragma once

#include <string>

#include "gui/strings.h"
#include "trace/findings/survey.h"

namespace palloscope::gui {

std::string finding_title(const trace::Finding& finding, const Strings& strings);  // "Growth"
std::string finding_text(const trace::Finding& finding, const Strings& strings);
std::string advice_text(const trace::Finding& finding, const Strings& strings);  // empty: none
// What is said where nothing was found.
const char* no_findings_text(const Strings& strings, const trace::Timeline& timeline);
// "400 transactions"
std::string rounds_text(const trace::RoundRule& rule, std::uint64_t count, const Strings& strings);
// "asked for"
std::string waste_part_text(const trace::WastePart& part, const Strings& strings);
std::string waste_part_hint(const trace::WastePart& part, const Strings& strings);

}  // namespace palloscope::gui
