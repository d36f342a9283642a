#include "gui/fault_text.h"

#include <algorithm>

#include "gui/format_text.h"

namespace palloscope::gui {

std::string_view fault_key(core::FaultKind kind) {
  static constexpr std::string_view kKeys[] = {
      "fault.double_free",         "fault.invalid_pointer",     "fault.free_in_bump",    "fault.write_past_end",
      "fault.read_past_end",       "fault.use_after_free",      "fault.use_after_reset", "fault.use_after_delete",
      "fault.wrong_context",       "fault.reset_live_pointers", "fault.too_large",       "fault.out_of_memory",
      "fault.in_critical_section", "fault.switch_forgotten",    "fault.heap_corrupt"};
  static_assert(std::size(kKeys) == core::kFaultKindCount);
  return kKeys[static_cast<std::size_t>(kind)];
}

std::string fault_text(const Strings& strings, const core::FaultFound& fault) {
  const char* name = strings(fault_key(fault.kind));
  if (fault.at.value == 0) return name;
  if (fault.bytes == 0) return strings.fill("fault.at", {{"fault", name}, {"at", format_address(fault.at)}});
  return strings.fill("fault.at_bytes",
                      {{"fault", name}, {"at", format_address(fault.at)}, {"bytes", format_bytes(fault.bytes)}});
}

std::string fault_origin_text(const Strings& strings, const core::FaultFound& fault) {
  std::string text;
  if (fault.born != 0) text = strings.fill("fault.born", {{"event", format_event(fault.born)}});
  if (fault.ended == 0) return text;
  if (!text.empty()) text += strings("fault.comma");
  return text + strings.fill("fault.ended", {{"event", format_event(fault.ended)}});
}

std::vector<trace::FoundFault> faults_about(const Session& session, Address at, std::uint64_t bytes, EventNumber born) {
  std::vector<trace::FoundFault> found;
  if (!session.document) return found;
  for (const trace::FoundFault& fault : session.document->faults.until(session.cursor())) {
    if (fault.event < born) continue;  // of what was here before
    if (trace::concerns(fault.what, at, bytes) || (born != 0 && fault.what.born == born)) found.push_back(fault);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace palloscope::gui
