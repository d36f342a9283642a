#include "core/bufmgr/buffer_pool.h"

#include <array>
#include <vector>

#include "core/mcxt/errors.h"

namespace palloscope::core {

void shared_memory_fault(Address at) {
  throw Crash{"SIGSEGV", "the buffer manager read or wrote memory that is not mapped", at};
}

BufferPool::BufferPool(AddressSpace& space, const BufferProfile& profile, PoolSlot slot, BufferSlot first,
                       std::uint32_t buffers, Address descriptors, std::uint64_t stride)
    : space_(space),
      layout_(profile.descriptor),
      rules_(profile.rules),
      slot_(slot),
      first_(first),
      buffers_(buffers),
      descriptors_(descriptors),
      stride_(stride) {}

void BufferPool::write_descriptors(bool linked) {
  // All descriptors are alike but for two numbers; written in pieces, since there may be a million.
  std::vector<std::uint8_t> one(stride_);
  auto put = [](std::vector<std::uint8_t>& bytes, std::size_t base, Field field, std::uint64_t value) {
    for (std::size_t i = 0; i < field.width; ++i)
      bytes[base + field.offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  if (linked) {  // local descriptors come zeroed from calloc and get nothing but their number
    put(one, 0, layout_.fork, static_cast<std::uint32_t>(kClearedTag.fork));
    put(one, 0, layout_.block, kClearedTag.block);
    const std::size_t lock = layout_.content_lock;
    const auto nobody = static_cast<std::uint32_t>(rules_.invalid_procno);
    put(one, 0, layout_.wait_backend_pgprocno, nobody);
    put(one, lock, layout_.lock_tranche, rules_.content_tranche);
    put(one, lock, layout_.lock_state, rules_.lock_released);
    put(one, lock, layout_.lock_head, nobody);
    put(one, lock, layout_.lock_tail, nobody);
  }
  put(one, 0, layout_.io_wref_index, 0xFFFFFFFF);

  constexpr std::uint32_t kAtOnce = 1024;
  std::vector<std::uint8_t> bytes;
  for (std::uint32_t from = 0; from < buffers_; from += kAtOnce) {
    bytes.clear();
    for (std::uint32_t id = from; id < buffers_ && id < from + kAtOnce; ++id) {
      const std::size_t base = bytes.size();
      bytes.insert(bytes.end(), one.begin(), one.end());
      // A local buffer's number is its Buffer's minus one: -2, -3, ...
      put(bytes, base, layout_.buf_id, linked ? id : ~std::uint32_t{1} - id);
      if (linked)
        put(bytes, base, layout_.free_next, id + 1 < buffers_ ? id + 1 : static_cast<std::uint32_t>(kFreeNextEnd));
    }
    if (!space_.write(at(from), bytes)) shared_memory_fault(at(from));
  }
  if (linked) tallies.free = buffers_;
}

void BufferPool::set_word(std::uint32_t id, std::uint32_t word) {
  const std::uint32_t before = this->word(id);
  auto count = [&](std::uint32_t& tally, std::uint32_t mask) {
    tally += static_cast<std::uint32_t>((word & mask) != 0) - static_cast<std::uint32_t>((before & mask) != 0);
  };
  count(tallies.tagged, buffer_bits::kTagValid);
  count(tallies.dirty, buffer_bits::kDirty);
  count(tallies.pinned, buffer_bits::kRefcountMask);
  store(id, layout_.state, word);
}

PageTag BufferPool::tag(std::uint32_t id) const {
  auto part = [&](Field field) { return static_cast<std::uint32_t>(load(id, field)); };
  return {part(layout_.tablespace), part(layout_.database), part(layout_.relation),
          static_cast<std::int32_t>(part(layout_.fork)), part(layout_.block)};
}

void BufferPool::set_tag(std::uint32_t id, const PageTag& tag) {
  store(id, layout_.tablespace, tag.tablespace);
  store(id, layout_.database, tag.database);
  store(id, layout_.relation, tag.relation);
  store(id, layout_.fork, static_cast<std::uint32_t>(tag.fork));
  store(id, layout_.block, tag.block);
}

void BufferPool::clear_tag(std::uint32_t id) { set_tag(id, kClearedTag); }

std::uint64_t BufferPool::load(std::uint32_t id, Field field) const {
  auto value = space_.load(at(id) + field.offset, field.width);
  if (!value) [[unlikely]]
    shared_memory_fault(at(id));
  return *value;
}

void BufferPool::store(std::uint32_t id, Field field, std::uint64_t value) {
  if (!space_.store(at(id) + field.offset, field.width, value)) [[unlikely]]
    shared_memory_fault(at(id));
}

}  // namespace palloscope::core
