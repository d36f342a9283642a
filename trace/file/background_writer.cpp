#include "trace/file/background_writer.h"

#include <utility>
#include <variant>

namespace palloscope::trace {

using core::Result;
using core::Status;

Result<std::unique_ptr<BackgroundWriter>> BackgroundWriter::create(const std::filesystem::path& file,
                                                                   const core::StreamDescription& description,
                                                                   const TraceWriterOptions& options) {
  auto writer = TraceWriter::create(file, description, options);
  if (!writer) return writer.error();
  return std::make_unique<BackgroundWriter>(std::move(*writer), options);
}

BackgroundWriter::BackgroundWriter(std::unique_ptr<TraceWriter> writer, const TraceWriterOptions& options)
    : writer_(std::move(writer)),
      flush_after_(options.flush_after),
      tape_(tapes_),
      status_(writer_->status()),
      bytes_(writer_->bytes_written()) {
  for (EventTape& tape : tapes_)
    if (&tape != tape_) free_.push_back(&tape);
  thread_ = std::thread([this] { write(); });
}

BackgroundWriter::~BackgroundWriter() {
  const Status ignored = close();
  static_cast<void>(ignored);
}

void BackgroundWriter::emit(const core::EventBody& event) {
  core::check(!closed_, "nothing is emitted to a trace that is closed");
  std::visit([this](const auto& e) { put(e); }, event);
}

// Every few events.
void BackgroundWriter::look_up() {
  if (tape_->count() >= kEventsPerTape) hand_over(Then::Nothing);
  flush_if_due();
}

void BackgroundWriter::flush_if_due() {
  if (flush_after_.count() <= 0 || size_ == flushed_) return;
  if (Clock::now() - waiting_since_ >= flush_after_) hand_over(Then::Flush);
}

// Waits for an empty tape: the thread must keep up.
void BackgroundWriter::hand_over(Then then) {
  std::unique_lock lock(mutex_);
  full_.push_back({tape_, then});
  changed_.notify_all();
  changed_.wait(lock, [&] { return !free_.empty(); });
  tape_ = free_.back();
  free_.pop_back();
  if (then != Then::Flush) return;
  flushed_ = size_;
  waiting_since_ = Clock::now();
}

void BackgroundWriter::flush() {
  if (closed_) return;
  hand_over(Then::Flush);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return full_.empty() && !working_; });
}

Status BackgroundWriter::close() {
  if (!closed_) {
    hand_over(Then::Nothing);
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
    closed_ = true;
    status_ = writer_->close();
    bytes_ = writer_->bytes_written();
  }
  return status();
}

Status BackgroundWriter::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::uint64_t BackgroundWriter::bytes_written() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

// The thread.
void BackgroundWriter::write() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || !full_.empty(); });
    if (full_.empty()) return;
    const Work work = full_.front();
    full_.erase(full_.begin());
    working_ = true;
    lock.unlock();
    writer_->emit(*work.tape);
    if (work.then == Then::Flush) writer_->flush();
    work.tape->clear();
    lock.lock();
    working_ = false;
    free_.push_back(work.tape);
    status_ = writer_->status();
    bytes_ = writer_->bytes_written();
    changed_.notify_all();
  }
}

}  // namespace palloscope::trace
