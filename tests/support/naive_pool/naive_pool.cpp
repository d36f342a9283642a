#include "tests/support/naive_pool/naive_pool.h"

#include <algorithm>
#include <tuple>

namespace palloscope::test {

using core::PageTag;
using core::WriteReason;

namespace {

constexpr int kMostUsage = 5;

bool same_relation(const PageTag& page, const NaivePool::Relation& relation) {
  return page.tablespace == relation.tablespace && page.database == relation.database &&
         page.relation == relation.relation;
}

}  // namespace

// 10.2
std::uint32_t NaiveBuffer::word() const {
  std::uint32_t word = static_cast<std::uint32_t>(refcount) + (static_cast<std::uint32_t>(usage) << 18);
  const std::pair<bool, unsigned> bits[] = {
      {dirty, 23}, {valid, 24}, {page.has_value(), 25}, {just_dirtied, 28}, {checkpoint_needed, 30}, {permanent, 31}};
  for (const auto& [set, bit] : bits)
    if (set) word |= std::uint32_t{1} << bit;
  return word;
}

NaivePool::NaivePool(NaiveSettings settings) : settings_(settings) {
  buffers_.resize(static_cast<std::size_t>(settings.buffers));
  for (int i = 0; i < settings.buffers; ++i) freelist_.push_back(i);
}

std::optional<int> NaivePool::where(const PageTag& page) const {
  for (int i = 0; i < settings_.buffers; ++i)
    if (buffers_[static_cast<std::size_t>(i)].page == page) return i;
  return std::nullopt;
}

int NaivePool::unpinned_shared() const {
  int count = 0;
  for (int i = 0; i < settings_.buffers; ++i) count += buffers_[static_cast<std::size_t>(i)].refcount == 0 ? 1 : 0;
  return count;
}

// --- pins (10.6) ------------------------------------------------------------------------------------------------

bool NaivePool::add_private(int backend, int buffer) {
  for (auto& [held, count] : pins_[backend])
    if (held == buffer) return ++count, false;
  pins_[backend].emplace_back(buffer, 1);
  return true;
}

void NaivePool::pin(int backend, int buffer, bool counts_use, bool in_ring) {
  if (!add_private(backend, buffer)) return;
  NaiveBuffer& b = at(buffer);
  if (!is_local(buffer) || settings_.major >= 18) ++b.refcount;
  if (!counts_use) return;
  if (in_ring)
    b.usage = std::max(b.usage, 1);
  else
    b.usage = std::min(b.usage + 1, kMostUsage);
}

void NaivePool::pin_again(int backend, int buffer) { add_private(backend, buffer); }

void NaivePool::unpin(int backend, int buffer) {
  auto& held = pins_[backend];
  for (auto it = held.begin(); it != held.end(); ++it) {
    if (it->first != buffer) continue;
    if (--it->second > 0) return;
    held.erase(it);
    if (!is_local(buffer) || settings_.major >= 18) --at(buffer).refcount;
    return;
  }
}

void NaivePool::unpin_all(int backend) {
  while (!pins_[backend].empty()) unpin(backend, pins_[backend].back().first);
}

void NaivePool::dirty(int, int buffer, std::uint64_t lsn) {
  NaiveBuffer& b = at(buffer);
  b.dirty = true;
  if (is_local(buffer)) return;
  b.just_dirtied = true;
  if (lsn != 0) b.lsn = lsn;
}

void NaivePool::end_backend(int backend) {
  unpin_all(backend);
  pins_.erase(backend);
  local_.erase(backend);
  for (auto it = rings_.begin(); it != rings_.end();) it = it->second.backend == backend ? rings_.erase(it) : ++it;
}

// --- finding a buffer (10.5) ------------------------------------------------------------------------------------

int NaivePool::from_freelist_or_clock() {
  ++allocations_;
  while (!freelist_.empty()) {
    const int first = freelist_.front();
    freelist_.pop_front();
    if (at(first).refcount == 0 && at(first).usage == 0) return first;
  }
  const auto n = static_cast<std::uint32_t>(settings_.buffers);
  int tries = settings_.buffers;
  while (true) {
    std::uint32_t v = next_victim_++;
    if (v >= n) {
      v %= n;
      if (v == 0) {
        next_victim_ %= n;
        ++complete_passes_;
      }
    }
    ++counts_.ticks;
    NaiveBuffer& b = buffers_[v];
    if (b.refcount == 0) {
      if (b.usage == 0) return static_cast<int>(v);
      --b.usage;
      tries = settings_.buffers;
    } else if (--tries == 0) {
      throw NaiveError{"no unpinned buffers available"};
    }
  }
}

// Pinned, clean and without a page.
int NaivePool::victim(int backend, int ring_name) {
  NaiveRing* ring = ring_name < 0 ? nullptr : &rings_.at(ring_name);
  while (true) {
    int buffer = -1;
    bool of_ring = false;
    if (ring != nullptr) {
      ring->current = (ring->current + 1) % ring->slots.size();
      const int held = ring->slots[ring->current];
      of_ring = held >= 0 && at(held).refcount == 0 && at(held).usage <= 1;
      if (of_ring) buffer = held;
    }
    if (!of_ring) {
      buffer = from_freelist_or_clock();
      if (ring != nullptr) ring->slots[ring->current] = buffer;
    }
    NaiveBuffer& b = at(buffer);
    if (b.dirty) {
      if (of_ring && ring->kind == core::RingKind::BulkRead && b.lsn > wal_flushed_) {
        ring->slots[ring->current] = -1;
        continue;
      }
      write(buffer, WriteReason::Victim);
    }
    pin(backend, buffer, false, false);
    if (b.page) ++counts_.evictions;
    const int refcount = b.refcount;
    if (settings_.major >= 16) {
      b = NaiveBuffer{};
      b.refcount = refcount;
    }
    return buffer;
  }
}

void NaivePool::write(int buffer, WriteReason reason) {
  NaiveBuffer& b = at(buffer);
  if (b.permanent) flush_wal(b.lsn);
  b.dirty = b.just_dirtied = b.checkpoint_needed = false;
  if (!is_local(buffer)) ++counts_.writes[static_cast<std::size_t>(reason)];
}

void NaivePool::flush_wal(std::uint64_t lsn) {
  if (lsn > wal_flushed_) wal_flushed_ = std::max(lsn, wal_inserted_);
}

void NaivePool::put_page(int buffer, const PageTag& page, Kind kind) {
  NaiveBuffer& b = at(buffer);
  const int refcount = b.refcount;
  b = NaiveBuffer{};
  b.refcount = refcount;
  b.page = page;
  b.usage = 1;
  b.valid = true;
  b.permanent = kind == Kind::Permanent || page.fork == 3;
}

int NaivePool::read(int backend, const PageTag& page, Kind kind, int ring) {
  if (kind == Kind::Temporary) return local_read(backend, page);
  ++counts_.requests;
  if (const auto found = where(page)) {
    ++counts_.hits;
    pin(backend, *found, true, ring >= 0);
    return *found;
  }
  const int buffer = victim(backend, ring);
  put_page(buffer, page, kind);
  return buffer;
}

std::vector<int> NaivePool::extend(int backend, const Relation& relation, std::uint32_t first_block, int pages,
                                   int ring) {
  const auto page = [&](int i) {
    return PageTag{relation.tablespace, relation.database, relation.relation, 0,
                   first_block + static_cast<std::uint32_t>(i)};
  };
  std::vector<int> taken;
  if (relation.kind == Kind::Temporary) {
    if (settings_.major < 16) {
      for (int i = 0; i < pages; ++i) taken.push_back(local_read(backend, page(i)));
      return taken;
    }
    local_pool(backend);
    for (int i = 0; i < pages; ++i) taken.push_back(local_victim(backend));
    for (int i = 0; i < pages; ++i) {
      put_page(taken[static_cast<std::size_t>(i)], page(i), relation.kind);
      at(taken[static_cast<std::size_t>(i)]).permanent = false;
    }
    return taken;
  }
  if (settings_.major < 16) {
    for (int i = 0; i < pages; ++i) taken.push_back(read(backend, page(i), relation.kind, ring));
    return taken;
  }
  counts_.requests += static_cast<std::uint64_t>(pages);
  for (int i = 0; i < pages; ++i) taken.push_back(victim(backend, ring));
  for (int i = 0; i < pages; ++i) put_page(taken[static_cast<std::size_t>(i)], page(i), relation.kind);
  return taken;
}

// --- rings (10.8) -----------------------------------------------------------------------------------------------

int NaivePool::ring_slots(core::RingKind kind, std::optional<int> kb) const {
  int pages = 0;
  if (kb) {
    pages = *kb / 8;
  } else if (kind == core::RingKind::BulkWrite) {
    pages = 16 * 1024 / 8;
  } else if (kind == core::RingKind::Vacuum) {
    pages = settings_.major >= 17 ? 2048 / 8 : 256 / 8;
  } else {
    pages = 256 / 8;
    if (settings_.major >= 18) {
      constexpr int kAuxiliary = 38;
      const int pin_limit = settings_.buffers / (settings_.max_backends + kAuxiliary);
      const int wanted = pages + settings_.io_combine_limit * settings_.effective_io_concurrency;
      pages = std::min(wanted, std::max(pages, pin_limit));
    }
  }
  return std::min(pages, settings_.buffers / 8);
}

void NaivePool::make_ring(int name, int backend, core::RingKind kind, int slots) {
  NaiveRing& ring = rings_[name];
  ring.backend = backend;
  ring.kind = kind;
  ring.current = 0;
  ring.slots.assign(static_cast<std::size_t>(slots), -1);
}

// --- dropping and flushing --------------------------------------------------------------------------------------

void NaivePool::invalidate(int backend, int buffer) {
  NaiveBuffer& b = at(buffer);
  if (b.refcount != 0) {
    for (const auto& [held, count] : pins_[backend])
      if (held == buffer) throw NaiveError{"buffer is pinned in InvalidateBuffer"};
    throw NaiveError{"pinned by another backend", true};
  }
  b = NaiveBuffer{};
  if (std::find(freelist_.begin(), freelist_.end(), buffer) == freelist_.end()) freelist_.push_front(buffer);
}

void NaivePool::drop_fork(int backend, const Relation& relation, int fork, std::uint32_t first_block) {
  const auto concerned = [&](const NaiveBuffer& b) {
    return b.page && same_relation(*b.page, relation) && b.page->fork == fork && b.page->block >= first_block;
  };
  if (relation.kind == Kind::Temporary) {
    const auto pool = local_.find(backend);
    if (pool == local_.end()) return;
    for (int i = pool->second.first; i < pool->second.first + settings_.temp_buffers; ++i)
      if (concerned(at(i))) at(i) = NaiveBuffer{};
    return;
  }
  for (int i = 0; i < settings_.buffers; ++i)
    if (concerned(at(i))) invalidate(backend, i);
}

void NaivePool::drop_relation(int backend, const Relation& relation) {
  if (relation.kind == Kind::Temporary) {
    for (int fork = 0; fork < 4; ++fork) drop_fork(backend, relation, fork, 0);
    return;
  }
  for (int i = 0; i < settings_.buffers; ++i)
    if (at(i).page && same_relation(*at(i).page, relation)) invalidate(backend, i);
}

void NaivePool::drop_database(int backend, std::uint32_t database) {
  for (int i = 0; i < settings_.buffers; ++i)
    if (at(i).page && at(i).page->database == database) invalidate(backend, i);
}

void NaivePool::flush_relation(int backend, const Relation& relation) {
  int first = 0, last = settings_.buffers;
  if (relation.kind == Kind::Temporary) {
    const auto pool = local_.find(backend);
    if (pool == local_.end()) return;
    first = pool->second.first;
    last = first + settings_.temp_buffers;
  }
  for (int i = first; i < last; ++i)
    if (at(i).page && at(i).dirty && same_relation(*at(i).page, relation)) write(i, WriteReason::Flush);
}

void NaivePool::flush_database(std::uint32_t database) {
  for (int i = 0; i < settings_.buffers; ++i)
    if (at(i).page && at(i).dirty && at(i).page->database == database) write(i, WriteReason::Flush);
}

// --- maintenance (10.7) -----------------------------------------------------------------------------------------

NaiveRound NaivePool::background_round() {
  constexpr float kSmoothing = 16;
  const int n = settings_.buffers;
  const int strategy = static_cast<int>(next_victim_ % static_cast<std::uint32_t>(n));
  const std::uint32_t passes = complete_passes_ + next_victim_ / static_cast<std::uint32_t>(n);
  NaiveRound round;
  round.allocations = std::exchange(allocations_, 0);

  // How far the hand has gone, and how far it is behind the cleaning position.
  int gone = 0, to_lap = n;
  bool restart = !saved_;
  if (saved_) {
    gone = strategy - saved_strategy_ + static_cast<int>(passes - saved_passes_) * n;
    const auto ahead = static_cast<std::int32_t>(next_passes_ - passes);
    if (ahead > 0)
      to_lap = strategy - next_to_clean_;
    else if (ahead == 0 && next_to_clean_ >= strategy)
      to_lap = n - (next_to_clean_ - strategy);
    else
      restart = true;
  }
  if (restart) {
    next_to_clean_ = strategy;
    next_passes_ = passes;
    to_lap = n;
  }
  saved_ = true;
  saved_strategy_ = strategy;
  saved_passes_ = passes;

  const auto learn = [&](int scans, int allocations) {
    if (scans <= 0 || allocations <= 0) return;
    const float density = static_cast<float>(scans) / static_cast<float>(allocations);
    smoothed_density_ += (density - smoothed_density_) / kSmoothing;
  };
  learn(gone, round.allocations);
  const int known = static_cast<int>(static_cast<float>(n - to_lap) / smoothed_density_);
  const auto recent = static_cast<float>(round.allocations);
  smoothed_alloc_ = smoothed_alloc_ <= recent ? recent : smoothed_alloc_ + (recent - smoothed_alloc_) / kSmoothing;
  round.wanted = static_cast<int>(static_cast<double>(smoothed_alloc_) * settings_.bgwriter_lru_multiplier);
  if (round.wanted == 0) smoothed_alloc_ = 0;
  const int least =
      static_cast<int>(static_cast<float>(n) / (120000.0F / static_cast<float>(settings_.bgwriter_delay_ms))) + known;
  round.wanted = std::max(round.wanted, least);

  round.reusable = known;
  int left = to_lap;
  while (left > 0 && round.reusable < round.wanted) {
    const int buffer = next_to_clean_;
    if (++next_to_clean_ == n) {
      next_to_clean_ = 0;
      ++next_passes_;
    }
    --left;
    NaiveBuffer& b = at(buffer);
    if (b.refcount != 0 || b.usage != 0) continue;
    ++round.reusable;
    if (!b.dirty) continue;
    write(buffer, WriteReason::BackgroundWriter);
    if (++round.written >= settings_.bgwriter_lru_maxpages) break;
  }
  learn(to_lap - left, round.reusable - known);
  round.next_to_clean = next_to_clean_;
  return round;
}

int NaivePool::begin_checkpoint(bool all) {
  to_checkpoint_.clear();
  checkpoint_at_ = 0;
  checkpoint_written_ = 0;
  for (int i = 0; i < settings_.buffers; ++i) {
    NaiveBuffer& b = at(i);
    if (!b.dirty || (!all && !b.permanent)) continue;
    b.checkpoint_needed = true;
    to_checkpoint_.push_back(i);
  }
  const auto key = [this](int i) {
    const PageTag& page = *at(i).page;
    return std::tuple(page.tablespace, page.relation, page.fork, page.block);
  };
  std::stable_sort(to_checkpoint_.begin(), to_checkpoint_.end(), [&](int a, int b) { return key(a) < key(b); });
  return static_cast<int>(to_checkpoint_.size());
}

bool NaivePool::continue_checkpoint(int buffers) {
  for (; buffers > 0 && checkpoint_at_ < to_checkpoint_.size(); --buffers, ++checkpoint_at_) {
    const int i = to_checkpoint_[checkpoint_at_];
    if (!at(i).checkpoint_needed) continue;
    write(i, WriteReason::Checkpoint);
    ++checkpoint_written_;
  }
  return checkpoint_at_ < to_checkpoint_.size();
}

// --- local buffers (10.9) ---------------------------------------------------------------------------------------

NaivePool::LocalPool& NaivePool::local_pool(int backend) {
  const auto [pool, is_new] = local_.try_emplace(backend);
  if (is_new) {
    pool->second.first = static_cast<int>(buffers_.size());
    buffers_.resize(buffers_.size() + static_cast<std::size_t>(settings_.temp_buffers));
  }
  return pool->second;
}

int NaivePool::local_victim(int backend) {
  LocalPool& pool = local_pool(backend);
  const auto pinned = [&](int buffer) {
    const auto& held = pins_[backend];
    return std::any_of(held.begin(), held.end(), [&](const auto& pin) { return pin.first == buffer; });
  };
  int tries = settings_.temp_buffers;
  while (true) {
    const int buffer = pool.first + pool.next;
    pool.next = (pool.next + 1) % settings_.temp_buffers;
    NaiveBuffer& b = at(buffer);
    if (pinned(buffer)) {
      if (--tries == 0) throw NaiveError{"no empty local buffer available"};
      continue;
    }
    if (b.usage > 0) {
      --b.usage;
      tries = settings_.temp_buffers;
      continue;
    }
    if (b.dirty) write(buffer, WriteReason::Victim);
    pin(backend, buffer, false, false);
    const int refcount = b.refcount;
    b = NaiveBuffer{};
    b.refcount = refcount;
    return buffer;
  }
}

int NaivePool::local_read(int backend, const PageTag& page) {
  const LocalPool& pool = local_pool(backend);
  for (int i = pool.first; i < pool.first + settings_.temp_buffers; ++i) {
    if (at(i).page != page) continue;
    pin(backend, i, true, false);
    return i;
  }
  const int buffer = local_victim(backend);
  put_page(buffer, page, Kind::Temporary);
  at(buffer).permanent = false;
  return buffer;
}

}  // namespace palloscope::test
