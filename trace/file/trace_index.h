// What opening a trace must know of it: where blocks of events and keyframes are, and the summaries. It comes from the
// index frames of a closed file, or from hopping over all frames of another.
#pragma once

#include <string>
#include <vector>

#include "core/events/event_sink.h"
#include "trace/file/block_summary.h"
#include "trace/file/frame.h"

namespace palloscope::trace {

// A block of events in the file. Blocks follow each other without gaps, the first begins with event 1.
struct EventBlock {
  core::EventNumber first = 0;
  std::uint32_t count = 0;
  std::uint64_t offset = 0;  // of its frame
  BlockSummary summary;
  core::EventNumber last() const { return first + count - 1; }
  friend bool operator==(const EventBlock&, const EventBlock&) = default;
};

// The whole state after event `at`, in the file.
struct Keyframe {
  core::EventNumber at = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const Keyframe&, const Keyframe&) = default;
};

struct TraceIndex {
  std::vector<EventBlock> blocks;
  std::vector<Keyframe> keyframes;
  core::EventNumber size() const { return blocks.empty() ? 0 : blocks.back().last(); }
  friend bool operator==(const TraceIndex&, const TraceIndex&) = default;
};

// --- the pieces, for the writer -------------------------------------------------------------------------------

Bytes encode_description(const core::StreamDescription& description);
Bytes encode_summary(const BlockSummary& summary);
// An index frame lists the blocks and keyframes since the index frame before it, at `previous` (0: there is none).
Bytes encode_index(const TraceIndex& part, std::uint64_t previous);

// --- and for the reader ---------------------------------------------------------------------------------------

// The description in the frame right behind the file's head.
core::Result<core::StreamDescription> read_description(ByteSpan file, const std::string& name);

// By foot and index frames; false if any of them is missing or does not make sense.
bool read_index(ByteSpan file, TraceIndex& index);

struct Hop {
  TraceIndex index;
  std::uint64_t end = 0;  // offset behind the last whole frame
  bool closed = false;    // nothing but the file's foot lies behind it
  std::uint32_t unknown_frames = 0;
};
// Frame by frame up to the first that is not whole. Stored parts are checked as well.
Hop hop_frames(ByteSpan file);

}  // namespace palloscope::trace
