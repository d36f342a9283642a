// The policy laboratory: one sequence of page accesses under several replacement policies, in step. Pure: it is fed
// access by access and knows no files; policy_run feeds it what a trace recorded.
//
// The rules, so that the policies can be compared:
// - A page is unpinned before the next access, so every page of the cache can be replaced at any time.
// - Free buffers are used before any page is replaced. A dropped page leaves at once and is not written.
// - A write is a dirty page that is replaced. What a checkpoint or a flush writes is clean in every policy afterwards
// and
//   counts in none; the background writer's work follows PostgreSQL's own hand and is left out.
// - Clock sweep is PostgreSQL's (spec 10.5, 10.6): usage counts up to 5, the freelist first, rings as they were
//   recorded, in a smaller pool of at most an eighth of it. That a bulk read gives up a dirty page of its ring rather
//   than flush WAL is left out. The other policies know no rings.
// - 2Q is the full version (Johnson and Shasha, 1994): pages seen once wait in a quarter of the cache, and are
//   remembered for half of it. ARC (Megiddo and Modha, 2003) in whole numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/events/buffer_events.h"

namespace palloscope::trace {

enum class ReplacementPolicy : std::uint8_t { ClockSweep, ClockWithoutRings, Lru, TwoQ, Arc };
inline constexpr int kReplacementPolicyCount = 5;
std::string_view policy_name(ReplacementPolicy policy);  // "clock sweep", "LRU"

struct PolicyCounts {
  std::uint64_t requests = 0, hits = 0;
  std::uint64_t evictions = 0;  // pages that had to leave for another one
  std::uint64_t writes = 0;     // ... and were dirty
  std::uint64_t misses() const { return requests - hits; }
  friend bool operator==(const PolicyCounts&, const PolicyCounts&) = default;
};

// One policy's cache. Pages are dense numbers.
class PolicyCache {
 public:
  virtual ~PolicyCache() = default;
  struct Outcome {
    bool hit = false;
    std::optional<std::uint32_t> evicted;
  };
  // `ring`: slot of the ring that the access uses; none: normal.
  virtual Outcome access(std::uint32_t page, std::optional<std::uint32_t> ring) = 0;
  virtual bool holds(std::uint32_t page) const = 0;
  virtual void drop(std::uint32_t page) = 0;
  virtual void ring_created(std::uint32_t, std::uint32_t) {}
};

std::unique_ptr<PolicyCache> make_policy_cache(ReplacementPolicy policy, std::uint32_t buffers);

class PolicyLab {
 public:
  explicit PolicyLab(std::uint32_t buffers);  // at least 1

  // `ring`: as ring_created named it.
  void access(const core::PageTag& tag, std::optional<std::uint32_t> ring = std::nullopt);
  void dirty(const core::PageTag& tag);  // a policy that no longer holds the page writes it at once
  void clean(const core::PageTag& tag);
  void drop(const core::PageTag& tag);
  void ring_created(std::uint32_t ring, std::uint32_t slots);

  std::uint32_t buffers() const { return buffers_; }
  const PolicyCounts& counts(ReplacementPolicy policy) const { return counts_[static_cast<std::size_t>(policy)]; }
  const std::array<PolicyCounts, kReplacementPolicyCount>& counts() const { return counts_; }
  bool holds(ReplacementPolicy policy, const core::PageTag& tag) const;

 private:
  // Pages by number, open addressing: the one look-up that all policies share.
  class PageNumbers {
   public:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    std::uint32_t find(const core::PageTag& tag) const;
    std::uint32_t number(const core::PageTag& tag);

   private:
    std::size_t place_of(const core::PageTag& tag) const;
    void grow();
    std::vector<core::PageTag> tags_;    // by number
    std::vector<std::uint32_t> places_;  // number + 1; 0: empty
  };

  std::uint32_t buffers_;
  PageNumbers numbers_;
  std::array<std::unique_ptr<PolicyCache>, kReplacementPolicyCount> caches_;
  std::vector<std::uint8_t> dirty_;  // by page: bit 1 << policy
  std::array<PolicyCounts, kReplacementPolicyCount> counts_{};
};

}  // namespace palloscope::trace
