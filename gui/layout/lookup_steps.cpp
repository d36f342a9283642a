#include "gui/layout/lookup_steps.h"

#include <algorithm>

namespace palloscope::gui {
namespace {

constexpr EventNumber kMostLookedAt = 4'000;  // from each end of a request

struct StepOf {
  using Answer = std::optional<LookupStep>;
  Answer operator()(const core::PageRequested&) const { return LookupStep::Ask; }
  Answer operator()(const core::PageLookedUp&) const { return LookupStep::Hash; }
  Answer operator()(const core::RingStepped&) const { return LookupStep::Ring; }
  Answer operator()(const core::FreelistPopped&) const { return LookupStep::Freelist; }
  Answer operator()(const core::ClockTicked&) const { return LookupStep::Clock; }
  Answer operator()(const core::WalFlushed&) const { return LookupStep::Write; }
  Answer operator()(const core::BufferWritten&) const { return LookupStep::Write; }
  Answer operator()(const core::BufferUntagged&) const { return LookupStep::Evict; }
  Answer operator()(const core::BufferTagged&) const { return LookupStep::Insert; }
  Answer operator()(const core::BufferPinned&) const { return LookupStep::Pin; }
  template <class Other>
  Answer operator()(const Other&) const {
    return std::nullopt;
  }
};

class Reader {
 public:
  explicit Reader(Lookup& lookup) : lookup_(lookup) {}

  void take(EventNumber number, const core::EventBody& event, const trace::ServerState& after) {
    auto step = step_of(event);
    // The state word changes for the write of the old page, then for the read of the new one.
    if (std::holds_alternative<core::BufferFlagged>(event))
      step = has(LookupStep::Insert) ? std::optional(LookupStep::Read)
             : has(LookupStep::Pin)  ? std::optional(LookupStep::Write)
                                     : std::nullopt;
    if (const auto* pinned = std::get_if<core::BufferPinned>(&event)) {
      const trace::BufferRecord* buffer = after.buffer(pinned->buffer);
      had_page_ = buffer != nullptr && buffer->has_page();
    }
    note(event);
    if (!step) return;
    if (*step < last_) start_over(*step);
    mark(*step, number);
    if (*step == LookupStep::Insert && had_page_ && !has(LookupStep::Evict)) {
      lookup_.swapped = true;
      mark(LookupStep::Evict, number);
    }
    last_ = *step;
  }

  void finish(EventNumber cursor) {
    const bool ended = lookup_.end != 0 && lookup_.end <= cursor;
    const bool ring_gave = has(LookupStep::Ring) && lookup_.ring_verdict == core::RingVerdict::Taken;
    for (std::size_t i = 0; i < lookup_.rows.size(); ++i) {
      LookupRow& row = lookup_.rows[i];
      const auto step = static_cast<LookupStep>(i);
      const bool needs_none = (lookup_.hit() && step > LookupStep::Hash && step != LookupStep::Pin) ||
                              (ring_gave && (step == LookupStep::Freelist || step == LookupStep::Clock));
      if (row.event != 0)
        row.status = step == last_ && row.event == cursor ? StepStatus::Current : StepStatus::Done;
      else if (ended || step < last_ || needs_none || (step == LookupStep::Ring && !lookup_.ring))
        row.status = StepStatus::Skipped;
      else
        row.status = StepStatus::Ahead;
    }
    // Between two events of a step that goes on, the step is still the current one.
    if (!ended) {
      LookupRow& row = lookup_.rows[static_cast<std::size_t>(last_)];
      if (row.event != 0) row.status = StepStatus::Current;
    }
  }

 private:
  bool has(LookupStep step) const { return lookup_.row(step).event != 0; }
  void mark(LookupStep step, EventNumber number) {
    LookupRow& row = lookup_.rows[static_cast<std::size_t>(step)];
    row.event = number;
    ++row.count;
  }
  // A ring's buffer that cannot be written out cheaply is let go, and the search begins again.
  void start_over(LookupStep step) {
    for (auto i = static_cast<std::size_t>(step) + 1; i < lookup_.rows.size(); ++i) lookup_.rows[i] = {};
    lookup_.swapped = false;
  }
  void note(const core::EventBody& event) {
    if (const auto* asked = std::get_if<core::PageRequested>(&event)) {
      lookup_.tag = asked->tag;
      lookup_.ring = asked->ring;
      lookup_.for_new = asked->for_new;
    } else if (const auto* looked = std::get_if<core::PageLookedUp>(&event)) {
      lookup_.hash = looked->hash;
      lookup_.bucket = looked->bucket;
      lookup_.partition = looked->partition;
      lookup_.found = lookup_.buffer = looked->buffer;
    } else if (const auto* ring = std::get_if<core::RingStepped>(&event)) {
      lookup_.ring_verdict = ring->verdict;
    } else if (const auto* popped = std::get_if<core::FreelistPopped>(&event)) {
      if (popped->taken) lookup_.buffer = popped->buffer;
    } else if (const auto* ticked = std::get_if<core::ClockTicked>(&event)) {
      lookup_.tick = *ticked;
      if (ticked->verdict == core::ClockVerdict::Taken) lookup_.buffer = ticked->buffer;
    } else if (const auto* tagged = std::get_if<core::BufferTagged>(&event)) {
      lookup_.buffer = tagged->buffer;
    } else if (const auto* pinned = std::get_if<core::BufferPinned>(&event)) {
      lookup_.buffer = pinned->buffer;
    }
  }

  Lookup& lookup_;
  bool had_page_ = false;
  LookupStep last_ = LookupStep::Ask;
};

}  // namespace

std::optional<LookupStep> step_of(const core::EventBody& event) { return std::visit(StepOf{}, event); }

Lookup lookup_at(const trace::Timeline& timeline, const trace::ServerState& server) {
  Lookup lookup;
  lookup.request = server.point.request;
  lookup.end = server.point.request_end;
  const EventNumber cursor = timeline.cursor();
  if (lookup.request == 0 || lookup.request > cursor) return Lookup{};
  const EventNumber last = lookup.end != 0 ? std::min(lookup.end, cursor) : cursor;
  Reader reader(lookup);
  const auto take = [&](EventNumber number, const core::EventBody& event, const trace::MemoryState& after) {
    reader.take(number, event, after.server());
  };
  if (last - lookup.request <= 2 * kMostLookedAt) {
    timeline.visit(lookup.request, last, take);
  } else {
    timeline.visit(lookup.request, lookup.request + kMostLookedAt, take);
    timeline.visit(last - kMostLookedAt, last, take);
  }
  reader.finish(cursor);
  return lookup;
}

}  // namespace palloscope::gui
