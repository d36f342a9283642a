// The events of a stream that grows, in memory: encoded blocks and keyframes as in a trace file, and an open last
// block. It replays what it takes, to know summaries and keyframes.
#pragma once

#include <functional>
#include <vector>

#include "core/events/event_sink.h"
#include "trace/file/compression.h"
#include "trace/file/event_block.h"
#include "trace/replay/event_store.h"
#include "trace/replay/memory_curve.h"

namespace palloscope::trace {

class RecordedEvents final : public EventStore, public core::EventSink {
 public:
  void emit(const core::EventBody& event) override;

  EventNumber last_event() const override { return size(); }
  EventNumber size() const override { return end_.event_number(); }
  std::size_t block_count() const override { return blocks_.size() + (open_.empty() ? 0 : 1); }
  EventNumber first_event(std::size_t block) const override {
    return block < blocks_.size() ? blocks_[block].first : size() - open_.size() + 1;
  }
  std::uint32_t event_count(std::size_t block) const override {
    return block < blocks_.size() ? blocks_[block].count : static_cast<std::uint32_t>(open_.size());
  }
  const BlockSummary& summary(std::size_t block) const override {
    return block < blocks_.size() ? blocks_[block].summary : summary_.summary();
  }
  std::size_t block_of(EventNumber event) const override;
  bool is_open(std::size_t block) const override { return block >= blocks_.size(); }
  core::Status begin(std::size_t block, BlockEvents& events) const override;
  EventNumber keyframe_before(EventNumber event) const override;
  core::Result<MemoryState> restore(EventNumber keyframe, MemoryState room) const override;

  // The memory after each event of the open block.
  const std::vector<CurvePoint>& open_points() const { return open_points_; }
  // Called with each block's number and points when it is closed.
  std::function<void(std::size_t, std::vector<CurvePoint>)> on_closed;
  std::size_t memory_bytes() const;  // of blocks, keyframes and the open block

 private:
  struct Packed {
    Compression how = Compression::None;
    std::size_t raw_bytes = 0;
    Bytes bytes;
  };
  struct Block {
    EventNumber first = 0;
    std::uint32_t count = 0;
    BlockSummary summary;
    Packed packed;
  };
  struct Keyframe {
    EventNumber at = 0;
    Packed packed;
  };

  Packed pack(ByteSpan raw);
  void close_block();

  MemoryState end_;
  EventBlockEncoder encoder_;
  std::vector<Block> blocks_;
  std::vector<Keyframe> keyframes_;
  std::size_t packed_bytes_ = 0;  // of both
  std::vector<core::EventBody> open_;
  std::vector<CurvePoint> open_points_;
  SummaryMaker summary_;
  Bytes room_;
};

}  // namespace palloscope::trace
