// Why a context came, was emptied, went, or changed its place.
#include <algorithm>

#include "trace/analysis/recycled_contexts.h"
#include "trace/explain/card_maker.h"

namespace palloscope::trace {

using namespace core;

namespace {

// The chunk limit that AllocSetContextCreate computes for a maxBlockSize (spec 3.3).
std::uint64_t fresh_chunk_limit(const AllocSetLayout& layout, std::uint64_t max_block_bytes) {
  std::uint64_t limit = layout.separate_threshold;
  const std::uint64_t room = (max_block_bytes - std::min(max_block_bytes, layout.block_bytes)) / layout.chunk_fraction;
  while (limit > 0 && limit + layout.chunk_bytes > room) limit /= 2;
  return limit;
}

}  // namespace

void CardMaker::operator()(const ContextCreated& e) {
  const NamedValue own = text_value("name", e.name), what = key_value("kind", kind_key(e.kind));
  if (e.parent)
    say("why.created", {own, what, text_value("parent", after.parent_name)});
  else
    say("why.created_top", {own, what});
  rule_of_kind("AllocSetContextCreateInternal", "3.3", "GenerationContextCreate", "4.2", "SlabContextCreate",
               at_least(16) ? "5.3" : "5.2", "BumpContextCreate");
  switch (e.kind) {
    case ContextKind::AllocSet: {
      if (!e.at) break;
      const std::uint64_t list = e.recycle_list == 1 ? 1 : 0;  // a file may say anything
      if (e.recycled) {
        card.rule.spec = "3.9, 3.10";
        say("why.created_recycled", {count_value("list", list), count_value("waiting", before.recycled_length[list]),
                                     count_value("left", after.recycled_length[list])});
        const std::uint64_t fresh = fresh_chunk_limit(profile.alloc_set, e.max_block_bytes);
        if (fresh != e.chunk_limit_bytes)
          say("why.created_old_limit", {bytes_value("limit", e.chunk_limit_bytes), bytes_value("fresh", fresh),
                                        bytes_value("max", e.max_block_bytes)});
        else
          say("why.created_same_limit", {bytes_value("limit", e.chunk_limit_bytes)});
        break;
      }
      say("why.created_sizes", {bytes_value("init", e.init_block_bytes), bytes_value("max", e.max_block_bytes)});
      say("why.created_limit",
          {bytes_value("limit", e.chunk_limit_bytes), count_value("fraction", profile.alloc_set.chunk_fraction)});
      break;
    }
    case ContextKind::Generation:
      if (!e.at) break;
      say("why.created_sizes", {bytes_value("init", e.init_block_bytes), bytes_value("max", e.max_block_bytes)});
      say("why.created_generation",
          {bytes_value("limit", e.chunk_limit_bytes), count_value("fraction", profile.generation.chunk_fraction)});
      break;
    case ContextKind::Slab:
      if (!e.at) break;
      say("why.created_slab",
          {bytes_value("chunk", e.min_context_bytes), bytes_value("full", slab_full_chunk()),
           bytes_value("block", e.init_block_bytes), count_value("per_block", slab_chunks_per_block())});
      say("why.created_slab_empty");
      break;
    case ContextKind::Bump:
      if (!e.at) break;
      say("why.created_sizes", {bytes_value("init", e.init_block_bytes), bytes_value("max", e.max_block_bytes)});
      say("why.created_bump", {bytes_value("limit", e.chunk_limit_bytes)});
      break;
    case ContextKind::Unknown:
      rule("mcxt.c", "MemoryContextCreate", "7.3");
      break;
  }
}

void CardMaker::operator()(const ContextReset&) {
  const ContextRecord* c = context();
  rule_of_kind("AllocSetReset", "3.8", "GenerationReset", "4.6", "SlabReset", at_least(16) ? "5.3" : "5.2",
               "BumpReset");
  if (c == nullptr) return say("why.reset_unknown");
  say("why.reset", {text_value("name", c->name), count_value("chunks", c->live_chunk_count),
                    bytes_value("granted", c->granted_bytes)});
  const std::uint64_t blocks = c->block_count, bytes = c->mem_allocated_bytes;
  if (before.keeper) {
    const std::uint64_t kept = after.context ? after.context->mem_allocated_bytes : 0;
    if (blocks > 1)
      say("why.reset_keeper", {bytes_value("keeper", before.keeper->bytes), count_value("blocks", blocks - 1),
                               bytes_value("bytes", bytes - std::min(bytes, kept))});
    else
      say("why.reset_keeper_alone", {bytes_value("keeper", before.keeper->bytes)});
  } else {
    say("why.reset_no_keeper", {count_value("blocks", blocks), bytes_value("bytes", bytes)});
  }
  if (after.context && after.context->next_block_bytes != c->next_block_bytes)
    say("why.reset_next",
        {bytes_value("old", c->next_block_bytes), bytes_value("init", after.context->next_block_bytes)});
  else if (c->kind == ContextKind::AllocSet && c->free_chunk_count > 0)
    say("why.reset_freelists", {count_value("chunks", c->free_chunk_count)});
}

void CardMaker::operator()(const ContextDeleted&) {
  const ContextRecord* c = context();
  rule("mcxt.c", at_least(17) ? "MemoryContextDeleteOnly" : "MemoryContextDelete", "7.6");
  if (c == nullptr) return say("why.deleted_unknown");
  say("why.deleted", {text_value("name", c->name), count_value("chunks", c->live_chunk_count),
                      bytes_value("bytes", c->mem_allocated_bytes)});
  if (!before.parent_name.empty()) say("why.deleted_order", {text_value("parent", before.parent_name)});
  if (!c->at) return;
  if (c->kind == ContextKind::AllocSet && c->recycle_list >= 0) {
    const auto list = static_cast<std::uint64_t>(c->recycle_list);
    say("why.deleted_recycles", {count_value("list", list), bytes_value("init", c->init_block_bytes)});
  } else {
    say("why.deleted_frees", {count_value("blocks", c->block_count)});
  }
}

void CardMaker::operator()(const ContextRecycled& e) {
  const int list = e.list == 0 ? 0 : 1;
  rule("aset.c", "AllocSetDelete", "3.8, 3.9");
  say("why.recycled", {bytes_value("bytes", after.block ? after.block->bytes : 0), count_value("list", e.list),
                       count_value("waiting", after.recycled_length[list]), count_value("most", kMostRecycled)});
  say("why.recycled_rule", {bytes_value("init", list == 0 ? 8192 : 1024)});
}

void CardMaker::operator()(const ContextReparented& e) {
  rule("mcxt.c", "MemoryContextSetParent", "7.4");
  if (!e.parent) return say("why.detached", {text_value("name", name()), text_value("old", before.parent_name)});
  if (before.parent_name.empty())
    say("why.attached", {text_value("name", name()), text_value("parent", after.parent_name)});
  else
    say("why.reparented",
        {text_value("name", name()), text_value("old", before.parent_name), text_value("parent", after.parent_name)});
  say("why.reparented_rule", {text_value("parent", after.parent_name)});
}

void CardMaker::operator()(const ContextIdentSet& e) {
  rule("mcxt.c", "MemoryContextSetIdentifier", "1.1");
  if (e.ident)
    say("why.ident", {text_value("name", name()), text_value("ident", *e.ident)});
  else
    say("why.ident_gone", {text_value("name", name())});
}

void CardMaker::operator()(const ContextSwitched&) {
  rule("palloc.h", "MemoryContextSwitchTo", "7.2");
  if (before.current_name.empty())
    say("why.switched_first", {text_value("name", name())});
  else if (before.current == after.current)
    say("why.switched_same", {text_value("name", name())});
  else
    say("why.switched", {text_value("old", before.current_name), text_value("name", name())});
  say("why.switched_rule", {text_value("name", name())});
}

void CardMaker::operator()(const CritSectionAllowed& e) {
  rule("mcxt.c", "MemoryContextAllowInCriticalSection", "7.8");
  say(e.allowed ? "why.crit_allowed" : "why.crit_forbidden", {text_value("name", name())});
  say("why.crit_rule");
}

void CardMaker::operator()(const CallbackRegistered&) {
  rule("mcxt.c", "MemoryContextRegisterResetCallback", "7.7");
  say("why.callback_registered",
      {text_value("name", name()), count_value("count", after.context ? after.context->callbacks.size() : 0)});
  say("why.callback_rule");
}

void CardMaker::operator()(const CallbackRun&) {
  rule("mcxt.c", "MemoryContextCallResetCallbacks", "7.7");
  say("why.callback_run",
      {text_value("name", name()), count_value("left", after.context ? after.context->callbacks.size() : 0)});
  say("why.callback_run_rule");
}

}  // namespace palloscope::trace
