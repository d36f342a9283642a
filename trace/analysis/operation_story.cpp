#include "trace/analysis/operation_story.h"

#include <algorithm>
#include <map>
#include <variant>

#include "trace/replay/event_store.h"

namespace palloscope::trace {

OperationStory::OperationStory(const Timeline& timeline, core::EventNumber born)
    : timeline_(&timeline), born_(born), next_(born) {}

void OperationStory::add(const OperationPoint& point) {
  // The newest is always there, the ones before it at even distances.
  if (skipped_ != 0 && !points_.empty()) points_.pop_back();
  points_.push_back(point);
  skipped_ = (skipped_ + 1) % stride_;
  if (points_.size() < kMostPoints) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points_.size(); i += 2) points_[kept++] = points_[i];
  points_.resize(kept);
  stride_ *= 2;
  skipped_ = 0;
}

void OperationStory::take(core::EventNumber event, const core::EventBody& body) {
  if (const auto* began = std::get_if<core::OperationBegan>(&body)) {
    if (event != born_) return;
    slot_ = began->operation;
    now_.phase = began->phase;
    now_.counted.operation = slot_;
    now_.counted.limit_bytes = began->limit_bytes;
  } else if (const auto* phase = std::get_if<core::OperationPhaseChanged>(&body)) {
    if (phase->operation != slot_) return;
    now_.phase = phase->phase;
  } else if (const auto* counted = std::get_if<core::OperationCounted>(&body)) {
    if (counted->operation != slot_) return;
    now_.counted = *counted;
  } else if (const auto* spilled = std::get_if<core::OperationSpilled>(&body)) {
    if (spilled->operation == slot_) spills_.push_back({event, *spilled});
    return;
  } else if (const auto* end = std::get_if<core::OperationEnded>(&body)) {
    if (end->operation == slot_) ended_ = event;
    return;
  } else {
    return;
  }
  now_.event = event;
  highest_ = std::max({highest_, now_.counted.used_bytes, now_.counted.limit_bytes});
  add(now_);
}

bool OperationStory::advance(std::size_t budget) {
  const EventStore& store = timeline_->events();
  while (ended_ == 0 && next_ <= timeline_->size() && budget != 0) {
    const std::size_t block = store.block_of(next_);
    const core::EventNumber first = store.first_event(block);
    BlockEvents events;
    if (!store.begin(block, events) || !events.skip(static_cast<std::uint32_t>(next_ - first))) {
      next_ = timeline_->size() + 1;  // what cannot be read tells nothing
      break;
    }
    const core::EventNumber behind =
        std::min<core::EventNumber>(first + store.event_count(block), timeline_->size() + 1);
    for (; next_ < behind && budget != 0 && ended_ == 0; --budget) {
      const auto event = events.next();
      if (!event) {
        next_ = timeline_->size() + 1;
        break;
      }
      take(next_++, *event);
    }
  }
  return ended_ != 0 || next_ > timeline_->size();
}

const OperationPoint* OperationStory::at(core::EventNumber event) const {
  const auto behind =
      std::upper_bound(points_.begin(), points_.end(), event,
                       [](core::EventNumber e, const OperationPoint& point) { return e < point.event; });
  return behind == points_.begin() ? nullptr : &*(behind - 1);
}

std::vector<OperationPart> OperationStory::parts_at(core::EventNumber event) const {
  std::map<std::uint32_t, OperationPart> parts;
  for (const Spill& spill : spills_) {
    if (spill.event > event) break;
    OperationPart& part = parts[spill.what.part];
    part.part = spill.what.part;
    if (spill.what.read_back) {
      part.read_bytes += spill.what.bytes;
    } else {
      part.tuples += spill.what.tuples;
      part.bytes += spill.what.bytes;
    }
  }
  std::vector<OperationPart> all;
  for (const auto& [number, part] : parts) all.push_back(part);
  return all;
}

}  // namespace palloscope::trace
