// AddressSpace: the bytes of a simulated 64-bit process. Memory is mapped in pages of 4 kB, as by a real kernel: within
// a mapping everything can be read and written, so an overrun tramples whatever lies behind; outside, nothing.
// A page takes real memory only once it is written to; until then it reads as zero.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>

#include "core/base/ids.h"

namespace palloscope::core {

class AddressSpace {
 public:
  static constexpr std::uint64_t kPageBytes = 4096;
  static constexpr std::uint64_t kEnd = 0x0000'8000'0000'0000;  // user space of x86-64 ends here

  AddressSpace();

  // Page aligned, not yet mapped, below kEnd. Fresh pages read as zero.
  void map(Address at, std::uint64_t bytes);
  void unmap(Address at, std::uint64_t bytes);
  // The pages at `of`, which are mapped and no second view themselves, are to be seen at `at` too (mmap of the same
  // file): one memory, two places. The second view is unmapped before the first.
  void map_again(Address at, Address of, std::uint64_t bytes);
  // The pages of a mapped range with their contents appear at another, unmapped place (mremap).
  void move(Address from, Address to, std::uint64_t bytes);
  bool is_mapped(Address at, std::uint64_t bytes) const;

  // False, and nothing written, if any of it is not mapped.
  bool read(Address at, std::span<std::uint8_t> into) const;
  bool write(Address at, std::span<const std::uint8_t> bytes);
  bool fill(Address at, std::uint8_t value, std::uint64_t bytes);
  // Forwards, page by page; overlapping ranges (a broken program's) end up as some mixture.
  bool copy(Address to, Address from, std::uint64_t bytes);

  std::optional<std::uint64_t> load(Address at, unsigned width) const;  // width 1 to 8, little-endian
  bool store(Address at, unsigned width, std::uint64_t value);

  // Memory really taken, for tests: pages that were written to.
  std::size_t pages_in_use() const { return pages_.size(); }

 private:
  using Page = std::array<std::uint8_t, kPageBytes>;
  // A small cache of look-ups; `number` 0 (the page at address 0 is never mapped): empty.
  struct Cached {
    std::uint64_t number = 0;
    std::uint8_t* bytes = nullptr;
  };
  static constexpr std::size_t kCached = 1024;

  struct View {
    std::uint64_t count = 0, of = 0;  // pages
  };
  std::uint64_t home(std::uint64_t page) const;            // where the page's bytes are kept
  const std::uint8_t* readable(std::uint64_t page) const;  // null: not mapped
  std::uint8_t* writable(std::uint64_t page);
  void forget(std::uint64_t first_page, std::uint64_t count);

  std::map<std::uint64_t, std::uint64_t> mapped_;  // first page -> number of pages; neighbours are joined
  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;
  std::map<std::uint64_t, View> views_;  // second views, by first page
  mutable std::array<Cached, kCached> read_cache_{};
  std::array<Cached, kCached> write_cache_{};
};

}  // namespace palloscope::core
