#include "trace/exporters/event_csv.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "trace/analysis/context_counters.h"
#include "trace/exporters/csv_field.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"

namespace palloscope::trace {
namespace {

template <class Tag>
std::string slot_text(core::Slot<Tag> slot) {
  return slot ? std::to_string(slot.value) : std::string();
}

// What of an event has a column.
struct Fields {
  ContextSlot context;
  BlockSlot block;
  ChunkSlot chunk;
  std::string at, requested, granted, bytes;
};

template <class E>
Fields fields_of(const E& e) {
  Fields fields;
  if constexpr (requires { fields.context = e.context; }) fields.context = e.context;
  if constexpr (requires { fields.block = e.block; }) fields.block = e.block;
  if constexpr (requires { fields.chunk = e.chunk; }) fields.chunk = e.chunk;
  if constexpr (requires { e.at.value; }) fields.at = fmt::format("{:#x}", e.at.value);
  if constexpr (requires { e.requested_bytes + 1; }) fields.requested = std::to_string(e.requested_bytes);
  if constexpr (requires { e.granted_bytes + 1; }) fields.granted = std::to_string(e.granted_bytes);
  if constexpr (requires { e.bytes + 1; }) fields.bytes = std::to_string(e.bytes);
  return fields;
}

// A context that just went has its name in the record that it leaves.
std::string name_of(ContextSlot slot, const MemoryState& state) {
  if (!slot || slot.value >= state.contexts().size()) return {};
  return csv_field(printable(printed_name(state.contexts()[slot.value])));
}

}  // namespace

std::string event_csv(core::EventNumber number, const core::EventBody& event, const MemoryState& after) {
  Fields fields = std::visit([](const auto& e) { return fields_of(e); }, event);
  if (fields.chunk && !fields.block && fields.chunk.value < after.chunks().size())
    fields.block = after.chunks()[fields.chunk.value].block;
  if (fields.block && !fields.context && fields.block.value < after.blocks().size())
    fields.context = after.blocks()[fields.block.value].context;
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", number, event_kind_name(event),
                     slot_text(fields.context), name_of(fields.context, after), slot_text(fields.block),
                     slot_text(fields.chunk), fields.at, fields.requested, fields.granted, fields.bytes,
                     after.totals().context_bytes, after.totals().malloc_bytes, csv_field(event_text(event, after)));
}

std::string state_rows(const MemoryState& state, const core::VersionProfile* profile, bool json) {
  std::string rows;
  std::vector<std::pair<ContextSlot, std::uint32_t>> waiting;  // and its level
  for (ContextSlot top = state.first_root(); top; top = state.contexts()[top.value].next_sibling)
    waiting.emplace_back(top, 0);
  while (!waiting.empty()) {
    const auto [slot, level] = waiting.back();
    waiting.pop_back();
    const ContextRecord& context = state.contexts()[slot.value];
    const ReportedCounters c = context_counters(state, context, profile);
    const std::string name = printable(printed_name(context));
    const bool has_ident = context.ident && context.ident->data() != printed_name(context).data();
    if (json) {
      const nlohmann::ordered_json row = {
          {"event", state.event_number()},
          {"context", slot.value},
          {"parent", context.parent ? nlohmann::ordered_json(context.parent.value) : nlohmann::ordered_json()},
          {"name", name},
          {"ident", has_ident ? nlohmann::ordered_json(printable(*context.ident)) : nlohmann::ordered_json()},
          {"kind", context_kind_name(context.kind)},
          {"level", level},
          {"total_bytes", c.total_bytes},
          {"total_nblocks", c.blocks},
          {"free_bytes", c.free_bytes},
          {"free_chunks", c.free_chunks},
          {"used_bytes", c.used_bytes}};
      rows += row.dump() + '\n';
    } else {
      rows += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", state.event_number(), slot.value,
                          slot_text(context.parent), csv_field(name),
                          has_ident ? csv_field(printable(*context.ident)) : "", context_kind_name(context.kind), level,
                          c.total_bytes, c.blocks, c.free_bytes, c.free_chunks, c.used_bytes);
    }
    for (ContextSlot child = context.first_child; child; child = state.contexts()[child.value].next_sibling)
      waiting.emplace_back(child, level + 1);
  }
  return rows;
}

}  // namespace palloscope::trace
