#include "trace/sql/life_tables.h"

#include <algorithm>

#include "trace/exporters/event_text.h"

namespace palloscope::trace::sql {
namespace {

using K = ColumnKind;

template <class Span>
struct SpanColumn {
  Column column;
  void (*get)(const LifeSpans& spans, const Span& span, Cell& into);
};

template <auto Member>
void event_number(const LifeSpans&, const auto& span, Cell& into) {
  into.event(span.*Member);
}
template <auto Member>
void number(const LifeSpans&, const auto& span, Cell& into) {
  into.unsigned_number(span.*Member);
}
template <auto Member>
void slot_number(const LifeSpans&, const auto& span, Cell& into) {
  into.unsigned_number((span.*Member).value);
}
void address(const LifeSpans&, const auto& span, Cell& into) { into.unsigned_number(span.at.value); }
void line_number(const LifeSpans&, const auto& span, Cell& into) {
  span.line == 0 ? into.null() : into.number(span.line);
}
void end_name(const LifeSpans&, const auto& span, Cell& into) {
  span.end == SpanEnd::Alive ? into.null() : into.text(span_end_name(span.end));
}
// Events that it lasted; of what is still there, up to the end.
void lasted(const LifeSpans& spans, const auto& span, Cell& into) {
  into.unsigned_number((span.ended == 0 ? spans.size : span.ended) - span.born);
}

void optional_text(std::string_view text, Cell& into) { text.empty() ? into.null() : into.text(text); }

const ContextSpan* owner_of(const LifeSpans& spans, std::uint32_t context) {
  return context == kNoSpan ? nullptr : &spans.contexts[context];
}

// --- contexts

constexpr SpanColumn<ContextSpan> kContextColumns[] = {
    {{"context", K::Event, "the context, by the event that created it", Push::Key}, event_number<&ContextSpan::born>},
    {{"ended", K::Event, "the event that deleted it; null: it is still there"}, event_number<&ContextSpan::ended>},
    {{"name", K::Text, "as PostgreSQL prints it"},
     [](const LifeSpans&, const ContextSpan& span, Cell& into) { into.text(span.name); }},
    {{"ident", K::Text, "the last one it had"},
     [](const LifeSpans&, const ContextSpan& span, Cell& into) { optional_text(span.ident, into); }},
    {{"path", K::Text, "the names from the top down to it, with ' > ' between"},
     [](const LifeSpans& spans, const ContextSpan& span, Cell& into) {
       into.text(spans.path(static_cast<std::uint32_t>(&span - spans.contexts.data())));
     }},
    {{"parent", K::Event, "the context above it (contexts.context); the last one it had"},
     [](const LifeSpans& spans, const ContextSpan& span, Cell& into) {
       const ContextSpan* parent = owner_of(spans, span.parent);
       parent == nullptr ? into.null() : into.event(parent->born);
     }},
    {{"kind", K::Text, "AllocSet, Generation, Slab, Bump, unknown"},
     [](const LifeSpans&, const ContextSpan& span, Cell& into) { into.text(context_kind_name(span.kind)); }},
    {{"lasted", K::Number, "for how many events it was there"}, lasted},
    {{"resets", K::Number, "how often it was reset"}, number<&ContextSpan::resets>},
    {{"allocations", K::Number, "chunks that were allocated in it"}, number<&ContextSpan::allocations>},
    {{"allocated_bytes", K::Number, "bytes that were asked for, all in all"}, number<&ContextSpan::allocated_bytes>},
    {{"peak_bytes", K::Number, "the most that was malloc'ed for it at a time"}, number<&ContextSpan::peak_bytes>},
    {{"peak_event", K::Event, "when that was reached"}, event_number<&ContextSpan::peak_event>},
    {{"recycled", K::Number, "1: made from a deleted one's memory"},
     [](const LifeSpans&, const ContextSpan& span, Cell& into) { into.number(span.recycled ? 1 : 0); }},
    {{"address", K::Address, "of its header"}, address},
    {{"line", K::Number, "the script's line that created it"}, line_number},
    {{"context_slot", K::Number, "the small number by which events call it"}, slot_number<&ContextSpan::slot>},
};

// --- blocks

void block_context(const LifeSpans& spans, const BlockSpan& span, Cell& into) {
  const ContextSpan* context = owner_of(spans, span.context);
  context == nullptr ? into.null() : into.event(context->born);
}
void block_context_name(const LifeSpans& spans, const BlockSpan& span, Cell& into) {
  const ContextSpan* context = owner_of(spans, span.context);
  context == nullptr ? into.null() : into.text(context->name);
}

constexpr SpanColumn<BlockSpan> kBlockColumns[] = {
    {{"block", K::Event, "the block, by the event that made it one of its context", Push::Key},
     event_number<&BlockSpan::born>},
    {{"ended", K::Event, "the event that took it out of the context; null: it is still there"},
     event_number<&BlockSpan::ended>},
    {{"fate", K::Text, "what ended it: 'freed', 'moved', 'reset', 'deleted', 'block left'"}, end_name},
    {{"context", K::Event, "its context (contexts.context)"}, block_context},
    {{"context_name", K::Text, "that context's name"}, block_context_name},
    {{"role", K::Text, "keeper, ordinary, external (one chunk with a block of its own)"},
     [](const LifeSpans&, const BlockSpan& span, Cell& into) { into.text(block_role_name(span.role)); }},
    {{"bytes", K::Number, "of the malloc'ed region; the last, where it was changed"}, number<&BlockSpan::bytes>},
    {{"accounted_bytes", K::Number, "what the context's mem_allocated grew by"}, number<&BlockSpan::accounted_bytes>},
    {{"address", K::Address, "of the block's header"}, address},
    {{"lasted", K::Number, "for how many events it was there"}, lasted},
    {{"region", K::Event, "its Malloc (events.region)"}, event_number<&BlockSpan::region>},
    {{"block_slot", K::Number, "the small number by which events call it"}, slot_number<&BlockSpan::slot>},
};

// --- chunks

const BlockSpan* block_of(const LifeSpans& spans, const ChunkSpan& span) {
  return span.block == kNoSpan ? nullptr : &spans.blocks[span.block];
}

constexpr SpanColumn<ChunkSpan> kChunkColumns[] = {
    {{"chunk", K::Event, "the chunk, by the event that allocated it", Push::Key}, event_number<&ChunkSpan::born>},
    {{"ended", K::Event, "the event that ended its use; null: it never came back"}, event_number<&ChunkSpan::ended>},
    {{"fate", K::Text,
      "what ended it: 'freed', 'moved' (by repalloc), 'reset', 'deleted', 'block emptied', 'block left'"},
     end_name},
    {{"context", K::Event, "its context (contexts.context)"},
     [](const LifeSpans& spans, const ChunkSpan& span, Cell& into) {
       const BlockSpan* block = block_of(spans, span);
       block == nullptr ? into.null() : block_context(spans, *block, into);
     }},
    {{"context_name", K::Text, "that context's name"},
     [](const LifeSpans& spans, const ChunkSpan& span, Cell& into) {
       const BlockSpan* block = block_of(spans, span);
       block == nullptr ? into.null() : block_context_name(spans, *block, into);
     }},
    {{"requested", K::Number,
      "bytes asked for; the last, where repalloc changed it in place; in a snapshot of a production build as granted"},
     number<&ChunkSpan::requested>},
    {{"granted", K::Number, "bytes that could be used"}, number<&ChunkSpan::granted>},
    {{"address", K::Address, "what palloc returned"}, address},
    {{"lasted", K::Number, "for how many events it was in use"}, lasted},
    {{"block", K::Event, "its block (blocks.block)"},
     [](const LifeSpans& spans, const ChunkSpan& span, Cell& into) {
       const BlockSpan* block = block_of(spans, span);
       block == nullptr ? into.null() : into.event(block->born);
     }},
    {{"size_class", K::Number, "AllocSet's freelist, 0 to 10"}, number<&ChunkSpan::size_class>},
    {{"origin", K::Text, "where its memory came from: 'tail', 'freelist', 'external'"},
     [](const LifeSpans&, const ChunkSpan& span, Cell& into) {
       constexpr std::string_view kNames[] = {"tail", "freelist", "external"};
       into.text(kNames[static_cast<std::size_t>(span.origin)]);
     }},
    {{"cause", K::Text, "'palloc', or 'repalloc' where that moved it here"},
     [](const LifeSpans&, const ChunkSpan& span, Cell& into) { into.text(span.moved_here ? "repalloc" : "palloc"); }},
    {{"line", K::Number, "the script's line that allocated it"}, line_number},
    {{"chunk_slot", K::Number, "the small number by which events call it"}, slot_number<&ChunkSpan::slot>},
};

template <class Span, std::size_t N>
constexpr std::array<Column, N> columns_of(const SpanColumn<Span> (&rows)[N]) {
  std::array<Column, N> columns;
  for (std::size_t i = 0; i < N; ++i) columns[i] = rows[i].column;
  return columns;
}
constexpr auto kContextTableColumns = columns_of(kContextColumns);
constexpr auto kBlockTableColumns = columns_of(kBlockColumns);
constexpr auto kChunkTableColumns = columns_of(kChunkColumns);

// What differs between the three.
template <class Span>
struct SpanTableRow {
  std::string_view name, meaning;
  std::span<const Column> columns;
  std::span<const SpanColumn<Span>> getters;
  const std::vector<Span> LifeSpans::*spans;
  double rows_per_event;  // a guess, for SQLite's choice of a way
};

template <class Span>
class SpanCursor final : public Cursor {
 public:
  SpanCursor(Source& source, LifeSpanCache& cache, const SpanTableRow<Span>& row)
      : source_(source), cache_(cache), row_(row) {}

  core::Status open(const Bounds& bounds) override {
    const EventNumber last = std::min(bounds.last, source_.size);
    const bool none = bounds.none || bounds.first > last;
    constexpr bool kChunks = std::is_same_v<Span, ChunkSpan>;
    at_ = end_ = 0;
    if (none) return core::Done{};
    auto spans = kChunks ? cache_.get(source_, bounds.first, last) : cache_.get(source_, 1, 0);
    if (!spans) return spans.error();
    spans_ = std::move(*spans);
    const std::vector<Span>& rows = (*spans_).*row_.spans;
    const auto begin =
        std::partition_point(rows.begin(), rows.end(), [&](const Span& span) { return span.born < bounds.first; });
    const auto end = std::partition_point(begin, rows.end(), [&](const Span& span) { return span.born <= last; });
    at_ = static_cast<std::size_t>(begin - rows.begin());
    end_ = static_cast<std::size_t>(end - rows.begin());
    return core::Done{};
  }
  bool at_end() const override { return at_ >= end_; }
  core::Status next() override {
    ++at_;
    return core::Done{};
  }
  void cell(std::size_t column, Cell& into) const override {
    row_.getters[column].get(*spans_, ((*spans_).*row_.spans)[at_], into);
  }

 private:
  Source& source_;
  LifeSpanCache& cache_;
  const SpanTableRow<Span>& row_;
  std::shared_ptr<const LifeSpans> spans_;
  std::size_t at_ = 0, end_ = 0;
};

template <class Span>
class SpanTable final : public Table {
 public:
  SpanTable(Source& source, LifeSpanCache& cache, const SpanTableRow<Span>& row)
      : source_(source), cache_(cache), row_(row) {}

  std::string_view name() const override { return row_.name; }
  std::string_view meaning() const override { return row_.meaning; }
  std::span<const Column> columns() const override { return row_.columns; }
  double rows() const override { return 1 + static_cast<double>(source_.size) * row_.rows_per_event; }
  std::unique_ptr<Cursor> cursor() override { return std::make_unique<SpanCursor<Span>>(source_, cache_, row_); }

 private:
  Source& source_;
  LifeSpanCache& cache_;
  const SpanTableRow<Span>& row_;
};

constexpr SpanTableRow<ContextSpan> kContexts{
    "contexts",           "every context that there ever was, from its creation to its end",
    kContextTableColumns, kContextColumns,
    &LifeSpans::contexts, 0.01};
constexpr SpanTableRow<BlockSpan> kBlocks{
    "blocks",           "every block that a context ever had, from when it got it to when it lost it",
    kBlockTableColumns, kBlockColumns,
    &LifeSpans::blocks, 0.03};
constexpr SpanTableRow<ChunkSpan> kChunks{
    "chunks",           "every chunk that was ever allocated, from its palloc to what ended it",
    kChunkTableColumns, kChunkColumns,
    &LifeSpans::chunks, 0.5};

}  // namespace

std::unique_ptr<Table> make_context_table(Source& source, LifeSpanCache& spans) {
  return std::make_unique<SpanTable<ContextSpan>>(source, spans, kContexts);
}
std::unique_ptr<Table> make_block_table(Source& source, LifeSpanCache& spans) {
  return std::make_unique<SpanTable<BlockSpan>>(source, spans, kBlocks);
}
std::unique_ptr<Table> make_chunk_table(Source& source, LifeSpanCache& spans) {
  return std::make_unique<SpanTable<ChunkSpan>>(source, spans, kChunks);
}

}  // namespace palloscope::trace::sql
