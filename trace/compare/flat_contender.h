// FlatContender: what contenders without PostgreSQL's contexts share. A chunk is known by the recording's slot; a
// reset frees, one by one, what was allocated in the context; a context that is deleted first gives back what it holds.
// Its simulated heap has nothing but malloc (core/memory/malloc_source.h).
#pragma once

#include <vector>

#include "core/memory/address_space.h"
#include "core/memory/malloc_source.h"
#include "trace/compare/contender.h"

namespace palloscope::trace {

// Small numbers, given out again after they came back, the last first.
template <class S>
class SlotPool {
 public:
  S take() {
    if (free_.empty()) return S{next_++};
    const S slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give(S slot) { free_.push_back(slot); }

 private:
  std::vector<S> free_;
  std::uint32_t next_ = 0;
};

class FlatContender : public Contender {
 protected:
  FlatContender(const ContenderSpec& spec, const ContenderSetting& setting);
  void carry_out(const ProgramCall& call) override;

  // A chunk or a region of C's own; `context` is whose (none: C's own).
  struct Piece {
    core::Address at = {};
    core::BlockSlot block = {};
    core::ChunkSlot chunk = {};
    int size_class = -1;        // the pool's; -1: a malloc of its own
    std::uint64_t granted = 0;  // the pool's
  };
  virtual void start() = 0;
  virtual Piece allocate(core::ContextSlot context, std::uint64_t bytes, core::ChunkCause cause) = 0;
  // Changes `piece` in place or moves it.
  virtual void resize(core::ContextSlot context, Piece& piece, std::uint64_t bytes) = 0;
  virtual void release(const Piece& piece, core::ChunkCause cause) = 0;
  virtual void structure(const ProgramCall&) {}  // contexts come, go, move
  virtual void drop(const ProgramCall& call);    // reset or delete of call.context with call.dropped

  core::Address take(std::uint64_t bytes);  // from malloc; Refused if there is none
  Piece& chunk(core::ChunkSlot slot) { return chunks_[slot.value]; }

  core::AddressSpace space_;
  core::MallocSource mallocs_{space_};
  SlotPool<core::BlockSlot> blocks_;
  SlotPool<core::ChunkSlot> slots_;

 private:
  static Piece& at(std::vector<Piece>& pieces, std::uint32_t slot);

  bool started_ = false;
  std::vector<Piece> chunks_;  // by the recording's ChunkSlot
  std::vector<Piece> own_;     // C's own, by the recording's BlockSlot
};

}  // namespace palloscope::trace
