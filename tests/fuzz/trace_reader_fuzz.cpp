// Any bytes as a trace file: open, decode and apply every block, restore every keyframe. Checksums would stop nearly
// every mutation at the door, so those of the frames are made good first; the first byte of the input says whether.
#include <algorithm>
#include <cstdint>

#include "trace/file/crc32c.h"
#include "trace/file/frame.h"
#include "trace/file/trace_reader.h"
#include "trace/replay/reducer.h"

using namespace palloscope::trace;

namespace {

void put_crc(std::uint8_t* at, std::uint32_t crc) {
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&crc), sizeof crc, at);
}

// Head, frames and foot get the checksums of what they hold, as a hostile writer would put them.
void make_checksums_good(Bytes& file) {
  if (file.size() >= kFileHeadBytes) put_crc(&file[12], crc32c(ByteSpan(file).first(12)));
  auto at = kFileHeadBytes;
  while (at + kFrameHeadBytes <= file.size() && load_little<std::uint32_t>(&file[at]) == kFrameMagic) {
    std::size_t plain = load_little<std::uint16_t>(&file[at + 6]), stored = load_little<std::uint32_t>(&file[at + 24]);
    if (file.size() - at - kFrameHeadBytes < plain + stored) break;
    auto body = ByteSpan(file).subspan(at + kFrameHeadBytes);
    put_crc(&file[at + 28], crc32c(body.subspan(plain, stored)));
    put_crc(&file[at + 32], crc32c(body.first(plain), crc32c(ByteSpan(file).subspan(at, 32))));
    at += kFrameHeadBytes + plain + stored;
  }
  if (file.size() >= kFileHeadBytes + kFootBytes)
    put_crc(&file[file.size() - 4], crc32c(ByteSpan(file).last(kFootBytes).first(12)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  Bytes file(bytes + 1, bytes + size);
  if (bytes[0] & 1) make_checksums_good(file);
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
