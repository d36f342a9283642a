// The naive model's Generation and Bump contexts (spec 4, 6).
#include <algorithm>

#include "tests/support/naive_model/naive_model.h"

namespace palloscope::test {

namespace {

NaiveBlock* block_at(NaiveContext& context, std::int64_t region) {
  for (NaiveBlock& block : context.blocks) {
    if (block.region == region) return &block;
  }
  return nullptr;
}

std::uint64_t room(const NaiveBlock& block) { return block.end - block.free_at; }

std::uint64_t power_of_two_from(std::uint64_t bytes) {
  std::uint64_t power = 1;
  while (power < bytes) power *= 2;
  return power;
}

}  // namespace

void NaiveModel::generation_create(NaiveContext& context, const Operation& operation) {
  first_block(context, operation, sizes_.generation, sizes_.generation_block, sizes_.generation_chunk);
  const std::uint64_t start = major_ >= 16 ? std::min<std::uint64_t>(operation.max, 0x3FFFFFFF) : operation.max;
  context.limit = limit_of(start, operation.max, sizes_.generation_block, sizes_.generation_chunk, 8);
  context.current = context.region;
  context.mem = context.blocks[0].end - context.blocks[0].header;
}

NaiveModel::Maybe NaiveModel::generation_alloc(NaiveContext& context, std::uint64_t size, int flags) {
  NaiveChunk made;
  made.usable = up8(major_ >= 16 && checking_ ? size + 1 : size);
  const std::uint64_t header = sizes_.generation_block;
  const std::uint64_t required = made.usable + sizes_.generation_chunk;
  NaiveBlock fresh;
  fresh.start = fresh.free_at = header;
  if (made.usable > context.limit) {
    if (major_ >= 17) check_size(size, flags);
    fresh.end = required + header;
    auto region = malloc(fresh.end);
    if (!region) return std::nullopt;
    context.mem += fresh.end;
    fresh.region = *region;
    fresh.nchunks = 1;
    fresh.free_at = fresh.end;
    context.blocks.insert(context.blocks.begin(), fresh);
    made.at = {*region, header + sizes_.generation_chunk};
    made.external = true;
    return made;
  }
  NaiveBlock* block = block_at(context, context.current);
  if (!block || room(*block) < required) {
    NaiveBlock* waiting = block_at(context, context.freeblock);
    NaiveBlock* keeper = block_at(context, context.region);
    if (waiting && (major_ >= 17 || waiting->nchunks == 0) && room(*waiting) >= required) {
      context.current = context.freeblock;
      context.freeblock = -1;
    } else if (major_ <= 16 && keeper->nchunks == 0 && room(*keeper) >= required) {
      context.current = context.region;
    } else {
      fresh.end = context.next;
      context.next = std::min(context.next * 2, context.max);
      if (fresh.end < required + header) fresh.end = power_of_two_from(required + header);
      auto region = malloc(fresh.end);
      if (!region) return std::nullopt;
      context.mem += fresh.end;
      fresh.region = *region;
      context.blocks.insert(context.blocks.begin(), fresh);
      context.current = *region;
      if (major_ <= 16) context.freeblock = -1;
    }
    block = block_at(context, context.current);
  }
  made.at = {block->region, block->free_at + sizes_.generation_chunk};
  block->free_at += required;
  ++block->nchunks;
  return made;
}

void NaiveModel::generation_free(NaiveContext& context, const NaiveChunk& chunk) {
  NaiveBlock* block = block_at(context, chunk.at.block);
  if (++block->nfree < block->nchunks) return;
  bool keep = false;
  if (block->keeper || (major_ >= 17 && block->region == context.current)) {
    keep = true;
  } else if (context.freeblock == -1 || context.freeblock == block->region) {
    keep = true;
    context.freeblock = block->region;
  }
  if (keep) {
    block->nchunks = block->nfree = 0;
    block->free_at = block->start;
    return;
  }
  if (context.current == block->region) context.current = -1;
  context.mem -= block->end;
  release(block->region);
  context.blocks.erase(context.blocks.begin() + (block - context.blocks.data()));
}

void NaiveModel::generation_reset(NaiveContext& context) {
  free_all_but_keeper(context, sizes_.generation_block);
  context.freeblock = -1;
  context.current = context.region;
}

// --- Bump ---------------------------------------------------------------------------------------------------------

void NaiveModel::bump_create(NaiveContext& context, const Operation& operation) {
  first_block(context, operation, sizes_.bump, sizes_.bump_block, sizes_.bump_chunk);
  context.limit = limit_of(std::min<std::uint64_t>(operation.max, 0x3FFFFFFF), operation.max, sizes_.bump_block,
                           sizes_.bump_chunk, 8);
  context.mem = context.blocks[0].end;
}

NaiveModel::Maybe NaiveModel::bump_alloc(NaiveContext& context, std::uint64_t size, int flags) {
  NaiveChunk made;
  made.usable = up8(checking_ ? size + 1 : size);
  const std::uint64_t required = made.usable + sizes_.bump_chunk;
  NaiveBlock fresh;
  fresh.start = fresh.free_at = sizes_.bump_block;
  if (made.usable > context.limit) {
    check_size(size, flags);
    fresh.end = required + sizes_.bump_block;
    auto region = malloc(fresh.end);
    if (!region) return std::nullopt;
    context.mem += fresh.end;
    fresh.region = *region;
    fresh.free_at = fresh.end;
    context.blocks.push_back(fresh);
    made.at = {*region, sizes_.bump_block + sizes_.bump_chunk};
    made.external = true;
    return made;
  }
  if (room(context.blocks.front()) < required) {
    fresh.end = context.next;
    context.next = std::min(context.next * 2, context.max);
    if (fresh.end < required + sizes_.bump_block) fresh.end = power_of_two_from(required + sizes_.bump_block);
    auto region = malloc(fresh.end);
    if (!region) return std::nullopt;
    context.mem += fresh.end;
    fresh.region = *region;
    context.blocks.insert(context.blocks.begin(), fresh);
  }
  NaiveBlock& head = context.blocks.front();
  made.at = {head.region, head.free_at + sizes_.bump_chunk};
  head.free_at += required;
  return made;
}

void NaiveModel::bump_reset(NaiveContext& context) { free_all_but_keeper(context, sizes_.bump_block); }

}  // namespace palloscope::test
