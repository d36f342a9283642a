// Keyframes: the whole MemoryState after some event, as columns. What a StateRestorer computes (links, counters) is not
// stored; chunks are mostly described by the one before them in their block.
#pragma once

#include "core/base/result.h"
#include "trace/file/bytes.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

Bytes encode_keyframe(const MemoryState& state);

// kReadSlack readable bytes follow `payload`. `at`: the event that the file says it stands behind; nothing in a
// keyframe is larger than what so many events can make, nor than `most_bytes` when restored. `room` is a state that is
// done with: the memory of its tables is used again.
core::Result<MemoryState> decode_keyframe(ByteSpan payload, core::EventNumber at,
                                          std::uint64_t most_bytes = ~std::uint64_t{0}, MemoryState room = {});

}  // namespace palloscope::trace
