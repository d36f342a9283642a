// EventStore: where the events of a timeline lie, block by block: a trace file, or the memory of a recording. Reading
// a block needs no state and no other block. What can fail is what a damaged file makes fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.h"
#include "trace/file/block_summary.h"
#include "trace/file/event_block.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// The events of one block, in order, from some place on: encoded, or those of a recording's open last block.
class BlockEvents {
 public:
  std::uint32_t left() const { return open_ ? static_cast<std::uint32_t>(open_->size()) - done_ : decoder_.left(); }
  // Visits the next `count` events, typed. On failure those before it were visited.
  template <class Visitor>
  core::Status visit(std::uint32_t count, Visitor&& visitor) {
    if (!open_) return decoder_.decode(count, visitor);
    for (; count != 0; --count) std::visit(visitor, (*open_)[done_++]);
    return core::Done{};
  }
  core::Status skip(std::uint32_t count) {
    return visit(count, [](const auto&) {});
  }
  core::Result<core::EventBody> next() {
    if (!open_) return decoder_.next();
    return core::EventBody{(*open_)[done_++]};
  }

  // For stores.
  EventBlockDecoder& decoder() {
    open_ = nullptr;
    return decoder_;
  }
  void read_open(const std::vector<core::EventBody>& events) {
    open_ = &events;
    done_ = 0;
  }
  bool is_open() const { return open_ != nullptr; }

 private:
  EventBlockDecoder decoder_;
  const std::vector<core::EventBody>* open_ = nullptr;
  std::uint32_t done_ = 0;
};

class EventStore {
 public:
  virtual ~EventStore() = default;

  virtual EventNumber size() const = 0;
  virtual std::size_t block_count() const = 0;
  virtual EventNumber first_event(std::size_t block) const = 0;
  virtual std::uint32_t event_count(std::size_t block) const = 0;
  virtual const BlockSummary& summary(std::size_t block) const = 0;
  virtual std::size_t block_of(EventNumber event) const = 0;  // 1..size()
  // The block still grows (the last one of a recording).
  virtual bool is_open(std::size_t block) const = 0;
  // Readies `events` at the block's first event.
  virtual core::Status begin(std::size_t block, BlockEvents& events) const = 0;

  // The last keyframe at or before the event; 0 if there is none.
  virtual EventNumber keyframe_before(EventNumber event) const = 0;
  // `room` is a state that is done with: the memory of its tables is used again.
  virtual core::Result<MemoryState> restore(EventNumber keyframe, MemoryState room) const = 0;
};

}  // namespace palloscope::trace
