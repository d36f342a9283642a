// MallocContender: what the program would need without contexts' help: each palloc a malloc, each repalloc a realloc, a
// reset or delete a free for each chunk that is left. The malloc is the simulated one (core/memory/malloc_source.h):
// glibc's size word of 8 bytes, rounding to 16, at least 32 in all; from 128 kB on pages with a header of 16.
//
// Its events draw the contexts as mere owners (kind Unknown, no memory of their own); each chunk is a dedicated block
// that begins with malloc's own header, so that maps show all that malloc takes. C's own regions belong to an owner
// "malloc".
#pragma once

#include "trace/compare/flat_contender.h"

namespace palloscope::trace {

class MallocContender final : public FlatContender {
 public:
  MallocContender(const ContenderSpec& spec, const ContenderSetting& setting) : FlatContender(spec, setting) {}

 protected:
  void start() override;
  Piece allocate(core::ContextSlot context, std::uint64_t bytes, core::ChunkCause cause) override;
  void resize(core::ContextSlot context, Piece& piece, std::uint64_t bytes) override;
  void release(const Piece& piece, core::ChunkCause cause) override;
  void structure(const ProgramCall& call) override;
  void drop(const ProgramCall& call) override;

 private:
  // Slot 0 is the owner "malloc"; the recording's contexts follow.
  static core::ContextSlot owner(core::ContextSlot recorded) {
    return recorded ? core::ContextSlot{recorded.value + 1} : core::ContextSlot{0};
  }
  static constexpr std::uint64_t kHeader = 8;
  void give_back(const Piece& piece);
  void create(core::ContextSlot slot, core::ContextSlot parent, const std::string& name);

  core::ContextSlot top_;
};

}  // namespace palloscope::trace
