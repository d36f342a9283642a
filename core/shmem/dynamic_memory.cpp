#include "core/shmem/dynamic_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "core/mcxt/errors.h"
#include "core/shmem/shmem_quantities.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kHomes = 0x7a00'0000'0000;  // where the files' bytes are kept
constexpr std::uint64_t kViews = 0x7c00'0000'0000;  // where backends map them
constexpr std::uint64_t kPage = AddressSpace::kPageBytes;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 36;

std::uint64_t pages_of(std::uint64_t bytes) { return (bytes + kPage - 1) / kPage; }

Ereport internal_error(std::string message) { return {"XX000", std::move(message), {}, {}}; }

}  // namespace

DynamicMemory::DynamicMemory(SharedMemory& shared, Backends& backends)
    : shared_(shared), backends_(backends), next_home_(kHomes), next_view_(kViews) {
  maxitems_ =
      DsmControlLayout::kFixedItems +
      DsmControlLayout::kItemsPerBackend * static_cast<std::uint32_t>(ShmemQuantities(shared.settings()).max_backends);
  const std::uint64_t bytes = layout_.head_bytes + layout_.item_bytes * maxitems_;
  control_ = {next_home_};
  next_home_ += (pages_of(bytes) + 1) * kPage;
  shared_.space().map(control_, pages_of(bytes) * kPage);
  control_handle_ = random_word() << 1;
  store(control_, layout_.magic, layout_.magic_value);
  store(control_, layout_.maxitems, maxitems_);
  shared_.set_dsm_control(control_handle_);
  shared_.sink().emit(SegmentCreated{shared_.new_slot(), SegmentKind::Dynamic, control_, bytes, kPage, control_handle_,
                                     fmt::format("/PostgreSQL.{}", control_handle_)});
  if (const auto region = shared_.find("Preallocated DSM")) {
    region_ = kMainSegment + region->offset;
    region_pages_.assign(region->bytes / kPage, false);
  }
  backends_.before_end([this](BackendSlot backend) { detach_all(backend, false); }, ExitStage::TransactionSegments);
  backends_.before_end([this](BackendSlot backend) { detach_all(backend, true); }, ExitStage::DynamicMemory);
}

Address DynamicMemory::item_at(std::uint32_t item) const {
  return control_ + layout_.head_bytes + layout_.item_bytes * item;
}

std::uint64_t DynamicMemory::load(Address base, Field field) const {
  const auto value = shared_.space().load(base + field.offset, field.width);
  if (!value) throw Crash{"SIGSEGV", "the control segment is not mapped there", base};
  return *value;
}

void DynamicMemory::store(Address base, Field field, std::uint64_t value) {
  if (!shared_.space().store(base + field.offset, field.width, value))
    throw Crash{"SIGSEGV", "the control segment is not mapped there", base};
}

// Where somebody trampled the control segment, it names items that no file belongs to.
const DynamicMemory::File& DynamicMemory::file_of(std::uint32_t item) const {
  const auto found = files_.find(item);
  if (found == files_.end()) throw Crash{"SIGSEGV", "the control segment names a segment that is not there", control_};
  return found->second;
}

// It may have ended before its time, and its item be another's.
const DynamicMemory::File& DynamicMemory::file_of(const DsmAttachment& held) const {
  const File& file = file_of(held.item);
  if (file.life != held.life)
    throw Crash{"SIGSEGV", "the control segment's item was given to another segment while this was attached", control_};
  return file;
}

// By what it is: somebody may have written another handle into its item.
bool DynamicMemory::is_attached_to(const File& file) const {
  backends_.count_work(attachments_.size());
  return std::any_of(attachments_.begin(), attachments_.end(), [&](const auto& entry) {
    return entry.second.life == file.life && entry.second.backend == backends_.acting();
  });
}

// Repeatable; PostgreSQL draws from its own generator.
std::uint32_t DynamicMemory::random_word() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return static_cast<std::uint32_t>(random_ >> 32) & 0x7FFFFFFF;
}

std::optional<std::uint32_t> DynamicMemory::item_of(std::uint32_t handle) const {
  const auto count = static_cast<std::uint32_t>(load(control_, layout_.nitems));
  backends_.count_work(std::min(count, maxitems_));
  for (std::uint32_t item = 0; item < std::min(count, maxitems_); ++item)
    if (load(item_at(item), layout_.refcnt) > 1 && load(item_at(item), layout_.handle) == handle) return item;
  return std::nullopt;
}

// The first that nobody uses, else a new one.
std::optional<std::uint32_t> DynamicMemory::free_item() {
  const auto count = static_cast<std::uint32_t>(load(control_, layout_.nitems));
  backends_.count_work(std::min(count, maxitems_));
  for (std::uint32_t item = 0; item < std::min(count, maxitems_); ++item)
    if (load(item_at(item), layout_.refcnt) == 0) return item;
  if (count >= maxitems_) return std::nullopt;
  store(control_, layout_.nitems, count + 1);
  return count;
}

// First fit over the region's pages.
std::optional<std::uint64_t> DynamicMemory::take_pages(std::uint64_t npages) {
  backends_.count_work(region_pages_.size());
  std::uint64_t run = 0;
  for (std::uint64_t page = 0; page < region_pages_.size(); ++page) {
    run = region_pages_[page] ? 0 : run + 1;
    if (run < npages) continue;
    const std::uint64_t first = page + 1 - npages;
    for (std::uint64_t i = first; i <= page; ++i) region_pages_[i] = true;
    return first;
  }
  return std::nullopt;
}

// Addresses are not used again: what was mapped in all has its bounds.
void DynamicMemory::need_room(std::uint64_t bytes) const {
  const std::uint64_t wanted = (pages_of(bytes) + 1) * kPage;
  if (next_home_ + wanted > kMainSegment.value || next_view_ + wanted > kInterlockSegment.value)
    throw Ereport{
        "53200", fmt::format("could not map dynamic shared memory of {} bytes: Cannot allocate memory", bytes), {}, {}};
}

Address DynamicMemory::map_for_backend(const File& file) {
  if (file.preallocated()) return file.home;
  const Address at{next_view_};
  next_view_ += (pages_of(file.bytes) + 1) * kPage;
  shared_.space().map_again(at, file.home, pages_of(file.bytes) * kPage);
  return at;
}

DsmId DynamicMemory::remember(DsmAttachment attachment) {
  const DsmId id = next_id_++;
  attachments_[id] = std::move(attachment);
  return id;
}

DsmId DynamicMemory::create(std::uint64_t bytes, bool null_if_max) {
  if (bytes == 0 || bytes > kMostBytes) throw internal_error(fmt::format("a segment of {} bytes cannot be had", bytes));
  need_room(bytes);
  const auto item = free_item();
  if (!item) {
    if (null_if_max) return 0;
    throw Ereport{"53000", "too many dynamic shared memory segments", {}, {}};
  }
  File file;
  file.bytes = bytes;
  const auto first = region_ ? take_pages(pages_of(bytes)) : std::nullopt;
  if (first) {
    file.first_page = *first;
    file.npages = pages_of(bytes);
    file.home = region_ + *first * kPage;
    // odd; the item's number above the lowest bit, random bits above that
    file.handle = 1u | (*item << 1) | (random_word() << (std::bit_width(maxitems_) + 1));
  } else {
    do {
      file.handle = random_word() << 1;
    } while (file.handle == 0 || file.handle == control_handle_ || item_of(file.handle));
    file.home = {next_home_};
    next_home_ += (pages_of(bytes) + 1) * kPage;
    shared_.space().map(file.home, pages_of(bytes) * kPage);
  }
  file.segment = shared_.new_slot();
  file.life = ++lives_;
  files_[*item] = file;

  const Address at = map_for_backend(file);
  shared_.sink().emit(SegmentCreated{
      file.segment, first ? SegmentKind::Preallocated : SegmentKind::Dynamic, at, bytes, kPage, file.handle,
      first ? std::string("in Preallocated DSM") : fmt::format("/PostgreSQL.{}", file.handle)});
  const Address slot = item_at(*item);
  store(slot, layout_.handle, file.handle);
  store(slot, layout_.refcnt, 2);  // one for being there, one for who made it
  store(slot, layout_.first_page, file.first_page);
  store(slot, layout_.npages, file.npages);
  store(slot, layout_.private_handle, 0);
  store(slot, layout_.pinned, 0);
  shared_.sink().emit(SegmentAttached{file.segment, backends_.acting(), at, 2});
  return remember({file.handle, file.segment, backends_.acting(), at, bytes, *item, file.life, false, {}});
}

DsmId DynamicMemory::attach(std::uint32_t handle) {
  const Ereport twice = internal_error("can't attach the same segment more than once");
  if (find_mapping(handle) != 0) throw twice;
  const auto item = item_of(handle);
  if (!item) return 0;
  const File& file = file_of(*item);
  if (is_attached_to(file)) throw twice;
  need_room(file.bytes);
  const Address at = map_for_backend(file);
  shared_.sink().emit(SegmentAttached{file.segment, backends_.acting(), at, count_refcnt(*item, 1)});
  return remember({handle, file.segment, backends_.acting(), at, file.bytes, *item, file.life, false, {}});
}

void DynamicMemory::detach(DsmId id) {
  // Each is off the list before it runs: one that fails is not run again.
  while (!attachment(id).on_detach.empty()) {
    auto callback = std::move(attachment(id).on_detach.back());
    attachment(id).on_detach.pop_back();
    callback();
  }
  const DsmAttachment gone = attachment(id);
  attachments_.erase(id);
  const File& file = file_of(gone);
  if (!file.preallocated()) shared_.space().unmap(gone.at, pages_of(gone.bytes) * kPage);
  const std::uint32_t left = count_refcnt(gone.item, -1);
  shared_.sink().emit(SegmentDetached{gone.segment, gone.backend, left});
  if (left == 1) destroy(gone.item);
}

void DynamicMemory::pin_segment(DsmId id) {
  const DsmAttachment& held = attachment(id);
  const File& file = file_of(held);
  if (load(item_at(held.item), layout_.pinned) != 0)
    throw internal_error("cannot pin a segment that is already pinned");
  store(item_at(held.item), layout_.pinned, 1);
  shared_.sink().emit(SegmentPinned{file.segment, true, count_refcnt(held.item, 1)});
}

void DynamicMemory::unpin_segment(std::uint32_t handle) {
  const auto item = item_of(handle);
  if (!item) throw internal_error("cannot unpin unknown segment handle");
  if (load(item_at(*item), layout_.pinned) == 0) throw internal_error("cannot unpin a segment that is not pinned");
  store(item_at(*item), layout_.pinned, 0);
  const std::uint32_t left = count_refcnt(*item, -1);
  shared_.sink().emit(SegmentPinned{file_of(*item).segment, false, left});
  if (left == 1) destroy(*item);
}

void DynamicMemory::pin_mapping(DsmId id) { attachment(id).mapping_pinned = true; }
void DynamicMemory::unpin_mapping(DsmId id) { attachment(id).mapping_pinned = false; }

void DynamicMemory::on_detach(DsmId id, std::function<void()> callback) {
  attachment(id).on_detach.push_back(std::move(callback));
}

void DynamicMemory::release_unpinned() { detach_all(backends_.acting(), false); }

// The newest first, until none is left: a callback may detach others, or attach to more. With the pinned ones too it is
// dsm_backend_shutdown.
void DynamicMemory::detach_all(BackendSlot backend, bool pinned_too) {
  const auto goes = [&](const auto& entry) {
    return entry.second.backend == backend && (pinned_too || !entry.second.mapping_pinned);
  };
  backends_.count_work(attachments_.size());
  for (auto next = attachments_.rbegin();; next = attachments_.rbegin()) {
    next = std::find_if(next, attachments_.rend(), goes);
    if (next == attachments_.rend()) return;
    detach(next->first);
  }
}

std::uint32_t DynamicMemory::count_refcnt(std::uint32_t item, std::int32_t by) {
  const auto now = static_cast<std::uint32_t>(load(item_at(item), layout_.refcnt)) + static_cast<std::uint32_t>(by);
  store(item_at(item), layout_.refcnt, now);
  return now;
}

// The last has let go: the file is removed, the item free for another.
void DynamicMemory::destroy(std::uint32_t item) {
  const File file = file_of(item);
  files_.erase(item);
  if (file.preallocated()) {
    for (std::uint64_t page = 0; page < file.npages; ++page) region_pages_[file.first_page + page] = false;
  } else {
    shared_.space().unmap(file.home, pages_of(file.bytes) * kPage);
  }
  store(item_at(item), layout_.refcnt, 0);
  shared_.free_slot(file.segment);
  shared_.sink().emit(SegmentDestroyed{file.segment});
}

DsmAttachment& DynamicMemory::attachment(DsmId id) {
  const auto found = attachments_.find(id);
  if (found == attachments_.end()) throw Crash{"SIGSEGV", "the dsm_segment was detached and freed before", {}};
  return found->second;
}

const DsmAttachment* DynamicMemory::find(DsmId id) const {
  const auto found = attachments_.find(id);
  return found == attachments_.end() ? nullptr : &found->second;
}

DsmId DynamicMemory::find_mapping(std::uint32_t handle) const {
  backends_.count_work(attachments_.size());
  for (const auto& [id, held] : attachments_)
    if (held.handle == handle && held.backend == backends_.acting()) return id;
  return 0;
}

std::uint32_t DynamicMemory::refcnt(std::uint32_t handle) const {
  const auto item = item_of(handle);
  return item ? static_cast<std::uint32_t>(load(item_at(*item), layout_.refcnt)) : 0;
}

}  // namespace palloscope::core
