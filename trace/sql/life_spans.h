// The life spans of contexts, blocks and chunks over a whole stream: who was there from which event to which, and what
// ended it. Made in one pass, kept as flat tables in the order of birth. What the chunks take is bounded: a stream of
// hundreds of millions of events asks for a part of it (births in a range).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trace/sql/table.h"

namespace palloscope::trace::sql {

inline constexpr std::uint32_t kNoSpan = 0xFFFFFFFF;

struct ContextSpan {
  EventNumber born = 0, ended = 0;  // ContextCreated, ContextDeleted; 0: to the end
  ContextSlot slot;
  std::uint32_t parent = kNoSpan;  // index; the last one it had
  core::ContextKind kind = core::ContextKind::Unknown;
  bool recycled = false;
  std::uint32_t line = 0;
  std::uint64_t resets = 0, allocations = 0, allocated_bytes = 0;
  std::uint64_t peak_bytes = 0;  // the most malloc'ed for it (of a dump: its total)
  EventNumber peak_event = 0;
  Address at;
  std::string name, ident;
};

enum class SpanEnd : std::uint8_t { Alive, Freed, Moved, Reset, Deleted, BlockLeft, BlockEmptied };
std::string_view span_end_name(SpanEnd end);  // empty: still there

// A region's time as a block of one context.
struct BlockSpan {
  EventNumber born = 0, ended = 0;  // BlockAdded; what took it out of the context
  EventNumber region = 0;           // its Malloc
  std::uint64_t bytes = 0, accounted_bytes = 0;
  Address at;
  std::uint32_t context = kNoSpan;      // index
  std::uint32_t first_chunk = kNoSpan;  // while the pass runs: chunks that are not known to have ended
  BlockSlot slot;
  core::BlockRole role = core::BlockRole::Plain;
  SpanEnd end = SpanEnd::Alive;
};

// From one palloc to what ended its memory's use.
struct ChunkSpan {
  EventNumber born = 0, ended = 0;
  Address at;
  std::uint64_t requested = 0, granted = 0;  // the last, where repalloc changed it in place
  std::uint32_t block = kNoSpan;             // index
  std::uint32_t next_in_block = kNoSpan;
  std::uint32_t line = 0;
  ChunkSlot slot;
  std::uint8_t size_class = 0;
  core::ChunkOrigin origin = core::ChunkOrigin::Tail;
  bool moved_here = false;  // by repalloc
  SpanEnd end = SpanEnd::Alive;
};

struct LifeSpans {
  std::vector<ContextSpan> contexts;
  std::vector<BlockSpan> blocks;
  std::vector<ChunkSpan> chunks;  // those born within first_chunk..last_chunk
  EventNumber first_chunk = 1, last_chunk = 0;
  EventNumber size = 0;  // of the stream when they were made

  std::string path(std::uint32_t context) const;  // "TopMemoryContext > ExecutorState"
  std::size_t bytes() const;                      // of the tables
};

// Keeps the spans of a stream, and makes them anew where it has grown or more chunks are asked for.
class LifeSpanCache {
 public:
  // Contexts and blocks; and chunks born within first..last (first > last: none).
  core::Result<std::shared_ptr<const LifeSpans>> get(Source& source, EventNumber first, EventNumber last);
  std::size_t bytes() const { return spans_ ? spans_->bytes() : 0; }
  void forget() { spans_.reset(); }

 private:
  std::shared_ptr<const LifeSpans> spans_;  // cursors that are open keep theirs
};

}  // namespace palloscope::trace::sql
