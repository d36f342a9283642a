#include "trace/explain/card_maker.h"

#include <algorithm>

#include "trace/analysis/slab_shape.h"

namespace palloscope::trace {

using namespace core;

std::string_view kind_key(ContextKind kind) {
  switch (kind) {
    case ContextKind::AllocSet:
      return "kind.aset";
    case ContextKind::Generation:
      return "kind.generation";
    case ContextKind::Slab:
      return "kind.slab";
    case ContextKind::Bump:
      return "kind.bump";
    case ContextKind::Unknown:
      return "kind.unknown";
  }
  return "kind.unknown";
}

const ContextRecord* CardMaker::context() const {
  if (before.context) return &*before.context;
  if (after.context) return &*after.context;
  return start.context ? &*start.context : nullptr;
}

ContextKind CardMaker::kind() const {
  if (const ContextRecord* c = context()) return c->kind;
  const auto* created = call.find<ContextCreated>();  // by this very call, but not yet
  return created != nullptr ? created->kind : ContextKind::Unknown;
}

std::string CardMaker::name() const {
  if (const ContextRecord* c = context()) return c->name;
  const auto* created = call.find<ContextCreated>();
  return created != nullptr ? created->name : "?";
}

KindLayout CardMaker::layout() const {
  switch (kind()) {
    case ContextKind::AllocSet:
      return {profile.alloc_set.context_bytes, profile.alloc_set.block_bytes, profile.alloc_set.chunk_bytes};
    case ContextKind::Generation:
      return {profile.generation.context_bytes, profile.generation.block_bytes, profile.generation.chunk_bytes};
    case ContextKind::Slab:
      return {profile.slab.context_bytes, profile.slab.block_bytes, profile.slab.chunk_bytes};
    case ContextKind::Bump:
      return {profile.bump.context_bytes, profile.bump.block_bytes, profile.bump.chunk_bytes};
    case ContextKind::Unknown:
      break;
  }
  return {};
}

void CardMaker::rule_of_kind(const char* aset_function, const char* aset_spec, const char* generation_function,
                             const char* generation_spec, const char* slab_function, const char* slab_spec,
                             const char* bump_function) {
  switch (kind()) {
    case ContextKind::AllocSet:
      return rule("aset.c", aset_function, aset_spec);
    case ContextKind::Generation:
      return rule("generation.c", generation_function, generation_spec);
    case ContextKind::Slab:
      return rule("slab.c", slab_function, slab_spec);
    case ContextKind::Bump:
      return rule("bump.c", bump_function, "6");
    case ContextKind::Unknown:
      break;
  }
}

void CardMaker::rule_of_new_block() {
  const char* slab_spec = at_least(16) ? "5.3" : "5.2";
  if (at_least(17))
    rule_of_kind("AllocSetAllocFromNewBlock", "3.5", "GenerationAllocFromNewBlock", "4.3", "SlabAllocFromNewBlock",
                 slab_spec, "BumpAllocFromNewBlock");
  else
    rule_of_kind("AllocSetAlloc", "3.5", "GenerationAlloc", "4.3", "SlabAlloc", slab_spec, "");
}

void CardMaker::rule_of_large() {
  if (at_least(17))
    rule_of_kind("AllocSetAllocLarge", "3.5", "GenerationAllocLarge", "4.3", "SlabAlloc", "5.3", "BumpAllocLarge");
  else
    rule_of_kind("AllocSetAlloc", "3.5", "GenerationAlloc", "4.3", "SlabAlloc", "5.2", "");
}

std::uint64_t CardMaker::next_block_before() const { return start.context ? start.context->next_block_bytes : 0; }

std::uint64_t CardMaker::required_for(const ChunkAllocated& chunk) const {
  return chunk.granted_bytes + layout().chunk_bytes + layout().block_bytes;
}

std::uint64_t CardMaker::slab_full_chunk() const {
  const ContextRecord* c = context();
  return c != nullptr ? SlabShape(*c, profile).full_chunk : 0;
}

std::uint64_t CardMaker::slab_chunks_per_block() const {
  const ContextRecord* c = context();
  return c != nullptr ? SlabShape(*c, profile).chunks_per_block : 0;
}

// A new block is as large as nextBlockSize says, unless the chunk needs more (spec 3.5, 4.3, 6).
void CardMaker::say_why_of_that_size(const ChunkAllocated& chunk, std::uint64_t block_bytes) {
  const std::uint64_t next = next_block_before(), required = required_for(chunk);
  const auto granted = bytes_value("granted", chunk.granted_bytes),
             header = bytes_value("header", layout().chunk_bytes),
             block_header = bytes_value("block_header", layout().block_bytes), need = bytes_value("required", required),
             was = bytes_value("next", next);
  if (kind() == ContextKind::Slab)
    return say("why.size_slab", {bytes_value("block", block_bytes), count_value("per_block", slab_chunks_per_block())});
  if (block_bytes == next)
    say("why.size_next", {was, granted, header, block_header, need});
  else if (block_bytes < next)
    say("why.size_halved", {was, need, bytes_value("block", block_bytes)});
  else
    say(kind() == ContextKind::AllocSet ? "why.size_doubled" : "why.size_power",
        {was, granted, header, block_header, need, bytes_value("block", block_bytes)});
}

}  // namespace palloscope::trace
