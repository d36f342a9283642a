#include "tests/support/random_stream.h"

#include <algorithm>
#include <bit>
#include <string>

namespace palloscope::test {

using namespace core;

namespace {

constexpr std::uint64_t kContextHeader = 200, kBlockHeader = 40, kChunkHeader = 8;
constexpr std::uint64_t kChunkLimit = 8192;

std::uint8_t class_of(std::uint64_t bytes) {
  return bytes <= 8 ? std::uint8_t{0} : static_cast<std::uint8_t>(std::bit_width(bytes - 1) - 3);
}

std::uint64_t aligned(std::uint64_t bytes) { return (bytes + 7) & ~std::uint64_t{7}; }

}  // namespace

struct RandomStream::Context {
  ContextSlot slot;
  Address at;
  ContextKind kind;
  BlockSlot region;
  std::uint64_t region_bytes;
  int recycle_list;
  std::uint64_t next_bytes, init_bytes;
  std::size_t parent;  // index; itself: a top context
  std::size_t children = 0;
  std::vector<Block> blocks;           // never shrinks but in release_blocks; dead ones have no slot
  std::uint32_t current = 0xFFFFFFFF;  // the block that chunks are taken from
  std::vector<Chunk> live;
  std::vector<Chunk> freelist[11];
  std::vector<std::uint32_t> callbacks;
  std::uint64_t slab_chunk = 0;
};

RandomStream::RandomStream(std::uint64_t seed, RandomStreamOptions options) : options_(options), random_(seed) {}
RandomStream::~RandomStream() = default;

EventBody RandomStream::next() {
  while (queue_.empty()) operate();
  EventBody event = std::move(queue_.front());
  queue_.pop_front();
  return event;
}

std::uint64_t RandomStream::roll(std::uint64_t below) { return random_() % below; }
bool RandomStream::chance(double probability) { return static_cast<double>(random_() >> 11) * 0x1.0p-53 < probability; }

std::uint64_t RandomStream::random_size() {
  if (chance(0.01)) return 8193 + roll(60000);
  if (chance(0.02)) return 0;
  return roll(std::uint64_t{8} << roll(9)) + 1;
}

std::string RandomStream::random_words() {
  static constexpr const char* kWords[] = {"ExprContext", "tuple", "上下文", "sort", "plan \"x\"", "\n", "cache", ""};
  std::string text;
  for (std::uint64_t i = roll(6); i > 0; --i) text += std::string(kWords[roll(8)]) + " ";
  return text;
}

// --- memory -----------------------------------------------------------------------------------------------------

Address RandomStream::take_memory(std::uint64_t bytes) {
  auto found = std::find_if(freed_memory_.rbegin(), freed_memory_.rend(),
                            [&](const auto& freed) { return freed.first == bytes; });
  if (found != freed_memory_.rend()) {
    const Address at = found->second;
    freed_memory_.erase(std::next(found).base());
    return at;
  }
  const Address at{next_address_};
  next_address_ += ((bytes + 16 + 15) & ~std::uint64_t{15}) + 16 * roll(3);
  return at;
}

BlockSlot RandomStream::malloc_region(Address at, std::uint64_t bytes) {
  const BlockSlot slot = names_.add_block(at);
  emit(Malloc{slot, at, bytes});
  return slot;
}

void RandomStream::free_region(BlockSlot slot, Address at, std::uint64_t bytes) {
  emit(Free{slot});
  names_.drop_block(slot);
  freed_memory_.emplace_back(bytes, at);
  if (freed_memory_.size() > 200) freed_memory_.erase(freed_memory_.begin());
}

std::uint32_t RandomStream::add_block(Context& context, std::uint64_t bytes, BlockRole role, BlockPosition position) {
  Block block;
  block.at = take_memory(bytes);
  block.bytes = bytes;
  block.slot = malloc_region(block.at, bytes);
  block.role = role;
  block.end = block.at + bytes;
  block.free_at = block.at + kBlockHeader;
  emit(BlockAdded{block.slot, context.slot, role, position, block.at, block.free_at, bytes,
                  context.kind == ContextKind::Slab ? static_cast<std::uint32_t>(roll(3)) : 0});
  context.blocks.push_back(std::move(block));
  return static_cast<std::uint32_t>(context.blocks.size() - 1);
}

// --- contexts ---------------------------------------------------------------------------------------------------

void RandomStream::create_context() {
  auto context = std::make_unique<Context>();
  context->kind = static_cast<ContextKind>(roll(4));
  context->recycle_list = context->kind == ContextKind::AllocSet ? static_cast<int>(roll(3)) - 1 : -1;
  context->init_bytes = context->recycle_list == 0 ? 8192 : 1024;
  context->next_bytes = context->init_bytes;
  const bool slab = context->kind == ContextKind::Slab;
  context->slab_chunk = slab ? aligned(8 + roll(200)) : 0;
  context->region_bytes = slab ? kContextHeader : context->init_bytes;
  bool recycled = false;
  if (context->recycle_list >= 0 && !recycled_[context->recycle_list].empty()) {
    Recycled from = recycled_[context->recycle_list].back();
    recycled_[context->recycle_list].pop_back();
    context->region = from.region;
    context->at = from.at;
    recycled = true;
  } else {
    context->at = take_memory(context->region_bytes);
    context->region = malloc_region(context->at, context->region_bytes);
  }
  context->slot = names_.add_context(context->at);
  context->parent = contexts_.empty() || chance(0.03) ? contexts_.size() : roll(contexts_.size());
  ContextSlot parent;
  if (context->parent < contexts_.size()) {
    parent = contexts_[context->parent]->slot;
    ++contexts_[context->parent]->children;
  }
  emit(ContextCreated{context->slot, parent, context->region, context->kind, recycled, chance(0.1), context->at,
                      slab ? context->slab_chunk : 0, slab ? 4096 : context->init_bytes,
                      slab ? 0 : std::uint64_t{8} << 20, slab ? 0 : kChunkLimit, context->recycle_list,
                      std::string("context ").append(random_words())});
  if (!slab) {
    Block keeper;
    keeper.slot = context->region;
    keeper.at = context->at;
    keeper.bytes = context->region_bytes;
    keeper.role = BlockRole::Keeper;
    keeper.end = keeper.at + keeper.bytes;
    keeper.free_at = keeper.at + kContextHeader + kBlockHeader;
    emit(BlockAdded{keeper.slot, context->slot, BlockRole::Keeper, BlockPosition::Head, keeper.at + kContextHeader,
                    keeper.free_at, keeper.bytes, 0});
    context->blocks.push_back(std::move(keeper));
    context->current = 0;
  }
  contexts_.push_back(std::move(context));
}

void RandomStream::run_callbacks(Context& context) {
  while (!context.callbacks.empty()) {
    emit(CallbackRun{context.slot, context.callbacks.back()});
    context.callbacks.pop_back();
  }
}

// After ContextReset or ContextDeleted: what left is freed, block by block.
void RandomStream::release_blocks(Context& context, bool with_keeper) {
  live_ -= context.live.size();
  context.live.clear();
  for (auto& list : context.freelist) list.clear();
  std::vector<Block> kept;
  for (Block& block : context.blocks) {
    if (!block.slot) continue;
    names_.drop_chunks_of(block.slot);
    if (block.role == BlockRole::Keeper) {
      block.free_at = block.at + kContextHeader + kBlockHeader;
      block.chunks = block.live = 0;
      block.free.clear();
      if (!with_keeper) kept.push_back(block);
    } else {
      free_region(block.slot, block.at, block.bytes);
    }
  }
  context.blocks = std::move(kept);
  context.current = context.blocks.empty() ? 0xFFFFFFFF : 0;
  context.next_bytes = context.init_bytes;
}

void RandomStream::reset_context(std::size_t index) {
  Context& context = *contexts_[index];
  run_callbacks(context);
  emit(ContextReset{context.slot});
  release_blocks(context, false);
}

void RandomStream::delete_context(std::size_t index) {
  Context& context = *contexts_[index];
  if (context.children != 0) return;
  run_callbacks(context);
  emit(ContextDeleted{context.slot});
  names_.drop_context(context.at);
  release_blocks(context, true);
  if (context.recycle_list >= 0 && recycled_[context.recycle_list].size() < 5) {
    recycled_[context.recycle_list].push_back({context.region, context.at, context.region_bytes});
    emit(ContextRecycled{context.region, static_cast<std::uint8_t>(context.recycle_list)});
  } else {
    free_region(context.region, context.at, context.region_bytes);
    if (context.recycle_list >= 0) {  // a full list is emptied, as PostgreSQL does
      for (const Recycled& old : recycled_[context.recycle_list]) free_region(old.region, old.at, old.bytes);
      recycled_[context.recycle_list].clear();
    }
  }
  if (context.parent < contexts_.size() && context.parent != index) --contexts_[context.parent]->children;
  // The last context takes this one's index.
  const std::size_t last = contexts_.size() - 1;
  for (auto& other : contexts_) {
    if (other->parent == index) other->parent = contexts_.size() + 1000000;  // a top context that named itself
  }
  for (auto& other : contexts_) {
    if (other->parent == last) other->parent = index;
  }
  std::swap(contexts_[index], contexts_[last]);
  contexts_.pop_back();
}

// --- chunks -----------------------------------------------------------------------------------------------------

bool RandomStream::allocate_from_tail(std::size_t index, std::uint64_t bytes, std::uint64_t granted,
                                      std::uint8_t size_class, ChunkCause cause) {
  Context& context = *contexts_[index];
  if (context.current >= context.blocks.size()) return false;
  Block& block = context.blocks[context.current];
  const std::uint64_t header = context.kind == ContextKind::Bump ? 0 : kChunkHeader;
  if (!block.slot || block.end - block.free_at < granted + header) return false;
  Chunk chunk{{}, block.free_at + header, granted, size_class, context.current};
  chunk.slot = granted == 0 || context.kind == ContextKind::Bump ? names_.add_chunk_that_may_share(chunk.at, block.slot)
                                                                 : names_.add_chunk(chunk.at, block.slot);
  block.free_at = chunk.at + granted;
  ++block.chunks;
  ++block.live;
  emit(ChunkAllocated{chunk.slot, block.slot, chunk.at, bytes, granted, size_class, ChunkOrigin::Tail, cause});
  context.live.push_back(chunk);
  ++live_;
  return true;
}

void RandomStream::carve(Context& context) {
  if (context.current >= context.blocks.size()) return;
  Block& block = context.blocks[context.current];
  while (block.slot && block.end - block.free_at >= 8 + kChunkHeader) {
    const std::uint64_t available = block.end - block.free_at - kChunkHeader;
    std::uint8_t size_class = std::min(class_of(available), std::uint8_t{10});
    if (available < (std::uint64_t{8} << size_class)) --size_class;
    Chunk chunk{{}, block.free_at + kChunkHeader, std::uint64_t{8} << size_class, size_class, context.current};
    chunk.slot = names_.add_chunk(chunk.at, block.slot);
    block.free_at = chunk.at + chunk.granted;
    ++block.chunks;
    emit(ChunkCarved{chunk.slot, block.slot, chunk.at, chunk.granted, size_class});
    context.freelist[size_class].push_back(chunk);
  }
}

void RandomStream::allocate(std::size_t index, std::uint64_t bytes, ChunkCause cause) {
  Context& context = *contexts_[index];
  if (context.kind == ContextKind::Slab) {
    for (std::uint32_t i = 0; i < context.blocks.size(); ++i) {
      Block& block = context.blocks[i];
      if (!block.slot) continue;
      if (!block.free.empty()) {
        Chunk chunk = block.free.back();
        block.free.pop_back();
        ++block.live;
        emit(ChunkAllocated{chunk.slot, block.slot, chunk.at, context.slab_chunk, context.slab_chunk, 0,
                            ChunkOrigin::Freelist, cause});
        context.live.push_back(chunk);
        ++live_;
        if (chance(0.2)) emit(BlockMoved{block.slot, static_cast<std::uint32_t>(roll(3))});
        return;
      }
      context.current = i;
      if (allocate_from_tail(index, context.slab_chunk, context.slab_chunk, 0, cause)) return;
    }
    context.current = add_block(context, 4096, BlockRole::Ordinary, BlockPosition::Head);
    allocate_from_tail(index, context.slab_chunk, context.slab_chunk, 0, cause);
    return;
  }
  if (bytes > kChunkLimit) {
    const std::uint64_t granted = aligned(bytes);
    const BlockPosition position = context.kind == ContextKind::AllocSet ? BlockPosition::SecondFromHead
                                   : context.kind == ContextKind::Bump   ? BlockPosition::Tail
                                                                         : BlockPosition::Head;
    const std::uint32_t at = add_block(context, granted + kBlockHeader + kChunkHeader, BlockRole::External, position);
    Block& block = context.blocks[at];
    block.free_at = block.end;
    block.chunks = block.live = 1;
    Chunk chunk{{}, block.at + kBlockHeader + kChunkHeader, granted, 0, at};
    chunk.slot = names_.add_chunk(chunk.at, block.slot);
    emit(ChunkAllocated{chunk.slot, block.slot, chunk.at, bytes, granted, 0, ChunkOrigin::External, cause});
    context.live.push_back(chunk);
    ++live_;
    return;
  }
  const bool classes = context.kind == ContextKind::AllocSet;
  const std::uint8_t size_class = classes ? class_of(bytes) : std::uint8_t{0};
  const std::uint64_t granted = classes ? std::uint64_t{8} << size_class : aligned(bytes);
  if (classes && !context.freelist[size_class].empty()) {
    Chunk chunk = context.freelist[size_class].back();
    context.freelist[size_class].pop_back();
    Block& block = context.blocks[chunk.block];
    ++block.live;
    emit(ChunkAllocated{chunk.slot, block.slot, chunk.at, bytes, granted, size_class, ChunkOrigin::Freelist, cause});
    context.live.push_back(chunk);
    ++live_;
    return;
  }
  if (allocate_from_tail(index, bytes, granted, size_class, cause)) return;
  if (classes) carve(context);
  std::uint64_t block_bytes = context.next_bytes;
  const std::uint64_t doubled = std::min<std::uint64_t>(context.next_bytes * 2, std::uint64_t{1} << 20);
  if (doubled != context.next_bytes) emit(NextBlockSizeSet{context.slot, doubled});
  context.next_bytes = doubled;
  while (block_bytes < granted + kBlockHeader + kChunkHeader) block_bytes *= 2;
  context.current = add_block(context, block_bytes, BlockRole::Ordinary, BlockPosition::Head);
  allocate_from_tail(index, bytes, granted, size_class, cause);
}

void RandomStream::free_chunk(std::size_t index, std::size_t live_index, ChunkCause cause) {
  Context& context = *contexts_[index];
  if (context.kind == ContextKind::Bump) return;
  const Chunk chunk = context.live[live_index];
  std::swap(context.live[live_index], context.live.back());
  context.live.pop_back();
  --live_;
  Block& block = context.blocks[chunk.block];
  --block.live;
  if (block.role == BlockRole::External && context.kind == ContextKind::AllocSet) {
    emit(ChunkFreed{chunk.slot, ChunkFate::WithBlock, cause});
    names_.drop_chunks_of(block.slot);
    free_region(block.slot, block.at, block.bytes);
    block.slot = {};
    return;
  }
  const ChunkFate fate = context.kind == ContextKind::Generation ? ChunkFate::Counted : ChunkFate::ToFreelist;
  emit(ChunkFreed{chunk.slot, fate, cause});
  if (context.kind == ContextKind::AllocSet) {
    context.freelist[chunk.size_class].push_back(chunk);
    return;
  }
  if (context.kind == ContextKind::Slab) block.free.push_back(chunk);
  if (block.live != 0) return;
  const bool keep = block.role == BlockRole::Keeper || chunk.block == context.current || chance(0.5);
  if (context.kind == ContextKind::Slab && keep) return;  // a cached empty block keeps its chain
  names_.drop_chunks_of(block.slot);
  if (keep) {
    emit(BlockEmptied{block.slot});
    block.free_at = block.at + (block.role == BlockRole::Keeper ? kContextHeader : 0) + kBlockHeader;
    block.role = block.role == BlockRole::External ? BlockRole::Ordinary : block.role;
    block.chunks = 0;
    return;
  }
  emit(BlockRemoved{block.slot});
  free_region(block.slot, block.at, block.bytes);
  block.slot = {};
}

void RandomStream::resize_chunk(std::size_t index, std::size_t live_index) {
  Context& context = *contexts_[index];
  Chunk& chunk = context.live[live_index];
  Block& block = context.blocks[chunk.block];
  if (block.role == BlockRole::External && context.kind == ContextKind::AllocSet) {
    const std::uint64_t granted = aligned(random_size() + 1);
    const std::uint64_t bytes = granted + kBlockHeader + kChunkHeader;
    const Address to = chance(0.5) ? block.at : take_memory(bytes);
    if (to == block.at && bytes > block.bytes) return;  // it could run into its neighbour
    chunk.at = to + kBlockHeader + kChunkHeader;
    chunk.granted = granted;
    names_.move_block(block.slot, to, chunk.at);
    block.at = to;
    block.bytes = bytes;
    block.end = block.free_at = to + bytes;
    emit(Realloc{block.slot, to, bytes});
    emit(ChunkResized{chunk.slot, granted - roll(8), granted});
    return;
  }
  if (chunk.granted == 0) return;
  if (chance(0.5) || context.kind == ContextKind::Slab || context.kind == ContextKind::Bump) {
    emit(ChunkResized{chunk.slot, 1 + roll(chunk.granted), chunk.granted});
    return;
  }
  const std::uint64_t bytes = chunk.granted * 2 + 1;
  allocate(index, bytes, ChunkCause::Repalloc);
  free_chunk(index, live_index, ChunkCause::Repalloc);
}

// --- what happens -----------------------------------------------------------------------------------------------

// What is known of blocks whose chunks are not: how far a Bump block is used, how many of a Generation block's are
// free.
void RandomStream::report_block(const Context& context) {
  if (context.current >= context.blocks.size() || !context.blocks[context.current].slot) return;
  const Block& block = context.blocks[context.current];
  const bool counts = context.kind == ContextKind::Generation;
  if (counts || context.kind == ContextKind::Bump)
    emit(BlockReported{block.slot, block.free_at, counts ? static_cast<std::uint32_t>(roll(block.live + 1)) : 0});
}

void RandomStream::say_something() {
  Context& context = *contexts_[roll(contexts_.size())];
  switch (roll(options_.dump_events ? 28 : 22)) {
    case 0:
      return emit(Narration{random_words(), random_words()});
    case 1:
      return emit(Output{random_words()});
    case 2:
      return emit(ErrorReported{static_cast<Severity>(roll(3)), context.slot, "53200", random_words(), ""});
    case 3:
      return chance(0.5) ? emit(ErrorCaught{})
                         : emit(FaultFound{static_cast<FaultKind>(roll(kFaultKindCount)), Address{random_()}, roll(100),
                                           context.slot, ChunkSlot{}, roll(1000), roll(1000)});
    case 4:
      return emit(Statement{random_words()});
    case 5:
      return emit(VariableSet{std::string(1, static_cast<char>('a' + roll(20))), Address{chance(0.3) ? 0 : random_()}});
    case 6:
      return emit(SourceText{static_cast<std::uint32_t>(roll(3)), "file.lua", random_words()});
    case 7:
      return emit(AllocationFailed{context.slot, random_()});
    case 8:
      return emit(MallocFailed{random_()});
    case 9:
      return emit(MemoryWritten{Address{random_()}, std::vector<std::uint8_t>(roll(30), std::uint8_t{0x7F})});
    case 10:
      return emit(CritSectionAllowed{context.slot, chance(0.5)});
    case 11:
      return emit(
          ContextIdentSet{context.slot, chance(0.3) ? std::nullopt : std::optional<std::string>{random_words()}});
    case 12:
      context.callbacks.push_back(next_callback_);
      return emit(CallbackRegistered{context.slot, next_callback_++});
    case 13: {
      const std::uint64_t bytes = 1 + roll(5000);
      const Address at = take_memory(bytes);
      const BlockSlot slot = malloc_region(at, bytes);
      plain_.push_back({slot, at, bytes});
      return;
    }
    case 14:
      if (!plain_.empty()) {
        free_region(plain_.back().slot, plain_.back().at, plain_.back().bytes);
        plain_.pop_back();
      }
      return;
    case 15:
      if (!plain_.empty()) {
        Plain& plain = plain_[roll(plain_.size())];
        plain.bytes += roll(1000);
        const Address to = take_memory(plain.bytes);
        names_.move_block(plain.slot, to, {});
        plain.at = to;
        emit(Realloc{plain.slot, plain.at, plain.bytes});
      }
      return;
    case 16:
      if (!plain_.empty()) emit(ReallocFailed{plain_.back().slot, random_()});
      return;
    case 22:
      return emit(SnapshotBegan{random_words(), static_cast<std::uint32_t>(roll(30000))});
    case 23:
      return emit(SnapshotEnded{chance(0.2) ? "cut" : ""});
    case 24:
      return emit(ContextReported{context.slot, roll(9), roll(1 << 20), roll(999), roll(99), roll(999), 0, 0});
    case 25:
      return emit(ContextsOmitted{context.slot, roll(3), roll(9), roll(1 << 20), roll(999), roll(99), roll(99)});
    case 26:
      return emit(ProcessReported{.pause_ns = random_(), .rss_anon = random_(), .stopped = chance(0.5)});
    case 27:
      return report_block(context);
    default:
      return emit(SourceLine{static_cast<std::uint32_t>(roll(3)), static_cast<std::uint32_t>(1 + roll(100))});
  }
}

void RandomStream::operate() {
  if (contexts_.empty() || (contexts_.size() < options_.contexts && chance(0.02))) return create_context();
  if (chance(options_.texts)) return say_something();
  const std::size_t index = roll(contexts_.size());
  if (chance(options_.resets)) {
    if (chance(0.5)) return reset_context(index);
    if (contexts_.size() > 1) return delete_context(index);
    return;
  }
  if (chance(0.01)) return emit(ContextSwitched{contexts_[index]->slot});
  if (chance(0.002)) {
    // Under a context that has no parent of this toy's knowing, so that no cycle can come about.
    Context& context = *contexts_[index];
    if (context.parent >= contexts_.size() || context.parent == index) return;
    --contexts_[context.parent]->children;
    context.parent = contexts_.size() + 1000000;
    return emit(ContextReparented{context.slot, {}});
  }
  Context& context = *contexts_[index];
  const bool grow = live_ < options_.live_chunks ? chance(0.7) : chance(0.45);
  if (grow || context.live.empty()) return allocate(index, random_size(), ChunkCause::Palloc);
  const std::size_t chunk = roll(context.live.size());
  if (chance(0.1)) return resize_chunk(index, chunk);
  free_chunk(index, chunk, ChunkCause::Pfree);
}

std::vector<EventBody> random_events(std::uint64_t seed, std::size_t count, RandomStreamOptions options) {
  RandomStream stream(seed, options);
  std::vector<EventBody> events;
  events.reserve(count);
  while (events.size() < count) events.push_back(stream.next());
  return events;
}

}  // namespace palloscope::test
