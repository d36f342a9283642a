#include "trace/compare/pool_contender.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace palloscope::trace {
namespace {

constexpr std::uint64_t kLeast = 16, kChunkHeader = 8, kBlockHeader = 16;
constexpr core::ContextSlot kPool{0};

int class_of(std::uint64_t bytes) { return static_cast<int>(std::bit_width((std::max(bytes, kLeast) - 1) / kLeast)); }
constexpr std::uint64_t class_bytes(int size_class) { return kLeast << size_class; }

}  // namespace

PoolContender::PoolContender(const ContenderSpec& chosen, const ContenderSetting& setting)
    : FlatContender(chosen, setting), block_bytes_(chosen.block_bytes), largest_(chosen.block_bytes / 4) {
  while (largest_class_ + 1 < kFreelistCount && class_bytes(largest_class_ + 1) <= largest_) ++largest_class_;
  largest_ = class_bytes(largest_class_);
}

// Drawn as one AllocSet of PostgreSQL 17, whose chunk headers have 8 bytes too.
void PoolContender::start() {
  core::ContextCreated event;
  event.context = kPool;
  event.kind = core::ContextKind::AllocSet;
  event.init_block_bytes = event.max_block_bytes = block_bytes_;
  event.chunk_limit_bytes = largest_;
  event.name = "pool";
  sink().emit(event);
}

void PoolContender::announce(const Piece& piece, std::uint64_t bytes, core::ChunkOrigin origin,
                             core::ChunkCause cause) {
  core::ChunkAllocated event;
  event.chunk = piece.chunk;
  event.block = piece.block;
  event.at = piece.at;
  event.requested_bytes = bytes;
  event.granted_bytes = piece.granted;
  event.size_class = static_cast<std::uint8_t>(std::max(0, piece.size_class));
  event.origin = origin;
  event.cause = cause;
  sink().emit(event);
}

void PoolContender::add_block() {
  const core::Address at = take(block_bytes_);
  block_ = blocks_.take();
  free_at_ = at + kBlockHeader;
  end_ = at + block_bytes_;
  sink().emit(core::Malloc{block_, at, block_bytes_});
  core::BlockAdded added;
  added.block = block_;
  added.context = kPool;
  added.header = at;
  added.free_start = free_at_;
  added.accounted_bytes = block_bytes_;
  sink().emit(added);
}

FlatContender::Piece PoolContender::allocate_alone(std::uint64_t bytes, core::ChunkCause cause) {
  Piece piece{.block = blocks_.take(), .chunk = slots_.take(), .granted = (bytes + 7) / 8 * 8};
  const std::uint64_t region = kBlockHeader + kChunkHeader + piece.granted;
  const core::Address at = take(region);
  piece.at = at + kBlockHeader + kChunkHeader;
  sink().emit(core::Malloc{piece.block, at, region});
  core::BlockAdded added;
  added.block = piece.block;
  added.context = kPool;
  added.role = core::BlockRole::External;
  added.header = at;
  added.free_start = at + kBlockHeader;
  added.accounted_bytes = region;
  sink().emit(added);
  announce(piece, bytes, core::ChunkOrigin::External, cause);
  return piece;
}

FlatContender::Piece PoolContender::allocate(core::ContextSlot, std::uint64_t bytes, core::ChunkCause cause) {
  if (bytes > largest_) return allocate_alone(bytes, cause);
  const int size_class = class_of(bytes);
  auto& list = free_[static_cast<std::size_t>(size_class)];
  if (!list.empty()) {
    const Piece piece = list.back();
    list.pop_back();
    announce(piece, bytes, core::ChunkOrigin::Freelist, cause);
    return piece;
  }
  const std::uint64_t room = class_bytes(size_class);
  if (!block_ || end_ - free_at_ < kChunkHeader + room) add_block();
  Piece piece{.at = free_at_ + kChunkHeader, .block = block_, .chunk = slots_.take(), .size_class = size_class};
  piece.granted = room;
  free_at_ = piece.at + room;
  announce(piece, bytes, core::ChunkOrigin::Tail, cause);
  return piece;
}

void PoolContender::resize(core::ContextSlot context, Piece& piece, std::uint64_t bytes) {
  if (bytes <= piece.granted) {
    sink().emit(core::ChunkResized{piece.chunk, bytes, piece.granted});
    return;
  }
  const Piece old = piece;
  piece = allocate(context, bytes, core::ChunkCause::Repalloc);
  release(old, core::ChunkCause::Repalloc);
}

void PoolContender::release(const Piece& piece, core::ChunkCause cause) {
  if (piece.size_class >= 0) {
    free_[static_cast<std::size_t>(piece.size_class)].push_back(piece);
    sink().emit(core::ChunkFreed{piece.chunk, core::ChunkFate::ToFreelist, cause});
    return;
  }
  sink().emit(core::ChunkFreed{piece.chunk, core::ChunkFate::WithBlock, cause});
  mallocs_.release(piece.at - (kBlockHeader + kChunkHeader));
  slots_.give(piece.chunk);
  blocks_.give(piece.block);
  sink().emit(core::Free{piece.block});
}

}  // namespace palloscope::trace
