// AddressIndex: finds the slot of a thing by its address, for millions of things that come and go. A table per 4 kB of
// address space with an entry for every multiple of 8, so that neighbours share a cache line and nothing is ever
// rehashed; odd addresses (a trampled pointer) go into a map of their own.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "core/base/ids.h"

namespace palloscope::core {

template <class S>
class AddressIndex {
 public:
  S find(Address at) const {
    if (at.value % kGrain != 0) [[unlikely]] {
      auto found = odd_.find(at);
      return found == odd_.end() ? S{} : found->second;
    }
    const Page* page = find_page(at.value / kPageBytes);
    return page == nullptr ? S{} : page->slots[entry(at)];
  }

  void set(Address at, S slot) {
    if (at.value % kGrain != 0) [[unlikely]] {
      odd_.insert_or_assign(at, slot);
      return;
    }
    std::uint64_t number = at.value / kPageBytes;
    Page* page = find_page(number);
    if (page == nullptr) {
      auto& held = pages_[number];
      held = std::make_unique<Page>();
      page = held.get();
      cache_[number % kCached] = {number, page};
    }
    S& held = page->slots[entry(at)];
    if (!held) page->used += 1;
    held = slot;
  }

  void erase(Address at) {
    if (at.value % kGrain != 0) [[unlikely]] {
      odd_.erase(at);
      return;
    }
    std::uint64_t number = at.value / kPageBytes;
    Page* page = find_page(number);
    if (page == nullptr || !page->slots[entry(at)]) return;
    page->slots[entry(at)] = S{};
    page->used -= 1;
    if (page->used == 0) {
      cache_[number % kCached] = {};
      pages_.erase(number);
    }
  }

 private:
  static constexpr std::uint64_t kPageBytes = 4096, kGrain = 8, kCached = 256;
  struct Page {
    std::array<S, kPageBytes / kGrain> slots;
    std::uint32_t used = 0;
  };
  struct Cached {
    std::uint64_t number = ~std::uint64_t{0};
    Page* page = nullptr;
  };

  static std::size_t entry(Address at) { return static_cast<std::size_t>(at.value % kPageBytes / kGrain); }
  Page* find_page(std::uint64_t number) const {
    Cached& cached = cache_[number % kCached];
    if (cached.number == number) return cached.page;
    auto found = pages_.find(number);
    if (found == pages_.end()) return nullptr;
    cached = {number, found->second.get()};
    return cached.page;
  }

  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
  mutable std::array<Cached, kCached> cache_{};
  std::unordered_map<Address, S> odd_;
};

}  // namespace palloscope::core
