// Why malloc was called, and what happens to blocks.
#include <algorithm>

#include "trace/analysis/slab_shape.h"
#include "trace/explain/card_maker.h"

namespace palloscope::trace {

using namespace core;

namespace {

constexpr std::uint64_t kMegabyte = 1024 * 1024;

}  // namespace

void CardMaker::operator()(const Malloc& e) {
  const auto bytes = bytes_value("bytes", e.bytes);
  const auto at = address_value("at", e.at);
  say("why.malloc", {bytes, at});
  const auto* chunk = call.find<ChunkAllocated>();
  const auto* created = call.find<ContextCreated>();
  if (created != nullptr) {
    rule_of_kind("AllocSetContextCreateInternal", "3.3", "GenerationContextCreate", "4.2", "SlabContextCreate",
                 at_least(16) ? "5.3" : "5.2", "BumpContextCreate");
    if (created->kind == ContextKind::Slab)
      say("why.malloc_header", {text_value("name", created->name)});
    else
      say("why.malloc_first", {text_value("name", created->name), bytes_value("header", layout().context_bytes),
                               bytes_value("keeper", e.bytes - std::min(e.bytes, layout().context_bytes))});
  } else if (chunk != nullptr && chunk->origin == ChunkOrigin::External) {
    rule_of_large();
    say("why.malloc_external",
        {bytes_value("granted", chunk->granted_bytes), bytes_value("header", layout().chunk_bytes),
         bytes_value("block_header", layout().block_bytes), bytes});
  } else if (chunk != nullptr) {
    rule_of_new_block();
    say_why_of_that_size(*chunk, e.bytes);
  } else {
    say("why.malloc_plain");
  }
}

void CardMaker::operator()(const MallocFailed& e) {
  say("why.malloc_failed", {bytes_value("bytes", e.bytes)});
  rule_of_new_block();
  if (kind() == ContextKind::AllocSet && e.bytes > kMegabyte && call.find<Malloc>() != nullptr)
    say("why.malloc_retried");
  else
    say("why.malloc_gives_up");
}

void CardMaker::operator()(const Realloc& e) {
  const std::uint64_t old = before.block ? before.block->bytes : 0;
  const bool moved = before.block && before.block->at != e.at;
  say(moved ? "why.realloc_moved" : "why.realloc",
      {bytes_value("old", old), bytes_value("bytes", e.bytes), address_value("at", e.at)});
  if (const auto* resized = call.find<ChunkResized>()) {
    rule("aset.c", "AllocSetRealloc", "3.7");
    say("why.realloc_external",
        {bytes_value("granted", resized->granted_bytes), bytes_value("header", layout().chunk_bytes),
         bytes_value("block_header", layout().block_bytes), bytes_value("bytes", e.bytes)});
  } else {
    say("why.malloc_plain");
  }
}

void CardMaker::operator()(const ReallocFailed& e) {
  say("why.malloc_failed", {bytes_value("bytes", e.bytes)});
  rule("aset.c", "AllocSetRealloc", "3.7");
  say("why.realloc_failed");
}

void CardMaker::operator()(const Free&) {
  say("why.free", {bytes_value("bytes", before.block ? before.block->bytes : 0),
                   address_value("at", before.block ? before.block->at : Address{})});
  const auto own = text_value("name", name());
  if (call.find<ContextReset>() != nullptr) {
    rule_of_kind("AllocSetReset", "3.8", "GenerationReset", "4.6", "SlabReset", at_least(16) ? "5.3" : "5.2",
                 "BumpReset");
    say("why.free_by_reset", {own});
  } else if (call.find<ContextDeleted>() != nullptr) {
    rule_of_kind("AllocSetDelete", "3.8", "GenerationDelete", "4.6", "SlabDelete", at_least(16) ? "5.3" : "5.2",
                 "BumpDelete");
    const bool waited = before.block && before.block->role == BlockRole::Recycled;
    if (waited)
      say("why.free_recycled", {count_value("list", before.block->recycle_list)});
    else
      say("why.free_by_delete", {own});
  } else if (call.find<BlockRemoved>() != nullptr) {
    rule_of_kind("AllocSetFree", "3.6", at_least(16) ? "GenerationBlockFree" : "GenerationFree", "4.4", "SlabFree",
                 at_least(16) ? "5.3" : "5.2", "");
    say("why.free_of_block", {own});
  } else if (call.find<ChunkFreed>() != nullptr) {
    rule("aset.c", "AllocSetFree", "3.6");
    say("why.free_of_external", {own});
  } else {
    say("why.free_plain");
  }
}

void CardMaker::operator()(const BlockAdded& e) {
  const std::uint64_t size = after.block ? after.block->bytes : e.accounted_bytes;
  const auto own = text_value("name", name());
  const auto bytes = bytes_value("bytes", size);
  if (e.role == BlockRole::Keeper) {
    rule_of_kind("AllocSetContextCreateInternal", "3.3", "GenerationContextCreate", "4.2", "", "", "BumpContextCreate");
    const std::uint64_t room = after.block ? after.block->end() - e.free_start : 0;
    say("why.keeper", {own, bytes, bytes_value("room", room)});
    return say("why.keeper_rule");
  }
  const auto* chunk = call.find<ChunkAllocated>();
  if (e.role == BlockRole::External) {
    rule_of_large();
    say("why.external_block", {own, bytes});
    say(e.position == BlockPosition::SecondFromHead ? "why.external_second"
        : e.position == BlockPosition::Tail         ? "why.external_last"
                                                    : "why.external_first");
    return;
  }
  rule_of_new_block();
  if (kind() == ContextKind::Slab) {
    say("why.slab_block", {own, bytes, count_value("per_block", slab_chunks_per_block())});
    return say(at_least(16) ? "why.slab_block_rule" : "why.slab_block_rule_15");
  }
  say("why.block", {own, bytes});
  if (chunk != nullptr) say_why_of_that_size(*chunk, size);
  if (kind() == ContextKind::Bump && before.head_block)
    say("why.bump_waste", {bytes_value("rest", before.head_block->end() - before.head_block->free_at)});
  else if (kind() == ContextKind::Generation)
    say(at_least(17) ? "why.generation_block" : "why.generation_block_16");
  else
    say("why.block_head", {bytes_value("next", after.context ? after.context->next_block_bytes : 0)});
}

void CardMaker::operator()(const BlockRemoved&) {
  const std::uint64_t bytes = before.block ? before.block->bytes : 0;
  say("why.block_removed", {text_value("name", name()), bytes_value("bytes", bytes)});
  if (kind() == ContextKind::Slab) {
    rule("slab.c", "SlabFree", at_least(16) ? "5.3" : "5.2");
    if (at_least(16))
      say("why.slab_cache_full", {count_value("most", profile.slab.max_empty_blocks)});
    else
      say("why.slab_no_cache");
  } else {
    rule("generation.c", at_least(16) ? "GenerationBlockFree" : "GenerationFree", "4.4");
    say(at_least(17) ? "why.generation_removed" : "why.generation_removed_16");
  }
}

// Generation: the keeper, the current block or the one free block is kept (spec 4.4).
void CardMaker::operator()(const BlockEmptied&) {
  rule("generation.c", at_least(17) ? "GenerationFree" : "GenerationBlockMarkEmpty", "4.4");
  const std::uint64_t room = after.block ? after.block->end() - after.block->free_at : 0;
  say("why.block_emptied", {bytes_value("room", room)});
  if (!before.block) return;
  if (before.block->role == BlockRole::Keeper)
    say(at_least(17) ? "why.emptied_keeper" : "why.emptied_keeper_16");
  else if (before.block->role == BlockRole::External)
    say("why.emptied_external");
  else
    say(at_least(17) ? "why.emptied_other" : "why.emptied_other_16");
}

void CardMaker::operator()(const NextBlockSizeSet& e) {
  rule_of_new_block();
  const std::uint64_t old = before.context ? before.context->next_block_bytes : 0;
  say("why.doubling", {text_value("name", name()), bytes_value("old", old), bytes_value("bytes", e.bytes)});
  say("why.doubling_rule", {bytes_value("max", before.context ? before.context->max_block_bytes : e.bytes)});
}

void CardMaker::operator()(const BlockReported& e) {
  const bool is_bump = after.context && after.context->kind == ContextKind::Bump;
  rule(is_bump ? "bump.c" : "generation.c", is_bump ? "BumpAlloc" : "GenerationFree", is_bump ? "6" : "4.4");
  const std::uint64_t used = after.block ? after.block->free_at - after.block->free_start : 0;
  if (is_bump) return say("why.block_reported_bump", {bytes_value("used", used)});
  say("why.block_reported", {bytes_value("used", used), count_value("free", e.free_chunks)});
}

void CardMaker::operator()(const BlockMoved& e) {
  const std::uint64_t live = after.block ? after.block->live_chunk_count : 0, all = slab_chunks_per_block();
  const auto free = count_value("free", all - std::min(all, live));
  const auto list = count_value("list", e.list);
  const auto old = count_value("old", before.block ? before.block->list : 0);
  const bool taken = call.find<ChunkAllocated>() != nullptr;
  rule("slab.c", taken ? "SlabAlloc" : "SlabFree", at_least(16) ? "5.3" : "5.2");
  if (profile.slab.list_per_free_count) {
    say("why.slab_moved_15", {free, list, old});
    return say("why.slab_moved_15_rule");
  }
  if (e.list == kSlabEmptyList) {
    say("why.slab_cached",
        {count_value("cached", after.empty_blocks), count_value("most", profile.slab.max_empty_blocks)});
    return say("why.slab_cached_rule");
  }
  if (before.block && before.block->list == kSlabEmptyList) {
    say("why.slab_from_cache", {count_value("left", after.empty_blocks), list});
    return say("why.slab_from_cache_rule");
  }
  std::uint64_t shift = 0;
  while ((all >> shift) >= 2) ++shift;
  say("why.slab_moved", {free, list, old});
  say("why.slab_moved_rule", {count_value("step", std::uint64_t{1} << shift)});
}

}  // namespace palloscope::trace
