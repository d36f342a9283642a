#include "trace/sql/moment_tables.h"

#include <vector>

#include "trace/exporters/context_rows.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"
#include "trace/sql/moment_table.h"

namespace palloscope::trace::sql {

namespace {

using K = ColumnKind;

// --- pg_backend_memory_contexts

struct ViewRow {
  EventNumber context = 0;
  std::string name, parent, type, path;
  std::optional<std::string> ident;
  std::uint64_t level = 0;
  bool has_parent = false;
  ReportedCounters counters;
};

std::vector<ViewRow> view_rows(const MemoryState& state, const core::StreamDescription& description) {
  std::vector<ViewRow> rows;
  for (ContextRow& from : context_rows(state, description)) {
    const ContextRecord& context = state.contexts()[from.context.value];
    ViewRow& row = rows.emplace_back();
    row.context = context.born;
    row.name = printable(printed_name(context));
    row.type = shown_type(context);
    if (const auto ident = shown_ident(context)) row.ident = printable(*ident);
    if (from.parent) row.has_parent = true, row.parent = printable(printed_name(state.contexts()[from.parent.value]));
    row.level = from.level;
    row.path = std::move(from.path);
    row.counters = from.counters;
  }
  return rows;
}

template <std::uint64_t ReportedCounters::*Member>
void counter(const ViewRow& row, Cell& into) {
  into.unsigned_number(row.counters.*Member);
}

constexpr MomentColumn<ViewRow> kName{{"name", K::Text, "the context's name"},
                                      [](const ViewRow& row, Cell& into) { into.text(row.name); }};
constexpr MomentColumn<ViewRow> kIdent{{"ident", K::Text, "what it is for"}, [](const ViewRow& row, Cell& into) {
                                         row.ident ? into.text(*row.ident) : into.null();
                                       }};
constexpr MomentColumn<ViewRow> kParent{
    {"parent", K::Text, "the name of the one above it (14 to 17)"},
    [](const ViewRow& row, Cell& into) { row.has_parent ? into.text(row.parent) : into.null(); }};
constexpr MomentColumn<ViewRow> kType{{"type", K::Text, "AllocSet, Generation, Slab, Bump (from 18 on)"},
                                      [](const ViewRow& row, Cell& into) { into.text(row.type); }};
constexpr MomentColumn<ViewRow> kLevel{{"level", K::Number, "how deep in the tree: from 0, from 18 on from 1"},
                                       [](const ViewRow& row, Cell& into) { into.unsigned_number(row.level); }};
constexpr MomentColumn<ViewRow> kPath{{"path", K::Text, "numbers of the contexts from the top to it (from 18 on)"},
                                      [](const ViewRow& row, Cell& into) { into.text(row.path); }};
constexpr MomentColumn<ViewRow> kTotalBytes{{"total_bytes", K::Number, "malloc'ed for it"},
                                            counter<&ReportedCounters::total_bytes>};
constexpr MomentColumn<ViewRow> kTotalBlocks{{"total_nblocks", K::Number, "in so many blocks"},
                                             counter<&ReportedCounters::blocks>};
constexpr MomentColumn<ViewRow> kFreeBytes{{"free_bytes", K::Number, "not in use"},
                                           counter<&ReportedCounters::free_bytes>};
constexpr MomentColumn<ViewRow> kFreeChunks{{"free_chunks", K::Number, "chunks that wait to be used again"},
                                            counter<&ReportedCounters::free_chunks>};
constexpr MomentColumn<ViewRow> kUsedBytes{{"used_bytes", K::Number, "in use"}, counter<&ReportedCounters::used_bytes>};
constexpr MomentColumn<ViewRow> kViewContext{
    {"context", K::Event, "the context, by the event that created it (contexts.context)", Push::None, true},
    [](const ViewRow& row, Cell& into) { into.event(row.context); }};

constexpr MomentColumn<ViewRow> kView14[] = {kName,        kIdent,     kParent,     kLevel,     kTotalBytes,
                                             kTotalBlocks, kFreeBytes, kFreeChunks, kUsedBytes, kViewContext};
constexpr MomentColumn<ViewRow> kView18[] = {
    kName, kIdent, kType, kLevel, kPath, kTotalBytes, kTotalBlocks, kFreeBytes, kFreeChunks, kUsedBytes, kViewContext};
constexpr auto kView14Columns = moment_columns(kView14);
constexpr auto kView18Columns = moment_columns(kView18);
constexpr std::string_view kViewName = "pg_backend_memory_contexts";
constexpr std::string_view kViewMeaning = "the contexts at the cursor, as the server's own view shows them";
constexpr MomentDefinition<ViewRow> kContextView14{kViewName, kViewMeaning, kView14Columns, kView14, view_rows};
constexpr MomentDefinition<ViewRow> kContextView18{kViewName, kViewMeaning, kView18Columns, kView18, view_rows};

// --- freelists

struct FreeRow {
  EventNumber context = 0, region = 0, chunk = 0;
  std::string context_name;
  std::optional<std::uint32_t> size_class;
  std::uint32_t position = 0;
  std::uint64_t granted = 0, address = 0;
};

// One chain, from its head.
void follow_chain(const MemoryState& state, ChunkSlot head, const ContextRecord& context,
                  std::optional<std::uint32_t> size_class, std::vector<FreeRow>& rows) {
  std::uint32_t position = 0;
  for (const ChunkRecord* chunk = head ? state.chunk(head) : nullptr;
       chunk != nullptr && position < state.chunks().size();
       chunk = chunk->next_free ? state.chunk(chunk->next_free) : nullptr) {
    const BlockRecord* block = state.block(chunk->block);
    rows.push_back({context.born, block == nullptr ? 0 : block->born, chunk->born, printable(printed_name(context)),
                    size_class, ++position, chunk->granted_bytes, chunk->at.value});
  }
}

std::vector<FreeRow> free_rows(const MemoryState& state, const core::StreamDescription&) {
  std::vector<FreeRow> rows;
  for (const ContextRecord& context : state.contexts()) {
    if (context.born == 0) continue;
    for (std::uint32_t list = 0; list < kFreelistCount; ++list)
      follow_chain(state, context.freelist[list], context, list, rows);
    std::uint32_t left = context.block_count;
    for (BlockSlot at = context.first_block; at && left != 0; at = state.blocks()[at.value].next, --left)
      follow_chain(state, state.blocks()[at.value].first_free, context, std::nullopt, rows);
  }
  return rows;
}

constexpr MomentColumn<FreeRow> kFreeColumns[] = {
    {{"context", K::Event, "the context (contexts.context)"},
     [](const FreeRow& row, Cell& into) { into.event(row.context); }},
    {{"context_name", K::Text, "its name"}, [](const FreeRow& row, Cell& into) { into.text(row.context_name); }},
    {{"size_class", K::Number, "AllocSet's freelist, 0 to 10; null: the chain of a Slab's block"},
     [](const FreeRow& row, Cell& into) { row.size_class ? into.number(*row.size_class) : into.null(); }},
    {{"position", K::Number, "1: the chunk that is handed out next"},
     [](const FreeRow& row, Cell& into) { into.number(row.position); }},
    {{"chunk", K::Event, "the chunk: the event that allocated or carved it"},
     [](const FreeRow& row, Cell& into) { into.event(row.chunk); }},
    {{"granted", K::Number, "bytes that it can hold"},
     [](const FreeRow& row, Cell& into) { into.unsigned_number(row.granted); }},
    {{"address", K::Address, "of its payload"},
     [](const FreeRow& row, Cell& into) { into.unsigned_number(row.address); }},
    {{"region", K::Event, "the Malloc of its block"}, [](const FreeRow& row, Cell& into) { into.event(row.region); }},
};
constexpr auto kFreeTableColumns = moment_columns(kFreeColumns);
constexpr MomentDefinition<FreeRow> kFreelists{"freelists",
                                               "the chunks at the cursor that wait on freelists, in their order",
                                               kFreeTableColumns, kFreeColumns, free_rows};

// --- buffers

struct BufferRow {
  std::uint32_t id = 0;
  BufferRecord buffer;
  std::string relation, backend;
};

std::vector<BufferRow> buffer_rows(const MemoryState& state, const core::StreamDescription&) {
  const ServerState& server = state.server();
  std::vector<BufferRow> rows;
  for (std::uint32_t i = 0; i < server.buffers.size(); ++i) {
    const BufferRecord* buffer = server.buffer({i});
    if (buffer == nullptr) continue;
    BufferRow& row = rows.emplace_back();
    row.id = i + 1;
    row.buffer = *buffer;
    if (const RelationRecord* relation = buffer->has_page() ? server.relation(buffer->tag) : nullptr)
      row.relation = printable(relation->name);
    const PoolRecord* pool = server.pool(buffer->pool);
    if (const BackendRecord* owner = pool == nullptr ? nullptr : server.backend(pool->backend))
      row.backend = printable(owner->name);
  }
  return rows;
}

// Of the page, where there is one that can be read: pg_buffercache shows no other.
bool shown(const BufferRecord& buffer) { return buffer.has_page() && (buffer.word & core::buffer_bits::kValid) != 0; }
template <auto Get>
void of_page(const BufferRow& row, Cell& into) {
  shown(row.buffer) ? into.number(Get(row.buffer)) : into.null();
}

constexpr MomentColumn<BufferRow> kBufferColumns[] = {
    {{"bufferid", K::Number, "the buffer, from 1; local buffers are numbered behind the shared ones"},
     [](const BufferRow& row, Cell& into) { into.number(row.id); }},
    {{"relfilenode", K::Number, "the file of its page; null: it holds none"},
     of_page<[](const BufferRecord& b) { return b.tag.relation; }>},
    {{"reltablespace", K::Number, "the page's tablespace"},
     of_page<[](const BufferRecord& b) { return b.tag.tablespace; }>},
    {{"reldatabase", K::Number, "the page's database"}, of_page<[](const BufferRecord& b) { return b.tag.database; }>},
    {{"relforknumber", K::Number, "0 main, 1 free space map, 2 visibility map, 3 init"},
     of_page<[](const BufferRecord& b) { return b.tag.fork; }>},
    {{"relblocknumber", K::Number, "the page's number in its file"},
     of_page<[](const BufferRecord& b) { return b.tag.block; }>},
    {{"isdirty", K::Number, "1: changed and not written yet"},
     of_page<[](const BufferRecord& b) { return b.dirty() ? 1 : 0; }>},
    {{"usagecount", K::Number, "0 to 5"}, of_page<[](const BufferRecord& b) { return b.usage(); }>},
    {{"pinning_backends", K::Number, "backends that hold a pin"},
     [](const BufferRow& row, Cell& into) { into.number(row.buffer.refcount()); }},
    {{"relation", K::Text, "what the relation is called"},
     [](const BufferRow& row, Cell& into) { row.relation.empty() ? into.null() : into.text(row.relation); }},
    {{"backend", K::Text, "whose local buffer it is; null: shared"},
     [](const BufferRow& row, Cell& into) { row.backend.empty() ? into.null() : into.text(row.backend); }},
    {{"on_freelist", K::Number, "1: waits on the pool's freelist"},
     [](const BufferRow& row, Cell& into) { into.number(row.buffer.in_freelist ? 1 : 0); }},
    {{"tagged", K::Event, "the event that brought its page"},
     [](const BufferRow& row, Cell& into) { into.event(row.buffer.tagged); }},
    {{"used", K::Event, "when it was pinned last"},
     [](const BufferRow& row, Cell& into) { into.event(row.buffer.used); }},
    {{"dirtied", K::Event, "when its page was changed last"},
     [](const BufferRow& row, Cell& into) { into.event(row.buffer.dirtied); }},
};
constexpr auto kBufferTableColumns = moment_columns(kBufferColumns);
constexpr MomentDefinition<BufferRow> kBuffers{"buffers", "the buffers at the cursor, shared and local",
                                               kBufferTableColumns, kBufferColumns, buffer_rows};

}  // namespace

std::unique_ptr<Table> make_context_view(Source& source, Moment& moment) {
  const bool with_path = has_context_path(source.timeline->description());
  return std::make_unique<MomentTable<ViewRow>>(source, moment, with_path ? kContextView18 : kContextView14);
}
std::unique_ptr<Table> make_freelist_table(Source& source, Moment& moment) {
  return std::make_unique<MomentTable<FreeRow>>(source, moment, kFreelists);
}
std::unique_ptr<Table> make_buffer_table(Source& source, Moment& moment) {
  return std::make_unique<MomentTable<BufferRow>>(source, moment, kBuffers);
}

}  // namespace palloscope::trace::sql
