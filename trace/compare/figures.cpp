#include "trace/compare/figures.h"

#include <algorithm>
#include <array>
#include <variant>

#include "core/memory/malloc_source.h"
#include "trace/analysis/known_collector.h"
#include "trace/file/block_summary.h"

namespace palloscope::trace {
namespace {

std::uint64_t held_by(std::uint64_t region_bytes, const Measure& measure) {
  return measure.regions_include_malloc ? region_bytes : core::MallocSource::taken_bytes(region_bytes);
}

std::uint64_t rest(std::uint64_t whole, std::uint64_t part) { return whole > part ? whole - part : 0; }

// What is left when all else has its name.
void settle(Figures& figures, const HeapTotals& totals, const Measure& measure) {
  figures.blocks = totals.region_count;
  figures.malloc_calls = totals.malloc_calls;
  figures.free_calls = totals.free_calls;
  if (measure.regions_include_malloc) figures.in_chunk_bytes = rest(figures.held_bytes, figures.requested_bytes);
  figures.other_bytes = rest(
      figures.held_bytes, figures.requested_bytes + figures.in_chunk_bytes + figures.free_bytes + figures.tail_bytes);
}

}  // namespace

FigureKeeper::Share FigureKeeper::share_of(const ContextRecord& context) const {
  const std::uint64_t header = chunk_header_bytes(*measure_.profile, context.kind);
  return {header * context.live_chunk_count, context.free_chunk_bytes + header * context.free_chunk_count,
          context.tail_bytes};
}

void FigureKeeper::add(core::ContextSlot slot, bool negative) {
  const ContextRecord* context = state_.context(slot);
  if (context == nullptr) return;
  const Share share = share_of(*context);
  const std::uint64_t sign = negative ? ~std::uint64_t{0} : 1;  // modulo 2^64
  sum_.headers += sign * share.headers;
  sum_.free += sign * share.free;
  sum_.tail += sign * share.tail;
}

void FigureKeeper::apply(const core::EventBody& event) {
  std::array<core::ContextSlot, 4> touched;
  std::size_t count = 0;
  const auto touch = [&](core::ContextSlot slot) {
    if (std::find(touched.begin(), touched.begin() + count, slot) == touched.begin() + count && count < touched.size())
      touched[count++] = slot;
  };
  std::visit([&](const auto& e) { for_each_touched(state_, e, touch); }, event);
  const auto region = [&](core::BlockSlot slot) {
    const BlockRecord* block = state_.block(slot);
    return block == nullptr ? 0 : held_by(block->bytes, measure_);
  };
  for (std::size_t i = 0; i < count; ++i) add(touched[i], true);
  core::BlockSlot changed;
  if (const auto* made = std::get_if<core::Malloc>(&event)) changed = made->block;
  if (const auto* moved = std::get_if<core::Realloc>(&event)) changed = moved->block;
  if (const auto* freed = std::get_if<core::Free>(&event)) changed = freed->block;
  if (changed) held_ -= region(changed);
  state_.apply(event);
  if (changed) held_ += region(changed);
  for (std::size_t i = 0; i < count; ++i) add(touched[i], false);
}

Figures FigureKeeper::figures(std::uint64_t requested_bytes) const {
  const HeapTotals& totals = state_.totals();
  Figures figures;
  figures.held_bytes = held_;
  figures.requested_bytes = requested_bytes;
  figures.in_chunk_bytes = sum_.headers + rest(totals.granted_bytes, totals.requested_bytes);
  figures.free_bytes = sum_.free;
  figures.tail_bytes = sum_.tail;
  settle(figures, totals, measure_);
  return figures;
}

Figures figures_of(const MemoryState& state, const Measure& measure) {
  const HeapTotals& totals = state.totals();
  Figures figures;
  figures.requested_bytes = totals.requested_bytes;
  figures.in_chunk_bytes = rest(totals.granted_bytes, totals.requested_bytes);
  for (const BlockRecord& block : state.blocks()) {
    if (block.born == 0) continue;
    figures.held_bytes += held_by(block.bytes, measure);
    if (block.role == core::BlockRole::Plain) figures.requested_bytes += block.bytes;
  }
  for (const ContextRecord& context : state.contexts()) {
    if (context.born == 0) continue;
    const std::uint64_t header = chunk_header_bytes(*measure.profile, context.kind);
    figures.in_chunk_bytes += header * context.live_chunk_count;
    figures.free_bytes += context.free_chunk_bytes + header * context.free_chunk_count;
    figures.tail_bytes += context.tail_bytes;
  }
  settle(figures, totals, measure);
  return figures;
}

}  // namespace palloscope::trace
