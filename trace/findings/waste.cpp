#include "trace/findings/waste.h"

#include <algorithm>

#include "trace/analysis/chunk_header_bytes.h"

namespace palloscope::trace {
namespace {

std::uint64_t rest(std::uint64_t whole, std::uint64_t part) { return whole > part ? whole - part : 0; }

// Of its blocks without a live chunk: room behind the block header, and free chunks in there with their headers.
struct Empty {
  std::uint64_t room_bytes = 0, chunk_bytes = 0, tail_bytes = 0, chunks = 0;
};

}  // namespace

Waste& Waste::operator+=(const Waste& other) {
  total_bytes += other.total_bytes;
  for (const WastePart& part : kWasteParts) this->*part.bytes += other.*part.bytes;
  return *this;
}

Waste waste_of(const MemoryState& state, const ContextRecord& context, const core::VersionProfile* profile) {
  Waste waste;
  if (context.reported) {
    waste.total_bytes = context.reported->total_bytes;
    waste.free_bytes = std::min(context.reported->free_bytes, waste.total_bytes);
    waste.requested_bytes = waste.total_bytes - waste.free_bytes;
    return waste;
  }
  Empty empty;
  bool header_apart = true;
  for (BlockSlot slot = context.first_block; slot; slot = state.blocks()[slot.value].next) {
    const BlockRecord& block = state.blocks()[slot.value];
    waste.total_bytes += block.bytes;
    if (slot == context.region) header_apart = false;
    if (block.live_chunk_count != 0) continue;
    empty.room_bytes += block.end() - block.free_start;
    empty.chunk_bytes += block.free_at - block.free_start;
    empty.tail_bytes += block.end() - block.free_at;
    empty.chunks += block.chunk_count;
  }
  if (const BlockRecord* region = header_apart ? state.block(context.region) : nullptr)
    waste.total_bytes += region->bytes;
  const std::uint64_t header = profile == nullptr ? 0 : chunk_header_bytes(*profile, context.kind);
  waste.requested_bytes = context.requested_bytes;
  waste.rounding_bytes = rest(context.granted_bytes, context.requested_bytes);
  waste.empty_bytes = empty.room_bytes;
  waste.free_bytes = rest(context.free_chunk_bytes, rest(empty.chunk_bytes, header * empty.chunks));
  waste.tail_bytes = rest(context.tail_bytes, empty.tail_bytes);
  waste.header_bytes = rest(waste.total_bytes, waste.requested_bytes + waste.rounding_bytes + waste.free_bytes +
                                                   waste.tail_bytes + waste.empty_bytes);
  return waste;
}

Waste waste_of(const MemoryState& state, const core::VersionProfile* profile) {
  Waste sum;
  for (const ContextRecord& context : state.contexts())
    if (context.born != 0) sum += waste_of(state, context, profile);
  return sum;
}

std::vector<PathWaste> waste_by_path(const MemoryState& state, const core::VersionProfile* profile,
                                     ContextPaths& paths) {
  std::vector<PathWaste> by_path;
  for (std::uint32_t i = 0; i < state.contexts().size(); ++i) {
    const ContextRecord& context = state.contexts()[i];
    if (context.born == 0) continue;
    const PathNumber path = paths.of(state, {i});
    if (path >= by_path.size()) by_path.resize(std::size_t{path} + 1);
    PathWaste& sum = by_path[path];
    const Waste waste = waste_of(state, context, profile);
    sum.path = path;
    ++sum.contexts;
    sum.waste += waste;
    if (waste.total_bytes <= sum.example_bytes && sum.contexts > 1) continue;
    sum.example = {{i}, context.born};
    sum.example_bytes = waste.total_bytes;
  }
  std::erase_if(by_path, [](const PathWaste& sum) { return sum.waste.total_bytes == 0; });
  std::stable_sort(by_path.begin(), by_path.end(),
                   [](const PathWaste& a, const PathWaste& b) { return a.waste.total_bytes > b.waste.total_bytes; });
  return by_path;
}

}  // namespace palloscope::trace
