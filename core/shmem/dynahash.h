// Dynahash: PostgreSQL's hash table in shared memory, in the bytes (spec 11.3): header and directory, segments of
// bucket heads, elements in 1 or 32 free lists. It holds no state of its own: whoever knows the header's address can
// use it. Tables with partitions never grow their buckets; others are made large enough (ShmemIndex), so neither splits
// one.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "core/memory/address_space.h"
#include "core/version/buffer_profile.h"

namespace palloscope::core {

// What ShmemInitHash is asked for.
struct DynahashShape {
  std::uint64_t init_entries = 0, max_entries = 0;
  std::uint32_t key_bytes = 0, entry_bytes = 0;  // the entry begins with its key
  std::uint32_t partitions = 0;                  // 0: not partitioned
};

enum class DynahashPiece : std::uint8_t { Header, Segment, Elements };
struct DynahashRequest {
  DynahashPiece piece = DynahashPiece::Header;
  std::uint64_t bytes = 0;  // not rounded up
};

// What the table asks shared memory for when it is made, in order.
std::vector<DynahashRequest> dynahash_requests(const DynahashLayout& layout, const DynahashShape& shape);

class Dynahash {
 public:
  // Memory that reads as zero; null: there is no more (then a free list borrows from the next ones).
  using Allocate = std::function<Address(DynahashRequest)>;

  Dynahash(AddressSpace& space, const DynahashLayout& layout, Address header) noexcept
      : space_(&space), layout_(&layout), header_(header) {}
  // hash_create: asks `allocate` for dynahash_requests, each of which it must get.
  static Dynahash create(AddressSpace& space, const DynahashLayout& layout, const DynahashShape& shape,
                         const Allocate& allocate);

  Address header() const { return header_; }
  std::uint32_t bucket_of(std::uint32_t hash) const;

  // hash_search. Addresses of entries (which begin with their keys); null: there is none.
  Address find(std::uint32_t hash, std::span<const std::uint8_t> key) const;
  // A new entry at the end of its bucket's chain: key written, the rest as it was. The key is not there yet. Null: no
  // element is left anywhere.
  Address enter(std::uint32_t hash, std::span<const std::uint8_t> key, const Allocate& more = {});
  // Its element goes to the head of its free list. False: there is no such key.
  bool remove(std::uint32_t hash, std::span<const std::uint8_t> key);

  std::uint64_t entries() const;  // all free lists' counts

 private:
  std::uint64_t load(Address base, Field field) const;
  void store(Address base, Field field, std::uint64_t value);
  Address bucket_head(std::uint32_t hash) const;  // where the pointer to the chain's first element lies
  Address free_list(std::uint32_t index) const { return header_ + layout_->free_list_bytes * index; }
  std::uint32_t free_lists() const;
  // The pointer that leads to the key's element, or the null pointer at the chain's end.
  Address link_to(std::uint32_t hash, std::span<const std::uint8_t> key) const;
  bool has_key(Address element, std::uint32_t hash, std::span<const std::uint8_t> key) const;
  void add_elements(Address at, std::uint64_t count, std::uint32_t list);
  Address take_element(std::uint32_t list);

  AddressSpace* space_;
  const DynahashLayout* layout_;
  Address header_;
};

}  // namespace palloscope::core
