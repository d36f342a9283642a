// A heap that is looked at again and again, as events: which contexts stayed, went and came, then what each holds
// (ContextEvents).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/events/names.h"
#include "trace/live/context_events.h"

namespace palloscope::trace {

class HeapEvents {
 public:
  explicit HeapEvents(core::EventSink& sink) : sink_(&sink) {}

  // What leads from the heap that was told last to this one. Answers how much of it contradicted the rest and was left
  // out.
  std::size_t emit(core::WalkedHeap heap, const core::VersionProfile& profile);

 private:
  struct Match;
  void match(const core::VersionProfile& profile, Match& match) const;
  void delete_contexts(ContextEvents& events, const core::VersionProfile& profile, const Match& match);
  void drop_recycled(ContextEvents& events, const core::VersionProfile& profile, const Match& match);
  void tell_contexts(ContextEvents& events, Match& match);
  void order_children(ContextEvents& events, const Match& match);
  void recycle(ContextEvents& events, const core::VersionProfile& profile, const Match& match);

  core::EventSink* sink_;
  core::Names names_;
  core::WalkedHeap told_;  // what the events so far lead to
  core::ContextSlot current_;
};

}  // namespace palloscope::trace
