#include "gui/explain.h"

#include <string_view>

#include "gui/format_text.h"

namespace palloscope::gui {
namespace {

// AllocSet keeps at most so many deleted contexts in each list (spec 3.9).
constexpr std::uint64_t kMaxRecycled = 100;

struct Explainer {
  const trace::MemoryState& state;
  const Strings& strings;
  Explanation said{};

  void say(std::string_view key, std::initializer_list<Placeholder> placeholders = {}) {
    said.sentences.push_back(strings.fill(key, placeholders));
  }

  // The record even of what just went: slots keep it until they are used again.
  const trace::ContextRecord* context(core::ContextSlot slot) {
    if (!slot || slot.value >= state.contexts().size()) return nullptr;
    said.about = slot;
    return &state.contexts()[slot.value];
  }
  const trace::BlockRecord* block(core::BlockSlot slot) const {
    return slot && slot.value < state.blocks().size() ? &state.blocks()[slot.value] : nullptr;
  }
  const trace::ChunkRecord* chunk(core::ChunkSlot slot) const {
    return slot && slot.value < state.chunks().size() ? &state.chunks()[slot.value] : nullptr;
  }
  std::string name(core::ContextSlot slot) {
    const trace::ContextRecord* record = context(slot);
    return record != nullptr && !record->name.empty() ? record->name : strings("why.some_context");
  }
  const trace::ContextRecord* owner(core::BlockSlot slot) {
    const trace::BlockRecord* record = block(slot);
    return record != nullptr ? context(record->context) : nullptr;
  }

  static std::string_view kind_key(core::ContextKind kind) {
    switch (kind) {
      case core::ContextKind::AllocSet:
        return "kind.aset";
      case core::ContextKind::Generation:
        return "kind.generation";
      case core::ContextKind::Slab:
        return "kind.slab";
      case core::ContextKind::Bump:
        return "kind.bump";
      case core::ContextKind::Unknown:
        break;
    }
    return "kind.unknown";
  }

  void operator()(const core::ContextCreated& e) {
    const std::string own = e.name, kind = strings(kind_key(e.kind));
    if (e.parent)
      say("why.created", {{"kind", kind}, {"name", own}, {"parent", name(e.parent)}});
    else
      say("why.created_top", {{"kind", kind}, {"name", own}});
    said.about = e.context;
    if (e.recycled) say("why.created_recycled");
    if (e.kind == core::ContextKind::Slab)
      say("why.created_slab",
          {{"chunk", format_bytes(e.min_context_bytes)}, {"block", format_bytes(e.init_block_bytes)}});
    else if (e.init_block_bytes != 0)
      say("why.created_sizes", {{"init", format_bytes(e.init_block_bytes)}, {"max", format_bytes(e.max_block_bytes)}});
    if (e.chunk_limit_bytes != 0) say("why.created_limit", {{"limit", format_bytes(e.chunk_limit_bytes)}});
  }
  void operator()(const core::ContextReset& e) {
    say("why.reset", {{"name", name(e.context)}});
    say("why.reset_rule");
  }
  void operator()(const core::ContextDeleted& e) {
    say("why.deleted", {{"name", name(e.context)}});
    say("why.deleted_rule");
  }
  void operator()(const core::ContextRecycled& e) {
    say("why.recycled", {{"list", std::to_string(e.list)}, {"most", std::to_string(kMaxRecycled)}});
  }
  void operator()(const core::ContextReparented& e) {
    const std::string own = name(e.context);
    if (e.parent)
      say("why.reparented", {{"name", own}, {"parent", name(e.parent)}});
    else
      say("why.detached", {{"name", own}});
    said.about = e.context;
  }
  void operator()(const core::ContextIdentSet& e) {
    if (e.ident)
      say("why.ident", {{"name", name(e.context)}, {"ident", *e.ident}});
    else
      say("why.ident_gone", {{"name", name(e.context)}});
  }
  void operator()(const core::ContextSwitched& e) { say("why.switched", {{"name", name(e.context)}}); }
  void operator()(const core::CritSectionAllowed& e) {
    say(e.allowed ? "why.crit_allowed" : "why.crit_forbidden", {{"name", name(e.context)}});
  }
  void operator()(const core::CallbackRegistered& e) { say("why.callback_registered", {{"name", name(e.context)}}); }
  void operator()(const core::CallbackRun& e) { say("why.callback_run", {{"name", name(e.context)}}); }

  void operator()(const core::Malloc& e) {
    say("why.malloc", {{"bytes", format_bytes(e.bytes)}, {"at", format_address(e.at)}});
  }
  void operator()(const core::MallocFailed& e) { say("why.malloc_failed", {{"bytes", format_bytes(e.bytes)}}); }
  void operator()(const core::Realloc& e) {
    say("why.realloc", {{"bytes", format_bytes(e.bytes)}, {"at", format_address(e.at)}});
  }
  void operator()(const core::ReallocFailed& e) { say("why.malloc_failed", {{"bytes", format_bytes(e.bytes)}}); }
  void operator()(const core::Free& e) {
    const trace::BlockRecord* record = block(e.block);
    say("why.free", {{"bytes", format_bytes(record != nullptr ? record->bytes : 0)}});
  }
  void operator()(const core::BlockAdded& e) {
    const trace::BlockRecord* record = block(e.block);
    const std::string bytes = format_bytes(record != nullptr ? record->bytes : e.accounted_bytes);
    const std::string own = name(e.context);
    if (e.role == core::BlockRole::Keeper) {
      say("why.keeper", {{"name", own}, {"bytes", bytes}});
      say("why.keeper_rule");
    } else if (e.role == core::BlockRole::External) {
      say("why.external_block", {{"name", own}, {"bytes", bytes}});
      if (const auto* owner = context(e.context); owner != nullptr && owner->chunk_limit_bytes != 0)
        say("why.external_rule", {{"limit", format_bytes(owner->chunk_limit_bytes)}});
    } else {
      say("why.block", {{"name", own}, {"bytes", bytes}});
      if (const auto* owner = context(e.context); owner != nullptr && owner->next_block_bytes != 0)
        say("why.block_rule",
            {{"next", format_bytes(owner->next_block_bytes)}, {"max", format_bytes(owner->max_block_bytes)}});
    }
  }
  void operator()(const core::BlockMoved&) { say("why.block_moved"); }
  void operator()(const core::BlockRemoved& e) {
    const trace::BlockRecord* record = block(e.block);
    say("why.block_removed", {{"bytes", format_bytes(record != nullptr ? record->bytes : 0)}});
  }
  void operator()(const core::BlockEmptied&) { say("why.block_emptied"); }
  void operator()(const core::NextBlockSizeSet& e) {
    const std::string own = name(e.context);
    const trace::ContextRecord* owner = context(e.context);
    say("why.doubling", {{"name", own},
                         {"bytes", format_bytes(e.bytes)},
                         {"max", format_bytes(owner != nullptr ? owner->max_block_bytes : e.bytes)}});
  }

  void operator()(const core::ChunkAllocated& e) {
    const trace::ContextRecord* owner_record = owner(e.block);
    const std::string own = owner_record != nullptr ? owner_record->name : strings("why.some_context");
    const std::string asked = format_bytes(e.requested_bytes), granted = format_bytes(e.granted_bytes);
    const bool is_aset = owner_record == nullptr || owner_record->kind == core::ContextKind::AllocSet;
    if (e.cause == core::ChunkCause::Repalloc) say("why.repalloc_moves");
    if (e.origin == core::ChunkOrigin::External) {
      say("why.palloc_external", {{"name", own}, {"asked", asked}});
      return;
    }
    if (is_aset)
      say("why.palloc_class", {{"name", own}, {"asked", asked}, {"granted", granted}});
    else
      say("why.palloc", {{"name", own}, {"asked", asked}, {"granted", granted}});
    if (e.granted_bytes > e.requested_bytes)
      say("why.waste", {{"waste", format_bytes(e.granted_bytes - e.requested_bytes)}});
    if (e.origin == core::ChunkOrigin::Freelist) {
      say(is_aset ? "why.from_freelist" : "why.from_block_list", {{"granted", granted}});
      return;
    }
    const trace::BlockRecord* record = block(e.block);
    const std::uint64_t left = record != nullptr ? record->end() - record->free_at : 0;
    say(is_aset ? "why.from_tail" : "why.from_tail_plain", {{"granted", granted}, {"left", format_bytes(left)}});
  }
  void operator()(const core::ChunkFreed& e) {
    const trace::ChunkRecord* record = chunk(e.chunk);
    const trace::ContextRecord* owner_record = record != nullptr ? owner(record->block) : nullptr;
    const std::string own = owner_record != nullptr ? owner_record->name : strings("why.some_context");
    const std::string granted = format_bytes(record != nullptr ? record->granted_bytes : 0);
    if (e.cause == core::ChunkCause::Repalloc) say("why.repalloc_frees");
    switch (e.fate) {
      case core::ChunkFate::ToFreelist:
        if (owner_record != nullptr && owner_record->kind == core::ContextKind::Slab)
          say("why.freed_to_block", {{"granted", granted}});
        else
          say("why.freed", {{"name", own}, {"granted", granted}});
        say("why.freed_rule");
        break;
      case core::ChunkFate::WithBlock:
        say("why.freed_with_block", {{"granted", granted}});
        break;
      case core::ChunkFate::Counted: {
        const trace::BlockRecord* in = record != nullptr ? block(record->block) : nullptr;
        say("why.freed_counted", {{"live", format_count(in != nullptr ? in->live_chunk_count : 0)}});
        break;
      }
    }
  }
  void operator()(const core::ChunkCarved& e) {
    say("why.carved", {{"granted", format_bytes(e.granted_bytes)}});
    said.about = owner(e.block) != nullptr ? said.about : core::ContextSlot{};
  }
  void operator()(const core::ChunkResized& e) {
    const trace::ChunkRecord* record = chunk(e.chunk);
    if (record != nullptr) owner(record->block);
    say(record != nullptr && record->origin == core::ChunkOrigin::External ? "why.resized_external" : "why.resized",
        {{"asked", format_bytes(e.requested_bytes)}, {"granted", format_bytes(e.granted_bytes)}});
  }
  void operator()(const core::MemoryWritten& e) {
    say("why.written", {{"bytes", format_bytes(e.bytes.size())}, {"at", format_address(e.at)}});
  }

  void operator()(const core::ErrorReported& e) {
    if (e.context) context(e.context);
    const std::string text = e.detail.empty() ? e.message : e.message + " — " + e.detail;
    say(e.severity == core::Severity::Error ? "why.error" : "why.warning", {{"message", text}});
    if (e.severity == core::Severity::Error) say("why.error_rule");
  }
  void operator()(const core::AllocationFailed& e) {
    say("why.allocation_failed", {{"name", name(e.context)}, {"asked", format_bytes(e.requested_bytes)}});
  }
  void operator()(const core::ErrorCaught&) { say("why.caught"); }
  void operator()(const core::FaultFound& e) {
    if (e.context) context(e.context);
    say("why.fault", {{"at", format_address(e.at)}});
  }
  void operator()(const core::Output&) { say("why.output"); }

  void operator()(const core::SourceText& e) { say("why.source_text", {{"name", e.name}}); }
  void operator()(const core::SourceLine& e) { say("why.source_line", {{"n", std::to_string(e.line)}}); }
  void operator()(const core::Narration&) { say("why.narration"); }
  void operator()(const core::Statement& e) { say("why.statement", {{"text", e.text}}); }
  void operator()(const core::VariableSet& e) {
    if (e.value)
      say("why.variable", {{"name", e.name}, {"at", format_address(e.value)}});
    else
      say("why.variable_gone", {{"name", e.name}});
  }

  void operator()(const core::SnapshotBegan& e) { say("why.snapshot", {{"label", e.label}}); }
  void operator()(const core::ContextReported& e) {
    say("why.reported", {{"name", name(e.context)},
                         {"total", format_bytes(e.total_bytes)},
                         {"blocks", format_count(e.blocks)},
                         {"free", format_bytes(e.free_bytes)},
                         {"used", format_bytes(e.used_bytes)}});
  }
  void operator()(const core::ContextsOmitted& e) {
    say("why.omitted",
        {{"name", name(e.parent)}, {"n", format_count(e.count)}, {"total", format_bytes(e.total_bytes)}});
  }
  void operator()(const core::SnapshotEnded& e) {
    if (e.problem.empty())
      say("why.snapshot_whole");
    else
      say("why.snapshot_problem", {{"problem", e.problem}});
  }
};

}  // namespace

Explanation explain(const core::EventBody& event, const trace::MemoryState& after, const Strings& strings) {
  Explainer explainer{after, strings};
  std::visit(explainer, event);
  return std::move(explainer.said);
}

}  // namespace palloscope::gui
