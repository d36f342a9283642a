#include "trace/exporters/event_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>

#include "core/base/check.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"
#include "trace/file/event_fields.h"

namespace palloscope::trace {
namespace {

using Json = nlohmann::ordered_json;

// Names of each kind's fields in the order of each_field, by place in EventVariant.
constexpr std::string_view kFields[] = {
    "context parent region kind recycled allow_in_crit_section at min_context_bytes init_block_bytes max_block_bytes "
    "chunk_limit_bytes recycle_list name",
    "context",
    "context",
    "region list",
    "context parent",
    "context ident",
    "context",
    "context allowed",
    "context callback",
    "context callback",
    "block at bytes",
    "bytes",
    "block at bytes",
    "block bytes",
    "block",
    "block context role position header free_start accounted_bytes list",
    "block",
    "block",
    "context bytes",
    "block list",
    "block free_at free_chunks",
    "chunk block at requested_bytes granted_bytes size_class origin cause",
    "chunk fate cause",
    "chunk block at granted_bytes size_class",
    "chunk requested_bytes granted_bytes",
    "at bytes",
    "severity context sqlstate message detail",
    "context requested_bytes",
    "",
    "text",
    "kind at bytes context chunk born ended",
    "pause_ns copied_bytes rss_anon rss_file rss_shmem malloc_used malloc_free malloc_overhead tries stopped torn",
    "file name text",
    "file line",
    "en zh",
    "text",
    "name value",
    "label pid",
    "context blocks total_bytes free_bytes free_chunks used_bytes chunks empty_blocks",
    "parent count blocks total_bytes free_bytes free_chunks used_bytes",
    "problem",
    "backend kind pid name",
    "backend",
    "backend",
    "operation kind phase context limit_bytes name",
    "operation phase",
    "operation used_bytes limit_bytes tuples slots parts part",
    "operation part tuples bytes read_back",
    "operation peak_bytes",
    "buffers",
    "written skipped",
    "pool backend first buffers freelist",
    "tablespace database relation blocks name",
    "pool tag ring for_new",
    "hash bucket partition buffer",
    "buffer taken",
    "buffer",
    "buffer verdict word next_victim complete_passes",
    "ring slot verdict",
    "ring slot buffer",
    "ring backend kind slots",
    "ring",
    "buffer backend word",
    "buffer backend word",
    "buffer word lsn",
    "buffer reason word",
    "buffer word",
    "buffer tag word",
    "buffer reason word",
    "lsn",
    "allocations wanted reusable written next_to_clean",
    "pool used unused dirty pinned usage_sum",
    "pool usage buffers dirty pinned",
    "buffer os_page node",
    "segment kind at bytes page_bytes handle name",
    "segment",
    "segment backend at refcnt",
    "segment backend refcnt",
    "segment pinned refcnt",
    "segment offset bytes allocated_bytes name purpose",
    "segment backend name",
    "library bytes lwlocks",
    "setting page_bytes pages available granted",
    "node cores memory_bytes",
    "backend node",
    "policy node",
    "segment offset bytes node backend",
    "segment backend local_bytes remote_bytes",
    "name node bytes"};
static_assert(std::size(kFields) == std::variant_size_v<core::EventVariant>, "every kind's fields have names here");

Json to_json(core::Address at) { return fmt::format("{:#x}", at.value); }
Json to_json(const std::string& text) { return valid_text(text); }
Json to_json(const std::optional<std::string>& text) { return text ? Json(valid_text(*text)) : Json(); }
template <class Tag>
Json to_json(core::Slot<Tag> slot) {
  return slot ? Json(slot.value) : Json();
}
Json to_json(const std::vector<std::uint8_t>& bytes) {
  std::string hex;
  for (const std::uint8_t byte : bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}
Json to_json(core::ContextKind kind) { return context_kind_name(kind); }
Json to_json(core::FaultKind kind) { return fault_kind_name(kind); }
Json to_json(core::BlockRole role) { return block_role_name(role); }
Json to_json(core::BlockPosition position) {
  constexpr std::string_view kNames[] = {"head", "second from head", "tail"};
  return kNames[static_cast<std::size_t>(position)];
}
Json to_json(core::ChunkOrigin origin) {
  constexpr std::string_view kNames[] = {"tail", "freelist", "external"};
  return kNames[static_cast<std::size_t>(origin)];
}
Json to_json(core::ChunkFate fate) {
  constexpr std::string_view kNames[] = {"to freelist", "with block", "counted"};
  return kNames[static_cast<std::size_t>(fate)];
}
Json to_json(core::ChunkCause cause) { return cause == core::ChunkCause::Repalloc ? "repalloc" : "palloc or pfree"; }
Json to_json(core::Severity severity) {
  constexpr std::string_view kNames[] = {"notice", "warning", "error"};
  return kNames[static_cast<std::size_t>(severity)];
}
Json to_json(core::BackendKind value) { return backend_kind_name(value); }
Json to_json(core::OperationKind value) { return operation_kind_name(value); }
Json to_json(core::OperationPhase value) { return operation_phase_name(value); }
Json to_json(core::ClockVerdict value) { return clock_verdict_name(value); }
Json to_json(core::RingVerdict value) { return ring_verdict_name(value); }
Json to_json(core::RingKind value) { return ring_kind_name(value); }
Json to_json(core::WriteReason value) { return write_reason_name(value); }
Json to_json(core::UntagReason value) { return untag_reason_name(value); }
Json to_json(core::SegmentKind value) { return segment_kind_name(value); }
Json to_json(core::HugePages value) { return huge_pages_name(value); }
Json to_json(core::NumaPolicy value) { return numa_policy_name(value); }
Json to_json(const core::PageTag& tag) {
  return {{"tablespace", tag.tablespace},
          {"database", tag.database},
          {"relation", tag.relation},
          {"fork", tag.fork},
          {"block", tag.block}};
}
template <class Number>
requires std::is_arithmetic_v<Number> Json to_json(Number number) { return number; }

}  // namespace

std::string event_json(core::EventNumber number, const core::EventBody& event, const MemoryState& after) {
  Json line;
  line["event"] = number;
  line["type"] = event_kind_name(event);
  line["summary"] = event_text(event, after);
  std::string_view names = kFields[event.index()];
  std::visit(
      [&](const auto& body) {
        each_field(body, [&](const auto& field) {
          const std::size_t end = std::min(names.find(' '), names.size());
          core::check(end > 0, "every field of an event has a name in event_json");
          line[std::string(names.substr(0, end))] = to_json(field);
          names.remove_prefix(std::min(end + 1, names.size()));
        });
      },
      event);
  core::check(names.empty(), "no field of an event has two names in event_json");
  return line.dump();
}

}  // namespace palloscope::trace
