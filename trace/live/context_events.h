// Tells what one context of a walked heap holds, as the events that lead there from what was told of it before (private
// to trace/live). Slots are given here, through Names.
#pragma once

#include "core/events/event_sink.h"
#include "core/events/names.h"
#include "core/version/version_profile.h"
#include "core/walk/walked_heap.h"
#include "trace/live/heap_image.h"

namespace palloscope::trace {

class ContextEvents {
 public:
  ContextEvents(core::EventSink& sink, core::Names& names, const core::VersionProfile& profile)
      : sink_(sink), names_(names), profile_(profile) {}

  template <class E>
  void tell(E event) {
    sink_.emit(core::EventBody(std::move(event)));
  }
  void free(core::BlockSlot region);  // it is in no context

  // The context with its ident, and nothing in it yet: what it holds is for `grow`. Its region is malloc'ed, if it is
  // not there already (a recycled one). Answers what was told.
  core::WalkedContext create(const core::WalkedContext& context, core::ContextSlot parent);
  // The context leaves, with all it was told to hold; its region stays, as Plain.
  void remove(const core::WalkedContext& told);

  // Takes away what is no longer there: `told` is what was told so far, and less afterwards.
  void shrink(core::WalkedContext& told, const core::WalkedContext& now);
  // Adds what has come, to what `shrink` or `create` left.
  void grow(const core::WalkedContext& told, const core::WalkedContext& now);

 private:
  struct Growth;
  core::BlockSlot slot_of(const core::WalkedContext& context, const core::WalkedBlock& block) const;
  core::BlockSlot malloc(const HeapRegion& region);
  void reset(core::WalkedContext& told);
  void leave(const core::WalkedContext& told, const core::WalkedBlock& block);
  void drop_contents(const core::WalkedContext& told, const core::WalkedBlock& block);

  void arrange_blocks(Growth& growth);
  void add_block(Growth& growth, const core::WalkedBlock& block, core::BlockPosition position);
  void tell_chunks(Growth& growth, const core::WalkedBlock* told, const core::WalkedBlock& now);
  void tell_use(Growth& growth, const core::WalkedBlock* told, const core::WalkedBlock& now);
  void pop_freelists(Growth& growth);
  void push_freelists(Growth& growth);
  void use_again(Growth& growth, const core::WalkedBlock& block, const core::WalkedChunk& chunk);

  core::EventSink& sink_;
  core::Names& names_;
  const core::VersionProfile& profile_;
};

}  // namespace palloscope::trace
