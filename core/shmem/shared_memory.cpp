#include "core/shmem/shared_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/mcxt/errors.h"
#include "core/shmem/hash_bytes.h"
#include "core/shmem/shmem_quantities.h"
#include "core/shmem/structure_table.h"

namespace palloscope::core {
namespace {

constexpr std::string_view kIndexName = "ShmemIndex";
constexpr std::uint64_t kLockBytes = 128;  // LWLOCK_PADDED_SIZE
constexpr std::size_t kMostTrancheName = 63;
constexpr std::uint64_t kIndexBuckets = 64;   // SHMEM_INDEX_SIZE
constexpr std::uint64_t kWorkPerElement = 4;  // of a chain: link, hash and name are looked up in the pages

constexpr std::uint64_t rounded_up(std::uint64_t bytes, std::uint64_t to) { return (bytes + to - 1) / to * to; }

Ereport internal_error(std::string message) { return {"XX000", std::move(message), {}, {}}; }
Ereport no_memory(std::string message) { return {"53200", std::move(message), {}, {}}; }

// The row of a hash table's own header; null: the piece begins no hash table.
const StructureRow* hash_row(const ShmemPiece& piece) {
  for (const StructureRow& row : structure_table()) {
    if (row.shape != Shape::Hash) continue;
    if (row.name == piece.name) return &row;
    if (row.name == kIndexName && piece.name.empty() && piece.purpose.rfind("ShmemIndex: header", 0) == 0) return &row;
  }
  return nullptr;
}

std::array<std::uint8_t, 48> index_key(std::string_view name) {
  std::array<std::uint8_t, 48> key{};
  std::copy_n(name.begin(), std::min<std::size_t>(name.size(), key.size() - 1), key.begin());
  return key;
}
std::uint32_t index_hash(std::string_view name) {
  const auto key = index_key(name);
  return hash_bytes(std::span(key).first(std::min<std::size_t>(name.size(), key.size() - 1)));
}

std::string_view piece_word(DynahashPiece piece) { return piece == DynahashPiece::Segment ? "buckets" : "elements"; }

const DynahashLayout& hash_layout(int major) { return find_buffer_profile(major)->hash; }

}  // namespace

SharedMemory::SharedMemory(AddressSpace& space, EventSink& sink, Backends& backends, const ShmemSettings& settings)
    : space_(space), sink_(sink), backends_(backends), settings_(settings) {}

std::uint64_t SharedMemory::load(Address base, Field field) const {
  const auto value = space_.load(base + field.offset, field.width);
  if (!value) throw Crash{"SIGSEGV", "shared memory is not mapped there", base + field.offset};
  return *value;
}

void SharedMemory::store(Address base, Field field, std::uint64_t value) {
  if (!space_.store(base + field.offset, field.width, value))
    throw Crash{"SIGSEGV", "shared memory is not mapped there", base + field.offset};
}

// --- before the segment -----------------------------------------------------------------------------------------

Ereport SharedMemory::outside_of_hook(std::string_view what) {
  return internal_error(fmt::format("cannot request additional {} outside shmem_request_hook", what));
}

void SharedMemory::request_addin_space(std::string_view library, std::uint64_t bytes) {
  if (!requesting_) throw outside_of_hook("shared memory");
  if (bytes > ~std::uint64_t{0} - requests_.bytes)
    throw Ereport{"54000", "requested shared memory size overflows size_t", {}, {}};
  requests_.bytes += bytes;
  sink_.emit(ShmemRequested{std::string(library), bytes, 0});
}

void SharedMemory::request_tranche(std::string_view library, std::string_view name, std::uint32_t locks) {
  if (!requesting_) throw outside_of_hook("LWLocks");
  requests_.tranches.push_back({std::string(name.substr(0, kMostTrancheName)), locks});
  sink_.emit(ShmemRequested{std::string(library), 0, locks});
}

// --- start-up -----------------------------------------------------------------------------------------------------

void SharedMemory::create(const HugePageSupply& supply) {
  check(!exists_, "the segment is made once");
  auto plan = compute_shmem_map(settings_, requests_);
  if (!plan) throw internal_error(plan.error().message);
  plan_ = std::move(*plan);
  if (!plan_.complete)
    throw internal_error("io_method = io_uring is not modelled: the size of its rings does not follow from settings");
  map_segments(supply);
  exists_ = true;
  for (std::size_t next = 0; next < plan_.pieces.size();) {
    if (hash_row(plan_.pieces[next]) != nullptr)
      create_hash(next);
    else
      place_piece(plan_.pieces[next++]);
  }
  check(free_offset() == plan_.free_offset, "the segment was filled as planned");
}

void SharedMemory::map_segments(const HugePageSupply& supply) {
  const HugePagePlan huge = plan_huge_pages(settings_, plan_.total_bytes, supply.page_bytes);
  const HugePageOutcome outcome = try_huge_pages(huge, plan_.total_bytes, supply.free_pages);
  if (outcome.tried)
    sink_.emit(HugePagesTried{huge.setting, huge.page_bytes, huge.needed_pages, supply.free_pages, outcome.granted});
  if (!outcome.starts)
    throw Ereport{"53200",
                  "could not map anonymous shared memory: Cannot allocate memory",
                  fmt::format("{} huge pages of {} kB are wanted, {} are free", huge.needed_pages,
                              huge.page_bytes / 1024, supply.free_pages),
                  {}};
  if (outcome.mapped_bytes > kInterlockSegment - kMainSegment)
    throw Ereport{"53200",
                  "could not map anonymous shared memory: Cannot allocate memory",
                  fmt::format("{} bytes are wanted", outcome.mapped_bytes),
                  {}};
  mapped_bytes_ = outcome.mapped_bytes;
  page_bytes_ = outcome.page_bytes;
  space_.map(kMainSegment, rounded_up(mapped_bytes_, AddressSpace::kPageBytes));
  slots_.assign(2, true);
  sink_.emit(SegmentCreated{kMain, SegmentKind::Main, kMainSegment, mapped_bytes_, page_bytes_, 0, "main"});

  space_.map(kInterlockSegment, AddressSpace::kPageBytes);
  write_header(kInterlockSegment, mapped_bytes_);
  sink_.emit(SegmentCreated{kInterlock, SegmentKind::SystemV, kInterlockSegment, header_.bytes, kSmallPage, 0,
                            "System V interlock of the data directory"});
  write_header(kMainSegment, mapped_bytes_);
}

void SharedMemory::write_header(Address at, std::uint64_t total_bytes) {
  const Backend* creator = backends_.find(backends_.acting());
  store(at, header_.magic, header_.magic_value);
  store(at, header_.creator_pid, creator != nullptr ? creator->pid : 1);
  store(at, header_.total_size, total_bytes);
  store(at, header_.free_offset, header_.bytes);
  store(at, header_.device, 0xfe00);
  store(at, header_.inode, 262401);  // of the data directory, as stat would tell
}

void SharedMemory::announce(Address at, std::uint64_t bytes, std::uint64_t allocated, std::string_view name,
                            std::string_view purpose) {
  const std::uint64_t offset = at - kMainSegment;
  store(kMainSegment, header_.free_offset, offset + allocated);
  ++tallies_.pieces;
  if (!name.empty()) ++tallies_.named;
  tallies_.allocated_bytes = offset + allocated;
  sink_.emit(
      ShmemAllocated{kMain, offset, bytes, allocated, std::string(name), std::string(name.empty() ? purpose : "")});
}

void SharedMemory::place_piece(const ShmemPiece& piece) {
  if (index_ && piece.name.empty() && piece.purpose.rfind("ShmemIndex: elements", 0) == 0)
    return;  // it comes of itself when the next name is entered
  const Address at = kMainSegment + piece.offset;
  if (!piece.name.empty()) {
    const Address entry = enter_index(piece.name);
    store(entry, entry_.location, at.value);
    store(entry, entry_.size, piece.bytes);
    store(entry, entry_.allocated_size, piece.allocated_bytes);
  }
  if (piece.purpose.rfind("LWLock array", 0) == 0) {
    locks_ = {rounded_up(at.value + 4, kLockBytes)};
    fixed_locks_ = ShmemQuantities(settings_).lwlocks;
  }
  check(piece.offset >= free_offset() || piece.offset == 0, "pieces are placed in order");
  announce(at, piece.bytes, piece.allocated_bytes, piece.name, piece.purpose);
}

// The pieces of one table: header, segments, groups of elements. Equal neighbours become one event.
void SharedMemory::create_hash(std::size_t& next) {
  const StructureRow& row = *hash_row(plan_.pieces[next]);
  const auto major = static_cast<std::size_t>(settings_.major() - 15);
  const ShmemQuantities quantities(settings_);
  const DynahashShape shape{quantities.of(row.other), quantities.of(row.count), row.each[major], row.base[major],
                            row.more[major]};
  std::uint64_t place = 0;  // within a group of equal pieces
  const auto table = Dynahash::create(space_, hash_layout(settings_.major()), shape, [&](DynahashRequest request) {
    const ShmemPiece& piece = plan_.pieces[next];
    check(piece.bytes == request.bytes, "a hash table asks for what was planned");
    if (request.piece == DynahashPiece::Header) {
      place_piece(piece);
      ++next;
      return kMainSegment + piece.offset;
    }
    const Address at = kMainSegment + piece.offset + place * piece.allocated_bytes;
    if (++place == piece.count) {
      const std::string purpose =
          piece.count == 1 ? piece.purpose : fmt::format("{}, {} pieces", piece.purpose, piece.count);
      announce(kMainSegment + piece.offset, piece.count * piece.bytes, piece.count * piece.allocated_bytes, "",
               purpose);
      place = 0;
      ++next;
    }
    return at;
  });
  if (row.name != kIndexName) return;
  index_ = table;
  store(kMainSegment, header_.index, table.header().value);
}

// --- the calls ------------------------------------------------------------------------------------------------------

void SharedMemory::check_exists() const {
  if (!exists_) throw Crash{"SIGSEGV", "there is no shared memory yet", kMainSegment};
}

Address SharedMemory::take(std::uint64_t bytes) {
  const std::uint64_t start = free_offset(), total = total_bytes();
  if (bytes > total || start + rounded_up(bytes, kShmemLine) > total) return {};
  return kMainSegment + start;
}

Address SharedMemory::enter_index(std::string_view name) {
  return index_->enter(index_hash(name), index_key(name), [&](DynahashRequest request) {
    const Address at = take(request.bytes);
    if (at) announce(at, request.bytes, rounded_up(request.bytes, kShmemLine), "", "ShmemIndex: elements");
    return at;
  });
}

// The index does not grow with its names: the chains of its buckets do. A new name walks its chain twice.
void SharedMemory::count_chain() const { backends_.count_work(tallies_.named * kWorkPerElement / kIndexBuckets); }

SharedMemory::Structure SharedMemory::init_struct(std::string_view name, std::uint64_t bytes) {
  check_exists();
  count_chain();
  if (const Address entry = index_->find(index_hash(name), index_key(name))) {
    const std::uint64_t size = load(entry, entry_.size);
    if (size != bytes)
      throw internal_error(fmt::format(
          "ShmemIndex entry size is wrong for data structure \"{}\": expected {}, actual {}", name, bytes, size));
    sink_.emit(ShmemFound{kMain, backends_.acting(), std::string(name)});
    return {{load(entry, entry_.location)}, true};
  }
  const Address entry = enter_index(name);
  if (!entry) throw no_memory(fmt::format("could not create ShmemIndex entry for data structure \"{}\"", name));
  const Address at = take(bytes);
  if (!at) {
    index_->remove(index_hash(name), index_key(name));
    throw no_memory(
        fmt::format("not enough shared memory for data structure \"{}\" ({} bytes requested)", name, bytes));
  }
  const std::uint64_t allocated = rounded_up(bytes, kShmemLine);
  store(entry, entry_.location, at.value);
  store(entry, entry_.size, bytes);
  store(entry, entry_.allocated_size, allocated);
  announce(at, bytes, allocated, name, "");
  return {at, false};
}

SharedMemory::Structure SharedMemory::init_hash(std::string_view name, const DynahashShape& shape) {
  check_exists();
  const DynahashLayout& layout = hash_layout(settings_.major());
  const Structure header = init_struct(name, dynahash_requests(layout, shape).front().bytes);
  if (header.found) return header;
  Dynahash::create(space_, layout, shape, [&](DynahashRequest request) {
    if (request.piece == DynahashPiece::Header) return header.at;
    const Address at = take(request.bytes);
    if (!at) throw no_memory("out of memory");
    announce(at, request.bytes, rounded_up(request.bytes, kShmemLine), "",
             fmt::format("{}: {}", name, piece_word(request.piece)));
    return at;
  });
  return header;
}

Address SharedMemory::alloc(std::uint64_t bytes, std::string_view purpose) {
  check_exists();
  const Address at = take(bytes);
  if (!at) throw no_memory(fmt::format("out of shared memory ({} bytes requested)", bytes));
  announce(at, bytes, rounded_up(bytes, kShmemLine), "", purpose);
  return at;
}

Address SharedMemory::tranche(std::string_view name) const {
  std::uint64_t before = fixed_locks_;
  for (const LwLockTranche& tranche : requests_.tranches) {
    if (exists_ && tranche.name == name) return locks_ + before * kLockBytes;
    before += tranche.locks;
  }
  throw internal_error("requested tranche is not registered");
}

std::optional<ShmemPiece> SharedMemory::find(std::string_view name) const {
  if (!exists_) return std::nullopt;
  count_chain();
  const Address entry = index_->find(index_hash(name), index_key(name));
  if (!entry) return std::nullopt;
  ShmemPiece piece;
  piece.name = std::string(name);
  piece.offset = load(entry, entry_.location) - kMainSegment.value;
  piece.bytes = load(entry, entry_.size);
  piece.allocated_bytes = load(entry, entry_.allocated_size);
  return piece;
}

// --- for dynamic shared memory --------------------------------------------------------------------------------------

SegmentSlot SharedMemory::new_slot() {
  auto free = std::find(slots_.begin(), slots_.end(), false);
  const SegmentSlot slot{static_cast<std::uint32_t>(free - slots_.begin())};
  if (free == slots_.end())
    slots_.push_back(true);
  else
    *free = true;
  return slot;
}

void SharedMemory::free_slot(SegmentSlot slot) { slots_[slot.value] = false; }

void SharedMemory::set_dsm_control(std::uint32_t handle) { store(kInterlockSegment, header_.dsm_control, handle); }

}  // namespace palloscope::core
