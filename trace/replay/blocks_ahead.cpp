#include "trace/replay/blocks_ahead.h"

#include <algorithm>
#include <system_error>

namespace palloscope::trace {

unsigned BlocksAhead::useful_threads() {
  // Decoding costs about as much as applying: a second thread beside the first only makes up for what others take.
  return std::min(2u, std::max(1u, std::thread::hardware_concurrency()) - 1);
}

BlocksAhead::BlocksAhead(const EventStore& store, std::size_t first, std::size_t last, unsigned threads)
    : store_(&store), next_(first), last_(last), untaken_(first), given_(first) {
  const std::size_t blocks = first <= last ? last - first + 1 : 0;
  const auto useful = static_cast<unsigned>(std::min<std::size_t>(threads, blocks > 0 ? blocks - 1 : 0));
  try {
    while (threads_.size() < useful) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    // No thread to be had: it goes on with those there are.
  }
}

BlocksAhead::~BlocksAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

// The slot is this thread's alone meanwhile.
void BlocksAhead::decode(std::size_t block) {
  Slot& to = slot(block);
  to.tape.clear();
  to.status = store_->begin(block, to.events);
  if (!to.status) return;
  to.status = to.events.visit(to.events.left(), [&](const auto& event) { to.tape.put(event); });
}

void BlocksAhead::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || untaken_ > last_ || untaken_ < given_ + kAhead; });
    if (stop_ || untaken_ > last_) return;
    const std::size_t block = untaken_++;
    slot(block).state = Slot::Decoding;
    lock.unlock();
    decode(block);
    lock.lock();
    slot(block).state = Slot::Ready;
    changed_.notify_all();
  }
}

BlocksAhead::Block BlocksAhead::next() {
  const std::size_t block = next_++;
  std::unique_lock lock(mutex_);
  given_ = block;
  if (untaken_ == block) {  // rather than wait for a thread that has not begun
    ++untaken_;
    lock.unlock();
    changed_.notify_all();
    decode(block);
  } else {
    changed_.notify_all();
    changed_.wait(lock, [&] { return slot(block).state == Slot::Ready; });
  }
  return {&slot(block).tape, slot(block).status};
}

}  // namespace palloscope::trace
