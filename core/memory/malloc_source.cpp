#include "core/memory/malloc_source.h"

#include <algorithm>
#include <iterator>

#include "core/base/check.h"

namespace palloscope::core {
namespace {

// Where a position-independent executable has its heap and its mappings on x86-64 Linux.
constexpr std::uint64_t kHeapStart = 0x55d0'c2a4'0000;
constexpr std::uint64_t kPagesTop = 0x7f3a'9c00'0000;
constexpr std::uint64_t kPagesFloor = 0x6000'0000'0000;  // what is below fails, as an exhausted address space does
constexpr std::uint64_t kHeapLimit = 0x5800'0000'0000;
constexpr std::uint64_t kFirstUse = 0x298;  // glibc's own first allocation (thread cache), up to a size word
constexpr std::uint64_t kGrow = 132 * 1024;
constexpr std::uint64_t kPageThreshold = 128 * 1024;
constexpr std::uint64_t kMinTaken = 32;
constexpr std::uint64_t kPageHeader = 16;

std::uint64_t round_up(std::uint64_t bytes, std::uint64_t to) { return (bytes + to - 1) / to * to; }
std::uint64_t heap_taken(std::uint64_t bytes) { return std::max(kMinTaken, round_up(bytes + 8, 16)); }
std::uint64_t pages_taken(std::uint64_t bytes) { return round_up(bytes + kPageHeader, AddressSpace::kPageBytes); }

}  // namespace

MallocSource::MallocSource(AddressSpace& space)
    : space_(space), heap_end_(kHeapStart + kFirstUse), brk_(kHeapStart), pages_bottom_(kPagesTop) {}

bool MallocSource::refused(std::uint64_t bytes) const {
  return (fail_from_ != 0 && bytes >= fail_from_) || bytes > kPagesTop - kPagesFloor;
}

Address MallocSource::allocate(std::uint64_t bytes) {
  if (refused(bytes)) return {};
  Region region{bytes, taken_bytes(bytes), bytes >= kPageThreshold};
  Address start = region.mapped ? take_pages(region.taken) : take_heap(region.taken);
  if (!start) return {};
  Address at = start + (region.mapped ? kPageHeader : 8);
  regions_.emplace(at, region);
  write_size_word(at, region);
  return at;
}

bool MallocSource::release(Address at) {
  auto found = regions_.find(at);
  if (found == regions_.end()) return false;
  Region region = found->second;
  regions_.erase(found);
  if (!region.mapped) {
    give_heap(at.value - 8, region.taken);
    return true;
  }
  std::uint64_t start = at.value - kPageHeader;
  space_.unmap({start}, region.taken);
  auto next = holes_.lower_bound(start);
  std::uint64_t end = start + region.taken;
  if (next != holes_.end() && next->first == end) {
    end += next->second;
    next = holes_.erase(next);
  }
  if (next != holes_.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == start) {
      start = before->first;
      holes_.erase(before);
    }
  }
  if (start == pages_bottom_) {
    pages_bottom_ = end;
  } else {
    holes_[start] = end - start;
  }
  return true;
}

Address MallocSource::reallocate(Address at, std::uint64_t bytes) {
  auto found = regions_.find(at);
  check(found != regions_.end(), "only a region is reallocated");
  if (refused(bytes)) return {};
  Region& region = found->second;
  if (region.mapped) {
    std::uint64_t taken = pages_taken(bytes);
    if (taken > region.taken || bytes < kPageThreshold) return move_to(at, region, bytes);
    if (taken < region.taken) {  // the tail goes back; its hole joins when the rest goes
      std::uint64_t tail = at.value - kPageHeader + taken;
      space_.unmap({tail}, region.taken - taken);
      holes_[tail] = region.taken - taken;
      auto next = std::next(holes_.find(tail));
      if (next != holes_.end() && next->first == tail + holes_[tail]) {
        holes_[tail] += next->second;
        holes_.erase(next);
      }
    }
    region.bytes = bytes;
    region.taken = taken;
    write_size_word(at, region);
    return at;
  }

  std::uint64_t taken = heap_taken(bytes);
  if (bytes >= kPageThreshold) return move_to(at, region, bytes);
  std::uint64_t start = at.value - 8;
  if (taken > region.taken) {
    std::uint64_t missing = taken - region.taken;
    auto next = free_.find(start + region.taken);
    if (next != free_.end() && next->second >= missing) {  // grow into the free space behind
      std::uint64_t rest_start = next->first + missing;
      std::uint64_t rest = next->second - missing;
      free_by_size_.erase({next->second, next->first});
      free_.erase(next);
      if (rest > 0) {
        free_[rest_start] = rest;
        free_by_size_.insert({rest, rest_start});
      }
    } else {
      return move_to(at, region, bytes);
    }
  } else if (region.taken - taken >= kMinTaken) {
    give_heap(start + taken, region.taken - taken);
  } else {
    taken = region.taken;
  }
  region.bytes = bytes;
  region.taken = taken;
  write_size_word(at, region);
  return at;
}

bool MallocSource::has_own_pages(Address at) const {
  auto found = regions_.find(at);
  return found != regions_.end() && found->second.mapped;
}

std::optional<std::uint64_t> MallocSource::bytes_of(Address at) const {
  auto found = regions_.find(at);
  if (found == regions_.end()) return std::nullopt;
  return found->second.bytes;
}

std::uint64_t MallocSource::taken_bytes(std::uint64_t bytes) {
  return bytes >= kPageThreshold ? pages_taken(bytes) : heap_taken(bytes);
}

std::optional<MallocSource::Extent> MallocSource::extent_of(Address at) const {
  auto found = regions_.find(at);
  if (found == regions_.end()) return std::nullopt;
  return Extent{at - (found->second.mapped ? kPageHeader : 8), found->second.taken};
}

// Moves contents to a new region; pages move without being copied.
Address MallocSource::move_to(Address at, Region old, std::uint64_t bytes) {
  Address to = allocate(bytes);
  if (!to) return {};
  Region now = regions_.at(to);
  if (old.mapped && now.mapped && old.taken < now.taken) {
    Address from_page = at - kPageHeader;
    Address to_page = to - kPageHeader;
    space_.unmap(to_page, old.taken);
    space_.move(from_page, to_page, old.taken);
    space_.map(from_page, old.taken);  // for release, which unmaps it
    write_size_word(to, now);
  } else {
    space_.copy(to, at, std::min(old.bytes, bytes));
  }
  release(at);
  return to;
}

Address MallocSource::take_heap(std::uint64_t taken) {
  auto best = free_by_size_.lower_bound({taken, 0});
  if (best != free_by_size_.end()) {
    auto [size, start] = *best;
    free_by_size_.erase(best);
    free_.erase(start);
    if (size > taken) {
      free_[start + taken] = size - taken;
      free_by_size_.insert({size - taken, start + taken});
    }
    return {start};
  }
  std::uint64_t start = heap_end_;
  if (start + taken > kHeapLimit) return {};
  if (start + taken > brk_) {
    std::uint64_t grow = round_up(start + taken - brk_, kGrow);
    space_.map({brk_}, grow);
    brk_ += grow;
  }
  heap_end_ = start + taken;
  return {start};
}

void MallocSource::give_heap(std::uint64_t at, std::uint64_t taken) {
  auto next = free_.lower_bound(at);
  if (next != free_.end() && next->first == at + taken) {
    taken += next->second;
    free_by_size_.erase({next->second, next->first});
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == at) {
      at = before->first;
      taken += before->second;
      free_by_size_.erase({before->second, before->first});
      free_.erase(before);
    }
  }
  if (at + taken == heap_end_) {
    heap_end_ = at;
    return;
  }
  free_[at] = taken;
  free_by_size_.insert({taken, at});
}

// The highest hole that fits, else below everything.
Address MallocSource::take_pages(std::uint64_t taken) {
  std::uint64_t start = 0;
  for (auto hole = holes_.rbegin(); hole != holes_.rend(); ++hole) {
    if (hole->second < taken) continue;
    std::uint64_t rest = hole->second - taken;
    start = hole->first + rest;
    if (rest == 0) {
      holes_.erase(hole->first);
    } else {
      hole->second = rest;
    }
    break;
  }
  if (start == 0) {
    if (pages_bottom_ - kPagesFloor < taken) return {};
    start = pages_bottom_ - taken;
    pages_bottom_ = start;
  }
  space_.map({start}, taken);
  return {start};
}

// As glibc: size with PREV_INUSE (1) or IS_MMAPPED (2), so that a hex view shows what lies before a block.
void MallocSource::write_size_word(Address at, const Region& region) {
  space_.store(at - 8, 8, region.taken | (region.mapped ? 2u : 1u));
}

}  // namespace palloscope::core
