// Any bytes as a server's dump: every importer reads them (the first byte says which), and what comes out is replayed.
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <utility>

#include "trace/importers/dump_events.h"
#include "trace/importers/importer.h"
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
  trace::DumpEvents events(replay, core::ContextKind::AllocSet);
  const auto facts = importer.read(source, [&](trace::Dump dump) { events.emit(std::move(dump)); });
  (void)static_cast<bool>(facts);
  return 0;
}
