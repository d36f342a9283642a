#include "core/mcxt/shadow_memory.h"

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace palloscope::core {
namespace {

constexpr std::size_t kMostPastLives = 200'000;
constexpr std::size_t kMostDeletedContexts = 20'000;
constexpr std::size_t kSweepFrom = 64;
constexpr std::uint64_t kNearby = 64;  // so far behind a region's end an overrun is still taken for its last chunk's

template <class T>
T& at_slot(std::vector<T>& table, std::uint32_t slot) {
  if (table.size() <= slot) table.resize(slot + std::size_t{1});
  return table[slot];
}

}  // namespace

// --- asking ---------------------------------------------------------------------------------------------------

const ShadowLife* ShadowMemory::find(EventNumber born) const {
  auto found = lives_.find(born);
  return found == lives_.end() ? nullptr : &found->second;
}

ShadowLife* ShadowMemory::find(EventNumber born) {
  auto found = lives_.find(born);
  return found == lives_.end() ? nullptr : &found->second;
}

const ShadowLife* ShadowMemory::covering(Address at) const {
  if (const Region* around = region_around(at); around && around->life != 0) return find(around->life);
  auto next = spans_.upper_bound(at.value);
  if (next == spans_.begin()) return nullptr;
  const Span& span = std::prev(next)->second;
  return at.value < span.end ? find(span.life) : nullptr;
}

const ShadowLife* ShadowMemory::beginning_at(Address at) const {
  auto found = starts_.find(at.value);
  if (found == starts_.end()) return nullptr;
  const ShadowLife* life = find(found->second);
  return life && life->at == at ? life : nullptr;
}

const ShadowLife* ShadowMemory::nearest_before(Address at) const {
  auto behind = live_regions_.upper_bound(at.value);
  if (behind == live_regions_.begin()) return nullptr;
  const Region* around = &regions_[std::prev(behind)->second.value];
  if (at - around->at >= around->bytes + kNearby) return nullptr;
  if (around->life != 0) return find(around->life);
  auto next = spans_.upper_bound(at.value);
  if (next == spans_.begin()) return nullptr;
  const ShadowLife* life = find(std::prev(next)->second.life);
  return life && life->at >= around->at ? life : nullptr;
}

void ShadowMemory::narrow_to(Address aligned, std::uint64_t requested_bytes) {
  if (const ShadowLife* here = beginning_at(aligned); here && here->live()) return;
  // The redirecting header is in the chunk; what it stands before may begin right behind it, if it has no bytes.
  const ShadowLife* around = covering(aligned - 8);
  if (!around || !around->live() || aligned < around->at) return;
  ShadowLife& life = lives_[around->born];
  std::uint64_t moved = aligned - life.at;
  life.granted_bytes -= moved;
  life.header_bytes += moved;
  life.at = aligned;
  life.requested_bytes = requested_bytes;
  life.first_word = life.last_word = std::nullopt;
  starts_[aligned.value] = life.born;
}

const ShadowMemory::Context* ShadowMemory::context(ContextSlot slot) const {
  if (!slot || slot.value >= contexts_.size() || contexts_[slot.value].born == 0) return nullptr;
  return &contexts_[slot.value];
}

const ShadowMemory::Context* ShadowMemory::context_at(Address at) const {
  if (const Context* live = context(slot_at(at))) return live;
  auto found = deleted_contexts_.find(at);
  return found == deleted_contexts_.end() ? nullptr : &found->second;
}

ContextSlot ShadowMemory::slot_at(Address at) const {
  auto found = live_contexts_.find(at);
  return found == live_contexts_.end() ? ContextSlot{} : found->second;
}

ContextSlot ShadowMemory::context_of_region_with(Address at) const {
  const Region* around = region_around(at);
  const Context* owner = around ? context(around->context) : nullptr;
  return owner && owner->born == around->context_born ? around->context : ContextSlot{};
}

const ShadowMemory::Region* ShadowMemory::region_around(Address at) const {
  auto next = live_regions_.upper_bound(at.value);
  if (next == live_regions_.begin()) return nullptr;
  const Region& region = regions_[std::prev(next)->second.value];
  return at - region.at < region.bytes ? &region : nullptr;
}

ShadowMemory::Region& ShadowMemory::region(BlockSlot block) { return at_slot(regions_, block.value); }

std::uint64_t ShadowMemory::header_bytes(ContextKind kind) const {
  switch (kind) {
    case ContextKind::AllocSet:
      return profile_.alloc_set.chunk_bytes;
    case ContextKind::Generation:
      return profile_.generation.chunk_bytes;
    case ContextKind::Slab:
      return profile_.slab.chunk_bytes;
    case ContextKind::Bump:
      return profile_.bump.chunk_bytes;
    default:
      return 0;
  }
}

// --- lives ----------------------------------------------------------------------------------------------------

// Takes these bytes from whatever was remembered of them.
void ShadowMemory::clear(std::uint64_t from, std::uint64_t to) {
  auto span = spans_.upper_bound(from);
  if (span != spans_.begin() && std::prev(span)->second.end > from) --span;
  while (span != spans_.end() && span->first < to) {
    Span old = span->second;
    std::uint64_t start = span->first;
    span = spans_.erase(span);
    if (start < from) spans_[start] = {from, old.life};
    if (old.end > to) spans_[to] = old;
  }
}

void ShadowMemory::place(const ShadowLife& life) {
  std::uint64_t from = life.at.value - life.header_bytes, to = life.at.value + life.granted_bytes;
  if (from < to) {
    clear(from, to);
    spans_[from] = {to, life.born};
  }
  starts_[life.at.value] = life.born;
}

void ShadowMemory::begin_life(ShadowLife life, ShadowEffect& effect) {
  if (const ShadowLife* other = covering(life.at); other && other->live() && other->chunk && life.granted_bytes > 0) {
    effect.handed_twice = other->born;
    end_life(other->born, ShadowLife::End::Lost, life.born);
  }
  place(life);
  if (life.context) {
    std::vector<EventNumber>& lives = at_slot(context_lives_, life.context.value);
    if (lives.size() >= kSweepFrom && lives.size() == lives.capacity())
      lives.erase(std::remove_if(lives.begin(), lives.end(),
                                 [this](EventNumber born) {
                                   const ShadowLife* old = find(born);
                                   return !old || !old->live();
                                 }),
                  lives.end());
    lives.push_back(life.born);
  }
  if (life.chunk) at_slot(chunk_lives_, life.chunk.value) = life.born;
  if (life.chunk && life.block) {
    region(life.block).last_chunk = life.born;
    ++region(life.block).live_chunks;
  }
  effect.began = life.born;
  lives_[life.born] = life;
}

void ShadowMemory::end_life(EventNumber born, ShadowLife::End end, EventNumber number) {
  ShadowLife* life = find(born);
  if (!life || !life->live()) return;
  life->end = end;
  life->ended = number;
  if (life->chunk && life->block) --region(life->block).live_chunks;
  past_.push_back(born);
  if (past_.size() > kMostPastLives) forget_oldest();
}

void ShadowMemory::forget_oldest() {
  EventNumber born = past_.front();
  past_.pop_front();
  const ShadowLife life = lives_[born];
  std::uint64_t from = life.at.value - life.header_bytes, to = life.at.value + life.granted_bytes;
  for (auto span = spans_.lower_bound(from); span != spans_.end() && span->first < to;)
    span = span->second.life == born ? spans_.erase(span) : std::next(span);
  if (auto start = starts_.find(life.at.value); start != starts_.end() && start->second == born) starts_.erase(start);
  lives_.erase(born);
}

void ShadowMemory::end_context(ContextSlot slot, ShadowLife::End end, EventNumber number) {
  if (!slot || slot.value >= context_lives_.size()) return;
  std::vector<EventNumber> lives;
  lives.swap(context_lives_[slot.value]);
  for (EventNumber born : lives) end_life(born, end, number);
}

EventNumber ShadowMemory::end_chunks_in(BlockSlot block, EventNumber number) {
  ContextSlot slot = block ? region(block).context : ContextSlot{};
  if (!slot || slot.value >= context_lives_.size() || region(block).live_chunks == 0) return 0;
  EventNumber first = 0;
  for (EventNumber born : context_lives_[slot.value]) {
    const ShadowLife* life = find(born);
    if (!life || !life->live() || life->block != block) continue;
    if (first == 0) first = born;
    end_life(born, ShadowLife::End::Lost, number);
  }
  return first;
}

void ShadowMemory::own_region(BlockSlot block, ContextSlot context) {
  if (!block || !this->context(context)) return;
  Region& owned = region(block);
  owned.context = context;
  owned.context_born = contexts_[context.value].born;
  if (owned.life == 0) return;
  // What was taken for C's own is a block: its chunks will be told.
  if (const ShadowLife* life = find(owned.life)) {
    if (auto start = starts_.find(life->at.value); start != starts_.end() && start->second == life->born)
      starts_.erase(start);
    lives_.erase(owned.life);
  }
  owned.life = 0;
}

// A chunk that went with its block, or C's own memory, lives on elsewhere; where it stays, it is the same life.
void ShadowMemory::move_region(BlockSlot block, const Realloc& event, EventNumber number, ShadowEffect& effect) {
  if (!block) return;
  Region& moved = region(block);
  Address from = moved.at;
  std::uint64_t old_bytes = moved.bytes;
  live_regions_.erase(from.value);
  moved.at = event.at;
  moved.bytes = event.bytes;
  live_regions_[event.at.value] = block;
  const ShadowLife* life = find(moved.life != 0 ? moved.life : moved.last_chunk);
  if (!life || !life->live()) return;
  ShadowLife now = *life;
  now.granted_bytes += event.bytes - old_bytes;
  if (!now.chunk) now.requested_bytes = event.bytes;
  if (event.at == from) {
    clear(now.at.value, std::max(now.at.value + life->granted_bytes, now.at.value + now.granted_bytes));
    lives_[now.born] = now;
    place(now);
    effect.resized = now.born;
    return;
  }
  now.at = event.at + (now.at - from);
  now.born = number;
  end_life(life->born, ShadowLife::End::Freed, number);
  if (moved.life != 0) moved.life = number;
  begin_life(now, effect);
}

// --- events ---------------------------------------------------------------------------------------------------

ShadowEffect ShadowMemory::apply(const EventBody& event, EventNumber number) {
  ShadowEffect effect;
  auto chunk_life = [&](ChunkSlot chunk) -> EventNumber {
    return chunk && chunk.value < chunk_lives_.size() ? chunk_lives_[chunk.value] : 0;
  };
  std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, Malloc>) {
          region(e.block) = {e.at, e.bytes, {}, 0, number, 0, 0};
          live_regions_[e.at.value] = e.block;
          ShadowLife life;
          life.born = number;
          life.at = e.at;
          life.requested_bytes = life.granted_bytes = e.bytes;
          life.block = e.block;
          // Only remembered as a life of its own once it is clear that it does not become a block: see own_region.
          lives_[number] = life;
          starts_[e.at.value] = number;
        } else if constexpr (std::is_same_v<E, Free>) {
          if (!e.block) return;
          Region& gone = region(e.block);
          if (gone.life != 0) {
            if (const ShadowLife* life = find(gone.life)) place(*life);
            end_life(gone.life, ShadowLife::End::Freed, number);
          }
          live_regions_.erase(gone.at.value);
          gone = {};
        } else if constexpr (std::is_same_v<E, Realloc>) {
          move_region(e.block, e, number, effect);
        } else if constexpr (std::is_same_v<E, ContextCreated>) {
          at_slot(contexts_, e.context.value) = {number, 0, e.at, e.kind, e.allow_in_crit_section};
          if (e.context.value < context_lives_.size()) context_lives_[e.context.value].clear();
          live_contexts_[e.at] = e.context;
          deleted_contexts_.erase(e.at);
          own_region(e.region, e.context);
        } else if constexpr (std::is_same_v<E, CritSectionAllowed>) {
          at_slot(contexts_, e.context.value).allow_in_crit_section = e.allowed;
        } else if constexpr (std::is_same_v<E, BlockAdded>) {
          own_region(e.block, e.context);
        } else if constexpr (std::is_same_v<E, BlockRemoved>) {
          effect.lost = end_chunks_in(e.block, number);
          if (e.block) region(e.block).context = {};
        } else if constexpr (std::is_same_v<E, BlockEmptied>) {
          effect.lost = end_chunks_in(e.block, number);
        } else if constexpr (std::is_same_v<E, ContextReset>) {
          end_context(e.context, ShadowLife::End::Reset, number);
        } else if constexpr (std::is_same_v<E, ContextDeleted>) {
          if (!context(e.context)) return;
          end_context(e.context, ShadowLife::End::Deleted, number);
          Context& gone = contexts_[e.context.value];
          live_contexts_.erase(gone.at);
          gone.ended = number;
          if (deleted_contexts_.size() >= kMostDeletedContexts) deleted_contexts_.clear();
          deleted_contexts_[gone.at] = gone;
          gone = {};
        } else if constexpr (std::is_same_v<E, ChunkAllocated>) {
          ShadowLife life;
          life.born = number;
          life.at = e.at;
          life.requested_bytes = e.requested_bytes;
          life.granted_bytes = e.granted_bytes;
          life.chunk = e.chunk;
          life.block = e.block;
          if (e.block) life.context = region(e.block).context;
          if (const Context* owner = context(life.context)) {
            life.kind = owner->kind;
            life.context_born = owner->born;
          }
          life.header_bytes = header_bytes(life.kind);
          effect.unknown_chunk = !e.chunk;
          begin_life(life, effect);
        } else if constexpr (std::is_same_v<E, ChunkFreed>) {
          end_life(chunk_life(e.chunk), ShadowLife::End::Freed, number);
        } else if constexpr (std::is_same_v<E, ChunkResized>) {
          ShadowLife* life = find(chunk_life(e.chunk));
          if (!life) return;
          life->requested_bytes = e.requested_bytes;
          life->granted_bytes = e.granted_bytes;
          place(*life);
          effect.resized = life->born;
        }
      },
      event);
  return effect;
}

}  // namespace palloscope::core
