#include "trace/sql/life_spans.h"

#include <fmt/format.h>

#include <algorithm>

#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"
#include "trace/replay/bulk_replay.h"
#include "trace/replay/walker.h"

namespace palloscope::trace::sql {
namespace {

constexpr EventNumber kPortion = 8192;    // events between two looks at whether to go on
constexpr std::size_t kDeepest = 10'000;  // of a path

// The index that a slot stands for now.
class SlotIndex {
 public:
  std::uint32_t& operator[](std::uint32_t slot) {
    if (slot >= indices_.size())
      indices_.resize(std::max<std::size_t>(slot + std::size_t{1}, indices_.size() * 2), kNoSpan);
    return indices_[slot];
  }

 private:
  std::vector<std::uint32_t> indices_;
};

// Follows the events: before each one what it will do is noted, after it the spans are changed, unless the event could
// not be what a correct process did, which leaves the state as it was.
class SpanMaker {
 public:
  SpanMaker(Source& source, EventNumber first, EventNumber last)
      : source_(source), walker_(source.timeline->events(), 0), spans_(std::make_unique<LifeSpans>()) {
    spans_->first_chunk = first;
    spans_->last_chunk = last;
    spans_->size = source.size;
  }

  core::Result<std::unique_ptr<LifeSpans>> run();

 private:
  enum class What : std::uint8_t {
    Nothing,
    Created,
    Reset,
    Deleted,
    Reparented,
    Ident,
    Reported,
    BlockAdded,
    BlockLeft,
    BlockEmptied,
    Realloc,
    Allocated,
    Freed,
    Resized
  };

  template <class E>
  void before(const E& event);
  void after();
  void note_blocks(ContextSlot context);
  void create();
  void add_block();
  void allocate();
  void free_chunk();
  void end_chunks(std::uint32_t block, SpanEnd how);
  void end_blocks(SpanEnd how);
  void end_block(BlockSlot slot, SpanEnd how);
  void resize(ChunkSlot slot);
  void measure(ContextSlot slot);
  core::Status check_room() const;

  const MemoryState& state() const { return walker_.state(); }
  EventNumber now() const { return walker_.at(); }

  Source& source_;
  Walker walker_;
  std::unique_ptr<LifeSpans> spans_;
  SlotIndex context_of_, block_of_, chunk_of_;

  What what_ = What::Nothing;
  ContextSlot context_;
  BlockSlot block_;
  ChunkSlot chunk_;
  core::ChunkAllocated allocated_;
  SpanEnd how_ = SpanEnd::Freed;
  std::uint64_t faults_ = 0;
  std::vector<BlockSlot> touched_;  // blocks of the context that is reset or deleted
};

template <class E>
void SpanMaker::before(const E& event) {
  using namespace core;
  what_ = What::Nothing;
  faults_ = state().fault_count();
  const auto context = [&](What what, ContextSlot slot) { what_ = what, context_ = slot; };
  const auto block = [&](What what, BlockSlot slot) { what_ = what, block_ = slot; };
  if constexpr (std::is_same_v<E, ContextCreated>) context(What::Created, event.context);
  if constexpr (std::is_same_v<E, ContextReparented>) context(What::Reparented, event.context);
  if constexpr (std::is_same_v<E, ContextIdentSet>) context(What::Ident, event.context);
  if constexpr (std::is_same_v<E, ContextReported>) context(What::Reported, event.context);
  if constexpr (std::is_same_v<E, ContextReset>) context(What::Reset, event.context), note_blocks(event.context);
  if constexpr (std::is_same_v<E, ContextDeleted>) context(What::Deleted, event.context), note_blocks(event.context);
  if constexpr (std::is_same_v<E, BlockAdded>) context(What::BlockAdded, event.context), block_ = event.block;
  if constexpr (std::is_same_v<E, BlockRemoved>) block(What::BlockLeft, event.block);
  if constexpr (std::is_same_v<E, BlockEmptied>) block(What::BlockEmptied, event.block);
  if constexpr (std::is_same_v<E, Realloc>) block(What::Realloc, event.block);
  if constexpr (std::is_same_v<E, ChunkAllocated>) what_ = What::Allocated, allocated_ = event;
  if constexpr (std::is_same_v<E, ChunkResized>) what_ = What::Resized, chunk_ = event.chunk;
  if constexpr (std::is_same_v<E, ChunkFreed>) {
    what_ = What::Freed;
    chunk_ = event.chunk;
    how_ = event.cause == ChunkCause::Repalloc ? SpanEnd::Moved : SpanEnd::Freed;
    const ChunkRecord* chunk = state().chunk(chunk_);
    block_ = chunk != nullptr && event.fate == ChunkFate::WithBlock ? chunk->block : BlockSlot{};
  }
}

void SpanMaker::note_blocks(ContextSlot slot) {
  touched_.clear();
  const ContextRecord* context = state().context(slot);
  if (context == nullptr) return;
  std::uint32_t left = context->block_count;
  for (BlockSlot at = context->first_block; at && left != 0; --left) {
    touched_.push_back(at);
    at = state().blocks()[at.value].next;
  }
}

void SpanMaker::after() {
  if (what_ == What::Nothing || state().fault_count() != faults_) return;
  switch (what_) {
    case What::Created:
      create();
      break;
    case What::Reported:
      measure(context_);
      break;
    case What::BlockAdded:
      add_block();
      break;
    case What::Allocated:
      allocate();
      break;
    case What::Freed:
      free_chunk();
      break;
    case What::BlockLeft:
      end_block(block_, SpanEnd::BlockLeft);
      break;
    case What::BlockEmptied:
      end_chunks(block_of_[block_.value], SpanEnd::BlockEmptied);
      break;
    case What::Realloc:
      if (const std::uint32_t block = block_of_[block_.value]; block != kNoSpan) {
        const BlockRecord& record = state().blocks()[block_.value];
        spans_->blocks[block].at = record.header;
        spans_->blocks[block].bytes = record.bytes;
        if (record.linked()) resize(record.first_chunk);
      }
      break;
    case What::Resized:
      resize(chunk_);
      break;
    case What::Reset:
      if (const std::uint32_t context = context_of_[context_.value]; context != kNoSpan)
        ++spans_->contexts[context].resets;
      end_blocks(SpanEnd::Reset);
      break;
    case What::Deleted:
      end_blocks(SpanEnd::Deleted);
      if (std::uint32_t& context = context_of_[context_.value]; context != kNoSpan) {
        spans_->contexts[context].ended = now();
        context = kNoSpan;
      }
      break;
    case What::Reparented:
    case What::Ident:
      if (const std::uint32_t context = context_of_[context_.value]; context != kNoSpan) {
        const ContextRecord& record = state().contexts()[context_.value];
        ContextSpan& span = spans_->contexts[context];
        span.ident = record.ident ? printable(*record.ident) : std::string();
        span.name = printable(printed_name(record));
        span.parent = record.parent ? context_of_[record.parent.value] : kNoSpan;
      }
      break;
    case What::Nothing:
      break;
  }
}

void SpanMaker::create() {
  const ContextRecord* record = state().context(context_);
  if (record == nullptr) return;
  ContextSpan span;
  span.born = now();
  span.slot = context_;
  if (record->parent) span.parent = context_of_[record->parent.value];
  span.kind = record->kind;
  span.recycled = record->recycled;
  span.line = state().point().line;
  span.at = record->at;
  span.name = printable(printed_name(*record));
  context_of_[context_.value] = static_cast<std::uint32_t>(spans_->contexts.size());
  spans_->contexts.push_back(std::move(span));
  measure(context_);
}

void SpanMaker::measure(ContextSlot slot) {
  const ContextRecord* record = state().context(slot);
  const std::uint32_t index = record == nullptr ? kNoSpan : context_of_[slot.value];
  if (index == kNoSpan) return;
  ContextSpan& span = spans_->contexts[index];
  const std::uint64_t bytes = record->reported ? record->reported->total_bytes : record->mem_allocated_bytes;
  if (bytes <= span.peak_bytes) return;
  span.peak_bytes = bytes;
  span.peak_event = now();
}

void SpanMaker::add_block() {
  const BlockRecord* record = state().block(block_);
  if (record == nullptr) return;
  BlockSpan span;
  span.born = now();
  span.region = record->born;
  span.bytes = record->bytes;
  span.accounted_bytes = record->accounted_bytes;
  span.at = record->header;
  span.context = context_of_[context_.value];
  span.slot = block_;
  span.role = record->role;
  block_of_[block_.value] = static_cast<std::uint32_t>(spans_->blocks.size());
  spans_->blocks.push_back(span);
  measure(context_);
}

void SpanMaker::allocate() {
  const std::uint32_t block = block_of_[allocated_.block.value];
  if (block == kNoSpan) return;
  if (const std::uint32_t context = spans_->blocks[block].context; context != kNoSpan) {
    ContextSpan& span = spans_->contexts[context];
    ++span.allocations;
    span.allocated_bytes += allocated_.requested_bytes;
  }
  std::uint32_t& index = chunk_of_[allocated_.chunk.value];
  index = kNoSpan;
  if (now() < spans_->first_chunk || now() > spans_->last_chunk) return;
  ChunkSpan span;
  span.born = now();
  span.at = allocated_.at;
  span.requested = allocated_.requested_bytes;
  span.granted = allocated_.granted_bytes;
  span.block = block;
  span.next_in_block = spans_->blocks[block].first_chunk;
  span.line = state().point().line;
  span.slot = allocated_.chunk;
  span.size_class = allocated_.size_class;
  span.origin = allocated_.origin;
  span.moved_here = allocated_.cause == core::ChunkCause::Repalloc;
  index = static_cast<std::uint32_t>(spans_->chunks.size());
  spans_->blocks[block].first_chunk = index;
  spans_->chunks.push_back(span);
}

void SpanMaker::free_chunk() {
  if (std::uint32_t& index = chunk_of_[chunk_.value]; index != kNoSpan) {
    spans_->chunks[index].ended = now();
    spans_->chunks[index].end = how_;
    index = kNoSpan;
  }
  if (block_) end_block(block_, how_);
}

// Those of its chunks that are still there; each is looked at once.
void SpanMaker::end_chunks(std::uint32_t block, SpanEnd how) {
  if (block == kNoSpan) return;
  for (std::uint32_t at = std::exchange(spans_->blocks[block].first_chunk, kNoSpan); at != kNoSpan;) {
    ChunkSpan& chunk = spans_->chunks[at];
    if (chunk.end == SpanEnd::Alive) {
      chunk.ended = now();
      chunk.end = how;
      chunk_of_[chunk.slot.value] = kNoSpan;
    }
    at = chunk.next_in_block;
  }
}

void SpanMaker::end_block(BlockSlot slot, SpanEnd how) {
  std::uint32_t& block = block_of_[slot.value];
  if (block == kNoSpan) return;
  end_chunks(block, how);
  spans_->blocks[block].ended = now();
  spans_->blocks[block].end = how;
  block = kNoSpan;
}

// A reset keeps the keeper.
void SpanMaker::end_blocks(SpanEnd how) {
  for (const BlockSlot slot : touched_) {
    const BlockRecord* record = state().block(slot);
    if (how == SpanEnd::Reset && record != nullptr && record->linked() && record->context == context_)
      end_chunks(block_of_[slot.value], how);
    else
      end_block(slot, how);
  }
}

void SpanMaker::resize(ChunkSlot slot) {
  const ChunkRecord* record = slot ? state().chunk(slot) : nullptr;
  if (record == nullptr || record->state != ChunkState::Live) return;
  if (const std::uint32_t index = chunk_of_[slot.value]; index != kNoSpan) {
    ChunkSpan& span = spans_->chunks[index];
    span.at = record->at;
    span.requested = record->requested_bytes;
    span.granted = record->granted_bytes;
  }
  if (const ContextSlot context = state().context_of(*record)) measure(context);
}

core::Status SpanMaker::check_room() const {
  const std::size_t bytes = spans_->bytes();
  if (bytes <= source_.most_bytes) return core::Done{};
  // A part of the chunks is a way out only where the chunks are what takes the room.
  const bool chunks_are_most = spans_->chunks.capacity() * sizeof(ChunkSpan) > bytes / 2;
  const std::string way_out =
      chunks_are_most
          ? fmt::format("ask for a part, as in \"from chunks where chunk between 1 and {}\", or raise", now() / 2)
          : "raise";
  return core::Error{core::ErrorCode::Unsupported,
                     fmt::format("life spans up to event {} of {} take {} MB already, and {} MB is the limit: {} the "
                                 "limit (--memory; of the window: memory_mb)",
                                 now(), source_.size, bytes >> 20, source_.most_bytes >> 20, way_out)};
}

core::Result<std::unique_ptr<LifeSpans>> SpanMaker::run() {
  while (now() < source_.size) {
    const bool good = walker_.advance(
        std::min(source_.size, now() + kPortion), [&](const auto& event) { before(event); }, [&] { after(); });
    if (!good) return core::Error{core::ErrorCode::BadFormat, walker_.problem()};
    if (auto status = check_room(); !status) return status.error();
    if (auto status = source_.proceed("following life spans", now()); !status) return status.error();
  }
  return std::move(spans_);
}

}  // namespace

std::string_view span_end_name(SpanEnd end) {
  constexpr std::string_view kNames[] = {"", "freed", "moved", "reset", "deleted", "block left", "block emptied"};
  return kNames[static_cast<std::size_t>(end)];
}

std::string LifeSpans::path(std::uint32_t context) const {
  std::vector<const ContextSpan*> up;
  for (; context != kNoSpan && up.size() < kDeepest; context = up.back()->parent) up.push_back(&contexts[context]);
  std::string path;
  for (std::size_t i = up.size(); i > 0; --i) {
    path += up[i - 1]->name;
    if (i > 1) path += " > ";
  }
  return path;
}

std::size_t LifeSpans::bytes() const {
  return chunks.capacity() * sizeof(ChunkSpan) + blocks.capacity() * sizeof(BlockSpan) +
         contexts.capacity() * sizeof(ContextSpan);
}

core::Result<std::shared_ptr<const LifeSpans>> LifeSpanCache::get(Source& source, EventNumber first, EventNumber last) {
  const bool fresh = spans_ && spans_->size == source.size;
  if (fresh && (first > last || (spans_->first_chunk <= first && last <= spans_->last_chunk))) return spans_;
  // A second part is asked for: all of it, if there is room, so that a join does not make a pass for each of its rows.
  const bool all = fresh && spans_->first_chunk <= spans_->last_chunk;
  spans_.reset();  // not two of them at a time, unless a cursor still reads the old one
  auto made = all ? SpanMaker(source, 1, source.size).run() : SpanMaker(source, first, last).run();
  if (!made && all && made.error().code == core::ErrorCode::Unsupported) made = SpanMaker(source, first, last).run();
  if (!made) return made.error();
  spans_ = std::move(*made);
  return spans_;
}

}  // namespace palloscope::trace::sql
