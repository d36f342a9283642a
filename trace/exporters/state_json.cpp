#include "trace/exporters/state_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "core/version/version_profile.h"
#include "trace/analysis/context_counters.h"
#include "trace/exporters/event_text.h"
#include "trace/exporters/printable.h"
#include "trace/exporters/server_json.h"
#include "trace/exporters/source_kind_name.h"

namespace palloscope::trace {
namespace {

using Json = nlohmann::ordered_json;

std::string hex(Address at) { return fmt::format("{:#x}", at.value); }

template <class Slot>
Json number_of(Slot slot) {
  return slot ? Json(slot.value) : Json();
}

class StateWriter {
 public:
  StateWriter(const MemoryState& state, const core::StreamDescription& description, std::ostream& out,
              const RecycledLists& recycled)
      : state_(state),
        recycled_(recycled),
        description_(description),
        profile_(core::find_profile(description.pg_major, description.checking)),
        out_(out) {}

  void run();

 private:
  void contexts();
  void context(ContextSlot slot, std::size_t level);
  void freelists(const ContextRecord& context);
  void blocks_of(const ContextRecord& context);
  void block(BlockSlot slot);
  void chunks_of(const BlockRecord& block);
  void regions();
  Json recycled() const;
  // Null where only the size that was given is known (requested_known).
  Json asked_for(std::uint64_t bytes) const { return requested_known(description_) ? Json(bytes) : Json(); }
  // "{...}" without its closing brace: the rest follows.
  void open_object(const Json& fields) {
    std::string text = fields.dump();
    text.pop_back();
    out_ << text;
  }

  const MemoryState& state_;
  const RecycledLists& recycled_;
  const core::StreamDescription& description_;
  const core::VersionProfile* profile_;
  std::ostream& out_;
};

void StateWriter::run() {
  const HeapTotals& totals = state_.totals();
  Json head;
  head["source"] = source_kind_name(description_.source);
  head["pg_major"] = description_.pg_major;
  head["checking"] = description_.checking;
  head["title"] = printable(description_.title);
  head["origin"] = printable(description_.origin);
  head["event"] = state_.event_number();
  head["current_context"] = number_of(state_.point().current);
  head["totals"] = {{"contexts", totals.context_count},
                    {"context_bytes", totals.context_bytes},
                    {"regions", totals.region_count},
                    {"malloc_bytes", totals.malloc_bytes},
                    {"live_chunks", totals.live_chunk_count},
                    {"free_chunks", totals.free_chunk_count},
                    {"requested_bytes", asked_for(totals.requested_bytes)},
                    {"granted_bytes", totals.granted_bytes},
                    {"malloc_calls", totals.malloc_calls},
                    {"free_calls", totals.free_calls}};
  open_object(head);
  out_ << ",\n\"contexts\":[";
  contexts();
  out_ << "],\n\"recycled\":" << recycled().dump() << ",\n\"regions\":[";
  regions();
  Json variables = Json::object(), faults = Json::array();
  for (const auto& [name, value] : state_.variables()) variables[printable(name)] = hex(value);
  for (const Fault& fault : state_.faults())
    faults.push_back({{"event", fault.event}, {"what", printable(fault.what)}});
  out_ << "],\n\"variables\":" << variables.dump() << ",\n\"faults\":" << faults.dump();
  if (!state_.server().empty()) {
    out_ << ",\n\"server\":";
    write_server_json(state_.server(), out_);
  }
  out_ << "}\n";
}

void StateWriter::contexts() {
  ContextSlot at = state_.first_root();
  std::size_t level = 0;
  for (bool first = true; at; first = false) {
    const auto& record = [&](ContextSlot slot) -> const ContextRecord& { return state_.contexts()[slot.value]; };
    out_ << (first ? "\n" : ",\n");
    context(at, level);
    if (record(at).first_child) {
      at = record(at).first_child;
      ++level;
      continue;
    }
    while (level > 0 && !record(at).next_sibling) at = record(at).parent, --level;
    at = record(at).next_sibling;
  }
}

void StateWriter::context(ContextSlot slot, std::size_t level) {
  const ContextRecord& c = state_.contexts()[slot.value];
  const ReportedCounters counters = context_counters(state_, c, profile_);
  Json fields;
  fields["slot"] = slot.value;
  fields["born"] = c.born;
  fields["parent"] = number_of(c.parent);
  fields["level"] = level;
  fields["name"] = printable(c.name);
  fields["ident"] = c.ident ? Json(printable(*c.ident)) : Json();
  fields["kind"] = context_kind_name(c.kind);
  fields["counters"] = {{"reported", c.reported.has_value()},  {"blocks", counters.blocks},
                        {"total_bytes", counters.total_bytes}, {"free_bytes", counters.free_bytes},
                        {"free_chunks", counters.free_chunks}, {"used_bytes", counters.used_bytes},
                        {"chunks", counters.chunks},           {"empty_blocks", counters.empty_blocks}};
  if (c.omitted_children) {
    const OmittedContexts& o = *c.omitted_children;
    fields["omitted_children"] = {
        {"count", o.count},           {"blocks", o.blocks},           {"total_bytes", o.total_bytes},
        {"free_bytes", o.free_bytes}, {"free_chunks", o.free_chunks}, {"used_bytes", o.used_bytes}};
  }
  if (c.reported || description_.source == core::SourceKind::Dump) {
    out_ << fields.dump();
    return;
  }
  fields["at"] = hex(c.at);
  fields["region"] = number_of(c.region);
  fields["is_reset"] = c.is_reset;
  fields["allow_in_crit_section"] = c.allow_in_crit_section;
  fields["recycled"] = c.recycled;
  fields["mem_allocated_bytes"] = c.mem_allocated_bytes;
  fields["min_context_bytes"] = c.min_context_bytes;
  fields["init_block_bytes"] = c.init_block_bytes;
  fields["max_block_bytes"] = c.max_block_bytes;
  fields["next_block_bytes"] = c.next_block_bytes;
  fields["chunk_limit_bytes"] = c.chunk_limit_bytes;
  fields["live_chunks"] = c.live_chunk_count;
  fields["requested_bytes"] = asked_for(c.requested_bytes);
  fields["granted_bytes"] = c.granted_bytes;
  fields["callbacks"] = Json(std::vector<std::uint32_t>(c.callbacks.rbegin(), c.callbacks.rend()));
  open_object(fields);
  freelists(c);
  out_ << ",\"blocks\":[";
  blocks_of(c);
  out_ << "]}";
}

void StateWriter::freelists(const ContextRecord& context) {
  out_ << ",\"freelists\":[";
  bool first = true;
  for (int size_class = 0; size_class < kFreelistCount; ++size_class) {
    ChunkSlot at = context.freelist[size_class];
    if (!at) continue;
    out_ << (first ? "" : ",") << fmt::format("{{\"size_class\":{},\"chunks\":[", size_class);
    first = false;
    for (bool first_chunk = true; at; at = state_.chunks()[at.value].next_free, first_chunk = false)
      out_ << (first_chunk ? "" : ",") << at.value;
    out_ << "]}";
  }
  out_ << ']';
}

void StateWriter::blocks_of(const ContextRecord& context) {
  for (BlockSlot at = context.first_block; at; at = state_.blocks()[at.value].next) {
    out_ << (at == context.first_block ? "\n " : ",\n ");
    block(at);
  }
}

void StateWriter::block(BlockSlot slot) {
  const BlockRecord& b = state_.blocks()[slot.value];
  out_ << fmt::format("{{\"slot\":{},\"born\":{},\"role\":\"{}\",\"at\":\"{}\",\"bytes\":{}", slot.value, b.born,
                      block_role_name(b.role), hex(b.at), b.bytes);
  if (b.linked()) {
    out_ << fmt::format(
        ",\"header\":\"{}\",\"free_start\":\"{}\",\"free_at\":\"{}\",\"accounted_bytes\":{},\"list\":{},\"live_"
        "chunks\":{}",
        hex(b.header), hex(b.free_start), hex(b.free_at), b.accounted_bytes, b.list, b.live_chunk_count);
    if (b.uncounted_free != 0) out_ << fmt::format(",\"free_not_known_which\":{}", b.uncounted_free);
    if (b.first_free) out_ << fmt::format(",\"first_free\":{}", b.first_free.value);
    out_ << ",\"chunks\":[";
    chunks_of(b);
    out_ << ']';
  }
  out_ << '}';
}

void StateWriter::chunks_of(const BlockRecord& block) {
  const ContextRecord* owner = state_.context(block.context);
  const bool one_size = owner != nullptr && owner->kind == core::ContextKind::Slab;
  const bool known = one_size || requested_known(description_);
  for (ChunkSlot at = block.first_chunk; at; at = state_.chunks()[at.value].next_in_block) {
    const ChunkRecord& c = state_.chunks()[at.value];
    out_ << fmt::format(
        "{}{{\"slot\":{},\"born\":{},\"state\":\"{}\",\"at\":\"{}\",\"requested_bytes\":{},\"granted_bytes\":{},"
        "\"size_class\":{}}}",
        at == block.first_chunk ? "\n  " : ",\n  ", at.value, c.born, c.state == ChunkState::Live ? "live" : "free",
        hex(c.at), known ? std::to_string(c.requested_bytes) : "null", c.granted_bytes, c.size_class);
  }
}

Json StateWriter::recycled() const {
  Json lists = Json::array();
  for (const auto& list : recycled_) {
    Json waiting = Json::array();
    for (const RecycledContext& context : list) {
      Json one{{"region", context.region.value}, {"bytes", context.bytes}};
      if (context.born != 0) {
        one["born"] = context.born;
        one["name"] = printable(context.was.name);
        one["init_block_bytes"] = context.was.init_block_bytes;
        one["max_block_bytes"] = context.was.max_block_bytes;
        one["chunk_limit_bytes"] = context.was.chunk_limit_bytes;
      }
      waiting.push_back(std::move(one));
    }
    lists.push_back(std::move(waiting));
  }
  return lists;
}

void StateWriter::regions() {
  bool first = true;
  for (std::uint32_t i = 0; i < state_.blocks().size(); ++i) {
    const BlockRecord& b = state_.blocks()[i];
    if (b.born == 0 || b.linked()) continue;
    out_ << (first ? "\n " : ",\n ");
    block(BlockSlot{i});
    first = false;
  }
}

}  // namespace

void write_state_json(const MemoryState& state, const core::StreamDescription& description, std::ostream& out,
                      const RecycledLists& recycled) {
  StateWriter(state, description, out, recycled).run();
}

}  // namespace palloscope::trace
