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

Waste of_totals(std::uint64_t total, std::uint64_t free) {
  Waste waste;
  waste.total_bytes = total;
  waste.free_bytes = std::min(free, total);
  waste.requested_bytes = total - waste.free_bytes;
  return waste;
}

}  // namespace

Waste& Waste::operator+=(const Waste& other) {
  total_bytes += other.total_bytes;
  for (const WastePart& part : kWasteParts) this->*part.bytes += other.*part.bytes;
  return *this;
}

Waste waste_of(const MemoryState& state, const ContextRecord& context, const core::VersionProfile* profile) {
  if (context.reported) return of_totals(context.reported->total_bytes, context.reported->free_bytes);
  Waste waste;
  Empty empty;
  bool header_apart = true;
  std::uint64_t chunks_unknown = 0;
  for (BlockSlot slot = context.first_block; slot; slot = state.blocks()[slot.value].next) {
    const BlockRecord& block = state.blocks()[slot.value];
    waste.total_bytes += block.bytes;
    if (slot == context.region) header_apart = false;
    if (block.live_chunk_count != 0) continue;
    // Used, and no chunk of it is known: what a snapshot tells of a Bump block.
    if (block.chunk_count == 0 && block.role != core::BlockRole::External && block.free_at > block.free_start) {
      chunks_unknown += block.free_at - block.free_start;
      continue;
    }
    empty.room_bytes += block.end() - block.free_start;
    empty.chunk_bytes += block.free_at - block.free_start;
    empty.tail_bytes += block.end() - block.free_at;
    empty.chunks += block.chunk_count;
  }
  if (const BlockRecord* region = header_apart ? state.block(context.region) : nullptr)
    waste.total_bytes += region->bytes;
  const std::uint64_t header = profile == nullptr ? 0 : chunk_header_bytes(*profile, context.kind);
  waste.requested_bytes = context.requested_bytes + chunks_unknown;
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
    if (context.born != 0) {
      sum += waste_of(state, context, profile);
      if (const auto& omitted = context.omitted_children) sum += of_totals(omitted->total_bytes, omitted->free_bytes);
    }
  return sum;
}

std::vector<PathWaste> waste_by_path(const MemoryState& state, const core::VersionProfile* profile,
                                     ContextPaths& paths) {
  std::vector<PathWaste> by_path;
  const auto room = [&](PathNumber path) -> PathWaste& {
    if (path >= by_path.size()) by_path.resize(std::size_t{path} + 1);
    by_path[path].path = path;
    return by_path[path];
  };
  for (std::uint32_t i = 0; i < state.contexts().size(); ++i) {
    const ContextRecord& context = state.contexts()[i];
    if (context.born == 0) continue;
    const PathNumber path = paths.of(state, {i});
    if (const auto& omitted = context.omitted_children) {
      PathWaste& left_out = room(paths.omitted_below(path));
      left_out.contexts += omitted->count;
      left_out.waste += of_totals(omitted->total_bytes, omitted->free_bytes);
    }
    PathWaste& sum = room(path);
    const Waste waste = waste_of(state, context, profile);
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
