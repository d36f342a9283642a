#include "trace/explain/moment.h"

#include <type_traits>

#include "trace/analysis/slab_shape.h"

namespace palloscope::trace {
namespace {

using namespace core;

struct Reader {
  const MemoryState& state;
  Subject& subject;

  void context(ContextSlot slot) {
    if (!subject.context) subject.context = slot;
  }
  void block(BlockSlot slot) {
    if (!subject.block) subject.block = slot;
    const BlockRecord* record = state.block(slot);
    if (record != nullptr && record->context) context(record->context);
  }
  void chunk(ChunkSlot slot) {
    if (!subject.chunk) subject.chunk = slot;
    const ChunkRecord* record = state.chunk(slot);
    if (record == nullptr) return;
    if (subject.size_class < 0) subject.size_class = record->size_class;
    block(record->block);
  }

  template <class E>
  void operator()(const E& e) {
    if constexpr (requires { e.size_class; }) {
      if (subject.size_class < 0) subject.size_class = e.size_class;
    }
    if constexpr (requires { ContextSlot{e.context}; }) {
      if (e.context) context(e.context);
    } else if constexpr (std::is_same_v<E, ContextsOmitted>) {
      context(e.parent);
    }
    if constexpr (std::is_same_v<E, MemoryWritten> || std::is_same_v<E, FaultFound>) subject.address = e.at;
    if constexpr (std::is_same_v<E, VariableSet>) subject.address = e.value;
    if constexpr (requires { BlockSlot{e.block}; }) block(e.block);
    if constexpr (requires { BlockSlot{e.region}; }) {
      if (e.region && !subject.block) subject.block = e.region;
    }
    if constexpr (requires { ChunkSlot{e.chunk}; }) {
      if (e.chunk) chunk(e.chunk);
    }
  }
};

// The chunk whose payload holds the address, or the last one in front of it in its block.
void point_at(const MemoryState& state, Address address, Moment& moment) {
  std::uint64_t looked_at = 0;
  for (const BlockRecord& block : state.blocks()) {
    if (++looked_at > kCountedAtMost) return;
    if (block.born == 0 || address < block.at || address >= block.end()) continue;
    for (ChunkSlot slot = block.first_chunk; slot && ++looked_at <= kCountedAtMost;) {
      const ChunkRecord& chunk = state.chunks()[slot.value];
      if (chunk.at > address) break;
      moment.pointed = chunk;
      slot = chunk.next_in_block;
    }
    if (const ContextRecord* owner = state.context(block.context)) moment.pointed_context = owner->name;
    return;
  }
}

template <class Slot, class Table>
auto copy(const Table& table, Slot slot) -> std::optional<typename Table::value_type> {
  if (slot.value >= table.size() || table[slot.value].born == 0) return std::nullopt;
  return table[slot.value];
}

}  // namespace

Subject subject_of(const Call& call, const MemoryState& state) {
  Subject subject;
  std::visit(Reader{state, subject}, call.event());
  subject.server = server_subject_of(call.event(), call.find<PageRequested>(), state.server());
  if (const OperationRecord* operation = state.server().operation(subject.server.operation))
    subject.context = operation->context;
  if (subject.context) return subject;
  // The event names none (a malloc): the others of its call do.
  for (const EventBody& body : call.events) {
    Subject other;
    std::visit(Reader{state, other}, body);
    if (!subject.context) subject.context = other.context;
    if (subject.size_class < 0) subject.size_class = other.size_class;
  }
  return subject;
}

Subject merged(const Subject& first, const Subject& second) {
  Subject subject = first;
  if (!subject.context) subject.context = second.context;
  if (!subject.block) subject.block = second.block;
  if (!subject.chunk) subject.chunk = second.chunk;
  if (!subject.address) subject.address = second.address;
  if (subject.size_class < 0) subject.size_class = second.size_class;
  subject.server = merged(first.server, second.server);
  return subject;
}

Moment moment_of(const MemoryState& state, const Subject& subject) {
  Moment moment;
  moment.server = server_details_of(state.server(), subject.server);
  moment.context = copy(state.contexts(), subject.context);
  moment.block = copy(state.blocks(), subject.block);
  if (const ChunkRecord* chunk = state.chunk(subject.chunk)) moment.chunk = *chunk;
  moment.current = state.point().current;
  if (const ContextRecord* current = state.context(moment.current)) moment.current_name = current->name;
  for (int list = 0; list < 2; ++list)
    for (BlockSlot at = state.first_recycled(list); at && moment.recycled_length[list] < kCountedAtMost;
         at = state.blocks()[at.value].next)
      ++moment.recycled_length[list];
  if (subject.address) point_at(state, subject.address, moment);
  if (!moment.context) return moment;

  const ContextRecord& context = *moment.context;
  if (const ContextRecord* parent = state.context(context.parent)) moment.parent_name = parent->name;
  moment.head_slot = context.first_block;
  moment.head_block = copy(state.blocks(), context.first_block);
  if (const BlockRecord* keeper = state.block(context.region); keeper != nullptr && keeper->linked())
    moment.keeper = *keeper;
  if (subject.size_class >= 0 && subject.size_class < kFreelistCount && context.kind == ContextKind::AllocSet)
    for (ChunkSlot at = context.freelist[subject.size_class]; at && moment.freelist_length < kCountedAtMost;
         at = state.chunks()[at.value].next_free)
      ++moment.freelist_length;
  if (context.kind == ContextKind::Slab) {
    std::uint64_t looked_at = 0;
    for (BlockSlot at = context.first_block; at && looked_at < kCountedAtMost; at = state.blocks()[at.value].next) {
      ++looked_at;
      if (state.blocks()[at.value].list == kSlabEmptyList) ++moment.empty_blocks;
    }
  }
  return moment;
}

}  // namespace palloscope::trace
