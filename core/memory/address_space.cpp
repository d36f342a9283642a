#include "core/memory/address_space.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "core/base/check.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kPage = AddressSpace::kPageBytes;
alignas(8) constexpr std::array<std::uint8_t, kPage> kZeroPage{};

bool in_user_space(Address at, std::uint64_t bytes) {
  return at.value < AddressSpace::kEnd && bytes <= AddressSpace::kEnd - at.value;
}

}  // namespace

AddressSpace::AddressSpace() = default;

void AddressSpace::map(Address at, std::uint64_t bytes) {
  check(at.value % kPage == 0 && bytes % kPage == 0 && bytes > 0 && at.value >= kPage && in_user_space(at, bytes),
        "a mapping is whole pages of user space");
  std::uint64_t first = at.value / kPage;
  std::uint64_t count = bytes / kPage;
  auto next = mapped_.lower_bound(first);
  check(next == mapped_.end() || first + count <= next->first, "mappings do not overlap");
  if (next != mapped_.begin()) {
    auto before = std::prev(next);
    check(before->first + before->second <= first, "mappings do not overlap");
    if (before->first + before->second == first) {
      first = before->first;
      count += before->second;
    }
  }
  if (next != mapped_.end() && next->first == first + count) {
    count += next->second;
    mapped_.erase(next);
  }
  mapped_[first] = count;
}

void AddressSpace::map_again(Address at, Address of, std::uint64_t bytes) {
  check(is_mapped(of, bytes) && of.value % kPage == 0, "only mapped pages are seen at a second place");
  const std::uint64_t first = of.value / kPage;
  check(home(first) == first && home(first + bytes / kPage - 1) == first + bytes / kPage - 1,
        "a second view is of the first");
  map(at, bytes);
  forget(at.value / kPage, bytes / kPage);
  views_[at.value / kPage] = {bytes / kPage, first};
}

std::uint64_t AddressSpace::home(std::uint64_t page) const {
  if (views_.empty()) return page;
  auto found = views_.upper_bound(page);
  if (found == views_.begin()) return page;
  --found;
  return page - found->first < found->second.count ? found->second.of + (page - found->first) : page;
}

void AddressSpace::unmap(Address at, std::uint64_t bytes) {
  check(at.value % kPage == 0 && bytes % kPage == 0 && bytes > 0 && is_mapped(at, bytes),
        "only what is mapped is unmapped");
  std::uint64_t first = at.value / kPage;
  std::uint64_t count = bytes / kPage;
  auto found = std::prev(mapped_.upper_bound(first));
  std::uint64_t old_first = found->first;
  std::uint64_t old_end = old_first + found->second;
  mapped_.erase(found);
  if (old_first < first) mapped_[old_first] = first - old_first;
  if (first + count < old_end) mapped_[first + count] = old_end - first - count;
  forget(first, count);
  if (const auto view = views_.find(first); view != views_.end()) {
    check(view->second.count == count, "a second view is unmapped whole");
    views_.erase(view);
    return;
  }
  if (count > pages_.size()) {
    std::erase_if(pages_, [=](const auto& page) { return page.first >= first && page.first < first + count; });
  } else {
    for (std::uint64_t page = first; page < first + count; ++page) pages_.erase(page);
  }
}

void AddressSpace::move(Address from, Address to, std::uint64_t bytes) {
  map(to, bytes);
  std::uint64_t first = from.value / kPage;
  std::uint64_t count = bytes / kPage;
  forget(first, count);
  forget(to.value / kPage, count);
  std::vector<std::uint64_t> numbers;
  if (count > pages_.size()) {
    for (const auto& page : pages_) {
      if (page.first >= first && page.first < first + count) numbers.push_back(page.first);
    }
  } else {
    for (std::uint64_t page = first; page < first + count; ++page) {
      if (pages_.contains(page)) numbers.push_back(page);
    }
  }
  for (std::uint64_t number : numbers) {
    auto node = pages_.extract(number);
    node.key() = to.value / kPage + (number - first);
    pages_.insert(std::move(node));
  }
  unmap(from, bytes);
}

bool AddressSpace::is_mapped(Address at, std::uint64_t bytes) const {
  if (!in_user_space(at, bytes)) return false;
  std::uint64_t first = at.value / kPage;
  std::uint64_t last = (at.value + std::max<std::uint64_t>(bytes, 1) - 1) / kPage;
  auto found = mapped_.upper_bound(first);
  if (found == mapped_.begin()) return false;
  --found;
  return last < found->first + found->second;
}

const std::uint8_t* AddressSpace::readable(std::uint64_t page) const {
  Cached& cached = read_cache_[page % kCached];
  if (cached.number == page && page != 0) return cached.bytes;
  if (!is_mapped({page * kPage}, kPage)) return nullptr;
  auto found = pages_.find(home(page));
  // An untouched page is not cached: it becomes real without the read cache being told.
  if (found == pages_.end()) return kZeroPage.data();
  cached = {page, found->second->data()};
  return cached.bytes;
}

std::uint8_t* AddressSpace::writable(std::uint64_t page) {
  Cached& cached = write_cache_[page % kCached];
  if (cached.number == page && page != 0) return cached.bytes;
  if (!is_mapped({page * kPage}, kPage)) return nullptr;
  auto& held = pages_[home(page)];
  if (!held) held = std::make_unique<Page>(Page{});
  cached = {page, held->data()};
  return cached.bytes;
}

void AddressSpace::forget(std::uint64_t first_page, std::uint64_t count) {
  auto within = [=](const Cached& cached) { return cached.number - first_page < count; };
  if (count >= kCached) {
    std::replace_if(read_cache_.begin(), read_cache_.end(), within, Cached{});
    std::replace_if(write_cache_.begin(), write_cache_.end(), within, Cached{});
    return;
  }
  for (std::uint64_t page = first_page; page < first_page + count; ++page) {
    if (within(read_cache_[page % kCached])) read_cache_[page % kCached] = {};
    if (within(write_cache_[page % kCached])) write_cache_[page % kCached] = {};
  }
}

bool AddressSpace::read(Address at, std::span<std::uint8_t> into) const {
  if (!is_mapped(at, into.size())) return into.empty();
  for (std::size_t done = 0; done < into.size();) {
    std::uint64_t offset = (at.value + done) % kPage;
    std::size_t part = std::min<std::size_t>(into.size() - done, kPage - offset);
    std::memcpy(into.data() + done, readable((at.value + done) / kPage) + offset, part);
    done += part;
  }
  return true;
}

bool AddressSpace::write(Address at, std::span<const std::uint8_t> bytes) {
  if (!is_mapped(at, bytes.size())) return bytes.empty();
  for (std::size_t done = 0; done < bytes.size();) {
    std::uint64_t offset = (at.value + done) % kPage;
    std::size_t part = std::min<std::size_t>(bytes.size() - done, kPage - offset);
    std::memcpy(writable((at.value + done) / kPage) + offset, bytes.data() + done, part);
    done += part;
  }
  return true;
}

bool AddressSpace::fill(Address at, std::uint8_t value, std::uint64_t bytes) {
  if (!is_mapped(at, bytes)) return bytes == 0;
  for (std::uint64_t done = 0; done < bytes;) {
    std::uint64_t page = (at.value + done) / kPage;
    std::uint64_t offset = (at.value + done) % kPage;
    std::uint64_t part = std::min(bytes - done, kPage - offset);
    // Zeroing what was never written to takes no memory.
    if (value != 0 || pages_.contains(home(page))) std::memset(writable(page) + offset, value, part);
    done += part;
  }
  return true;
}

bool AddressSpace::copy(Address to, Address from, std::uint64_t bytes) {
  if (bytes == 0) return true;
  if (!is_mapped(to, bytes) || !is_mapped(from, bytes)) return false;
  for (std::uint64_t done = 0; done < bytes;) {
    std::uint64_t to_offset = (to.value + done) % kPage;
    std::uint64_t from_page = (from.value + done) / kPage;
    std::uint64_t from_offset = (from.value + done) % kPage;
    std::uint64_t part = std::min({bytes - done, kPage - to_offset, kPage - from_offset});
    if (pages_.contains(home(from_page))) {
      std::memmove(writable((to.value + done) / kPage) + to_offset, readable(from_page) + from_offset, part);
    } else {
      fill(to + done, 0, part);
    }
    done += part;
  }
  return true;
}

std::optional<std::uint64_t> AddressSpace::load(Address at, unsigned width) const {
  std::uint64_t value = 0;
  std::uint64_t offset = at.value % kPage;
  if (offset + width <= kPage) [[likely]] {
    const std::uint8_t* bytes = readable(at.value / kPage);
    if (bytes == nullptr) return std::nullopt;
    std::memcpy(&value, bytes + offset, width);
    return value;
  }
  std::array<std::uint8_t, 8> raw{};
  if (!read(at, std::span(raw).first(width))) return std::nullopt;
  std::memcpy(&value, raw.data(), width);
  return value;
}

bool AddressSpace::store(Address at, unsigned width, std::uint64_t value) {
  std::uint64_t offset = at.value % kPage;
  if (offset + width <= kPage) [[likely]] {
    std::uint8_t* bytes = writable(at.value / kPage);
    if (bytes == nullptr) return false;
    std::memcpy(bytes + offset, &value, width);
    return true;
  }
  std::array<std::uint8_t, 8> raw{};
  std::memcpy(raw.data(), &value, 8);
  return write(at, std::span(raw).first(width));
}

}  // namespace palloscope::core
