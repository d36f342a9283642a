#include "trace/exporters/server_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"

namespace palloscope::trace {
namespace {

using Json = nlohmann::ordered_json;

template <class Slot>
Json number_of(Slot slot) {
  return slot ? Json(slot.value) : Json();
}

class Writer {
 public:
  Writer(const ServerState& server, std::ostream& out) : s_(server), out_(out) {}

  void run() {
    Json head;
    head["acting"] = number_of(s_.point.backend);
    head["wal_flushed"] = lsn_text(s_.point.wal_flushed);
    head["checkpoint"] = s_.point.checkpoint;
    head["numa_policy"] = numa_policy_name(s_.point.numa_policy);
    head["huge_pages"] = s_.point.huge_pages_granted;
    head["backends"] = rows(s_.backends, [&](std::uint32_t slot) { return backend(slot); });
    open(head);
    out_ << ",\n \"pools\":[";
    bool first = true;
    for (std::uint32_t slot = 0; slot < s_.pools.size(); ++slot) {
      if (s_.pools[slot].born == 0) continue;
      out_ << (first ? "\n  " : ",\n  ");
      pool({slot});
      first = false;
    }
    Json rest;
    rest["rings"] = rows(s_.rings, [&](std::uint32_t slot) { return ring(slot); });
    rest["segments"] = rows(s_.segments, [&](std::uint32_t slot) { return segment(slot); });
    rest["requests"] = rows(s_.requests, [&](std::uint32_t slot) {
      const ShmemRequestRecord& r = s_.requests[slot];
      return Json{{"library", printable(r.library)}, {"bytes", r.bytes}, {"lwlocks", r.lwlocks}};
    });
    rest["nodes"] = rows(s_.nodes, [&](std::uint32_t slot) {
      const NodeRecord& r = s_.nodes[slot];
      return Json{
          {"node", slot}, {"cores", r.cores}, {"memory_bytes", r.memory_bytes}, {"placed_bytes", r.placed_bytes}};
    });
    rest["placements"] = rows(s_.placements, [&](std::uint32_t slot) {
      const PlacementRecord& r = s_.placements[slot];
      return Json{{"segment", r.segment.value},
                  {"offset", r.offset},
                  {"bytes", r.bytes},
                  {"node", r.node},
                  {"backend", number_of(r.backend)}};
    });
    rest["operations"] = rows(s_.operations, [&](std::uint32_t slot) { return operation(slot); });
    out_ << "],\n " << rest.dump().substr(1);
  }

 private:
  // "{...}" without its closing brace: the rest follows.
  void open(const Json& fields) {
    std::string text = fields.dump();
    text.pop_back();
    out_ << text;
  }
  template <class Record, class Row>
  static Json rows(const std::vector<Record>& table, Row row) {
    Json list = Json::array();
    for (std::uint32_t slot = 0; slot < table.size(); ++slot) {
      if (table[slot].born != 0) list.push_back(row(slot));
    }
    return list;
  }
  std::int64_t number(BufferSlot slot) const { return buffer_number(slot, s_); }

  Json backend(std::uint32_t slot) const {
    const BackendRecord& r = s_.backends[slot];
    Json pins = Json::array();
    for (const PrivatePin& pin : r.pins) pins.push_back({{"buffer", number(pin.buffer)}, {"count", pin.count}});
    return {{"slot", slot},
            {"born", r.born},
            {"kind", backend_kind_name(r.kind)},
            {"pid", r.pid},
            {"name", printable(r.name)},
            {"node", r.node < 0 ? Json() : Json(r.node)},
            {"local_bytes", r.local_bytes},
            {"remote_bytes", r.remote_bytes},
            {"pins", std::move(pins)}};
  }

  void pool(PoolSlot slot) {
    const PoolRecord& r = s_.pools[slot.value];
    Json writes, usage = Json::array();
    for (int reason = 0; reason < core::kWriteReasonCount; ++reason)
      writes[std::string(write_reason_name(static_cast<core::WriteReason>(reason)))] = r.writes[reason];
    for (const UsageCounts& counts : r.by_usage)
      usage.push_back({{"buffers", counts.buffers}, {"dirty", counts.dirty}, {"pinned", counts.pinned}});
    Json fields{{"slot", slot.value},
                {"born", r.born},
                {"backend", number_of(r.backend)},
                {"buffers", r.buffers},
                {"hand", r.hand() + 1},
                {"complete_passes", r.complete_passes},
                {"tagged", r.tagged},
                {"dirty", r.dirty},
                {"pinned", r.pinned},
                {"requests", r.requests},
                {"hits", r.hits},
                {"evictions", r.evictions},
                {"ticks", r.ticks},
                {"writes", writes},
                {"usage_counts", usage},
                {"freelist_known", r.has_freelist}};
    open(fields);
    out_ << ",\"freelist\":[";
    // Bounded, should a damaged recording's list run in a circle or out of the pool.
    std::uint32_t listed = 0;
    for (BufferSlot at = r.first_free; r.holds(at) && listed < std::min(r.free_count, r.buffers); ++listed) {
      out_ << (listed == 0 ? "" : ",") << number(at);
      at = s_.buffers[at.value].next_free;
    }
    out_ << "],\"pages\":[";
    bool first = true;
    for (std::uint32_t i = r.first.value; i < r.first.value + r.buffers; ++i) {
      const BufferRecord& b = s_.buffers[i];
      if (!b.has_page() && b.word == 0) continue;
      out_ << (first ? "\n   " : ",\n   ") << buffer({i}, b).dump();
      first = false;
    }
    out_ << "]}";
  }

  Json buffer(BufferSlot slot, const BufferRecord& b) const {
    Json row{{"buffer", number(slot)}};
    if (b.has_page()) {
      row["page"] = {{"tablespace", b.tag.tablespace},
                     {"database", b.tag.database},
                     {"relation", b.tag.relation},
                     {"fork", b.tag.fork},
                     {"block", b.tag.block}};
      row["name"] = page_name(b.tag, s_);
    }
    row["word"] = fmt::format("{:#010x}", b.word);
    row["usage"] = b.usage();
    row["pins"] = b.refcount();
    row["flags"] = flag_names(b.word);
    if (b.lsn != 0) row["lsn"] = lsn_text(b.lsn);
    if (b.node >= 0) row["node"] = b.node;
    return row;
  }

  Json ring(std::uint32_t slot) const {
    const RingRecord& r = s_.rings[slot];
    Json slots = Json::array();
    for (const BufferSlot buffer : r.slots) slots.push_back(buffer ? Json(number(buffer)) : Json());
    return {{"slot", slot},
            {"kind", ring_kind_name(r.kind)},
            {"backend", number_of(r.backend)},
            {"current", r.current},
            {"buffers", std::move(slots)}};
  }

  Json segment(std::uint32_t slot) const {
    const SegmentRecord& r = s_.segments[slot];
    Json attached = Json::array(), pieces = Json::array();
    for (const auto& [backend, at] : r.attached)
      attached.push_back({{"backend", number_of(backend)}, {"at", fmt::format("{:#x}", at.value)}});
    for (const ShmemRecord& piece : s_.allocations) {
      if (piece.born == 0 || piece.segment.value != slot) continue;
      pieces.push_back({{"name", piece.name.empty() ? Json() : Json(printable(piece.name))},
                        {"purpose", printable(piece.purpose)},
                        {"offset", piece.offset},
                        {"bytes", piece.bytes},
                        {"allocated_bytes", piece.allocated_bytes},
                        {"found", piece.found}});
      for (const auto& [node, bytes] : piece.nodes)
        pieces.back()["nodes"].push_back({{"node", node < 0 ? Json() : Json(node)}, {"bytes", bytes}});
    }
    return {{"slot", slot},
            {"born", r.born},
            {"kind", segment_kind_name(r.kind)},
            {"name", printable(r.name)},
            {"at", fmt::format("{:#x}", r.at.value)},
            {"bytes", r.bytes},
            {"page_bytes", r.page_bytes},
            {"handle", r.handle},
            {"refcnt", r.refcnt},
            {"pinned", r.pinned},
            {"attached", std::move(attached)},
            {"allocations", std::move(pieces)}};
  }

  Json operation(std::uint32_t slot) const {
    const OperationRecord& r = s_.operations[slot];
    return {{"slot", slot},
            {"born", r.born},
            {"ended", r.ended},
            {"kind", operation_kind_name(r.kind)},
            {"phase", operation_phase_name(r.phase)},
            {"name", printable(r.name)},
            {"context", number_of(r.context)},
            {"backend", number_of(r.backend)},
            {"used_bytes", r.used_bytes},
            {"limit_bytes", r.limit_bytes},
            {"peak_bytes", r.peak_bytes},
            {"tuples", r.tuples},
            {"slots", r.slots},
            {"parts", r.parts},
            {"part", r.part},
            {"spilled_tuples", r.spilled_tuples},
            {"spilled_bytes", r.spilled_bytes},
            {"read_back_bytes", r.read_back_bytes}};
  }

  const ServerState& s_;
  std::ostream& out_;
};

}  // namespace

void write_server_json(const ServerState& server, std::ostream& out) { Writer(server, out).run(); }

}  // namespace palloscope::trace
