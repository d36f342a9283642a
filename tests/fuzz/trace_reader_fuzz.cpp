// Any bytes as a trace file: open, decode and apply every block, restore every keyframe. Checksums would stop nearly
// every mutation at the door, so those of the frames are made good first; the first byte of the input says whether.
#include <cstdint>

#include "tests/fuzz/checksums.h"
#include "trace/file/trace_reader.h"
#include "trace/replay/reducer.h"

using namespace palloscope::trace;

namespace {

void make_foot_good(Bytes& file) {
  if (file.size() >= kFileHeadBytes + kFootBytes)
    put_crc(&file[file.size() - 4], crc32c(ByteSpan(file).last(kFootBytes).first(12)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  Bytes file(bytes + 1, bytes + size);
  if (bytes[0] & 1) make_checksums_good(file), make_foot_good(file);
  auto reader = TraceReader::from_bytes(std::move(file), "fuzz.pscope");
  if (!reader) return 0;
  MemoryState state;
  EventBlockDecoder decoder;
  for (std::size_t block = 0; block < reader->blocks().size(); ++block) {
    if (!reader->begin(block, decoder)) break;
    if (!decoder.decode(decoder.left(), [&](const auto& event) { state.apply_typed(event); })) break;
  }
  for (std::size_t i = 0; i < reader->keyframes().size(); ++i) (void)static_cast<bool>(reader->restore(i));
  return 0;
}
