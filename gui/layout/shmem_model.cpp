#include "gui/layout/shmem_model.h"

#include <algorithm>
#include <cstddef>

namespace palloscope::gui {
namespace {

using trace::PlacementRecord;
using trace::ServerState;
using trace::ShmemRecord;

bool continues(const ShmemItem& item, const ShmemRecord& piece) {
  return piece.name.empty() && trace::structure_of_purpose(piece.purpose) == item.name && !item.name.empty() &&
         piece.offset == item.end();
}

// Those of a segment that had the slot before were placed before this one was made.
std::vector<NodeRun> runs_of(const ServerState& server, core::SegmentSlot segment, core::EventNumber made) {
  std::vector<NodeRun> runs;
  for (const PlacementRecord& placement : server.placements)
    if (placement.born > made && placement.segment == segment)
      runs.push_back({placement.offset, placement.bytes, placement.node, placement.born});
  std::stable_sort(runs.begin(), runs.end(), [](const NodeRun& a, const NodeRun& b) { return a.offset < b.offset; });
  std::vector<NodeRun> joined;
  for (const NodeRun& run : runs) {
    if (!joined.empty() && joined.back().node == run.node && joined.back().offset + joined.back().bytes == run.offset) {
      joined.back().bytes += run.bytes;
      joined.back().newest = std::max(joined.back().newest, run.newest);
    } else {
      joined.push_back(run);
    }
  }
  return joined;
}

}  // namespace

int ShmemModel::item_of(std::uint32_t allocation) const {
  for (std::size_t i = 0; i < items.size(); ++i)
    if (std::find(items[i].pieces.begin(), items[i].pieces.end(), allocation) != items[i].pieces.end())
      return static_cast<int>(i);
  return -1;
}

int ShmemModel::item_at(std::uint64_t offset) const {
  const auto after = std::upper_bound(items.begin(), items.end(), offset,
                                      [](std::uint64_t at, const ShmemItem& item) { return at < item.offset; });
  if (after == items.begin()) return -1;
  const auto item = after - 1;
  return offset < item->end() ? static_cast<int>(item - items.begin()) : -1;
}

ShmemModel shmem_model(const ServerState& server) {
  ShmemModel model;
  for (std::size_t i = 0; i < server.segments.size() && !model.segment; ++i) {
    const trace::SegmentRecord& record = server.segments[i];
    if (record.born == 0 || record.kind != core::SegmentKind::Main) continue;
    model.segment = core::SegmentSlot{static_cast<std::uint32_t>(i)};
    model.born = record.born;
    model.bytes = record.bytes;
    model.page_bytes = std::max<std::uint64_t>(record.page_bytes, 1);
  }
  if (!model.segment) return model;
  for (std::size_t i = 0; i < server.allocations.size(); ++i) {
    const ShmemRecord& piece = server.allocations[i];
    if (piece.born == 0 || piece.segment != model.segment) continue;
    if (model.items.empty() || !continues(model.items.back(), piece)) {
      ShmemItem item;
      item.named = !piece.name.empty();
      item.name = item.named ? piece.name : piece.purpose;
      item.area = trace::area_of_shmem(piece.name, piece.purpose);
      item.offset = piece.offset;
      item.born = piece.born;
      model.items.push_back(std::move(item));
    }
    ShmemItem& item = model.items.back();
    item.pieces.push_back(static_cast<std::uint32_t>(i));
    item.bytes += piece.bytes;
    item.allocated_bytes += piece.allocated_bytes;
    if (piece.name.empty()) item.anonymous_bytes += piece.allocated_bytes;
    item.found += piece.found;
    item.newest = std::max(item.newest, piece.born);
    model.area_bytes[static_cast<std::size_t>(item.area)] += piece.allocated_bytes;
    if (piece.name.empty()) model.anonymous_bytes += piece.allocated_bytes;
    model.used_bytes = std::max(model.used_bytes, piece.offset + piece.allocated_bytes);
  }
  model.runs = runs_of(server, model.segment, model.born);
  return model;
}

std::string shmem_use_key(std::string_view name) {
  if (name.empty() || trace::find_shmem_structure(name) == nullptr) return {};
  return "shmem_use." + std::string(name);
}

std::string_view shmem_area_key(trace::ShmemArea area) {
  static constexpr std::string_view kKeys[trace::kShmemAreaCount] = {
      "shmem.area.buffers",    "shmem.area.wal",        "shmem.area.slru",        "shmem.area.locks",
      "shmem.area.processes",  "shmem.area.statistics", "shmem.area.replication", "shmem.area.workers",
      "shmem.area.foundation", "shmem.area.extensions"};
  return kKeys[static_cast<std::size_t>(area)];
}

}  // namespace palloscope::gui
