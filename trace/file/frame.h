// Frames: what a trace file consists of behind its first 16 bytes. Each has a header, a plain part that can be read
// without unpacking (the summary of a block of events), and a stored part that is packed; all of it checksummed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "trace/file/bytes.h"
#include "trace/file/compression.h"

namespace palloscope::trace {

// --- the first bytes of a file --------------------------------------------------------------------------------

inline constexpr std::uint8_t kFileMagic[8] = {0x89, 'P', 'S', 'C', 'O', 'P', 'E', '\n'};
// A new major: older programs cannot read the file. A new minor: there may be frames and kinds of events that older
// programs do not know; they skip the frames and stop at the events.
inline constexpr std::uint16_t kFormatMajor = 1, kFormatMinor = 3;
inline constexpr std::size_t kFileHeadBytes = 16;

void append_file_head(Bytes& to);
// The minor version, or why this is not a trace that can be read.
core::Result<std::uint16_t> read_file_head(ByteSpan file, const std::string& name);

// --- frames ---------------------------------------------------------------------------------------------------

enum class FrameType : std::uint8_t { Description = 1, Events = 2, Keyframe = 3, Index = 4 };

inline constexpr std::uint32_t kFrameMagic = 0x72665350;  // "PSfr"
inline constexpr std::size_t kFrameHeadBytes = 36;
inline constexpr std::size_t kMaxPlainBytes = 4096;

struct FrameHead {
  std::uint8_t type = 0;  // a FrameType, or one of a later version
  Compression compression = Compression::None;
  std::uint16_t plain_bytes = 0;
  std::uint64_t first_event = 0;  // Events: number of the first; Keyframe: the state is that after this event
  std::uint32_t event_count = 0;
  std::uint32_t raw_bytes = 0;     // unpacked
  std::uint32_t stored_bytes = 0;  // in the file
  std::uint32_t stored_crc = 0;

  bool is(FrameType wanted) const { return type == static_cast<std::uint8_t>(wanted); }
  std::uint64_t frame_bytes() const { return kFrameHeadBytes + std::uint64_t{plain_bytes} + stored_bytes; }
};

struct Frame {
  FrameHead head;
  ByteSpan plain, stored;
};

// Appends a whole frame. `head` says type and events; the rest is filled in.
void append_frame(Bytes& to, FrameHead head, ByteSpan plain, ByteSpan raw, Compression wish, Bytes& room);

// The frame at this offset if its head and plain part are whole and the file is long enough for it. Its stored part is
// not looked at: see stored_is_whole.
std::optional<Frame> frame_at(ByteSpan file, std::uint64_t offset);
bool stored_is_whole(const Frame& frame);
// Unpacks the stored part after checking it. `raw` has head.raw_bytes.
bool unpack(const Frame& frame, std::span<std::uint8_t> raw);

// --- the last bytes of a closed file --------------------------------------------------------------------------

inline constexpr std::size_t kFootBytes = 16;
void append_file_foot(Bytes& to, std::uint64_t index_offset);
// Offset of the last index frame.
std::optional<std::uint64_t> read_file_foot(ByteSpan file);

}  // namespace palloscope::trace
