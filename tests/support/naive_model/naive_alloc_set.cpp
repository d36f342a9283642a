// The naive model's AllocSet (spec 3).
#include <algorithm>

#include "tests/support/naive_model/naive_model.h"

namespace palloscope::test {

namespace {

int class_of(std::uint64_t size) {
  int index = 0;
  while ((std::uint64_t{8} << index) < size) ++index;
  return index;
}

std::uint64_t class_size(int index) { return std::uint64_t{8} << index; }

}  // namespace

void NaiveModel::set_create(NaiveContext& context, const Operation& operation) {
  if (operation.min == 0 && operation.init == 8192) context.list = 0;
  if (operation.min == 0 && operation.init == 1024) context.list = 1;
  if (context.list >= 0 && !recycled_[context.list].empty()) {
    NaiveContext old = recycled_[context.list].back();
    recycled_[context.list].pop_back();
    old.name = context.name;
    old.max = operation.max;
    context = old;
    return;
  }
  first_block(context, operation, sizes_.set, sizes_.set_block, sizes_.set_chunk);
  context.limit = limit_of(8192, operation.max, sizes_.set_block, sizes_.set_chunk, 4);
  context.mem = context.blocks[0].end;
}

NaiveModel::Maybe NaiveModel::set_alloc(NaiveContext& context, std::uint64_t size, int flags) {
  const std::uint64_t header = sizes_.set_chunk;
  NaiveChunk made;
  if (size > context.limit) {
    if (major_ >= 17) check_size(size, flags);
    made.usable = up8(major_ >= 16 && checking_ ? size + 1 : size);
    made.external = true;
    NaiveBlock block;
    block.end = made.usable + sizes_.set_block + header;
    auto region = malloc(block.end);
    if (!region) return std::nullopt;
    context.mem += block.end;
    block.region = *region;
    block.start = sizes_.set_block;
    block.free_at = block.end;
    context.blocks.insert(context.blocks.begin() + 1, block);
    made.at = {*region, sizes_.set_block + header};
    return made;
  }
  const int index = class_of(size);
  made.usable = class_size(index);
  if (!context.freelists[index].empty()) {
    made.at = context.freelists[index].back();
    context.freelists[index].pop_back();
    return made;
  }
  NaiveBlock* head = &context.blocks.front();
  if (head->end - head->free_at < made.usable + header) {
    while (head->end - head->free_at >= 8 + header) {
      std::uint64_t room = head->end - head->free_at - header;
      int piece = class_of(room);
      if (class_size(piece) != room) --piece;
      context.freelists[piece].push_back({head->region, head->free_at + header});
      head->free_at += class_size(piece) + header;
    }
    std::uint64_t bytes = context.next;
    context.next = std::min(context.next * 2, context.max);
    const std::uint64_t required = made.usable + sizes_.set_block + header;
    while (bytes < required) bytes *= 2;
    auto region = malloc(bytes);
    while (!region && bytes > 1024 * 1024) {
      bytes /= 2;
      if (bytes < required) break;
      region = malloc(bytes);
    }
    if (!region) return std::nullopt;
    context.mem += bytes;
    NaiveBlock block;
    block.region = *region;
    block.start = block.free_at = sizes_.set_block;
    block.end = bytes;
    context.blocks.insert(context.blocks.begin(), block);
    head = &context.blocks.front();
  }
  made.at = {head->region, head->free_at + header};
  head->free_at += made.usable + header;
  return made;
}

void NaiveModel::set_free(NaiveContext& context, const NaiveChunk& chunk) {
  if (!chunk.external) {
    context.freelists[class_of(chunk.usable)].push_back(chunk.at);
    return;
  }
  auto block = std::find_if(context.blocks.begin(), context.blocks.end(),
                            [&](const NaiveBlock& b) { return b.region == chunk.at.block; });
  context.mem -= block->end;
  release(block->region);
  context.blocks.erase(block);
}

NaiveModel::Maybe NaiveModel::set_realloc(NaiveContext& context, const NaiveChunk& chunk, std::uint64_t size,
                                          int flags) {
  if (chunk.external) {
    if (major_ >= 17) check_size(size, flags);
    NaiveChunk moved = chunk;
    moved.usable = up8(major_ == 15 ? std::max(size, context.limit + 1) : checking_ ? size + 1 : size);
    const std::uint64_t bytes = moved.usable + sizes_.set_block + sizes_.set_chunk;
    if (!resize(chunk.at.block, bytes)) return std::nullopt;
    for (NaiveBlock& block : context.blocks) {
      if (block.region != chunk.at.block) continue;
      context.mem += bytes - block.end;
      block.end = block.free_at = bytes;
    }
    return moved;
  }
  if (chunk.usable >= size) return chunk;
  Maybe made = set_alloc(context, size, flags);
  if (made) set_free(context, chunk);
  return made;
}

void NaiveModel::set_reset(NaiveContext& context) {
  for (auto& list : context.freelists) list.clear();
  free_all_but_keeper(context, sizes_.set_block);
}

void NaiveModel::set_delete(NaiveContext& context) {
  if (context.list < 0) {
    for (const NaiveBlock& block : context.blocks) {
      if (!block.keeper) release(block.region);
    }
    release(context.region);
    return;
  }
  if (!context.is_reset) set_reset(context);
  auto& list = recycled_[context.list];
  if (list.size() >= 100) {
    for (auto old = list.rbegin(); old != list.rend(); ++old) release(old->region);
    list.clear();
  }
  NaiveContext old = context;
  old.is_reset = true;
  old.crit = false;
  list.push_back(old);
}

}  // namespace palloscope::test
