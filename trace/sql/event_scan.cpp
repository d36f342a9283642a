#include "trace/sql/event_scan.h"

#include <algorithm>
#include <concepts>

#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"
#include "trace/replay/bulk_replay.h"

namespace palloscope::trace::sql {
namespace {

constexpr std::uint64_t kPortionsPerLook = 64;  // so often the one who asks is asked whether to go on
constexpr std::size_t kDeepest = 10'000;        // of a path: a damaged file must not lead round and round

// What the event says by itself.
template <class E>
void fill_fields(const E& e, EventRow& row) {
  if constexpr (requires {
                  { e.context } -> std::convertible_to<ContextSlot>;
                })
    row.context_slot = e.context;
  if constexpr (std::is_same_v<E, core::ContextsOmitted>) row.context_slot = e.parent;
  if constexpr (requires {
                  { e.block } -> std::convertible_to<BlockSlot>;
                })
    row.block_slot = e.block;
  if constexpr (requires {
                  { e.region } -> std::convertible_to<BlockSlot>;
                })
    row.block_slot = e.region;
  if constexpr (requires {
                  { e.chunk } -> std::convertible_to<ChunkSlot>;
                })
    row.chunk_slot = e.chunk;
  if constexpr (requires {
                  { e.buffer } -> std::convertible_to<core::BufferSlot>;
                })
    if (e.buffer) row.buffer = e.buffer.value + 1;
  if constexpr (requires {
                  { e.tag } -> std::convertible_to<core::PageTag>;
                })
    row.page = e.tag;
  if constexpr (requires {
                  { e.size_class } -> std::convertible_to<std::uint32_t>;
                })
    row.size_class = e.size_class;
  if constexpr (requires {
                  { e.requested_bytes } -> std::convertible_to<std::uint64_t>;
                })
    row.requested = e.requested_bytes;
  if constexpr (requires {
                  { e.granted_bytes } -> std::convertible_to<std::uint64_t>;
                })
    row.granted = e.granted_bytes;
  if constexpr (requires {
                  { e.bytes } -> std::convertible_to<std::uint64_t>;
                })
    row.bytes = e.bytes;
  if constexpr (requires {
                  { e.bytes.size() } -> std::convertible_to<std::size_t>;
                })
    row.bytes = e.bytes.size();
  if constexpr (requires {
                  { e.total_bytes } -> std::convertible_to<std::uint64_t>;
                })
    row.bytes = e.total_bytes;
  if constexpr (requires {
                  { e.at } -> std::convertible_to<Address>;
                })
    row.at = e.at.value;
  if constexpr (std::is_same_v<E, core::BlockAdded>) row.at = e.header.value, row.bytes = e.accounted_bytes;
  if constexpr (std::is_same_v<E, core::VariableSet>) row.at = e.value.value;
  if constexpr (std::is_same_v<E, core::FaultFound>) row.fault = e;
}

// Who owns the chunk or block that the event names, just before it.
void fill_owners(const MemoryState& before, EventRow& row) {
  if (const ChunkRecord* chunk = row.chunk_slot ? before.chunk(row.chunk_slot) : nullptr) {
    row.chunk = chunk->born;
    if (!row.block_slot) row.block_slot = chunk->block;
  }
  if (const BlockRecord* block = row.block_slot ? before.block(row.block_slot) : nullptr) {
    row.region = block->born;
    if (!row.context_slot) row.context_slot = block->context;
  }
  if (const ContextRecord* context = row.context_slot ? before.context(row.context_slot) : nullptr)
    row.context = context->born;
}

void clear(EventRow& row) {
  row.context_slot = {};
  row.block_slot = {};
  row.chunk_slot = {};
  row.buffer.reset();
  row.size_class.reset();
  row.page.reset();
  row.at.reset();
  row.requested.reset();
  row.granted.reset();
  row.bytes.reset();
  row.fault.reset();
  row.context = row.region = row.chunk = 0;
  row.line = 0;
  for (std::string* text : {&row.context_name, &row.context_path, &row.text, &row.backend, &row.relation})
    text->clear();
}

}  // namespace

std::string context_path(const MemoryState& state, ContextSlot context) {
  std::vector<const ContextRecord*> up;
  for (const ContextRecord* at = state.context(context); at != nullptr && up.size() < kDeepest;
       at = at->parent ? state.context(at->parent) : nullptr)
    up.push_back(at);
  std::string path;
  for (std::size_t i = up.size(); i > 0; --i) {
    path += printable(printed_name(*up[i - 1]));
    if (i > 1) path += " > ";
  }
  return path;
}

core::Status EventScan::open(const Bounds& bounds, const EventNeeds& needs) {
  bounds_ = bounds;
  needs_ = needs;
  needs_.state |= bounds.context.has_value();
  next_ = std::max<EventNumber>(bounds.first, 1);
  last_ = bounds.none ? 0 : std::min(bounds.last, source_.size);
  rows_ = row_ = 0;
  context_ = {};
  if (bounds.context && next_ <= last_) {
    if (auto status = find_context(*bounds.context); !status) return status;
    if (!context_) last_ = 0;
  }
  return fill();
}

// Its slot; nothing happens to it before it is there.
core::Status EventScan::find_context(EventNumber born) {
  if (born == 0 || born > source_.size) return core::Done{};
  const core::EventBody event = source_.timeline->event(born);
  if (const auto* created = std::get_if<core::ContextCreated>(&event)) context_ = created->context;
  next_ = std::max(next_, born);
  return core::Done{};
}

core::Status EventScan::next() {
  ++row_;
  if (row_ < rows_) return core::Done{};
  return fill();
}

bool EventScan::concerns(const BlockSummary& summary) const {
  if (context_ && !summary.may_touch(context_)) return false;
  if (!bounds_.kinds) return true;
  for (std::size_t i = 0; i < summary.kinds.size(); ++i)
    if ((summary.kinds[i] & (*bounds_.kinds)[i]) != 0) return true;
  return false;
}

// Reads on until there is a row, or nothing is left.
core::Status EventScan::fill() {
  const EventStore& store = source_.timeline->events();
  rows_ = row_ = 0;
  while (rows_ == 0 && next_ <= last_) {
    if (++portions_ % kPortionsPerLook == 0)
      if (auto status = source_.proceed("reading events", next_); !status) return status;
    const std::size_t block = store.block_of(next_);
    const EventNumber block_last = store.first_event(block) + store.event_count(block) - 1;
    if (!store.is_open(block) && !concerns(store.summary(block))) {
      next_ = block_last + 1;
      continue;
    }
    const EventNumber to = std::min({last_, block_last, next_ + kPortion - 1});
    if (auto status = needs_.state ? read_with_state(to) : read_plain(to); !status) return status;
    next_ = to + 1;
  }
  return core::Done{};
}

EventRow& EventScan::add_row(EventNumber number, std::uint8_t tag) {
  if (rows_ == kept_.size()) kept_.emplace_back();
  EventRow& row = kept_[rows_++];
  clear(row);
  row.number = number;
  row.tag = tag;
  return row;
}

core::Status EventScan::read_plain(EventNumber to) {
  const EventStore& store = source_.timeline->events();
  const std::size_t block = store.block_of(next_);
  const bool moved = plain_next_ != 0 && plain_.is_open() && !store.is_open(plain_block_);
  if (moved || plain_next_ != next_ || plain_block_ != block) {
    if (auto status = store.begin(block, plain_); !status) return status;
    if (auto status = plain_.skip(static_cast<std::uint32_t>(next_ - store.first_event(block))); !status) return status;
    plain_block_ = block;
  }
  EventNumber number = next_;
  const core::Status status = plain_.visit(static_cast<std::uint32_t>(to - next_ + 1), [&]<class E>(const E& event) {
    if (wants(E::kTag)) fill_fields(event, add_row(number, E::kTag));
    ++number;
  });
  plain_next_ = status ? number : 0;
  return status;
}

template <class E>
void EventScan::before(const E& event) {
  open_row_ = nullptr;
  if (!wants(E::kTag)) return;
  const MemoryState& state = walker_.state();
  EventRow& row = add_row(state.event_number() + 1, E::kTag);
  fill_fields(event, row);
  fill_owners(state, row);
  if constexpr (std::is_same_v<E, core::ContextCreated>) row.context = row.number;
  if constexpr (std::is_same_v<E, core::Malloc>) row.region = row.number;
  if constexpr (std::is_same_v<E, core::ChunkAllocated> || std::is_same_v<E, core::ChunkCarved>) row.chunk = row.number;
  if constexpr (std::is_same_v<E, core::FaultFound>) row.chunk = event.born;
  if (bounds_.context && row.context != *bounds_.context) {
    --rows_;
    return;
  }
  if (needs_.text) body_ = core::EventBody(E(event));
  // What goes with the event still has its name before it; what comes has it only after.
  if (needs_.context_path) row.context_path = context_path(state, row.context_slot);
  open_row_ = &row;
}

void EventScan::after() {
  if (open_row_ == nullptr) return;
  EventRow& row = *open_row_;
  const MemoryState& state = walker_.state();
  row.line = state.point().line;
  if (needs_.context_name && row.context != 0 && row.context_slot.value < state.contexts().size())
    row.context_name = printable(printed_name(state.contexts()[row.context_slot.value]));
  if (needs_.context_path && state.context(row.context_slot) != nullptr)
    row.context_path = context_path(state, row.context_slot);
  if (needs_.text) row.text = event_text(body_, state);
  const ServerState& server = state.server();
  if (needs_.backend)
    if (const BackendRecord* backend = server.backend(server.point.backend)) row.backend = printable(backend->name);
  if (!row.page && row.buffer)
    if (const BufferRecord* buffer = server.buffer({*row.buffer - 1}); buffer != nullptr && buffer->has_page())
      row.page = buffer->tag;
  if (needs_.relation && row.page)
    if (const RelationRecord* relation = server.relation(*row.page)) row.relation = printable(relation->name);
}

core::Status EventScan::read_with_state(EventNumber to) {
  if (walker_.at() + 1 != next_ && !walker_.seek(next_ - 1, 0))
    return core::Error{core::ErrorCode::BadFormat, walker_.problem()};
  if (kept_.size() < kPortion) kept_.resize(kPortion);  // rows must not move while one is being filled
  const bool good = walker_.advance(
      to, [&](const auto& event) { before(event); }, [&] { after(); });
  if (!good) return core::Error{core::ErrorCode::BadFormat, walker_.problem()};
  return core::Done{};
}

}  // namespace palloscope::trace::sql
