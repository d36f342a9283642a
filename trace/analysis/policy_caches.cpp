// The caches of the policy laboratory, one class a policy. The rules they share are in policies.h.
#include <algorithm>

#include "trace/analysis/page_lists.h"
#include "trace/analysis/policies.h"

namespace palloscope::trace {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;

class ClockCache final : public PolicyCache {
 public:
  ClockCache(std::uint32_t buffers, bool with_rings) : with_rings_(with_rings), buffers_(buffers) {
    for (std::uint32_t buffer = buffers; buffer-- > 0;) free_.push_back(buffer);  // the freelist's head is at the end
  }

  Outcome access(std::uint32_t page, std::optional<std::uint32_t> ring_name) override {
    Ring* ring = ring_of(ring_name);
    if (holds(page)) {
      std::uint8_t& usage = buffers_[buffer_of_[page]].usage;
      if (ring != nullptr)
        usage = std::max<std::uint8_t>(usage, 1);
      else if (usage < core::kMaxUsage)
        ++usage;
      return {true, std::nullopt};
    }
    const std::uint32_t victim = find_victim(ring);
    Buffer& buffer = buffers_[victim];
    Outcome outcome;
    if (buffer.page != kNone) {
      outcome.evicted = buffer.page;
      buffer_of_[buffer.page] = kNone;
    }
    buffer.page = page;
    buffer.usage = 1;
    if (page >= buffer_of_.size()) buffer_of_.resize(page + 1, kNone);
    buffer_of_[page] = victim;
    return outcome;
  }

  bool holds(std::uint32_t page) const override { return page < buffer_of_.size() && buffer_of_[page] != kNone; }

  void drop(std::uint32_t page) override {
    if (!holds(page)) return;
    const std::uint32_t at = buffer_of_[page];
    buffer_of_[page] = kNone;
    Buffer& buffer = buffers_[at];
    buffer.page = kNone;
    buffer.usage = 0;
    if (!buffer.is_free) free_.push_back(at);  // a ring may have used it while it was on the freelist
    buffer.is_free = true;
  }

  void ring_created(std::uint32_t name, std::uint32_t slots) override {
    if (!with_rings_) return;
    if (name >= rings_.size()) rings_.resize(name + 1);
    const auto most = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(buffers_.size()) / 8);
    rings_[name].current = 0;
    rings_[name].slots.assign(std::clamp<std::uint32_t>(slots, 1, most), kNone);
  }

 private:
  struct Buffer {
    std::uint32_t page = kNone;
    std::uint8_t usage = 0;
    bool is_free = true;
  };
  struct Ring {
    std::size_t current = 0;
    std::vector<std::uint32_t> slots;
  };

  Ring* ring_of(std::optional<std::uint32_t> name) {
    if (!name || *name >= rings_.size() || rings_[*name].slots.empty()) return nullptr;
    return &rings_[*name];
  }

  std::uint32_t find_victim(Ring* ring) {
    if (ring != nullptr) {
      ring->current = (ring->current + 1) % ring->slots.size();
      const std::uint32_t held = ring->slots[ring->current];
      if (held != kNone && buffers_[held].usage <= 1) return held;
    }
    const std::uint32_t victim = free_or_swept();
    if (ring != nullptr) ring->slots[ring->current] = victim;
    return victim;
  }

  std::uint32_t free_or_swept() {
    while (!free_.empty()) {
      const std::uint32_t buffer = free_.back();
      free_.pop_back();
      buffers_[buffer].is_free = false;
      if (buffers_[buffer].usage == 0) return buffer;
    }
    while (true) {
      const std::uint32_t at = hand_;
      hand_ = (hand_ + 1) % static_cast<std::uint32_t>(buffers_.size());
      if (buffers_[at].usage == 0) return at;
      --buffers_[at].usage;
    }
  }

  bool with_rings_;
  std::vector<Buffer> buffers_;
  std::vector<std::uint32_t> buffer_of_;  // by page
  std::vector<std::uint32_t> free_;
  std::vector<Ring> rings_;
  std::uint32_t hand_ = 0;
};

class LruCache final : public PolicyCache {
 public:
  explicit LruCache(std::uint32_t buffers) : buffers_(buffers) {}

  Outcome access(std::uint32_t page, std::optional<std::uint32_t>) override {
    if (holds(page)) {
      pages_.move(0, page);
      return {true, std::nullopt};
    }
    Outcome outcome;
    if (pages_.size(0) >= buffers_) {
      outcome.evicted = pages_.oldest(0);
      pages_.remove(*outcome.evicted);
    }
    pages_.push(0, page);
    return outcome;
  }
  bool holds(std::uint32_t page) const override { return pages_.list_of(page) == 0; }
  void drop(std::uint32_t page) override {
    if (holds(page)) pages_.remove(page);
  }

 private:
  std::uint32_t buffers_;
  PageLists<1> pages_;
};

class TwoQCache final : public PolicyCache {
 public:
  explicit TwoQCache(std::uint32_t buffers)
      : buffers_(buffers), most_in_(std::max(1U, buffers / 4)), most_out_(std::max(1U, buffers / 2)) {}

  Outcome access(std::uint32_t page, std::optional<std::uint32_t>) override {
    switch (pages_.list_of(page)) {
      case kHot:
        pages_.move(kHot, page);
        return {true, std::nullopt};
      case kIn:
        return {true, std::nullopt};
      case kOut: {
        pages_.remove(page);
        const Outcome outcome{false, make_room()};
        pages_.push(kHot, page);
        return outcome;
      }
      default: {
        const Outcome outcome{false, make_room()};
        pages_.push(kIn, page);
        return outcome;
      }
    }
  }
  bool holds(std::uint32_t page) const override { return pages_.list_of(page) == kIn || pages_.list_of(page) == kHot; }
  void drop(std::uint32_t page) override {
    if (pages_.list_of(page) != pages_.kNowhere) pages_.remove(page);
  }

 private:
  enum : std::uint8_t { kIn, kOut, kHot };  // A1in: seen once; A1out: remembered, not there; Am: seen again

  std::optional<std::uint32_t> make_room() {
    if (pages_.size(kIn) + pages_.size(kHot) < buffers_) return std::nullopt;
    if (pages_.size(kIn) > most_in_ || pages_.size(kHot) == 0) {
      const std::uint32_t victim = pages_.oldest(kIn);
      pages_.move(kOut, victim);
      if (pages_.size(kOut) > most_out_) pages_.remove(pages_.oldest(kOut));
      return victim;
    }
    const std::uint32_t victim = pages_.oldest(kHot);
    pages_.remove(victim);
    return victim;
  }

  std::uint32_t buffers_, most_in_, most_out_;
  PageLists<3> pages_;
};

class ArcCache final : public PolicyCache {
 public:
  explicit ArcCache(std::uint32_t buffers) : buffers_(buffers) {}

  Outcome access(std::uint32_t page, std::optional<std::uint32_t>) override {
    switch (pages_.list_of(page)) {
      case kOnce:
      case kTwice:
        pages_.move(kTwice, page);
        return {true, std::nullopt};
      case kOnceGone: {
        target_ = std::min(buffers_, target_ + std::max(1U, pages_.size(kTwiceGone) / pages_.size(kOnceGone)));
        const Outcome outcome{false, make_room(false)};
        pages_.move(kTwice, page);
        return outcome;
      }
      case kTwiceGone: {
        target_ -= std::min(target_, std::max(1U, pages_.size(kOnceGone) / pages_.size(kTwiceGone)));
        const Outcome outcome{false, make_room(true)};
        pages_.move(kTwice, page);
        return outcome;
      }
      default: {
        const Outcome outcome{false, admit()};
        pages_.push(kOnce, page);
        return outcome;
      }
    }
  }
  bool holds(std::uint32_t page) const override {
    return pages_.list_of(page) == kOnce || pages_.list_of(page) == kTwice;
  }
  void drop(std::uint32_t page) override {
    if (pages_.list_of(page) != pages_.kNowhere) pages_.remove(page);
  }

 private:
  enum : std::uint8_t { kOnce, kTwice, kOnceGone, kTwiceGone };  // T1, T2; B1, B2: remembered, not there

  std::uint32_t cached() const { return pages_.size(kOnce) + pages_.size(kTwice); }

  // For a page of which nothing is remembered: also keeps what is remembered within bounds.
  std::optional<std::uint32_t> admit() {
    const std::uint32_t once = pages_.size(kOnce) + pages_.size(kOnceGone);
    if (once >= buffers_) {
      if (pages_.size(kOnce) < buffers_) {
        pages_.remove(pages_.oldest(kOnceGone));
        return make_room(false);
      }
      const std::uint32_t victim = pages_.oldest(kOnce);
      pages_.remove(victim);
      return victim;
    }
    if (cached() + pages_.size(kOnceGone) + pages_.size(kTwiceGone) >= 2 * std::uint64_t{buffers_})
      pages_.remove(pages_.oldest(kTwiceGone));
    return make_room(false);
  }

  // REPLACE. `for_twice_gone`: the page that comes is one of B2.
  std::optional<std::uint32_t> make_room(bool for_twice_gone) {
    if (cached() < buffers_) return std::nullopt;
    const std::uint32_t once = pages_.size(kOnce);
    const bool from_once = once > 0 && (once > target_ || (for_twice_gone && once == target_));
    const bool take_once = from_once || pages_.size(kTwice) == 0;
    const std::uint32_t victim = pages_.oldest(take_once ? kOnce : kTwice);
    pages_.move(take_once ? kOnceGone : kTwiceGone, victim);
    return victim;
  }

  std::uint32_t buffers_;
  std::uint32_t target_ = 0;  // p: how many pages seen once are wanted
  PageLists<4> pages_;
};

}  // namespace

std::unique_ptr<PolicyCache> make_policy_cache(ReplacementPolicy policy, std::uint32_t buffers) {
  switch (policy) {
    case ReplacementPolicy::ClockSweep:
      return std::make_unique<ClockCache>(buffers, true);
    case ReplacementPolicy::ClockWithoutRings:
      return std::make_unique<ClockCache>(buffers, false);
    case ReplacementPolicy::Lru:
      return std::make_unique<LruCache>(buffers);
    case ReplacementPolicy::TwoQ:
      return std::make_unique<TwoQCache>(buffers);
    case ReplacementPolicy::Arc:
      return std::make_unique<ArcCache>(buffers);
  }
  return nullptr;
}

}  // namespace palloscope::trace
