#include "trace/exporters/shmem_rows.h"

#include <algorithm>

#include "trace/importers/dump_origin.h"

namespace palloscope::trace {

std::optional<SegmentSlot> main_segment(const ServerState& server) {
  for (std::size_t i = 0; i < server.segments.size(); ++i)
    if (server.segments[i].born != 0 && server.segments[i].kind == core::SegmentKind::Main)
      return SegmentSlot{static_cast<std::uint32_t>(i)};
  return std::nullopt;
}

std::vector<ShmemRow> shmem_rows(const ServerState& server, const core::StreamDescription& description) {
  std::vector<ShmemRow> rows;
  const auto segment = main_segment(server);
  if (!segment || description.origin == kOriginShmemByNode) return rows;
  std::uint64_t anonymous = 0, end = 0;
  for (const ShmemRecord& allocation : server.allocations) {
    if (allocation.born == 0 || allocation.segment != *segment) continue;
    end = std::max(end, allocation.offset + allocation.allocated_bytes);
    if (allocation.name.empty())
      anonymous += allocation.allocated_bytes;
    else
      rows.push_back(
          {allocation.name, allocation.offset, allocation.bytes, allocation.allocated_bytes, allocation.born});
  }
  const std::uint64_t bytes = server.segments[segment->value].bytes;
  const std::uint64_t rest = bytes - std::min(bytes, end);
  rows.push_back({"<anonymous>", std::nullopt, anonymous, anonymous});
  rows.push_back({std::nullopt, end, rest, rest});
  return rows;
}

}  // namespace palloscope::trace
