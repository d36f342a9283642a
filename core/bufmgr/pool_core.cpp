#include "core/bufmgr/pool_core.h"

#include <array>

#include "core/base/check.h"
#include "core/shmem/hash_bytes.h"

namespace palloscope::core {
namespace {

using namespace buffer_bits;

// Behind everything that the simulated malloc hands out.
constexpr std::uint64_t kSharedStart = 0x7e00'0000'0000;
constexpr std::uint64_t kTagBytes = 20;
constexpr Field kEntryId{kTagBytes, 4};
constexpr std::int32_t kInitFork = 3;

std::uint64_t pages_for(std::uint64_t bytes) {
  constexpr std::uint64_t page = AddressSpace::kPageBytes;
  return (bytes + page - 1) / page * page;
}

// Maps whatever has no place yet.
BufferPlaces lay_out(const BufferProfile& profile, const BufferSettings& settings, AddressSpace& space) {
  BufferPlaces places = settings.places;
  Address next{kSharedStart};
  auto map = [&](std::uint64_t bytes) {
    Address at = next;
    space.map(at, pages_for(bytes));
    next = next + pages_for(bytes);
    return at;
  };
  const std::uint64_t buffers = settings.buffers;
  if (!places.descriptors) places.descriptors = map(buffers * profile.descriptor.stride);
  if (!places.blocks) places.blocks = map(buffers * kBlockBytes);
  if (!places.strategy) places.strategy = map(profile.strategy.bytes);
  if (!places.lookup) {
    DynahashShape shape{buffers + kBufferPartitions, buffers + kBufferPartitions, kTagBytes, kTagBytes + 4,
                        kBufferPartitions};
    auto allocate = [&](DynahashRequest request) { return map(request.bytes); };
    places.lookup = Dynahash::create(space, profile.hash, shape, allocate).header();
  }
  return places;
}

std::array<std::uint8_t, kTagBytes> bytes_of(const PageTag& tag) {
  const std::uint32_t words[] = {tag.tablespace, tag.database, tag.relation, static_cast<std::uint32_t>(tag.fork),
                                 tag.block};
  std::array<std::uint8_t, kTagBytes> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (8 * (i % 4)));
  return bytes;
}

}  // namespace

std::size_t PageTagHash::operator()(const PageTag& tag) const { return hash_bytes(bytes_of(tag)); }

PoolCore::PoolCore(const BufferProfile& version, const BufferSettings& wanted, AddressSpace& bytes, Backends& processes,
                   EventSink& sink)
    : profile(version),
      settings(wanted),
      space(bytes),
      backends(processes),
      places(lay_out(version, wanted, bytes)),
      pool(bytes, version, BufferManager::shared_pool(), BufferSlot{0}, wanted.buffers, places.descriptors,
           version.descriptor.stride),
      strategy(bytes, version.strategy, places.strategy),
      lookup(bytes, version.hash, places.lookup),
      sink_(sink) {
  check(wanted.buffers >= 2 && wanted.buffers < (1u << 30), "a pool has from 2 buffers to a thousand million");
  pool.write_descriptors(true);
  strategy.write_initial(wanted.buffers);
}

BackendSlot PoolCore::acting() const {
  BackendSlot backend = backends.acting();
  check(static_cast<bool>(backend), "buffers are used by a backend that acts");
  return backend;
}

PrivatePins& PoolCore::pins(BackendSlot backend) {
  if (backend.value >= pins_.size()) pins_.resize(backend.value + std::size_t{1});
  return pins_[backend.value];
}

const Relation* PoolCore::find_relation(const PageTag& tag) const {
  auto found = relations.find({tag.tablespace, tag.database, tag.relation});
  return found == relations.end() ? nullptr : &found->second;
}

void PoolCore::forget_owner(BackendSlot backend) {
  backends.count_work(relations.size());
  for (auto& [id, relation] : relations)
    if (relation.owner == backend) relation.owner = {};
}

bool PoolCore::is_permanent(const PageTag& tag) const {
  const Relation* relation = find_relation(tag);
  return tag.fork == kInitFork || !relation || relation->persistence == Persistence::Permanent;
}

// --- the lookup table -----------------------------------------------------------------------------------------

std::uint32_t PoolCore::hash_of(const PageTag& tag) const { return hash_bytes(bytes_of(tag)); }

BufferSlot PoolCore::find(const PageTag& tag, std::uint32_t hash) const {
  const Address entry = lookup.find(hash, bytes_of(tag));
  if (!entry) return {};
  auto id = space.load(entry + kEntryId.offset, kEntryId.width);
  if (!id) shared_memory_fault(entry);
  // A trampled entry: what lies behind the descriptors is not ours to read.
  if (*id >= settings.buffers) shared_memory_fault(places.descriptors + *id * profile.descriptor.stride);
  return BufferSlot{static_cast<std::uint32_t>(*id)};
}

BufferSlot PoolCore::look_up(const PageTag& tag) {
  const std::uint32_t hash = hash_of(tag);
  const BufferSlot found = find(tag, hash);
  if (found) ++pool.tallies.hits;
  emit(PageLookedUp{hash, lookup.bucket_of(hash), hash % kBufferPartitions, found});
  return found;
}

void PoolCore::enter(const PageTag& tag, BufferSlot buffer) {
  const Address entry = lookup.enter(hash_of(tag), bytes_of(tag));
  if (!entry) throw Ereport{"53200", "out of shared memory", "", {}};
  if (!space.store(entry + kEntryId.offset, kEntryId.width, buffer.value)) shared_memory_fault(entry);
}

void PoolCore::remove(const PageTag& tag) {
  if (!lookup.remove(hash_of(tag), bytes_of(tag))) throw Ereport{"XX000", "shared buffer hash table corrupted", "", {}};
}

// --- pins -----------------------------------------------------------------------------------------------------

void PoolCore::pin(BufferSlot buffer, Usage usage) {
  const BackendSlot backend = acting();
  PrivatePins& mine = pins(backend);
  if (mine.add(buffer) == 1) {
    std::uint32_t next = word(buffer) + 1;
    const std::uint32_t most = usage == Usage::Grow ? kMaxUsage : 1;
    if (usage != Usage::Keep && usage_of(next) < most) next += kUsageOne;
    pool.set_word(buffer.value, next);
  }
  mine.remember(buffer);
  emit(BufferPinned{buffer, backend, word(buffer)});
}

void PoolCore::unpin(BufferSlot buffer) {
  const BackendSlot backend = acting();
  PrivatePins& mine = pins(backend);
  backends.count_work(mine.forget(buffer));
  if (mine.remove(buffer) == 0) pool.set_word(buffer.value, word(buffer) - 1);
  emit(BufferUnpinned{buffer, backend, word(buffer)});
}

// --- words and pages ------------------------------------------------------------------------------------------

void PoolCore::flag(BufferSlot buffer, std::uint32_t next) {
  if (next == word(buffer)) return;
  pool.set_word(buffer.value, next);
  emit(BufferFlagged{buffer, next});
}

// pd_lsn, the first 8 bytes of a page: the higher half first.
std::uint64_t PoolCore::page_lsn(BufferSlot buffer) const {
  const Address page = places.blocks + kBlockBytes * buffer.value;
  auto raw = space.load(page, 8);
  if (!raw) shared_memory_fault(page);
  return *raw << 32 | *raw >> 32;
}

void PoolCore::set_page_lsn(BufferSlot buffer, std::uint64_t lsn) {
  if (page_lsn(buffer) == lsn) return;  // also: a page that nobody wrote to takes no memory
  const Address page = places.blocks + kBlockBytes * buffer.value;
  if (!space.store(page, 8, lsn << 32 | lsn >> 32)) shared_memory_fault(page);
}

// Whoever flushes takes along what others have inserted by then.
void PoolCore::xlog_flush(std::uint64_t lsn) {
  if (lsn <= wal_flushed) return;
  wal_flushed = std::max(lsn, wal_inserted);
  emit(WalFlushed{wal_flushed});
}

void PoolCore::flush_buffer(BufferSlot buffer, WriteReason reason) {
  flag(buffer, word(buffer) | kIoInProgress);
  flag(buffer, word(buffer) & ~kJustDirtied);
  const std::uint64_t lsn = page_lsn(buffer);
  if ((word(buffer) & kPermanent) != 0) xlog_flush(lsn);
  if (lsn != 0) lay_down(pool.tag(buffer.value), lsn);
  std::uint32_t next = word(buffer) & ~(kIoInProgress | kIoError);
  if ((next & kJustDirtied) == 0) next &= ~(kDirty | kCheckpointNeeded);
  pool.set_word(buffer.value, next);
  ++pool.tallies.writes;
  emit(BufferWritten{buffer, reason, next});
}

void PoolCore::invalidate(BufferSlot buffer, UntagReason reason) {
  const PageTag old = pool.tag(buffer.value);
  const std::uint32_t next = refcount_of(word(buffer));
  const bool had_entry = (word(buffer) & kTagValid) != 0;
  pool.clear_tag(buffer.value);
  pool.set_word(buffer.value, next);
  if (had_entry) remove(old);
  if (reason == UntagReason::Evicted) ++pool.tallies.evictions;
  emit(BufferUntagged{buffer, reason, next});
}

void PoolCore::assign(BufferSlot buffer, const PageTag& tag) {
  const PageTag old = pool.tag(buffer.value);
  const bool swapped = (word(buffer) & kTagValid) != 0;
  enter(tag, buffer);
  pool.set_tag(buffer.value, tag);
  std::uint32_t next = refcount_of(word(buffer)) | kTagValid | kUsageOne;
  if (is_permanent(tag)) next |= kPermanent;
  pool.set_word(buffer.value, next);
  if (swapped) {
    remove(old);
    ++pool.tallies.evictions;
  }
  emit(BufferTagged{buffer, tag, next});
}

void PoolCore::start_read(BufferSlot buffer) { flag(buffer, word(buffer) | kIoInProgress); }

void PoolCore::finish_read(BufferSlot buffer, bool from_disk) {
  auto held = disk_.find(pool.tag(buffer.value));
  set_page_lsn(buffer, from_disk && held != disk_.end() ? held->second : 0);
  flag(buffer, (word(buffer) & ~(kIoInProgress | kIoError)) | kValid);
}

}  // namespace palloscope::core
