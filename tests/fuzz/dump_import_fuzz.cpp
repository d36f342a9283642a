// Any bytes as a server's dump: every importer reads them (the first byte says which), what comes out is replayed
// without a fault and written by every exporter.
#include <cstdint>
#include <span>
#include <sstream>
#include <string>

#include "core/base/check.h"
#include "trace/exporters/context_csv.h"
#include "trace/exporters/state_json.h"
#include "trace/exporters/stats_text.h"
#include "trace/importers/import_dump.h"
#include "trace/replay/memory_state.h"

using namespace palloscope;

namespace {

struct Replay final : core::EventSink {
  void emit(const core::EventBody& event) override { state.apply(event); }
  trace::MemoryState state;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(bytes + 1), size - 1);
  const auto table = trace::importer_table();
  const trace::Importer& importer = table[bytes[0] % table.size()];
  (void)importer.sniff(text);
  std::istringstream in(text);
  trace::TextSource source(in, text.size(), {});
  Replay replay;
  const auto facts = trace::import_events(importer, source, core::ContextKind::AllocSet, replay);
  core::check(replay.state.fault_count() == 0, "an imported stream has no faults");
  core::StreamDescription description;
  description.source = core::SourceKind::Dump;
  description.pg_major = facts ? facts->pg_major : 0;
  std::ostringstream out;
  out << trace::stats_text(replay.state, description) << trace::log_text(replay.state, description, 1);
  trace::write_context_csv(replay.state, description, out);
  trace::write_state_json(replay.state, description, out);
  core::check(!out.str().empty(), "exporters write something of any state");
  return 0;
}
