#include "core/bufmgr/buffer_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "core/base/check.h"
#include "core/bufmgr/local_buffers.h"
#include "core/bufmgr/maintenance.h"
#include "core/bufmgr/pool_core.h"
#include "core/bufmgr/replacement.h"

namespace palloscope::core {

constexpr std::uint32_t kMaxBlocks = 0xFFFFFFFE;       // MaxBlockNumber
constexpr std::uint32_t kMostLocalBuffers = 1u << 21;  // of all backends: 16 GB of temporary pages

using namespace buffer_bits;

namespace {

// Private memory of backends, where nobody else provides it.
constexpr std::uint64_t kPrivateStart = 0x7d00'0000'0000;

PageTag page_of(RelationId id, std::int32_t fork, std::uint32_t block) {
  return {id.tablespace, id.database, id.relation, fork, block};
}
bool belongs(const PageTag& tag, RelationId id) {
  return tag.tablespace == id.tablespace && tag.database == id.database && tag.relation == id.relation;
}

}  // namespace

struct BufferManager::Impl {
  Impl(const BufferProfile& profile, const BufferSettings& settings, AddressSpace& space, Backends& backends,
       EventSink& sink, PrivateMemory private_memory)
      : core(profile, settings, space, backends, sink), memory(std::move(private_memory)) {
    or_mapped(memory.calloc);
    or_mapped(memory.local_blocks);
  }

  PoolCore core;
  PrivateMemory memory;
  Address next_private{kPrivateStart};
  Replacement replacement{core};
  BackgroundWriter writer{core};
  Checkpoint checkpoint{core};
  std::vector<std::unique_ptr<LocalBuffers>> locals;      // in the order of their slots
  std::unordered_map<BackendSlot, std::size_t> local_of;  // of live backends

  // Where the function has no memory to give, some is mapped.
  void or_mapped(std::function<Address(BackendSlot, std::uint64_t)>& function) {
    function = [this, given = std::move(function)](BackendSlot backend, std::uint64_t bytes) {
      if (Address at = given ? given(backend, bytes) : Address{}) return at;
      constexpr std::uint64_t page = AddressSpace::kPageBytes;
      const Address at = next_private;
      next_private = next_private + (bytes + page - 1) / page * page;
      core.space.map(at, next_private - at);
      return at;
    };
  }

  BufferSlot next_buffer() const {
    return locals.empty() ? BufferSlot{core.settings.buffers}
                          : locals.back()->pool().buffer(core.settings.temp_buffers);
  }
  LocalBuffers& local();  // the acting backend's; made when it is first needed
  LocalBuffers& local_holding(BufferSlot buffer) {
    return *locals[(buffer.value - core.settings.buffers) / core.settings.temp_buffers];
  }
  const BufferPool& pool_of(BufferSlot buffer) const {
    check(buffer.value < next_buffer().value, "a buffer is in a pool");
    if (buffer.value < core.settings.buffers) return core.pool;
    return locals[(buffer.value - core.settings.buffers) / core.settings.temp_buffers]->pool();
  }
  bool is_temporary(const PageTag& tag) const {
    const Relation* relation = core.find_relation(tag);
    return relation && relation->persistence == Persistence::Temporary;
  }
  // RELATION_IS_OTHER_TEMP; also if its session has ended.
  bool is_other_temporary(const PageTag& tag) const {
    return is_temporary(tag) && core.find_relation(tag)->owner != core.acting();
  }
  void refuse_other_temporary(const PageTag& tag, const char* what) const {
    if (is_other_temporary(tag))
      throw Ereport{"0A000", fmt::format("cannot {} temporary tables of other sessions", what), "", {}};
  }
  // The acting backend's, if it has used any.
  LocalBuffers* find_local() {
    auto found = local_of.find(core.acting());
    return found == local_of.end() ? nullptr : locals[found->second].get();
  }

  BufferSlot take_victim(RingSlot ring);                                    // GetVictimBuffer
  BufferSlot read_shared(const PageTag& tag, RingSlot ring, bool for_new);  // ReadBuffer_common
  std::vector<BufferSlot> extend_by_victims(const std::vector<PageTag>& tags, RingSlot ring);
  void unpin(BufferSlot buffer);
  void release_above(std::size_t kept);
  void drop(const std::function<bool(const PageTag&)>& doomed);
  void drop_of(RelationId id, const std::function<bool(const PageTag&)>& doomed);
  void flush(const std::function<bool(const PageTag&)>& wanted);
};

BufferManager::BufferManager(const BufferProfile& profile, const BufferSettings& settings, AddressSpace& space,
                             Backends& backends, EventSink& sink, PrivateMemory memory)
    : impl_(std::make_unique<Impl>(profile, settings, space, backends, sink, std::move(memory))) {
  impl_->core.emit(BufferPoolCreated{shared_pool(), {}, BufferSlot{0}, settings.buffers, true});
  const auto release = [this](BackendSlot backend) {
    check(impl_->core.acting() == backend, "a backend that ends gives back its own pins");
    impl_->release_above(0);
  };
  backends.before_end(release, ExitStage::TransactionPins);
  backends.before_end([this, release](BackendSlot backend) {
    release(backend);  // also what callbacks of its exit pinned
    impl_->replacement.free_rings_of(backend);
    impl_->local_of.erase(backend);
    impl_->core.forget_owner(backend);
  });
}
BufferManager::~BufferManager() = default;

// --- relations ------------------------------------------------------------------------------------------------

void BufferManager::name_relation(RelationId id, std::string_view name, std::uint32_t blocks, Persistence persistence) {
  const BackendSlot owner = persistence == Persistence::Temporary ? impl_->core.backends.acting() : BackendSlot{};
  impl_->core.relations[id] = {std::string(name), {blocks, 0, 0, 0}, persistence, owner};
  impl_->core.emit(RelationNamed{id.tablespace, id.database, id.relation, blocks, std::string(name)});
}

std::uint32_t BufferManager::relation_blocks(RelationId id, std::int32_t fork) const {
  auto found = impl_->core.relations.find(id);
  return found == impl_->core.relations.end() ? 0 : found->second.blocks[static_cast<std::size_t>(fork)];
}

// --- pages ----------------------------------------------------------------------------------------------------

LocalBuffers& BufferManager::Impl::local() {
  if (LocalBuffers* found = find_local()) return *found;
  const BackendSlot backend = core.acting();
  if (next_buffer().value - core.settings.buffers > kMostLocalBuffers - core.settings.temp_buffers)
    throw std::length_error(
        fmt::format("the backends' local buffers ({} of temp_buffers = {}, and one more) would be more than {} in all: "
                    "their descriptors are real bytes of this machine; a smaller temp_buffers will do",
                    locals.size(), core.settings.temp_buffers, kMostLocalBuffers));
  const PoolSlot slot{static_cast<std::uint32_t>(locals.size() + 1)};
  locals.push_back(std::make_unique<LocalBuffers>(core, memory, backend, slot, next_buffer()));
  local_of[backend] = locals.size() - 1;
  const BufferPool& pool = locals.back()->pool();
  core.emit(BufferPoolCreated{slot, backend, pool.first(), pool.buffers(), false});
  return *locals.back();
}

BufferSlot BufferManager::Impl::take_victim(RingSlot ring) {
  for (;;) {
    const Replacement::Choice choice = replacement.get_buffer(ring);
    core.pin(choice.buffer, PoolCore::Usage::Keep);
    if (choice.rejected) {
      replacement.reject(ring);
      core.unpin(choice.buffer);
      continue;
    }
    if ((core.word(choice.buffer) & kDirty) != 0) core.flush_buffer(choice.buffer, WriteReason::Victim);
    if (core.profile.rules.victim_invalidated_first && (core.word(choice.buffer) & kTagValid) != 0)
      core.invalidate(choice.buffer, UntagReason::Evicted);
    return choice.buffer;
  }
}

BufferSlot BufferManager::Impl::read_shared(const PageTag& tag, RingSlot ring, bool for_new) {
  ++core.pool.tallies.requests;
  core.emit(PageRequested{shared_pool(), tag, ring, for_new});
  if (const BufferSlot found = core.look_up(tag)) {
    core.pin(found, ring ? PoolCore::Usage::OnceForRing : PoolCore::Usage::Grow);
    return found;
  }
  const BufferSlot buffer = take_victim(ring);
  core.assign(buffer, tag);
  core.start_read(buffer);
  core.finish_read(buffer, !for_new);
  return buffer;
}

BufferSlot BufferManager::read_buffer(const PageTag& tag, RingSlot ring) {
  impl_->refuse_other_temporary(tag, "access");
  if (impl_->is_temporary(tag)) return impl_->local().read_buffer(tag, false, true);
  check(!ring || impl_->replacement.has_ring(ring), "a ring that is used was not freed");
  return impl_->read_shared(tag, ring, false);
}

std::vector<BufferSlot> BufferManager::Impl::extend_by_victims(const std::vector<PageTag>& tags, RingSlot ring) {
  std::vector<BufferSlot> buffers;
  for (const PageTag& tag : tags) {
    ++core.pool.tallies.requests;
    core.emit(PageRequested{shared_pool(), tag, ring, true});
    buffers.push_back(take_victim(ring));
  }
  for (std::size_t i = 0; i < tags.size(); ++i) {
    // Only if somebody trampled the lookup table or the relation's length.
    if (core.find(tags[i], core.hash_of(tags[i]))) {
      const Relation* relation = core.find_relation(tags[i]);
      throw Ereport{"XX000",
                    "unexpected data beyond EOF in block " + std::to_string(tags[i].block) + " of relation \"" +
                        (relation ? relation->name : std::string()) + "\"",
                    "",
                    {}};
    }
    core.assign(buffers[i], tags[i]);
    core.start_read(buffers[i]);
  }
  for (BufferSlot buffer : buffers) core.finish_read(buffer, false);
  return buffers;
}

std::vector<BufferSlot> BufferManager::extend_buffered_rel(RelationId id, std::uint32_t pages, RingSlot ring,
                                                           std::int32_t fork) {
  Impl& i = *impl_;
  check(fork >= 0 && fork < 4, "a relation has four forks");
  i.refuse_other_temporary(page_of(id, fork, 0), "access");
  const BufferRules& rules = i.core.profile.rules;
  std::uint32_t& blocks = i.core.relations[id].blocks[static_cast<std::size_t>(fork)];
  if (pages > kMaxBlocks - blocks)
    throw Ereport{
        "54000",
        "cannot extend relation " + i.core.relations[id].name + " beyond " + std::to_string(kMaxBlocks) + " blocks",
        "",
        {}};
  std::vector<PageTag> tags;
  for (std::uint32_t page = 0; page < pages; ++page) tags.push_back(page_of(id, fork, blocks + page));
  std::vector<BufferSlot> buffers;
  const bool temporary = !tags.empty() && i.is_temporary(tags.front());
  if (!temporary && rules.extends_by_victims) {
    buffers = i.extend_by_victims(tags, ring);
    blocks += pages;
  } else {
    for (const PageTag& tag : tags) {
      buffers.push_back(temporary ? i.local().read_buffer(tag, true, !rules.extends_by_victims)
                                  : i.read_shared(tag, ring, true));
      ++blocks;  // also if the next one fails
    }
  }
  return buffers;
}

void BufferManager::incr_buffer_ref_count(BufferSlot buffer) {
  check(private_count(impl_->core.acting(), buffer) > 0, "only a pinned buffer is pinned once more");
  if (is_local(buffer))
    impl_->local_holding(buffer).pin_again(buffer);
  else
    impl_->core.pin(buffer, PoolCore::Usage::Keep);
}

void BufferManager::Impl::unpin(BufferSlot buffer) {
  if (buffer.value >= core.settings.buffers)
    local_holding(buffer).unpin(buffer);
  else
    core.unpin(buffer);
}

void BufferManager::release_buffer(BufferSlot buffer) {
  const std::int32_t number = exists(buffer) ? buffer_number(buffer) : 0;
  if (number == 0) throw Ereport{"XX000", "bad buffer ID: " + std::to_string(buffer.value + 1), "", {}};
  if (private_count(impl_->core.acting(), buffer) == 0) {
    const std::string what = profile().rules.owner_error_names_kind
                                 ? "buffer pin 0x" + hex_text(static_cast<std::uint32_t>(number))
                                 : "buffer " + std::to_string(number);
    throw Ereport{"XX000", what + " is not owned by resource owner TopTransaction", "", {}};
  }
  impl_->unpin(buffer);
}

void BufferManager::mark_buffer_dirty(BufferSlot buffer, std::uint64_t lsn) {
  check(private_count(impl_->core.acting(), buffer) > 0, "only a pinned buffer is made dirty");
  if (is_local(buffer)) return impl_->local_holding(buffer).mark_dirty(buffer);
  PoolCore& core = impl_->core;
  if ((core.word(buffer) & kPermanent) == 0) lsn = 0;
  core.wal_inserted = std::max(core.wal_inserted, lsn);
  if (lsn != 0) core.set_page_lsn(buffer, lsn);
  core.pool.set_word(buffer.value, core.word(buffer) | kDirty | kJustDirtied);
  core.emit(BufferDirtied{buffer, core.word(buffer), lsn});
}

void BufferManager::Impl::release_above(std::size_t kept) {
  while (core.pins().owned().size() > kept) unpin(core.pins().owned().back());
}
void BufferManager::release_all_pins() { impl_->release_above(0); }
void BufferManager::release_pins_above(std::size_t kept) { impl_->release_above(kept); }
std::size_t BufferManager::pins_held() const { return impl_->core.pins().owned().size(); }

// --- rings ----------------------------------------------------------------------------------------------------

std::uint32_t BufferManager::ring_slots(RingKind kind, std::optional<std::uint32_t> kb) const {
  constexpr std::uint32_t kPageKb = kBlockBytes / 1024;
  const BufferSettings& set = settings();
  const RingSizes& sizes = profile().ring_sizes;
  std::uint32_t wanted = kind == RingKind::BulkRead    ? sizes.bulk_read_kb
                         : kind == RingKind::BulkWrite ? sizes.bulk_write_kb
                                                       : sizes.vacuum_kb;
  if (kb) {
    wanted = *kb;
  } else if (kind == RingKind::BulkRead && sizes.bulk_read_follows_io) {
    const std::uint32_t pin_limit = set.buffers / (set.max_backends + profile().rules.auxiliary_processes);
    const std::uint32_t most = std::max(wanted, pin_limit * kPageKb);
    wanted = std::min(most, wanted + kPageKb * set.io_combine_limit * set.effective_io_concurrency);
  }
  if (wanted / kPageKb == 0) return 0;
  return std::max(1u, std::min(set.buffers / 8, wanted / kPageKb));
}

std::uint64_t BufferManager::ring_bytes(std::uint32_t slots) const {
  return profile().ring.bytes + std::uint64_t{4} * slots;
}

RingSlot BufferManager::get_access_strategy(RingKind kind, std::optional<std::uint32_t> kb, Address memory) {
  const std::uint32_t slots = ring_slots(kind, kb);
  return slots == 0 ? RingSlot{} : impl_->replacement.create_ring(kind, slots, memory);
}

void BufferManager::free_access_strategy(RingSlot ring) { impl_->replacement.free_ring(ring); }

// --- dropping and flushing ------------------------------------------------------------------------------------

// InvalidateBuffer for each in turn. A pinned one: its own backend made a mistake, another's would have to let go.
void BufferManager::Impl::drop(const std::function<bool(const PageTag&)>& doomed) {
  core.backends.count_work(core.settings.buffers);
  for (std::uint32_t id = 0; id < core.settings.buffers; ++id) {
    const BufferSlot buffer{id};
    if ((core.word(buffer) & kTagValid) == 0 || !doomed(core.pool.tag(id))) continue;
    if (core.pins().count(buffer) > 0) throw Ereport{"XX000", "buffer is pinned in InvalidateBuffer", "", {}};
    if (refcount_of(core.word(buffer)) != 0)
      throw WouldWait{"buffer " + std::to_string(id + 1) + " is pinned by another backend: the drop waits for it"};
    core.invalidate(buffer, UntagReason::Dropped);
    replacement.free_buffer(buffer);
  }
}

// A backend that has no local buffers gets none for this; those of other sessions stay (only their own backend sees
// them).
void BufferManager::Impl::drop_of(RelationId id, const std::function<bool(const PageTag&)>& doomed) {
  if (!is_temporary(page_of(id, 0, 0)))
    drop(doomed);
  else if (LocalBuffers* mine = find_local())
    mine->drop(doomed);
}

void BufferManager::drop_relation_buffers(RelationId id, std::int32_t fork, std::uint32_t first_block) {
  auto doomed = [&](const PageTag& tag) { return belongs(tag, id) && tag.fork == fork && tag.block >= first_block; };
  impl_->refuse_other_temporary(page_of(id, fork, 0), "truncate");
  impl_->drop_of(id, doomed);
  if (auto relation = impl_->core.relations.find(id); relation != impl_->core.relations.end()) {
    std::uint32_t& blocks = relation->second.blocks[static_cast<std::size_t>(fork)];
    blocks = std::min(blocks, first_block);
  }
}

void BufferManager::drop_relations_all_buffers(RelationId id) {
  auto doomed = [&](const PageTag& tag) { return belongs(tag, id); };
  impl_->drop_of(id, doomed);
  impl_->core.relations.erase(id);
}

void BufferManager::drop_database_buffers(std::uint32_t database) {
  impl_->drop([&](const PageTag& tag) { return tag.database == database; });
}

void BufferManager::Impl::flush(const std::function<bool(const PageTag&)>& wanted) {
  core.backends.count_work(core.settings.buffers);
  for (std::uint32_t id = 0; id < core.settings.buffers; ++id) {
    if ((core.pool.word(id) & kDirty) != 0 && wanted(core.pool.tag(id)))
      sync_one_buffer(core, BufferSlot{id}, false, WriteReason::Flush);
  }
}

void BufferManager::flush_relation_buffers(RelationId id) {
  auto wanted = [&](const PageTag& tag) { return belongs(tag, id); };
  if (!impl_->is_temporary(page_of(id, 0, 0)))
    impl_->flush(wanted);
  else if (LocalBuffers* mine = impl_->find_local())
    mine->flush(wanted);
}

void BufferManager::flush_database_buffers(std::uint32_t database) {
  impl_->flush([&](const PageTag& tag) { return tag.database == database; });
}

// --- WAL and maintenance --------------------------------------------------------------------------------------

std::uint64_t BufferManager::xlog_insert(std::uint32_t bytes) { return impl_->core.wal_inserted += bytes; }
void BufferManager::xlog_flush(std::uint64_t lsn) { impl_->core.xlog_flush(lsn); }
std::uint64_t BufferManager::wal_inserted() const { return impl_->core.wal_inserted; }
std::uint64_t BufferManager::wal_flushed() const { return impl_->core.wal_flushed; }

bool BufferManager::bg_buffer_sync() { return impl_->writer.round(); }
std::uint32_t BufferManager::begin_checkpoint(CheckpointFlags flags) { return impl_->checkpoint.begin(flags); }
bool BufferManager::continue_checkpoint(std::uint32_t buffers) { return impl_->checkpoint.write(buffers); }
bool BufferManager::checkpoint_in_progress() const { return impl_->checkpoint.in_progress(); }
void BufferManager::check_point_buffers(CheckpointFlags flags) {
  const std::uint32_t buffers = begin_checkpoint(flags);
  if (buffers > 0) continue_checkpoint(buffers);
}

// --- looks ----------------------------------------------------------------------------------------------------

const BufferProfile& BufferManager::profile() const { return impl_->core.profile; }
const BufferSettings& BufferManager::settings() const { return impl_->core.settings; }
const BufferPlaces& BufferManager::places() const { return impl_->core.places; }
std::uint32_t BufferManager::buffers() const { return impl_->core.settings.buffers; }

PoolSlot BufferManager::local_pool(BackendSlot backend) const {
  auto found = impl_->local_of.find(backend);
  return found == impl_->local_of.end() ? PoolSlot{} : impl_->locals[found->second]->pool().slot();
}

std::uint32_t BufferManager::state_word(BufferSlot buffer) const {
  const BufferPool& pool = impl_->pool_of(buffer);
  return pool.word(pool.id(buffer));
}

PageTag BufferManager::tag_of(BufferSlot buffer) const {
  const BufferPool& pool = impl_->pool_of(buffer);
  return pool.tag(pool.id(buffer));
}

BufferSlot BufferManager::find_buffer(const PageTag& tag) const { return impl_->core.find(tag, hash_of(tag)); }

std::uint32_t BufferManager::private_count(BackendSlot backend, BufferSlot buffer) const {
  if (!is_local(buffer)) return impl_->core.pins(backend).count(buffer);
  auto found = impl_->local_of.find(backend);
  if (found == impl_->local_of.end() || &impl_->local_holding(buffer) != impl_->locals[found->second].get()) return 0;
  return impl_->local_holding(buffer).pins(buffer);
}

std::uint32_t BufferManager::hash_of(const PageTag& tag) const { return impl_->core.hash_of(tag); }

const PoolTallies& BufferManager::tallies(PoolSlot pool) const {
  check(pool.value <= impl_->locals.size(), "a pool is there");
  return pool.value == 0 ? impl_->core.pool.tallies : impl_->locals[pool.value - 1]->pool().tallies;
}

bool BufferManager::exists(BufferSlot buffer) const { return buffer.value < impl_->next_buffer().value; }

std::int32_t BufferManager::buffer_number(BufferSlot buffer) const {
  const BufferPool& pool = impl_->pool_of(buffer);
  const auto id = static_cast<std::int32_t>(pool.id(buffer));
  return is_local(buffer) ? -id - 1 : id + 1;
}

BufferSlot BufferManager::local_buffer(BackendSlot backend, std::int64_t number) const {
  const PoolSlot slot = local_pool(backend);
  if (!slot || number >= 0 || number < -std::int64_t{settings().temp_buffers}) return {};
  return impl_->locals[slot.value - 1]->pool().buffer(static_cast<std::uint32_t>(-number - 1));
}

}  // namespace palloscope::core
