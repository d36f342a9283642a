#include "gui/layout/pool_cells.h"

#include <algorithm>

namespace palloscope::gui {
namespace {

bool same_relation(const core::PageTag& a, const core::PageTag& b) {
  return a.relation == b.relation && a.database == b.database && a.tablespace == b.tablespace;
}

}  // namespace

LearnedState learned_state(std::uint32_t word) {
  using namespace core::buffer_bits;
  if (core::refcount_of(word) != 0) return LearnedState::Pinned;
  if ((word & kTagValid) == 0) return LearnedState::Free;
  return (word & kDirty) != 0 ? LearnedState::Dirty : LearnedState::Clean;
}

std::uint8_t pool_age(EventNumber now, EventNumber used) {
  if (used == 0) return 0;
  const EventNumber events = now > used ? now - used : 0;
  std::uint8_t age = kPoolAges - 1;
  for (EventNumber limit = 10; age > 1 && events > limit; limit *= 10) --age;
  return age;
}

void PoolCells::begin(std::uint64_t document, const trace::PoolRecord& pool, EventNumber now) {
  const std::size_t size = pool.reported_only ? 0 : pool.buffers;
  if (document != document_) {
    relations_.assign(1, PoolRelation{});
    by_hash_.clear();
    tints_given_ = 0;
  }
  if (document != document_ || first_ != pool.first || cells_.size() != size) {
    cells_.assign(size, PoolCell{});
    for (PoolRelation& relation : relations_) relation.buffers = 0;
  }
  document_ = document;
  first_ = pool.first;
  now_ = aged_at_ = now;
  next_ = 0;
  last_relation_ = 0;
  ++generation_;
}

double PoolCells::progress() const {
  return cells_.empty() ? 1 : static_cast<double>(next_) / static_cast<double>(cells_.size());
}

std::uint32_t PoolCells::relation_of(const core::PageTag& tag) {
  if (last_relation_ != 0 && same_relation(relations_[last_relation_].tag, tag)) return last_relation_;
  const std::uint64_t hash = (std::uint64_t{tag.database} << 32 | tag.relation) ^ std::uint64_t{tag.tablespace} << 16;
  std::vector<std::uint32_t>& same_hash = by_hash_[hash];
  for (const std::uint32_t known : same_hash)
    if (same_relation(relations_[known].tag, tag)) return last_relation_ = known;
  last_relation_ = static_cast<std::uint32_t>(relations_.size());
  same_hash.push_back(last_relation_);
  relations_.push_back({core::PageTag{tag.tablespace, tag.database, tag.relation, 0, 0}, 0, -1});
  return last_relation_;
}

PoolCell PoolCells::read(const trace::ServerState& state, std::size_t index) {
  PoolCell cell;
  const std::size_t slot = first_.value + index;
  if (slot >= state.buffers.size()) return cell;
  const trace::BufferRecord& buffer = state.buffers[slot];
  // Before 18 only the backend itself counts the pins of its local buffers.
  const trace::PoolRecord* pool = state.pool(buffer.pool);
  const trace::BackendRecord* owner = pool == nullptr || !pool->backend ? nullptr : state.backend(pool->backend);
  std::uint32_t pins = buffer.refcount();
  if (owner != nullptr && pins == 0)
    pins = std::any_of(owner->pins.begin(), owner->pins.end(),
                       [&](const trace::PrivatePin& pin) { return pin.buffer.value == slot; })
               ? 1
               : 0;
  const auto flag = [&](bool set, PoolFlag which) {
    if (set) cell.flags = static_cast<std::uint8_t>(cell.flags | which);
  };
  flag(buffer.has_page(), kHasPage);
  flag(buffer.dirty(), kDirtyPage);
  flag(pins != 0, kPinnedNow);
  flag(buffer.in_freelist, kOnFreelist);
  flag((buffer.word & core::buffer_bits::kIoInProgress) != 0, kIoNow);
  cell.usage = static_cast<std::uint8_t>(buffer.usage());
  cell.age = buffer.has_page() ? pool_age(now_, std::max(buffer.used, buffer.tagged)) : std::uint8_t{0};
  cell.pins = static_cast<std::uint8_t>(std::min<std::uint32_t>(255, pins));
  if (buffer.has_page()) cell.relation = relation_of(buffer.tag);
  return cell;
}

void PoolCells::set(const trace::ServerState& state, std::size_t index) {
  PoolCell& cell = cells_[index];
  if (cell.relation != 0) --relations_[cell.relation].buffers;
  cell = read(state, index);
  if (cell.relation != 0) ++relations_[cell.relation].buffers;
}

bool PoolCells::advance(const trace::ServerState& state, std::size_t most) {
  if (done()) return false;
  const std::size_t end = std::min(cells_.size(), next_ + most);
  for (; next_ < end; ++next_) set(state, next_);
  ++generation_;
  if (done()) give_colours(state);
  return !done();
}

void PoolCells::touch(const trace::ServerState& state, std::span<const core::BufferSlot> changed, EventNumber now) {
  now_ = now;
  for (const core::BufferSlot slot : changed)
    if (slot.value >= first_.value && slot.value - first_.value < cells_.size()) set(state, slot.value - first_.value);
  ++generation_;
  if (done()) give_colours(state);
}

// A few named relations have the colours in the order in which they were named, so that a lesson's tables always look
// the same; else those that have most buffers come first. Who has a colour keeps it.
void PoolCells::give_colours(const trace::ServerState& state) {
  if (tints_given_ >= kRelationTints) return;
  const auto give = [&](PoolRelation& relation) {
    if (relation.tint < 0 && tints_given_ < kRelationTints) relation.tint = tints_given_++;
  };
  if (state.relations.size() <= kRelationTints) {
    for (const trace::RelationRecord& named : state.relations)
      if (named.born != 0) give(relations_[relation_of({named.tablespace, named.database, named.relation, 0, 0})]);
  }
  std::vector<std::uint32_t> waiting;
  for (std::uint32_t i = 1; i < relations_.size(); ++i)
    if (relations_[i].tint < 0 && relations_[i].buffers != 0) waiting.push_back(i);
  std::stable_sort(waiting.begin(), waiting.end(),
                   [&](auto a, auto b) { return relations_[a].buffers > relations_[b].buffers; });
  for (const std::uint32_t i : waiting) give(relations_[i]);
}

}  // namespace palloscope::gui
