// Why a chunk is where it is and as large as it is, and what becomes of it.
#include <algorithm>

#include "trace/explain/card_maker.h"

namespace palloscope::trace {

using namespace core;

namespace {

constexpr std::uint64_t kSmallestClass = 8;

NamedValue length_value(std::string_view name, std::uint64_t n) { return count_value(name, n); }

}  // namespace

// Checking builds write what was asked for beside the header, and 0x7E behind the last byte if there is room (2.4).
void CardMaker::say_how_checked(const ChunkAllocated& e) {
  if (!profile.checking || kind() == ContextKind::Unknown) return;
  if (e.requested_bytes < e.granted_bytes)
    say("why.sentinel", {bytes_value("asked", e.requested_bytes), address_value("at", e.at + e.requested_bytes)});
  else
    say("why.no_sentinel", {bytes_value("asked", e.requested_bytes)});
}

void CardMaker::operator()(const ChunkAllocated& e) {
  const auto own = text_value("name", name()),
             unused = bytes_value("waste", e.granted_bytes - std::min(e.granted_bytes, e.requested_bytes));
  const auto asked = bytes_value("asked", e.requested_bytes), granted = bytes_value("granted", e.granted_bytes);
  const auto header = bytes_value("header", layout().chunk_bytes), at = address_value("at", e.at);
  const std::uint64_t left = after.block ? after.block->end() - after.block->free_at : 0;
  const bool new_block = call.find<BlockAdded>() != nullptr;
  const ContextRecord* c = context();
  const auto limit = bytes_value("limit", c != nullptr ? c->chunk_limit_bytes : 0);
  const auto rest = bytes_value("left", left);

  if (e.origin == ChunkOrigin::External) {
    rule_of_large();
    say("why.palloc_external", {own, asked, limit});
    say(kind() == ContextKind::AllocSet ? "why.palloc_external_rule"
        : kind() == ContextKind::Bump   ? "why.palloc_external_bump"
                                        : "why.palloc_external_generation",
        {granted});
    return say_how_checked(e);
  }
  if (kind() == ContextKind::AllocSet) {
    const auto index = count_value("class", e.size_class);
    if (e.granted_bytes > e.requested_bytes)
      say("why.palloc_class", {own, asked, granted, index, unused});
    else
      say("why.palloc_class_exact", {own, asked, granted, index});
    if (e.origin == ChunkOrigin::Freelist) {
      rule("aset.c", "AllocSetAlloc", "3.5");
      say("why.from_freelist",
          {index, length_value("length", before.freelist_length), at, length_value("left", after.freelist_length)});
      say("why.from_freelist_rule");
    } else if (new_block) {
      rule_of_new_block();
      say("why.from_new_block", {index, header, rest});
    } else {
      rule("aset.c", at_least(17) ? "AllocSetAllocChunkFromBlock" : "AllocSetAlloc", "3.5");
      const std::uint64_t room = before.block ? before.block->end() - before.block->free_at : 0;
      say("why.from_tail", {index, bytes_value("room", room), granted, header, rest});
    }
    return say_how_checked(e);
  }
  if (kind() == ContextKind::Generation) {
    rule("generation.c", new_block && at_least(17) ? "GenerationAllocFromNewBlock" : "GenerationAlloc", "4.3");
    say("why.palloc_aligned", {own, asked, granted, unused});
    if (new_block)
      say("why.generation_new_block", {header, rest});
    else
      say("why.generation_tail", {header, rest});
    say("why.generation_no_reuse");
    return say_how_checked(e);
  }
  if (kind() == ContextKind::Slab) {
    rule("slab.c", new_block && at_least(17) ? "SlabAllocFromNewBlock" : "SlabAlloc", at_least(16) ? "5.3" : "5.2");
    const std::uint64_t all = slab_chunks_per_block(), live = after.block ? after.block->live_chunk_count : 0;
    say("why.palloc_slab", {own, asked, count_value("free", all - std::min(all, live)), count_value("per_block", all)});
    say(e.origin == ChunkOrigin::Freelist  ? "why.slab_freed_first"
        : profile.slab.list_per_free_count ? "why.slab_next_15"
                                           : "why.slab_never_used",
        {at});
    if (!new_block)
      say(at_least(16) ? "why.slab_list_choice" : "why.slab_list_choice_15",
          {count_value("list", before.block ? before.block->list : 0)});
    return say_how_checked(e);
  }
  if (kind() == ContextKind::Bump) {
    rule("bump.c", new_block ? "BumpAllocFromNewBlock" : "BumpAlloc", "6");
    say("why.palloc_aligned", {own, asked, granted, unused});
    say(profile.bump.chunk_bytes == 0 ? "why.bump_tail" : "why.bump_tail_checked", {rest});
    return say_how_checked(e);
  }
  say("why.palloc", {own, asked, granted});
}

void CardMaker::operator()(const ChunkFreed& e) {
  const auto own = text_value("name", name());
  const std::uint64_t size = before.chunk ? before.chunk->granted_bytes : 0;
  const auto granted = bytes_value("granted", size);
  switch (e.fate) {
    case ChunkFate::ToFreelist: {
      if (kind() == ContextKind::Slab) {
        const std::uint64_t all = slab_chunks_per_block(), live = after.block ? after.block->live_chunk_count : 0;
        rule("slab.c", "SlabFree", at_least(16) ? "5.3" : "5.2");
        say("why.freed_to_block",
            {own, granted, count_value("free", all - std::min(all, live)), count_value("per_block", all)});
        say(live == 0 ? "why.freed_last_of_block" : "why.freed_slab_rule");
        break;
      }
      rule("aset.c", "AllocSetFree", "3.6");
      const std::uint64_t index = before.chunk ? before.chunk->size_class : 0;
      say("why.freed", {own, granted, count_value("class", index), length_value("length", after.freelist_length)});
      say("why.freed_rule", {bytes_value("least", index == 0 ? 0 : size / 2 + 1), granted});
      break;
    }
    case ChunkFate::WithBlock:
      rule("aset.c", "AllocSetFree", "3.6");
      say("why.freed_with_block", {own, granted, bytes_value("block", before.block ? before.block->bytes : 0)});
      say(profile.chunk_header.packed ? "why.freed_external_rule" : "why.freed_external_rule_15");
      break;
    case ChunkFate::Counted: {
      const std::uint64_t live = after.block ? after.block->live_chunk_count : 0;
      const std::uint64_t all = after.block ? after.block->chunk_count : 0;
      rule("generation.c", "GenerationFree", "4.4");
      say("why.freed_counted",
          {own, granted, count_value("freed", all - std::min(all, live)), count_value("all", all)});
      say(live == 0 ? "why.freed_counted_last" : "why.freed_counted_rule", {count_value("live", live)});
      break;
    }
  }
  if (e.cause == ChunkCause::Repalloc) say("why.repalloc_frees");
  if (profile.checking) say(at_least(16) ? "why.wiped" : "why.wiped_15");
}

// Spec 3.5, step 4: the largest class that fits, again and again.
void CardMaker::operator()(const ChunkCarved& e) {
  rule_of_new_block();
  const std::uint64_t header = layout().chunk_bytes;
  const std::uint64_t rest = before.block ? before.block->end() - before.block->free_at : 0;
  const std::uint64_t left = after.block ? after.block->end() - after.block->free_at : 0;
  const auto* wanted = call.find<ChunkAllocated>();
  const std::uint64_t start_rest = start.block ? start.block->end() - start.block->free_at : rest;
  if (wanted != nullptr && call.at == 0)
    say("why.carved_first",
        {bytes_value("rest", start_rest), bytes_value("asked", wanted->granted_bytes), bytes_value("header", header)});
  else
    say("why.carved_next", {bytes_value("rest", rest)});
  const std::uint64_t bigger = e.granted_bytes * 2;
  say(e.size_class + 1 < kFreelistCount ? "why.carved" : "why.carved_largest",
      {bytes_value("granted", e.granted_bytes), count_value("class", e.size_class), bytes_value("bigger", bigger),
       bytes_value("header", header), bytes_value("rest", rest)});
  if (left >= kSmallestClass + header)
    say("why.carved_goes_on", {bytes_value("left", left)});
  else if (left > 0)
    say("why.carved_unused", {bytes_value("left", left), bytes_value("least", kSmallestClass + header)});
  else
    say("why.carved_whole");
}

void CardMaker::operator()(const ChunkResized& e) {
  const auto own = text_value("name", name());
  const auto asked = bytes_value("asked", e.requested_bytes), granted = bytes_value("granted", e.granted_bytes);
  rule_of_kind("AllocSetRealloc", "3.7", "GenerationRealloc", "4.5", "SlabRealloc", "5.1", "BumpRealloc");
  const bool external = before.chunk && before.chunk->origin == ChunkOrigin::External;
  if (external && kind() == ContextKind::AllocSet) {
    say("why.resized_external", {own, asked, granted});
    say(profile.alloc_set.external_shrinks ? "why.resized_external_rule" : "why.resized_external_rule_15",
        {bytes_value("limit", context() != nullptr ? context()->chunk_limit_bytes : 0)});
  } else {
    say("why.resized", {own, bytes_value("old", before.chunk ? before.chunk->requested_bytes : 0), asked, granted});
    say("why.resized_rule");
  }
}

void CardMaker::operator()(const MemoryWritten& e) {
  const auto bytes = bytes_value("bytes", e.bytes.size());
  if (!before.pointed) return say("why.written", {bytes, address_value("at", e.at)});
  const ChunkRecord& chunk = *before.pointed;
  const std::uint64_t offset = e.at - chunk.at, end = offset + e.bytes.size();
  const auto in = text_value("name", before.pointed_context), of = address_value("chunk", chunk.at);
  say("why.written_in", {bytes, count_value("offset", offset), of, in});
  if (chunk.state == ChunkState::Free)
    say(offset < 8 ? "why.written_link" : "why.written_free", {of});
  else if (end > chunk.granted_bytes)
    say("why.written_beyond",
        {bytes_value("asked", chunk.requested_bytes), bytes_value("past", end - chunk.granted_bytes)});
  else if (end > chunk.requested_bytes)
    say(profile.checking ? "why.written_sentinel" : "why.written_slack",
        {bytes_value("asked", chunk.requested_bytes), bytes_value("past", end - chunk.requested_bytes)});
}

}  // namespace palloscope::trace
