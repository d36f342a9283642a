// The naive model's Slab (spec 5).
#include <algorithm>

#include "tests/support/naive_model/naive_model.h"

namespace palloscope::test {

namespace {

struct Found {
  std::size_t list = 0, place = 0;
};

Found find(const std::vector<std::vector<NaiveBlock>>& lists, std::int64_t region) {
  for (std::size_t list = 0; list < lists.size(); ++list) {
    for (std::size_t place = 0; place < lists[list].size(); ++place) {
      if (lists[list][place].region == region) return {list, place};
    }
  }
  return {lists.size(), 0};
}

NaiveBlock take(std::vector<NaiveBlock>& list, std::size_t place) {
  NaiveBlock block = list[place];
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(place));
  return block;
}

void push(std::vector<NaiveBlock>& list, const NaiveBlock& block) { list.insert(list.begin(), block); }

// ceil(free / 2^shift)
std::size_t list_of(const NaiveContext& context, int free) {
  const int unit = 1 << context.shift;
  return static_cast<std::size_t>((free + unit - 1) / unit);
}

int first_filled(const NaiveContext& context) {
  for (int list = 1; list <= 2; ++list) {
    if (!context.lists[static_cast<std::size_t>(list)].empty()) return list;
  }
  return 0;
}

int take_index(const NaiveContext& context, NaiveBlock& block) {
  --block.nfree;
  if (!block.free_chain.empty()) {
    int index = block.free_chain.front();
    block.free_chain.erase(block.free_chain.begin());
    return index;
  }
  return context.per_block - block.nunused--;
}

}  // namespace

void NaiveModel::slab_create(NaiveContext& context, const Operation& operation) {
  context.init = operation.init;  // block size
  context.chunk_size = std::max<std::uint64_t>(operation.min, major_ == 15 ? 4 : 8);
  context.full_chunk = sizes_.slab_chunk + up8(context.chunk_size + (checking_ && major_ >= 16 ? 1 : 0));
  if (context.init < sizes_.slab_block + context.full_chunk) {
    throw Error{"block size " + std::to_string(context.init) + " for slab is too small for " +
                std::to_string(context.chunk_size) + (major_ == 15 ? " chunks" : "-byte chunks")};
  }
  context.per_block = static_cast<int>((context.init - sizes_.slab_block) / context.full_chunk);
  const auto per_block = static_cast<std::uint64_t>(context.per_block);
  context.header_size = sizes_.slab + (major_ == 15 ? 16 * (per_block + 1) : 0) + (checking_ ? per_block : 0);
  while (context.per_block >> context.shift >= 2) ++context.shift;
  context.lists.resize(major_ == 15 ? per_block + 1 : 3);
  auto region = malloc(context.header_size);
  if (!region) out_of_memory("Failed while creating memory context \"" + operation.text + "\".");
  context.region = *region;
}

NaiveChunk NaiveModel::slab_chunk(const NaiveContext& context, const NaiveBlock& block, int index) const {
  NaiveChunk made;
  made.at = {block.region,
             sizes_.slab_block + static_cast<std::uint64_t>(index) * context.full_chunk + sizes_.slab_chunk};
  made.usable = up8(context.chunk_size);
  return made;
}

NaiveModel::Maybe NaiveModel::slab_alloc(NaiveContext& context, std::uint64_t size) {
  if (size != context.chunk_size) {
    throw Error{"unexpected alloc chunk size " + std::to_string(size) + " (expected " +
                std::to_string(context.chunk_size) + ")"};
  }
  return major_ == 15 ? slab_alloc_15(context) : slab_alloc_16(context);
}

NaiveModel::Maybe NaiveModel::slab_alloc_15(NaiveContext& context) {
  if (context.current_list == 0) {
    auto region = malloc(context.init);
    if (!region) return std::nullopt;
    context.mem += context.init;
    NaiveBlock block;
    block.region = *region;
    block.nfree = context.per_block;
    for (int i = 0; i < context.per_block; ++i) block.free_chain.push_back(i);
    push(context.lists.back(), block);
    context.current_list = context.per_block;
  }
  NaiveBlock block = take(context.lists[static_cast<std::size_t>(context.current_list)], 0);
  const int index = take_index(context, block);
  context.current_list = block.nfree;
  push(context.lists[static_cast<std::size_t>(block.nfree)], block);
  if (context.current_list == 0) {
    for (int list = 1; list <= context.per_block && context.current_list == 0; ++list) {
      if (!context.lists[static_cast<std::size_t>(list)].empty()) context.current_list = list;
    }
  }
  if (context.current_list == context.per_block) context.current_list = 0;
  return slab_chunk(context, block, index);
}

NaiveModel::Maybe NaiveModel::slab_alloc_16(NaiveContext& context) {
  NaiveBlock block;
  int index = 0;
  if (context.current_list == 0) {
    if (!context.empty.empty()) {
      block = take(context.empty, 0);
    } else {
      auto region = malloc(context.init);
      if (!region) return std::nullopt;
      context.mem += context.init;
      block.region = *region;
      block.nfree = block.nunused = context.per_block;
    }
    index = take_index(context, block);
    const std::size_t list = list_of(context, block.nfree);
    push(context.lists[list], block);
    context.current_list = static_cast<int>(list);
    return slab_chunk(context, block, index);
  }
  auto& from = context.lists[static_cast<std::size_t>(context.current_list)];
  index = take_index(context, from.front());
  block = from.front();
  const std::size_t list = list_of(context, block.nfree);
  if (list != static_cast<std::size_t>(context.current_list)) {
    take(from, 0);
    push(context.lists[list], block);
    if (from.empty()) context.current_list = first_filled(context);
  }
  return slab_chunk(context, block, index);
}

void NaiveModel::slab_free(NaiveContext& context, const NaiveChunk& chunk) {
  return major_ == 15 ? slab_free_15(context, chunk) : slab_free_16(context, chunk);
}

void NaiveModel::slab_free_15(NaiveContext& context, const NaiveChunk& chunk) {
  Found found = find(context.lists, chunk.at.block);
  NaiveBlock block = take(context.lists[found.list], found.place);
  const auto index = (chunk.at.offset - sizes_.slab_block - sizes_.slab_chunk) / context.full_chunk;
  block.free_chain.insert(block.free_chain.begin(), static_cast<int>(index));
  ++block.nfree;
  const bool all_free = block.nfree == context.per_block;
  if (context.current_list == block.nfree - 1 &&
      context.lists[static_cast<std::size_t>(context.current_list)].empty()) {
    context.current_list = all_free ? 0 : context.current_list + 1;
  }
  if (all_free) {
    context.mem -= context.init;
    release(block.region);
  } else {
    push(context.lists[static_cast<std::size_t>(block.nfree)], block);
  }
}

void NaiveModel::slab_free_16(NaiveContext& context, const NaiveChunk& chunk) {
  Found found = find(context.lists, chunk.at.block);
  NaiveBlock& block = context.lists[found.list][found.place];
  const auto index = (chunk.at.offset - sizes_.slab_block - sizes_.slab_chunk) / context.full_chunk;
  block.free_chain.insert(block.free_chain.begin(), static_cast<int>(index));
  ++block.nfree;
  const std::size_t before = list_of(context, block.nfree - 1), after = list_of(context, block.nfree);
  if (before != after) {
    NaiveBlock moved = take(context.lists[before], found.place);
    push(context.lists[after], moved);
    found = {after, 0};
    if (context.current_list >= static_cast<int>(before)) context.current_list = first_filled(context);
  }
  if (context.lists[after][found.place].nfree != context.per_block) return;
  NaiveBlock emptied = take(context.lists[after], found.place);
  if (context.empty.size() < 10) {
    push(context.empty, emptied);
  } else {
    context.mem -= context.init;
    release(emptied.region);
  }
  if (context.current_list == static_cast<int>(after) && context.lists[after].empty()) {
    context.current_list = first_filled(context);
  }
}

void NaiveModel::slab_reset(NaiveContext& context) {
  auto free_list = [&](std::vector<NaiveBlock>& list) {
    for (const NaiveBlock& block : list) release(block.region);
    list.clear();
  };
  free_list(context.empty);
  for (auto& list : context.lists) free_list(list);
  context.mem = 0;
  context.current_list = 0;
}

}  // namespace palloscope::test
