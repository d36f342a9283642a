#include "trace/exporters/shmem_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <ostream>
#include <string>

#include "trace/exporters/csv_field.h"
#include "trace/exporters/shmem_rows.h"

namespace palloscope::trace {
namespace {

// Bytes of the pages that the allocation touches, by node; -1: not placed yet.
std::map<std::int32_t, std::uint64_t> placed_bytes(const ServerState& server, const ShmemRecord& allocation,
                                                   const SegmentRecord& segment) {
  const std::uint64_t page = std::max<std::uint64_t>(segment.page_bytes, 1);
  const std::uint64_t low = allocation.offset / page * page;
  const std::uint64_t high = (allocation.offset + allocation.bytes + page - 1) / page * page;
  std::map<std::int32_t, std::uint64_t> bytes;
  std::uint64_t placed = 0;
  for (const PlacementRecord& placement : server.placements) {
    if (placement.born < segment.born || placement.segment != allocation.segment) continue;
    const std::uint64_t from = std::max(low, placement.offset);
    const std::uint64_t to = std::min(high, placement.offset + placement.bytes);
    if (from >= to) continue;
    bytes[static_cast<std::int32_t>(placement.node)] += to - from;
    placed += to - from;
  }
  bytes[-1] = high - low - std::min(placed, high - low);
  return bytes;
}

// The view's order: nodes from 0, then what is not resident.
void write_row(const std::string& name, std::int32_t node, std::uint64_t bytes, std::ostream& out) {
  out << csv_field(name) << ',' << (node < 0 ? std::string() : std::to_string(node)) << ',' << bytes << '\n';
}

}  // namespace

void write_shmem_csv(const ServerState& server, const core::StreamDescription& description, std::ostream& out) {
  out << "name,off,size,allocated_size\n";
  for (const ShmemRow& row : shmem_rows(server, description))
    out << fmt::format("{},{},{},{}\n", row.name ? csv_field(*row.name) : "",
                       row.offset ? std::to_string(*row.offset) : "", row.bytes, row.allocated_bytes);
}

void write_shmem_numa_csv(const ServerState& server, std::ostream& out) {
  out << "name,numa_node,size\n";
  const auto segment = main_segment(server);
  if (!segment) return;
  for (const ShmemRecord& allocation : server.allocations) {
    if (allocation.born == 0 || allocation.segment != *segment || allocation.name.empty()) continue;
    if (!allocation.nodes.empty()) {
      for (const auto& [node, bytes] : allocation.nodes) write_row(allocation.name, node, bytes, out);
      continue;
    }
    if (server.nodes.empty()) continue;
    const auto by_node = placed_bytes(server, allocation, server.segments[segment->value]);
    for (std::size_t node = 0; node < server.nodes.size(); ++node) {
      const auto found = by_node.find(static_cast<std::int32_t>(node));
      write_row(allocation.name, static_cast<std::int32_t>(node), found == by_node.end() ? 0 : found->second, out);
    }
    write_row(allocation.name, -1, by_node.at(-1), out);
  }
}

}  // namespace palloscope::trace
