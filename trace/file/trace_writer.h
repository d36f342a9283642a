// TraceWriter: writes a stream of events as a trace file while it happens. What is lost when the program dies is what
// came after the last flush: a block that is not full is written `flush_after` after the last write, or by flush().
//
// It replays what it writes (a MemoryState) to know summaries and keyframes. trace/README.md has the format.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "core/base/result.h"
#include "core/events/event_sink.h"
#include "trace/file/bytes.h"
#include "trace/file/compression.h"

namespace palloscope::trace {

class EventTape;

struct TraceWriterOptions {
  Compression compression = Compression::Lz4;  // Zstd when a finished stream is saved
  std::uint64_t events_per_keyframe = 128 * 1024;
  std::uint32_t blocks_per_index = 1024;
  // Events older than this are written though their block is not full; zero: only full blocks and flush().
  std::chrono::milliseconds flush_after{1000};
};

class TraceWriter final : public core::EventSink {
 public:
  // Takes bytes in order; says what went wrong. Called with whole frames.
  using Output = std::function<core::Status(ByteSpan)>;

  // Makes the file (an existing one is replaced) and writes its header.
  static core::Result<std::unique_ptr<TraceWriter>> create(const std::filesystem::path& file,
                                                           const core::StreamDescription& description,
                                                           const TraceWriterOptions& options = {});
  TraceWriter(Output output, const core::StreamDescription& description, const TraceWriterOptions& options = {});
  ~TraceWriter() override;  // closes; whoever wants to know how that went calls close()

  void emit(const core::EventBody& event) override;
  // All events of the tape; faster than one by one. The clock is looked at once, behind them.
  void emit(const EventTape& tape);
  core::EventNumber last_event() const override { return size(); }
  // Writes the events so far as a block, if any wait.
  void flush();
  // flush() if the oldest waiting event is older than flush_after: for who emits seldom (once a frame).
  void flush_if_due();
  // Writes index and footer. Nothing can be emitted any more. The first error of the writer's life, if there was one.
  core::Status close();

  // Bad after the first failure; nothing is written any more then.
  const core::Status& status() const;
  core::EventNumber size() const;  // events emitted
  std::uint64_t bytes_written() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace palloscope::trace
