#include "trace/analysis/heap_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "trace/exporters/printable.h"

namespace palloscope::trace {
namespace {

class HeapChecker {
 public:
  HeapChecker(const MemoryState& state, std::size_t most) : state_(state), most_(most) {}

  std::vector<std::string> run() {
    check_tree();
    check_regions();
    for (std::uint32_t i = 0; i < state_.contexts().size(); ++i)
      if (state_.contexts()[i].born != 0) check_context(state_.contexts()[i]);
    check_totals();
    return std::move(broken_);
  }

 private:
  struct Sums {
    std::uint64_t blocks = 0, occupied = 0, accounted = 0, live = 0, free = 0, requested = 0, granted = 0,
                  free_bytes = 0, tail = 0, uncounted = 0;
  };

  template <class... Values>
  void expect(bool holds, fmt::format_string<Values...> what, Values&&... values) {
    if (!holds && broken_.size() < most_) broken_.push_back(fmt::format(what, std::forward<Values>(values)...));
  }
  static std::string hex(Address at) { return fmt::format("{:#x}", at.value); }
  static std::string name(const ContextRecord& context) { return printable_start(context.name, 64); }

  void check_tree();
  void check_regions();
  void check_context(const ContextRecord& context);
  void check_block(const ContextRecord& context, const BlockRecord& block, Sums& sums);
  void check_freelists(const ContextRecord& context);
  void check_totals();

  const MemoryState& state_;
  std::size_t most_;
  std::vector<std::string> broken_;
};

// Every live context is reached from the top ones exactly once, and links agree both ways.
void HeapChecker::check_tree() {
  const auto& contexts = state_.contexts();
  std::uint64_t reached = 0;
  std::vector<std::pair<ContextSlot, ContextSlot>> waiting{
      {state_.first_root(), ContextSlot{}}};  // first child, parent
  while (!waiting.empty() && reached <= contexts.size()) {
    const auto [first, parent] = waiting.back();
    waiting.pop_back();
    ContextSlot before;
    for (ContextSlot at = first; at && reached <= contexts.size(); at = contexts[at.value].next_sibling) {
      if (state_.context(at) == nullptr) {
        expect(false, "the tree leads to context slot {}, which is not live", at.value);
        break;
      }
      const ContextRecord& context = contexts[at.value];
      ++reached;
      expect(context.parent == parent, "{} hangs below another context than its parent", name(context));
      expect(context.prev_sibling == before, "{} does not point back to the sibling before it", name(context));
      before = at;
      if (context.first_child) waiting.emplace_back(context.first_child, at);
    }
  }
  const auto live = std::count_if(contexts.begin(), contexts.end(), [](const auto& c) { return c.born != 0; });
  expect(reached == static_cast<std::uint64_t>(live), "{} contexts are live, the tree leads to {}", live, reached);
}

void HeapChecker::check_regions() {
  std::vector<const BlockRecord*> regions;
  for (const BlockRecord& block : state_.blocks())
    if (block.born != 0) regions.push_back(&block);
  std::sort(regions.begin(), regions.end(),
            [](const BlockRecord* a, const BlockRecord* b) { return a->at.value < b->at.value; });
  for (std::size_t i = 1; i < regions.size(); ++i)
    expect(regions[i - 1]->end() <= regions[i]->at, "the regions at {} ({} bytes) and {} overlap",
           hex(regions[i - 1]->at), regions[i - 1]->bytes, hex(regions[i]->at));
}

void HeapChecker::check_context(const ContextRecord& context) {
  if (context.reported) return;  // numbers that a server told: there is nothing below them
  Sums sums;
  BlockSlot before;
  for (BlockSlot at = context.first_block; at && sums.blocks <= state_.blocks().size();
       at = state_.blocks()[at.value].next) {
    const BlockRecord* block = state_.block(at);
    if (block == nullptr) {
      expect(false, "{}'s block list leads to a region that is not there", name(context));
      return;
    }
    expect(state_.context(block->context) == &context, "the block at {} is in {}'s list but not its own",
           hex(block->at), name(context));
    expect(block->prev == before, "the block at {} does not point back in {}'s list", hex(block->at), name(context));
    before = at;
    check_block(context, *block, sums);
  }
  expect(context.last_block == before, "{}'s block list does not end with its last block", name(context));
  const std::pair<const char*, std::pair<std::uint64_t, std::uint64_t>> counters[] = {
      {"blocks", {context.block_count, sums.blocks}},
      {"blocks in use", {context.occupied_block_count, sums.occupied}},
      {"allocated bytes", {context.mem_allocated_bytes, sums.accounted}},
      {"live chunks", {context.live_chunk_count, sums.live}},
      {"free chunks", {context.free_chunk_count, sums.free}},
      {"requested bytes", {context.requested_bytes, sums.requested}},
      {"granted bytes", {context.granted_bytes, sums.granted}},
      {"free chunks' bytes", {context.free_chunk_bytes, sums.free_bytes}},
      {"bytes never handed out", {context.tail_bytes, sums.tail}},
      {"free chunks, not known which,", {context.uncounted_free_chunks, sums.uncounted}}};
  for (const auto& [what, values] : counters)
    expect(values.first == values.second, "{} counts {} {}, its blocks hold {}", name(context), values.first, what,
           values.second);
  expect(!context.is_reset || context.live_chunk_count == 0, "{} counts as reset but has live chunks", name(context));
  if (context.kind == core::ContextKind::AllocSet) check_freelists(context);
}

void HeapChecker::check_block(const ContextRecord& context, const BlockRecord& block, Sums& sums) {
  ++sums.blocks;
  sums.accounted += block.accounted_bytes;
  sums.occupied += block.live_chunk_count > 0 ? 1 : 0;
  sums.uncounted += block.uncounted_free;
  if (block.free_at <= block.end()) sums.tail += block.end() - block.free_at;
  expect(block.at <= block.header && block.header <= block.free_start && block.free_start <= block.free_at &&
             block.free_at <= block.end(),
         "the block at {} of {}: header, first free byte and end are out of order", hex(block.at), name(context));

  std::vector<const ChunkRecord*> chunks;
  std::uint64_t live = 0;
  for (ChunkSlot at = block.first_chunk; at && chunks.size() <= state_.chunks().size();) {
    const ChunkRecord* chunk = state_.chunk(at);
    if (chunk == nullptr) {
      expect(false, "the block at {} of {} lists a chunk that is not there", hex(block.at), name(context));
      break;
    }
    chunks.push_back(chunk);
    expect(state_.block(chunk->block) == &block, "the chunk at {} is listed by another block than its own",
           hex(chunk->at));
    if (chunk->state == ChunkState::Live) {
      ++live;
      sums.requested += chunk->requested_bytes;
      sums.granted += chunk->granted_bytes;
      // A dedicated block that shrinks is smaller than its chunk's request until the ChunkResized behind its Realloc.
      expect(chunk->requested_bytes <= chunk->granted_bytes || chunk->origin == core::ChunkOrigin::External,
             "the chunk at {} of {} got {} of {} bytes", hex(chunk->at), name(context), chunk->granted_bytes,
             chunk->requested_bytes);
    } else {
      ++sums.free;
      sums.free_bytes += chunk->granted_bytes;
    }
    at = chunk->next_in_block;
  }
  sums.live += live;
  expect(block.chunk_count == chunks.size() && block.live_chunk_count == live,
         "the block at {} of {} counts {} chunks, {} of them live; it lists {} and {}", hex(block.at), name(context),
         block.chunk_count, block.live_chunk_count, chunks.size(), live);
  expect(block.role != core::BlockRole::External || chunks.size() <= 1, "the external block at {} of {} has {} chunks",
         hex(block.at), name(context), chunks.size());

  std::stable_sort(chunks.begin(), chunks.end(),
                   [](const ChunkRecord* a, const ChunkRecord* b) { return a->at.value < b->at.value; });
  Address end = block.free_start;
  for (const ChunkRecord* chunk : chunks) {
    expect(end <= chunk->at, "the chunk at {} of {} begins before what is before it ends ({})", hex(chunk->at),
           name(context), hex(end));
    end = chunk->at + chunk->granted_bytes;
    expect(end <= block.free_at, "the chunk at {} of {} ends behind its block's used part", hex(chunk->at),
           name(context));
  }
}

void HeapChecker::check_freelists(const ContextRecord& context) {
  std::uint64_t listed = 0;
  for (int size_class = 0; size_class < kFreelistCount; ++size_class) {
    for (ChunkSlot at = context.freelist[size_class]; at; at = state_.chunks()[at.value].next_free) {
      const ChunkRecord* chunk = state_.chunk(at);
      if (chunk == nullptr || chunk->state != ChunkState::Free) {
        expect(false, "freelist {} of {} holds a chunk that is not free", size_class, name(context));
        break;
      }
      expect(state_.context(state_.context_of(*chunk)) == &context,
             "freelist {} of {} holds a chunk of another context", size_class, name(context));
      expect(chunk->size_class == size_class && chunk->granted_bytes == std::uint64_t{8} << size_class,
             "freelist {} of {} holds a chunk of {} bytes, class {}", size_class, name(context), chunk->granted_bytes,
             chunk->size_class);
      if (++listed > context.free_chunk_count) break;
    }
  }
  expect(listed == context.free_chunk_count, "{} has {} free chunks, its freelists hold {}", name(context),
         context.free_chunk_count, listed);
}

void HeapChecker::check_totals() {
  HeapTotals sums;
  for (const ContextRecord& context : state_.contexts()) {
    if (context.born == 0) continue;
    ++sums.context_count;
    sums.context_bytes += context.reported ? context.reported->total_bytes : context.mem_allocated_bytes;
    if (context.omitted_children) sums.context_bytes += context.omitted_children->total_bytes;
    sums.live_chunk_count += context.live_chunk_count;
    sums.free_chunk_count += context.free_chunk_count;
    sums.requested_bytes += context.requested_bytes;
    sums.granted_bytes += context.granted_bytes;
  }
  for (const BlockRecord& block : state_.blocks()) {
    if (block.born == 0) continue;
    ++sums.region_count;
    sums.malloc_bytes += block.bytes;
  }
  const HeapTotals& totals = state_.totals();
  const std::pair<const char*, std::pair<std::uint64_t, std::uint64_t>> counters[] = {
      {"contexts", {totals.context_count, sums.context_count}},
      {"bytes in contexts", {totals.context_bytes, sums.context_bytes}},
      {"live chunks", {totals.live_chunk_count, sums.live_chunk_count}},
      {"free chunks", {totals.free_chunk_count, sums.free_chunk_count}},
      {"requested bytes", {totals.requested_bytes, sums.requested_bytes}},
      {"granted bytes", {totals.granted_bytes, sums.granted_bytes}},
      {"regions", {totals.region_count, sums.region_count}},
      {"malloc'ed bytes", {totals.malloc_bytes, sums.malloc_bytes}}};
  for (const auto& [what, values] : counters)
    expect(values.first == values.second, "in all {} {} are counted, there are {}", values.first, what, values.second);
}

}  // namespace

std::vector<std::string> check_heap(const MemoryState& state, std::size_t most) {
  return HeapChecker(state, most).run();
}

}  // namespace palloscope::trace
