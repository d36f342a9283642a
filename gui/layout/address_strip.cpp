#include "gui/layout/address_strip.h"

#include <algorithm>
#include <cmath>

namespace palloscope::gui {
namespace {

constexpr double kLogFrom = 1024;  // the left edge of the logarithmic scale
constexpr double kClosest = 4096;  // bytes from edge to edge

AddressRow shared_row(const trace::ServerState& server) {
  AddressRow row;
  for (std::size_t i = 0; i < server.segments.size(); ++i) {
    const trace::SegmentRecord& segment = server.segments[i];
    if (segment.born == 0 || segment.kind != core::SegmentKind::Main) continue;
    std::uint64_t buffers = 0, all = 0;
    for (const trace::ShmemRecord& piece : server.allocations) {
      if (piece.born == 0 || piece.segment.value != i) continue;
      all += piece.allocated_bytes;
      if (piece.name == "Buffer Blocks") buffers += piece.allocated_bytes;
    }
    if (buffers > 0) row.parts.push_back({StripUse::SharedBuffers, buffers, {}, {}, 1});
    if (all > buffers) row.parts.push_back({StripUse::SharedRest, all - buffers, {}, {}, 1});
    if (segment.bytes > all) row.parts.push_back({StripUse::SharedFree, segment.bytes - all, {}, {}, 1});
  }
  // A pool that is known without the segment around it.
  const trace::PoolRecord* pool = server.shared_pool();
  if (row.parts.empty() && pool != nullptr)
    row.parts.push_back({StripUse::SharedBuffers, std::uint64_t{pool->buffers} * 8192, {}, {}, 1});
  return row;
}

}  // namespace

std::uint64_t AddressRow::bytes() const {
  std::uint64_t sum = 0;
  for (const AddressPart& part : parts) sum += part.bytes;
  return sum;
}

std::vector<AddressRow> address_rows(const trace::ServerState& server, const trace::HeapTotals& heap) {
  std::vector<AddressRow> rows;
  if (AddressRow shared = shared_row(server); !shared.parts.empty()) rows.push_back(std::move(shared));
  AddressRow dynamic{AddressRowKind::Dynamic, {}, {}, 1};
  for (const trace::SegmentRecord& segment : server.segments)
    if (segment.born != 0 && segment.kind == core::SegmentKind::Dynamic)
      dynamic.parts.push_back({StripUse::Dynamic, segment.bytes, segment.name, {}, 1});
  if (!dynamic.parts.empty()) rows.push_back(std::move(dynamic));
  // A dump tells contexts without the regions below them.
  if (const std::uint64_t bytes = std::max(heap.malloc_bytes, heap.context_bytes); bytes > 0)
    rows.push_back({AddressRowKind::Process, {}, {{StripUse::Heap, bytes, {}, {}, 1}}, 1});
  // Operations by backend, in the order of the backends' first ones.
  for (std::size_t i = 0; i < server.operations.size(); ++i) {
    const trace::OperationRecord& operation = server.operations[i];
    if (operation.born == 0 || operation.ended != 0) continue;
    auto row = std::find_if(rows.begin(), rows.end(), [&](const AddressRow& one) {
      return one.kind == AddressRowKind::Backend && one.backend == operation.backend;
    });
    if (row == rows.end()) row = rows.insert(rows.end(), AddressRow{AddressRowKind::Backend, operation.backend, {}, 1});
    const core::OperationSlot slot{static_cast<std::uint32_t>(i)};
    const std::uint64_t within = std::min(operation.used_bytes, operation.limit_bytes);
    if (within > 0) row->parts.push_back({StripUse::WorkUsed, within, operation.name, slot, 1});
    if (operation.used_bytes > operation.limit_bytes)
      row->parts.push_back({StripUse::WorkOver, operation.used_bytes - within, operation.name, slot, 1});
    if (operation.limit_bytes > within)
      row->parts.push_back({StripUse::WorkRoom, operation.limit_bytes - within, operation.name, slot, 1});
  }
  return rows;
}

AddressRow worst_row(const core::WorstCase& worst, std::uint64_t connections, const WorstNames& names) {
  AddressRow row{AddressRowKind::Worst, {}, {}, 1};
  if (worst.shared > 0) row.parts.push_back({StripUse::SharedBuffers, worst.shared, names.shared, {}, 1});
  if (worst.backends > 0) row.parts.push_back({StripUse::Worst, worst.backends, names.backends, {}, connections});
  if (worst.maintenance > 0) row.parts.push_back({StripUse::WorkRoom, worst.maintenance, names.maintenance, {}, 1});
  return row;
}

float AddressScale::x_of(double at) const {
  if (!logarithmic)
    return static_cast<float>((at - from) / std::max(1.0, bytes - from) * static_cast<double>(width_px));
  if (at <= kLogFrom) return static_cast<float>(at / kLogFrom) * 2;
  const double span = std::log2(std::max(bytes, 2 * kLogFrom) / kLogFrom);
  return 2 + static_cast<float>(std::log2(at / kLogFrom) / span * static_cast<double>(width_px - 2));
}

double AddressScale::bytes_at(float x) const {
  const double share = std::clamp(static_cast<double>(x) / static_cast<double>(std::max(1.0f, width_px)), 0.0, 1.0);
  if (!logarithmic) return from + share * (bytes - from);
  return kLogFrom * std::exp2(share * std::log2(std::max(bytes, 2 * kLogFrom) / kLogFrom));
}

AddressScale zoom_address(const AddressScale& scale, double factor, float x, double whole) {
  AddressScale zoomed = scale;
  if (scale.logarithmic) return zoomed;
  const double length = std::clamp((scale.bytes - scale.from) * factor, std::min(kClosest, whole), whole);
  const double around = scale.bytes_at(x), share = (around - scale.from) / std::max(1.0, scale.bytes - scale.from);
  zoomed.from = std::clamp(around - share * length, 0.0, whole - length);
  zoomed.bytes = zoomed.from + length;
  return zoomed;
}

std::vector<std::uint64_t> address_ticks(const AddressScale& scale, float apart_px) {
  std::vector<std::uint64_t> ticks;
  constexpr double kMost = 1e18;
  if (scale.logarithmic) {
    float last = -apart_px;
    for (double at = kLogFrom; at <= scale.bytes && at < kMost; at *= 4) {
      const float x = scale.x_of(at);
      if (x - last < apart_px) continue;
      ticks.push_back(static_cast<std::uint64_t>(at));
      last = x;
    }
    return ticks;
  }
  const double per_px = (scale.bytes - scale.from) / static_cast<double>(std::max(1.0f, scale.width_px));
  double step = 1;
  while (step < per_px * static_cast<double>(apart_px) && step < kMost) step *= 2;
  for (double at = std::ceil(scale.from / step) * step; at <= scale.bytes && at < kMost; at += step)
    ticks.push_back(static_cast<std::uint64_t>(at));
  return ticks;
}

}  // namespace palloscope::gui
