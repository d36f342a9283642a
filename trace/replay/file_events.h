// The events of a trace file, read where they lie.
#pragma once

#include <utility>

#include "trace/file/trace_reader.h"
#include "trace/replay/event_store.h"

namespace palloscope::trace {

class FileEvents final : public EventStore {
 public:
  explicit FileEvents(TraceReader reader) : reader_(std::move(reader)) {}

  const TraceReader& reader() const { return reader_; }

  EventNumber size() const override { return reader_.size(); }
  std::size_t block_count() const override { return reader_.blocks().size(); }
  EventNumber first_event(std::size_t block) const override { return reader_.blocks()[block].first; }
  std::uint32_t event_count(std::size_t block) const override { return reader_.blocks()[block].count; }
  const BlockSummary& summary(std::size_t block) const override { return reader_.blocks()[block].summary; }
  std::size_t block_of(EventNumber event) const override { return reader_.block_of(event); }
  bool is_open(std::size_t) const override { return false; }
  core::Status begin(std::size_t block, BlockEvents& events) const override {
    return reader_.begin(block, events.decoder());
  }
  EventNumber keyframe_before(EventNumber event) const override {
    const std::size_t index = reader_.keyframe_before(event);
    return index < reader_.keyframes().size() ? reader_.keyframes()[index].at : 0;
  }
  core::Result<MemoryState> restore(EventNumber keyframe, MemoryState room) const override {
    return reader_.restore(reader_.keyframe_before(keyframe), std::move(room));
  }

 private:
  TraceReader reader_;
};

}  // namespace palloscope::trace
