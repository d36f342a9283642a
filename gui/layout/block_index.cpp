#include "gui/layout/block_index.h"

#include <algorithm>

#include "trace/analysis/chunk_header_bytes.h"

namespace palloscope::gui {
namespace {

std::uint64_t overlap(std::uint64_t a_begin, std::uint64_t a_end, std::uint64_t begin, std::uint64_t end) {
  std::uint64_t from = std::max(a_begin, begin), to = std::min(a_end, end);
  return from < to ? to - from : 0;
}

ByteUse payload_use(const trace::ChunkRecord& chunk, const trace::ContextRecord* owner) {
  if (chunk.state == trace::ChunkState::Live) return ByteUse::Live;
  return owner != nullptr && owner->kind == core::ContextKind::Generation ? ByteUse::Dead : ByteUse::Free;
}

}  // namespace

BlockIndex::Frame BlockIndex::frame(const trace::MemoryState& state, core::BlockSlot slot,
                                    const core::VersionProfile& profile) {
  const trace::BlockRecord* block = state.block(slot);
  if (block == nullptr) return {};
  size_ = block->bytes;
  if (block->role == core::BlockRole::Plain) return {};
  if (block->role == core::BlockRole::Recycled || block->role == core::BlockRole::Header) {
    whole_ = block->role == core::BlockRole::Recycled ? ByteUse::Recycled : ByteUse::ContextHeader;
    return {};
  }
  opaque_ = false;
  block_header_ = block->header - block->at;
  first_chunk_ = block->free_start - block->at;
  free_at_ = std::min(block->free_at - block->at, size_);
  const trace::ContextRecord* owner = state.context(block->context);
  if (block->uncounted_free != 0 && block->live_chunk_count != 0)
    unsure_free_ = std::min(1.0, static_cast<double>(block->uncounted_free) / block->live_chunk_count);
  is_undivided_ = owner != nullptr && owner->kind == core::ContextKind::Bump && block->chunk_count == 0;
  return {block, owner, owner == nullptr ? 0 : trace::chunk_header_bytes(profile, owner->kind)};
}

BlockIndex BlockIndex::outline(const trace::MemoryState& state, core::BlockSlot slot,
                               const core::VersionProfile& profile) {
  BlockIndex index;
  const Frame frame = index.frame(state, slot, profile);
  if (frame.block == nullptr) return index;
  ByteMix& mix = index.average_.emplace();
  const trace::BlockRecord& block = *frame.block;
  const std::uint64_t used = std::max(index.free_at_, index.first_chunk_) - index.first_chunk_;
  if (index.is_undivided_) mix[ByteUse::Undivided] = used;
  if (block.chunk_count == 0 || frame.owner == nullptr) return index;
  const std::uint64_t headers = std::min(used, block.chunk_count * frame.chunk_header);
  const auto payload = static_cast<double>(used - headers);
  const double live = payload * block.live_chunk_count / block.chunk_count * (1 - index.unsure_free_);
  const double asked = frame.owner->granted_bytes == 0 ? 1
                                                       : static_cast<double>(frame.owner->requested_bytes) /
                                                             static_cast<double>(frame.owner->granted_bytes);
  mix[ByteUse::ChunkHeader] = headers;
  mix[ByteUse::Live] = static_cast<std::uint64_t>(live * std::min(asked, 1.0));
  mix[ByteUse::Rounding] = static_cast<std::uint64_t>(live) - mix[ByteUse::Live];
  mix[frame.owner->kind == core::ContextKind::Generation ? ByteUse::Dead : ByteUse::Free] =
      used - headers - static_cast<std::uint64_t>(live);
  return index;
}

// Of an outline's used bytes.
void BlockIndex::add_average(ByteMix& mix, std::uint64_t bytes) const {
  const auto used = static_cast<double>(free_at_ - first_chunk_);
  for (int i = 0; i < kByteUseCount; ++i)
    mix.bytes[i] +=
        static_cast<std::uint64_t>(static_cast<double>(average_->bytes[i]) * static_cast<double>(bytes) / used);
}

BlockIndex::BlockIndex(const trace::MemoryState& state, core::BlockSlot slot, const core::VersionProfile& profile) {
  const auto [block, owner, header_bytes] = frame(state, slot, profile);
  if (block == nullptr) return;
  chunks_.reserve(block->chunk_count);
  for (core::ChunkSlot at = block->first_chunk; at;) {
    const trace::ChunkRecord& chunk = state.chunks()[at.value];
    const std::uint64_t payload = chunk.at - block->at;
    const std::uint64_t end = std::min(payload + chunk.granted_bytes, size_);
    const std::uint64_t asked = std::min(payload + chunk.requested_bytes, end);
    if (payload >= header_bytes && payload <= size_)
      chunks_.push_back({payload - header_bytes, payload, asked, end, at, payload_use(chunk, owner)});
    at = chunk.next_in_block;
  }
  if (!std::is_sorted(chunks_.begin(), chunks_.end(), [](auto& a, auto& b) { return a.begin < b.begin; }))
    std::sort(chunks_.begin(), chunks_.end(), [](auto& a, auto& b) { return a.begin < b.begin; });
  sums_.resize(chunks_.size() + 1);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    const Chunk& chunk = chunks_[i];
    Sums next = sums_[i];
    next.header += chunk.payload - chunk.begin;
    switch (chunk.use) {
      case ByteUse::Live:
        next.live += chunk.asked - chunk.payload;
        next.rounding += chunk.end - chunk.asked;
        break;
      case ByteUse::Free:
        next.free += chunk.end - chunk.payload;
        break;
      default:
        next.dead += chunk.end - chunk.payload;
    }
    sums_[i + 1] = next;
  }
}

// The first chunk for which `before` no longer holds, looked for outward from chunk `near`: neighbouring columns of the
// map ask for neighbouring chunks, so that a look costs the distance and not the logarithm of everything.
template <class Before>
std::size_t BlockIndex::search(std::size_t near, Before before) const {
  const std::size_t count = chunks_.size();
  std::size_t low = std::min(near, count), high = low, step = 1;
  if (low < count && before(chunks_[low])) {
    while (high < count && before(chunks_[high])) {
      low = high + 1;
      high = std::min(count, high + step);
      step *= 2;
    }
  } else {
    while (low > 0 && !before(chunks_[low - 1])) {
      high = low - 1;
      low = low > step ? low - step : 0;
      step *= 2;
    }
  }
  const auto at = [&](std::size_t i) { return chunks_.begin() + static_cast<std::ptrdiff_t>(i); };
  return static_cast<std::size_t>(std::partition_point(at(low), at(std::max(low, high)), before) - chunks_.begin());
}

std::size_t BlockIndex::first_ending_after(std::uint64_t offset) const {
  return near_ = search(near_, [&](const Chunk& chunk) { return chunk.end <= offset; });
}

std::size_t BlockIndex::first_beginning_at(std::uint64_t offset, std::size_t near) const {
  return search(near, [&](const Chunk& chunk) { return chunk.begin < offset; });
}

void BlockIndex::add_clipped(ByteMix& mix, const Chunk& chunk, std::uint64_t begin, std::uint64_t end) {
  mix[ByteUse::ChunkHeader] += overlap(chunk.begin, chunk.payload, begin, end);
  if (chunk.use != ByteUse::Live) {
    mix[chunk.use] += overlap(chunk.payload, chunk.end, begin, end);
    return;
  }
  mix[ByteUse::Live] += overlap(chunk.payload, chunk.asked, begin, end);
  mix[ByteUse::Rounding] += overlap(chunk.asked, chunk.end, begin, end);
}

ByteMix BlockIndex::mix(std::uint64_t begin, std::uint64_t end) const {
  ByteMix mix;
  end = std::min(end, size_);
  if (begin >= end) return mix;
  if (opaque_) {
    mix[whole_] = end - begin;
    return mix;
  }
  mix[ByteUse::ContextHeader] = overlap(0, block_header_, begin, end);
  mix[ByteUse::BlockHeader] = overlap(block_header_, first_chunk_, begin, end);
  if (average_)
    if (const std::uint64_t used = overlap(first_chunk_, free_at_, begin, end)) add_average(mix, used);
  // Whole chunks come from the sums; the first and the last may stick out of the range.
  std::size_t first = first_ending_after(begin);
  const std::size_t last = first_beginning_at(end, first);
  if (first < last) {
    std::size_t inner_first = first, inner_last = last;
    if (chunks_[first].begin < begin) add_clipped(mix, chunks_[inner_first++], begin, end);
    if (inner_first < inner_last && chunks_[last - 1].end > end) add_clipped(mix, chunks_[--inner_last], begin, end);
    if (inner_first < inner_last) {
      const Sums &a = sums_[inner_first], &b = sums_[inner_last];
      mix[ByteUse::ChunkHeader] += b.header - a.header;
      mix[ByteUse::Live] += b.live - a.live;
      mix[ByteUse::Rounding] += b.rounding - a.rounding;
      mix[ByteUse::Free] += b.free - a.free;
      mix[ByteUse::Dead] += b.dead - a.dead;
    }
  }
  if (unsure_free_ > 0 && !average_) {
    const auto freed = static_cast<std::uint64_t>(static_cast<double>(mix[ByteUse::Live]) * unsure_free_);
    mix[ByteUse::Live] -= freed;
    mix[ByteUse::Dead] += freed;
  }
  if (is_undivided_ && !average_) mix[ByteUse::Undivided] = overlap(first_chunk_, free_at_, begin, end);
  // Whatever no chunk claims is tail: behind freeptr, or the crumb that carving leaves.
  std::uint64_t claimed = 0;
  for (std::uint64_t bytes : mix.bytes) claimed += bytes;
  mix[ByteUse::Tail] += end - begin > claimed ? end - begin - claimed : 0;
  return mix;
}

ByteSpan BlockIndex::span_at(std::uint64_t offset) const {
  if (opaque_) return {0, size_, whole_, {}};
  if (offset < block_header_) return {0, block_header_, ByteUse::ContextHeader, {}};
  if (offset < first_chunk_) return {block_header_, first_chunk_, ByteUse::BlockHeader, {}};
  std::size_t i = first_ending_after(offset);
  if (i < chunks_.size() && chunks_[i].begin <= offset) {
    const Chunk& chunk = chunks_[i];
    if (offset < chunk.payload) return {chunk.begin, chunk.payload, ByteUse::ChunkHeader, chunk.slot};
    if (chunk.use != ByteUse::Live) return {chunk.payload, chunk.end, chunk.use, chunk.slot};
    if (unsure_free_ > 0) return {chunk.payload, chunk.end, ByteUse::Unsure, chunk.slot};
    if (offset < chunk.asked) return {chunk.payload, chunk.asked, ByteUse::Live, chunk.slot};
    return {chunk.asked, chunk.end, ByteUse::Rounding, chunk.slot};
  }
  if (is_undivided_ && offset < free_at_) return {first_chunk_, free_at_, ByteUse::Undivided, {}};
  if (is_undivided_) return {free_at_, size_, ByteUse::Tail, {}};
  const std::uint64_t begin = i == 0 ? first_chunk_ : chunks_[i - 1].end;
  const std::uint64_t end = i < chunks_.size() ? chunks_[i].begin : size_;
  return {begin, end, ByteUse::Tail, {}};
}

core::ChunkSlot BlockIndex::chunk_at(std::uint64_t offset) const {
  return opaque_ || offset >= size_ ? core::ChunkSlot{} : span_at(offset).chunk;
}

std::size_t BlockIndex::chunks_beginning(std::uint64_t begin, std::uint64_t end) const {
  const std::size_t first = first_beginning_at(begin, near_);
  return first_beginning_at(end, first) - first;
}

}  // namespace palloscope::gui
