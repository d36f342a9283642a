#include "core/shmem/shmem_map.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/shmem/hash_size.h"
#include "core/shmem/shmem_quantities.h"

namespace palloscope::core {
namespace {

constexpr std::string_view kIndexName = "ShmemIndex";
constexpr std::uint64_t kSlackBytes = 100000;                 // what CalculateShmemSize begins with
constexpr std::uint64_t kMaxBackends = 262143;                // MAX_BACKENDS
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 46;  // beyond any machine; keeps sums far from overflow

constexpr std::uint64_t rounded_up(std::uint64_t bytes, std::uint64_t to) { return (bytes + to - 1) / to * to; }

class MapMaker {
 public:
  MapMaker(const ShmemSettings& settings, const ShmemRequests& requests)
      : settings_(settings),
        requests_(requests),
        quantities_(settings),
        major_(static_cast<std::size_t>(settings.major() - 15)) {
    map_.major = settings.major();
  }

  Result<ShmemMap> make() {
    if (quantities_.max_backends > kMaxBackends)
      return Error{
          ErrorCode::BadArgument,
          fmt::format("too many server processes configured: max_connections, autovacuum and other workers and "
                      "max_wal_senders make {}, there may be {}",
                      quantities_.max_backends, kMaxBackends)};
    for (const StructureRow& row : structure_table()) {
      if (!present(row)) continue;
      if (const auto done = add(row); !done) return done.error();
    }
    std::uint64_t total =
        kSlackBytes + counted_ + locks_ + locks_ / 10 + predicates_ + predicates_ / 10 + requests_.bytes;
    total += 8192 - total % 8192;
    map_.total_bytes = total;
    return std::move(map_);
  }

 private:
  bool present(const StructureRow& row) const {
    if (row.base[major_] == kAbsent) return false;
    switch (row.presence) {
      case Presence::Always:
        return true;
      case Presence::IfAny:
        return quantities_.of(row.count) > 0;
      case Presence::HotStandby:
        return settings_.get(Guc::HotStandby) != 0;
      case Presence::SslBuild:
        return settings_.build.ssl;
      case Presence::GssBuild:
        return settings_.build.gss;
      case Presence::IoWorkers:
        return settings_.get(Guc::IoMethod) == 1;
      case Presence::IoUring:
        return settings_.get(Guc::IoMethod) == 2;
    }
    return true;
  }

  Status add(const StructureRow& row) {
    const Knowledge known = is_fixed(row) ? Knowledge::Measured : Knowledge::Rule;
    std::uint64_t estimate = 0;
    switch (row.shape) {
      case Shape::Header:
        estimate = plain_bytes(row);
        place_unlocked(row, estimate, known);
        break;
      case Shape::Plain:
        estimate = plain_bytes(row);
        place(row.name, row.purpose, estimate, known);
        break;
      case Shape::Slru:
        estimate = slru_bytes(row);
        place(row.name, row.purpose, estimate, known);
        break;
      case Shape::Hash:
        estimate = add_hash(row, known);
        break;
      case Shape::Unknown:
        map_.pieces.push_back({std::string(row.name), std::string(row.purpose), 0, 0, 0, 1, Knowledge::Unknown});
        map_.complete = false;
        break;
    }
    count(row, estimate + row.estimate_extra);
    if (map_.free_offset > kMostBytes)
      return Error{ErrorCode::BadArgument,
                   fmt::format("these settings ask for more than {} TB of shared memory ({}): make them smaller",
                               kMostBytes >> 40, row.name.empty() ? row.purpose : row.name)};
    return Done{};
  }

  void count(const StructureRow& row, std::uint64_t bytes) {
    switch (row.estimate) {
      case Estimate::Counted:
        counted_ += bytes;
        break;
      case Estimate::LocksSlack:
        locks_ += bytes;
        break;
      case Estimate::PredicateSlack:
        predicates_ += bytes;
        break;
      case Estimate::NotCounted:
        break;
    }
  }

  std::uint64_t plain_bytes(const StructureRow& row) const {
    std::uint64_t bytes =
        row.base[major_] + row.each[major_] * quantities_.of(row.count) + row.more[major_] * quantities_.of(row.other);
    if (row.count != Count::LwLocks) return bytes;
    for (const LwLockTranche& tranche : requests_.tranches)
      bytes += std::uint64_t{tranche.locks} * 128 + 16 + tranche.name.size() + 1;
    return bytes;
  }

  // SimpleLruShmemSize: arrays of the pages' state behind a control struct, then the pages, aligned to 32 bytes.
  std::uint64_t slru_bytes(const StructureRow& row) const {
    const std::uint64_t n = quantities_.of(row.count);
    const auto aligned = [](std::uint64_t bytes) { return rounded_up(bytes, 8); };
    std::uint64_t bytes = 0;
    if (settings_.major() < 17) {
      bytes = aligned(88) + aligned(8 * n) + 3 * aligned(4 * n) + aligned(n) + aligned(128 * n);
    } else {
      const std::uint64_t banks = n / 16;
      bytes = aligned(104) + aligned(8 * n) + aligned(4 * n) + aligned(n) + aligned(8 * n) + aligned(4 * n) +
              aligned(128 * n) + aligned(128 * banks) + aligned(4 * banks);
    }
    bytes += 8 * n * row.each[major_];
    return rounded_up(bytes, 32) + 8192 * n;
  }

  std::uint64_t add_hash(const StructureRow& row, Knowledge known) {
    HashShape shape;
    shape.entry_bytes = row.base[major_];
    shape.max = quantities_.of(row.count);
    shape.init = quantities_.of(row.other);
    shape.partitioned = row.more[major_] != 0;
    // the index cannot hold itself: its header is anonymous too
    if (row.name == kIndexName) {
      place("", fmt::format("{}: header and directory", row.name), shape.header_bytes(), known);
      index_ = shape;
      index_room_ = shape.init;
    } else {
      place(row.name, row.purpose, shape.header_bytes(), known);
    }
    place("", fmt::format("{}: buckets", row.name), kHashSegmentBuckets * 8, known, shape.segments());
    const std::string elements = fmt::format("{}: elements", row.name);
    const std::uint64_t first = shape.group_entries(0) * shape.element_bytes();
    const std::uint64_t other = shape.group_entries(1) * shape.element_bytes();
    if (shape.groups() > 1 && first == other) {
      place("", elements, other, known, shape.groups());
    } else {
      place("", elements, first, known);
      if (shape.groups() > 1) place("", elements, other, known, shape.groups() - 1);
    }
    return shape.estimate_bytes();
  }

  void place_unlocked(const StructureRow& row, std::uint64_t bytes, Knowledge known) {
    const std::uint64_t offset = map_.free_offset;
    const std::uint64_t taken = rounded_up(bytes, 8);
    map_.pieces.push_back({"", std::string(row.purpose), offset, bytes, taken, 1, known});
    map_.free_offset = offset + taken;
    unlocked_ = true;
  }

  void place(std::string_view name, std::string_view purpose, std::uint64_t bytes, Knowledge known,
             std::uint64_t count = 1) {
    if (!name.empty()) take_index_entry();
    if (unlocked_) map_.free_offset = rounded_up(map_.free_offset, kShmemLine);
    unlocked_ = false;
    const std::uint64_t taken = rounded_up(bytes, kShmemLine);
    map_.pieces.push_back({std::string(name), std::string(purpose), map_.free_offset, bytes, taken, count, known});
    map_.free_offset += count * taken;
  }

  // A named structure enters the index before it gets its memory; an index without free entries first makes some.
  void take_index_entry() {
    if (index_room_ == 0) {
      index_room_ = index_.growth_entries();
      place("", fmt::format("{}: elements", kIndexName), index_room_ * index_.element_bytes(), Knowledge::Rule);
    }
    --index_room_;
  }

  const ShmemSettings& settings_;
  const ShmemRequests& requests_;
  ShmemQuantities quantities_;
  std::size_t major_;
  ShmemMap map_;
  HashShape index_;
  std::uint64_t index_room_ = 0;  // free entries of the ShmemIndex
  bool unlocked_ = false;         // the last piece was made by ShmemAllocUnlocked
  std::uint64_t counted_ = 0, locks_ = 0, predicates_ = 0;
};

}  // namespace

Result<ShmemMap> compute_shmem_map(const ShmemSettings& settings, const ShmemRequests& requests) {
  return MapMaker(settings, requests).make();
}

const ShmemPiece* ShmemMap::find(std::string_view name) const {
  const auto found =
      std::find_if(pieces.begin(), pieces.end(), [&](const ShmemPiece& piece) { return piece.name == name; });
  return found == pieces.end() ? nullptr : &*found;
}

std::uint64_t ShmemMap::anonymous_bytes() const {
  std::uint64_t named = 0;
  for (const ShmemPiece& piece : pieces)
    if (!piece.name.empty()) named += piece.count * piece.allocated_bytes;
  return free_offset - named;
}

std::uint64_t shared_memory_size_mb(std::uint64_t total_bytes) { return rounded_up(total_bytes, 1 << 20) >> 20; }

std::uint64_t huge_pages_for(std::uint64_t total_bytes, std::uint64_t huge_page_bytes) {
  return total_bytes / huge_page_bytes + 1;
}

}  // namespace palloscope::core
