#include "core/shmem/dynahash.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/base/check.h"
#include "core/mcxt/errors.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMaxWalk = 1u << 24;  // elements of a chain: more means that it runs in a circle
constexpr std::size_t kMostKeyBytes = 64;
constexpr std::uint64_t kMostAtATime = 256;  // elements_at_a_time is far below: more means trampled bytes

std::uint64_t buckets_for(const DynahashShape& shape) {
  // Keys of different partitions must not share a bucket.
  return std::bit_ceil(std::max<std::uint64_t>({shape.init_entries, shape.partitions, 1}));
}
std::uint64_t segments_for(const DynahashLayout& layout, std::uint64_t buckets) {
  return std::bit_ceil((buckets - 1) / layout.segment_slots + 1);
}
std::uint64_t directory_slots(const DynahashLayout& layout, const DynahashShape& shape) {
  std::uint64_t buckets = std::bit_ceil(std::max<std::uint64_t>(shape.max_entries, 1));
  return std::max(layout.segment_slots, segments_for(layout, buckets));
}
std::uint64_t element_bytes(const DynahashLayout& layout, std::uint64_t entry_bytes) {
  return max_align(layout.element_bytes) + max_align(entry_bytes);
}
std::uint32_t free_lists_of(const DynahashLayout& layout, const DynahashShape& shape) {
  return shape.partitions != 0 ? layout.free_lists : 1;
}
// The first list takes what does not divide evenly.
std::uint64_t first_elements(const DynahashLayout& layout, const DynahashShape& shape, std::uint32_t list) {
  std::uint64_t lists = free_lists_of(layout, shape), each = shape.init_entries / lists;
  return list == 0 ? shape.init_entries - each * (lists - 1) : each;
}
// How many elements a list asks for when it runs dry: as many as fit the smallest power of two of bytes for 32.
std::uint64_t elements_at_a_time(std::uint64_t bytes) {
  std::uint64_t room = 256;
  while (room / bytes < 32) room *= 2;
  return room / bytes;
}

[[noreturn]] void segfault(Address at) {
  throw Crash{"SIGSEGV", "a shared hash table's bytes lead where nothing is mapped, or in a circle", at};
}

}  // namespace

std::vector<DynahashRequest> dynahash_requests(const DynahashLayout& layout, const DynahashShape& shape) {
  std::vector<DynahashRequest> requests;
  requests.push_back({DynahashPiece::Header, layout.header_bytes + 8 * directory_slots(layout, shape)});
  for (std::uint64_t left = segments_for(layout, buckets_for(shape)); left > 0; --left)
    requests.push_back({DynahashPiece::Segment, 8 * layout.segment_slots});
  const std::uint64_t element = element_bytes(layout, shape.entry_bytes);
  for (std::uint32_t list = 0; list < free_lists_of(layout, shape); ++list) {
    if (std::uint64_t count = first_elements(layout, shape, list); count != 0)
      requests.push_back({DynahashPiece::Elements, count * element});
  }
  return requests;
}

Dynahash Dynahash::create(AddressSpace& space, const DynahashLayout& layout, const DynahashShape& shape,
                          const Allocate& allocate) {
  auto take = [&](DynahashPiece piece, std::uint64_t bytes) {
    Address at = allocate({piece, bytes});
    check(static_cast<bool>(at), "a shared hash table gets the memory that it was estimated to need");
    return at;
  };
  const std::uint64_t slots = directory_slots(layout, shape), buckets = buckets_for(shape);
  const std::uint64_t segments = segments_for(layout, buckets), element = element_bytes(layout, shape.entry_bytes);
  const Address header = take(DynahashPiece::Header, layout.header_bytes + 8 * slots);
  Dynahash table(space, layout, header);
  table.store(header, layout.dsize, slots);
  table.store(header, layout.nsegs, segments);
  table.store(header, layout.max_bucket, buckets - 1);
  table.store(header, layout.low_mask, buckets - 1);
  table.store(header, layout.high_mask, 2 * buckets - 1);
  table.store(header, layout.keysize, shape.key_bytes);
  table.store(header, layout.entrysize, shape.entry_bytes);
  table.store(header, layout.num_partitions, shape.partitions);
  table.store(header, layout.max_dsize, slots);
  table.store(header, layout.ssize, layout.segment_slots);
  table.store(header, layout.sshift, static_cast<std::uint64_t>(std::countr_zero(layout.segment_slots)));
  table.store(header, layout.nelem_alloc, elements_at_a_time(element));
  for (std::uint64_t i = 0; i < segments; ++i) {
    Address segment = take(DynahashPiece::Segment, 8 * layout.segment_slots);
    table.store(header + layout.header_bytes + 8 * i, {0, 8}, segment.value);
  }
  for (std::uint32_t list = 0; list < free_lists_of(layout, shape); ++list) {
    std::uint64_t count = first_elements(layout, shape, list);
    if (count != 0) table.add_elements(take(DynahashPiece::Elements, count * element), count, list);
  }
  return table;
}

// --- bytes ----------------------------------------------------------------------------------------------------

std::uint64_t Dynahash::load(Address base, Field field) const {
  auto value = space_->load(base + field.offset, field.width);
  if (!value) [[unlikely]]
    segfault(base);
  return *value;
}

void Dynahash::store(Address base, Field field, std::uint64_t value) {
  if (!space_->store(base + field.offset, field.width, value)) [[unlikely]]
    segfault(base);
}

std::uint32_t Dynahash::bucket_of(std::uint32_t hash) const {
  auto bucket = static_cast<std::uint32_t>(hash & load(header_, layout_->high_mask));
  if (bucket > load(header_, layout_->max_bucket))
    bucket &= static_cast<std::uint32_t>(load(header_, layout_->low_mask));
  return bucket;
}

Address Dynahash::bucket_head(std::uint32_t hash) const {
  const std::uint64_t bucket = bucket_of(hash), slots = layout_->segment_slots;
  const Address segment{load(header_ + layout_->header_bytes + 8 * (bucket / slots), {0, 8})};
  return segment + 8 * (bucket % slots);
}

std::uint32_t Dynahash::free_lists() const {
  return load(header_, layout_->num_partitions) != 0 ? layout_->free_lists : 1;
}

bool Dynahash::has_key(Address element, std::uint32_t hash, std::span<const std::uint8_t> key) const {
  if (load(element, layout_->hash) != hash) return false;
  std::array<std::uint8_t, kMostKeyBytes> held{};
  check(key.size() <= held.size(), "keys of shared hash tables are short");
  const std::span<std::uint8_t> bytes(held.data(), key.size());
  if (!space_->read(element + layout_->element_bytes, bytes)) segfault(element);
  return std::equal(key.begin(), key.end(), bytes.begin());
}

Address Dynahash::link_to(std::uint32_t hash, std::span<const std::uint8_t> key) const {
  Address link = bucket_head(hash);
  for (std::uint64_t walked = 0; walked < kMaxWalk; ++walked) {
    const Address element{load(link, {0, 8})};
    if (!element || has_key(element, hash, key)) return link;
    link = element + layout_->link.offset;
  }
  segfault(link);
}

// --- entries --------------------------------------------------------------------------------------------------

Address Dynahash::find(std::uint32_t hash, std::span<const std::uint8_t> key) const {
  const Address element{load(link_to(hash, key), {0, 8})};
  return element ? element + layout_->element_bytes : Address{};
}

Address Dynahash::enter(std::uint32_t hash, std::span<const std::uint8_t> key, const Allocate& more) {
  const Address link = link_to(hash, key);
  check(load(link, {0, 8}) == 0, "a key is entered once");
  const std::uint32_t lists = free_lists(), own = hash % lists;
  Address element = take_element(own);
  if (!element && more) {
    const std::uint64_t count = load(header_, layout_->nelem_alloc);
    if (count > kMostAtATime) segfault(header_);
    const std::uint64_t bytes = count * element_bytes(*layout_, load(header_, layout_->entrysize));
    if (Address at = more({DynahashPiece::Elements, bytes})) {
      add_elements(at, count, own);
      element = take_element(own);
    }
  }
  for (std::uint32_t next = 1; !element && next < lists; ++next) element = take_element((own + next) % lists);
  if (!element) return {};
  // Counted where the key belongs, also if the element was borrowed.
  store(free_list(own), layout_->entries, load(free_list(own), layout_->entries) + 1);
  store(element, layout_->link, 0);
  store(element, layout_->hash, hash);
  if (!space_->write(element + layout_->element_bytes, key)) segfault(element);
  store(link, {0, 8}, element.value);
  return element + layout_->element_bytes;
}

bool Dynahash::remove(std::uint32_t hash, std::span<const std::uint8_t> key) {
  const Address link = link_to(hash, key);
  const Address element{load(link, {0, 8})};
  if (!element) return false;
  const Address list = free_list(hash % free_lists());
  store(link, {0, 8}, load(element, layout_->link));
  store(element, layout_->link, load(list, layout_->free_list));
  store(list, layout_->free_list, element.value);
  store(list, layout_->entries, load(list, layout_->entries) - 1);
  return true;
}

std::uint64_t Dynahash::entries() const {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < free_lists(); ++i) sum += load(free_list(i), layout_->entries);
  return sum;
}

// Linked from the first to the last, so that the last one is handed out first.
void Dynahash::add_elements(Address at, std::uint64_t count, std::uint32_t list) {
  const std::uint64_t bytes = element_bytes(*layout_, load(header_, layout_->entrysize));
  Address before{load(free_list(list), layout_->free_list)};
  for (std::uint64_t i = 0; i < count; ++i) {
    const Address element = at + i * bytes;
    store(element, layout_->link, before.value);
    before = element;
  }
  store(free_list(list), layout_->free_list, before.value);
}

Address Dynahash::take_element(std::uint32_t list) {
  const Address element{load(free_list(list), layout_->free_list)};
  if (element) store(free_list(list), layout_->free_list, load(element, layout_->link));
  return element;
}

}  // namespace palloscope::core
