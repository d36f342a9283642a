#include "trace/analysis/policies.h"

#include <algorithm>

namespace palloscope::trace {

std::string_view policy_name(ReplacementPolicy policy) {
  static constexpr std::string_view kNames[kReplacementPolicyCount] = {"clock sweep", "clock sweep without rings",
                                                                       "LRU", "2Q", "ARC"};
  return kNames[static_cast<std::size_t>(policy)];
}

// --- pages by number --------------------------------------------------------------------------------------------

std::size_t PolicyLab::PageNumbers::place_of(const core::PageTag& tag) const {
  std::uint64_t hash = 0;
  for (const std::uint32_t part :
       {tag.tablespace, tag.database, tag.relation, static_cast<std::uint32_t>(tag.fork), tag.block})
    hash = (hash ^ part) * 0x9E3779B97F4A7C15ull, hash ^= hash >> 29;
  const std::size_t mask = places_.size() - 1;
  std::size_t place = static_cast<std::size_t>(hash) & mask;
  while (places_[place] != 0 && tags_[places_[place] - 1] != tag) place = (place + 1) & mask;
  return place;
}

std::uint32_t PolicyLab::PageNumbers::find(const core::PageTag& tag) const {
  if (places_.empty()) return kNone;
  return places_[place_of(tag)] - 1;  // an empty place gives kNone
}

void PolicyLab::PageNumbers::grow() {
  places_.assign(std::max<std::size_t>(64, places_.size() * 2), 0);
  for (std::uint32_t i = 0; i < tags_.size(); ++i) places_[place_of(tags_[i])] = i + 1;
}

std::uint32_t PolicyLab::PageNumbers::number(const core::PageTag& tag) {
  if (2 * (tags_.size() + 1) > places_.size()) grow();
  std::uint32_t& place = places_[place_of(tag)];
  if (place == 0) {
    tags_.push_back(tag);
    place = static_cast<std::uint32_t>(tags_.size());
  }
  return place - 1;
}

// --- the laboratory ---------------------------------------------------------------------------------------------

PolicyLab::PolicyLab(std::uint32_t buffers) : buffers_(std::max(1U, buffers)) {
  for (int policy = 0; policy < kReplacementPolicyCount; ++policy)
    caches_[static_cast<std::size_t>(policy)] = make_policy_cache(static_cast<ReplacementPolicy>(policy), buffers_);
}

void PolicyLab::access(const core::PageTag& tag, std::optional<std::uint32_t> ring) {
  const std::uint32_t page = numbers_.number(tag);
  if (page >= dirty_.size()) dirty_.resize(page + 1);
  for (std::size_t policy = 0; policy < caches_.size(); ++policy) {
    PolicyCounts& counts = counts_[policy];
    const PolicyCache::Outcome outcome = caches_[policy]->access(page, ring);
    ++counts.requests;
    counts.hits += outcome.hit ? 1 : 0;
    if (!outcome.evicted) continue;
    ++counts.evictions;
    std::uint8_t& dirty = dirty_[*outcome.evicted];
    const auto bit = static_cast<std::uint8_t>(1U << policy);
    if (dirty & bit) ++counts.writes;
    dirty = static_cast<std::uint8_t>(dirty & ~bit);
  }
}

void PolicyLab::dirty(const core::PageTag& tag) {
  const std::uint32_t page = numbers_.find(tag);
  if (page == PageNumbers::kNone) return;  // it was there before the accesses began
  for (std::size_t policy = 0; policy < caches_.size(); ++policy) {
    if (caches_[policy]->holds(page))
      dirty_[page] = static_cast<std::uint8_t>(dirty_[page] | 1U << policy);
    else
      ++counts_[policy].writes;
  }
}

void PolicyLab::clean(const core::PageTag& tag) {
  if (const std::uint32_t page = numbers_.find(tag); page != PageNumbers::kNone) dirty_[page] = 0;
}

void PolicyLab::drop(const core::PageTag& tag) {
  const std::uint32_t page = numbers_.find(tag);
  if (page == PageNumbers::kNone) return;
  dirty_[page] = 0;
  for (const auto& cache : caches_) cache->drop(page);
}

void PolicyLab::ring_created(std::uint32_t ring, std::uint32_t slots) {
  for (const auto& cache : caches_) cache->ring_created(ring, slots);
}

bool PolicyLab::holds(ReplacementPolicy policy, const core::PageTag& tag) const {
  const std::uint32_t page = numbers_.find(tag);
  return page != PageNumbers::kNone && caches_[static_cast<std::size_t>(policy)]->holds(page);
}

}  // namespace palloscope::trace
