#include "trace/importers/dump_origin.h"

namespace palloscope::trace {

std::string_view origin_of(const DumpFacts& facts) {
  if (!facts.origin.empty()) return facts.origin;
  const auto seen = [&](DumpForm form) { return facts.forms[static_cast<int>(form)]; };
  if (seen(DumpForm::View)) return kOriginView;
  if (!seen(DumpForm::Log)) return kOriginStats;
  return seen(DumpForm::Stats) ? kOriginStatsAndLog : kOriginLog;
}

DumpForm form_of_moment(const core::StreamDescription& description, std::uint32_t pid) {
  if (description.origin == kOriginView) return DumpForm::View;
  if (description.origin == kOriginLog) return DumpForm::Log;
  if (description.origin == kOriginStatsAndLog && pid != 0) return DumpForm::Log;
  return DumpForm::Stats;
}

}  // namespace palloscope::trace
