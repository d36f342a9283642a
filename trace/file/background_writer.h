// BackgroundWriter: a TraceWriter behind a thread of its own. Who emits only stores the event (EventTape, some 20
// bytes) and now and then hands a tape over; encoding, the state behind summaries and keyframes, compression and the
// disk are the other thread's. The file is byte for byte the one that a TraceWriter makes.
//
// A few tapes go round: when all are full, emit() waits. What a crash loses is what TraceWriter says, and up to
// kTapes * kEventsPerTape events that were not written yet, none older than `flush_after` as long as events come.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/check.h"
#include "trace/file/trace_writer.h"
#include "trace/replay/event_tape.h"

namespace palloscope::trace {

class BackgroundWriter final : public core::EventSink {
 public:
  static constexpr std::uint32_t kEventsPerTape = 4096;
  static constexpr std::size_t kTapes = 4;

  static core::Result<std::unique_ptr<BackgroundWriter>> create(const std::filesystem::path& file,
                                                                const core::StreamDescription& description,
                                                                const TraceWriterOptions& options = {});
  explicit BackgroundWriter(std::unique_ptr<TraceWriter> writer, const TraceWriterOptions& options = {});
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;
  ~BackgroundWriter() override;  // closes

  void emit(const core::EventBody& event) override;
  // The same for who knows the kind: what a hook in a recorded program calls. One thread at a time emits.
  template <class E>
  [[gnu::always_inline]] void put(const E& event) {
    tape_->put(event);
    ++size_;
    if ((size_ & 63) == 0) [[unlikely]]
      look_up();
  }

  core::EventNumber last_event() const override { return size_; }
  core::EventNumber size() const { return size_; }  // events emitted
  // Returns when all events so far are written.
  void flush();
  void flush_if_due();
  // Returns when all is written, index and footer too. The first error of the writer's life, if there was one.
  core::Status close();
  // Bad after the first failure that the other thread has come to; nothing is written any more then.
  core::Status status() const;
  // So far: the other thread may be on its way.
  std::uint64_t bytes_written() const;

 private:
  using Clock = std::chrono::steady_clock;
  enum class Then { Nothing, Flush };
  struct Work {
    EventTape* tape;
    Then then;
  };

  void look_up();
  void hand_over(Then then);
  void write();

  std::unique_ptr<TraceWriter> writer_;  // the thread's
  std::chrono::milliseconds flush_after_;
  EventTape tapes_[kTapes];
  EventTape* tape_;  // the emitter's
  core::EventNumber size_ = 0;
  Clock::time_point waiting_since_ = Clock::now();  // the first event that was not flushed
  core::EventNumber flushed_ = 0;
  bool closed_ = false;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<EventTape*> free_;
  std::vector<Work> full_;  // the oldest first
  bool working_ = false;
  bool stop_ = false;
  core::Status status_ = core::Done{};
  std::uint64_t bytes_ = 0;

  std::thread thread_;
};

}  // namespace palloscope::trace
