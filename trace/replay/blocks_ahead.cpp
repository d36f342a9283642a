#include "trace/replay/blocks_ahead.h"

#include <algorithm>
#include <system_error>

namespace palloscope::trace {

unsigned BlocksAhead::useful_threads() {
  // Decoding costs about as much as applying: a second thread beside the first only makes up for what others take.
  return std::min(2u, std::max(1u, std::thread::hardware_concurrency()) - 1);
}

BlocksAhead::BlocksAhead(const EventStore& store, std::size_t first, std::size_t last, unsigned threads, Room* room)
    : store_(&store), next_(first), last_(last), room_(room ? room : &own_room_), untaken_(first), given_(first) {
  const std::size_t blocks = first <= last ? last - first + 1 : 0;
  const auto useful = static_cast<unsigned>(std::min<std::size_t>(threads, blocks));
  auto& decoders = room_->decoders_;
  while (decoders.size() < useful + std::size_t{1}) decoders.push_back(std::make_unique<BlockEvents>());
  try {
    while (threads_.size() < useful) {
      threads_.emplace_back([this, decoder = decoders[threads_.size() + 1].get()] { work(*decoder); });
    }
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

// The slot and the decoder are this thread's alone meanwhile.
void BlocksAhead::decode(std::size_t block, BlockEvents& decoder) {
  Slot& to = slot(block);
  to.tape.clear();
  to.status = store_->begin(block, decoder);
  if (!to.status) return;
  to.status = decoder.visit(decoder.left(), [&](const auto& event) { to.tape.put(event); });
}

void BlocksAhead::take_one(std::unique_lock<std::mutex>& lock, BlockEvents& decoder) {
  const std::size_t block = untaken_++;
  slot(block).state = Slot::Decoding;
  lock.unlock();
  decode(block, decoder);
  lock.lock();
  slot(block).state = Slot::Ready;
  changed_.notify_all();
}

void BlocksAhead::work(BlockEvents& decoder) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || untaken_ > last_ || may_take(); });
    if (stop_ || untaken_ > last_) return;
    take_one(lock, decoder);
  }
}

BlocksAhead::Block BlocksAhead::next() {
  const std::size_t block = next_++;
  std::unique_lock lock(mutex_);
  given_ = block;
  changed_.notify_all();  // a slot is free
  const auto here = [&] { return untaken_ > block && slot(block).state == Slot::Ready; };
  while (!here()) {
    if (may_take()) {
      take_one(lock, *room_->decoders_[0]);
    } else {
      changed_.wait(lock, here);
    }
  }
  return {&slot(block).tape, slot(block).status};
}

}  // namespace palloscope::trace
