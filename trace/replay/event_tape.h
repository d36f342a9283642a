// EventTape: a run of events in memory, to be handed from one thread to another: 20 bytes for the usual allocation, 8
// for a free, the struct itself for other kinds without text. Written once, read once, kept and used again. Any event
// goes through it unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/events/event.h"

namespace palloscope::trace {

class EventTape {
 public:
  EventTape() = default;
  EventTape(const EventTape&) = delete;
  EventTape& operator=(const EventTape&) = delete;

  void clear() {
    to_ = words_.data();
    texts_used_ = 0;
    count_ = 0;
  }
  std::uint32_t count() const { return count_; }
  std::size_t memory_bytes() const { return words_.capacity() * 4 + texts_.capacity() * sizeof(core::EventBody); }

  template <class E>
  [[gnu::always_inline]] void put(const E& e) {
    if (end_ - to_ < kMostWords) [[unlikely]]
      grow();
    put_one(e);
    ++count_;
  }

  // Allocations, one after the other, granted their size class from the tail of the same block.
  class Run {
   public:
    bool done() const { return left_ == 0 || (at_[0] & kRunMask) != kRunHead || at_[2] != block_; }
    void next() {
      at_ += kUsualAllocWords;
      --left_;
    }
    core::BlockSlot block() const { return {block_}; }
    core::ChunkSlot chunk() const { return {at_[1]}; }
    core::Address at() const { return {std::uint64_t{at_[0] >> 16} << 32 | at_[3]}; }
    std::uint64_t requested_bytes() const { return at_[4]; }
    std::uint8_t size_class() const { return static_cast<std::uint8_t>(at_[0] >> 11 & 31); }
    std::uint64_t granted_bytes() const { return std::uint64_t{8} << size_class(); }

   private:
    friend class EventTape;
    Run(const std::uint32_t* at, std::uint32_t most) : at_(at), block_(at[2]), left_(most) {}
    const std::uint32_t* at_;
    std::uint32_t block_, left_;
  };

  // Reads a tape from its start. The tape stays as it is meanwhile.
  class Reader {
   public:
    Reader() = default;
    explicit Reader(const EventTape& tape) : tape_(&tape), at_(tape.words_.data()) {}
    std::uint32_t left() const { return tape_ ? tape_->count_ - done_ : 0; }
    std::uint32_t done() const { return done_; }
    // Visits the next `count` events (at most left()), typed. A visitor with an allocate_run(Run&) gets runs of two and
    // more there; those it does not take come one by one.
    template <class Visitor>
    void visit(std::uint32_t count, Visitor&& visitor);

   private:
    template <class E, class Visitor>
    [[gnu::always_inline]] void visit_one(const std::uint32_t*& words, Visitor& visitor);

    const EventTape* tape_ = nullptr;
    const std::uint32_t* at_ = nullptr;
    std::size_t texts_ = 0;
    std::uint32_t done_ = 0;
  };

 private:
  // The first word of an event: its tag, or one of these; the rest of the word is the event's.
  static constexpr std::uint32_t kUsualAlloc = 200;  // granted the size class: chunk, block, address, requested
  static constexpr std::uint32_t kUsualFree = 201;   // chunk
  static constexpr std::ptrdiff_t kUsualAllocWords = 5, kUsualFreeWords = 2;
  // Kind and origin: the usual allocation from a tail.
  static constexpr std::uint32_t kRunMask = 0x3FF;
  static constexpr std::uint32_t kRunHead = kUsualAlloc | static_cast<std::uint32_t>(core::ChunkOrigin::Tail) << 8;

  template <class E>
  static constexpr std::ptrdiff_t kWords = (sizeof(E) + 3) / 4 + 1;
  static constexpr std::ptrdiff_t kMostWords = 64;

  static bool is_usual(const core::ChunkAllocated& e) {
    return e.size_class < 32 && e.granted_bytes == std::uint64_t{8} << e.size_class && e.at.value >> 48 == 0 &&
           e.requested_bytes >> 32 == 0;
  }

  [[gnu::always_inline]] void put_one(const core::ChunkAllocated& e) {
    if (!is_usual(e)) [[unlikely]]
      return put_struct(e);
    std::uint32_t* const to = to_;
    to[0] = kUsualAlloc | static_cast<std::uint32_t>(e.origin) << 8 | static_cast<std::uint32_t>(e.cause) << 10 |
            static_cast<std::uint32_t>(e.size_class) << 11 | static_cast<std::uint32_t>(e.at.value >> 32) << 16;
    to[1] = e.chunk.value;
    to[2] = e.block.value;
    to[3] = static_cast<std::uint32_t>(e.at.value);
    to[4] = static_cast<std::uint32_t>(e.requested_bytes);
    to_ = to + kUsualAllocWords;
  }
  [[gnu::always_inline]] void put_one(const core::ChunkFreed& e) {
    to_[0] = kUsualFree | static_cast<std::uint32_t>(e.fate) << 8 | static_cast<std::uint32_t>(e.cause) << 10;
    to_[1] = e.chunk.value;
    to_ += kUsualFreeWords;
  }
  template <class E>
  void put_one(const E& e) {
    if constexpr (std::is_trivially_copyable_v<E>)
      put_struct(e);
    else
      put_text(e);
  }
  template <class E>
  void put_struct(const E& e) {
    static_assert(kWords<E> <= kMostWords);
    to_[0] = E::kTag;
    std::memcpy(to_ + 1, &e, sizeof e);
    to_ += kWords<E>;
  }
  template <class E>
  [[gnu::noinline]] void put_text(const E& e) {
    *to_++ = E::kTag;
    if (texts_used_ == texts_.size()) texts_.emplace_back();
    texts_[texts_used_++] = e;  // into the room that an event of an earlier run left
  }
  [[gnu::noinline]] void grow() {
    const std::ptrdiff_t used = to_ - words_.data();
    words_.resize(words_.size() * 2 + 1024);
    to_ = words_.data() + used;
    end_ = words_.data() + words_.size();
  }

  std::vector<std::uint32_t> words_;
  std::uint32_t* to_ = nullptr;         // where the next event goes
  const std::uint32_t* end_ = nullptr;  // of words_
  std::vector<core::EventBody> texts_;  // events that own memory
  std::size_t texts_used_ = 0;
  std::uint32_t count_ = 0;
};

template <class E, class Visitor>
inline void EventTape::Reader::visit_one(const std::uint32_t*& words, Visitor& visitor) {
  if constexpr (std::is_trivially_copyable_v<E>) {
    E e;
    std::memcpy(static_cast<void*>(&e), words + 1, sizeof e);
    words += kWords<E>;
    visitor(std::as_const(e));
  } else {
    ++words;
    visitor(std::get<E>(tape_->texts_[texts_++]));
  }
}

template <class Visitor>
void EventTape::Reader::visit(std::uint32_t count, Visitor&& visitor) {
  const std::uint32_t* words = at_;
  for (std::uint32_t left = count; left != 0; --left) {
    const std::uint32_t head = words[0];
    // Not in the switch: what is asked first is guessed better than where a table of all kinds leads.
    if ((head & 0xFF) == kUsualAlloc) {
      if constexpr (requires(Run & run) { visitor.allocate_run(run); }) {
        const std::uint32_t* const second = words + kUsualAllocWords;
        if (left > 1 && (head & kRunMask) == kRunHead && (second[0] & kRunMask) == kRunHead && second[2] == words[2]) {
          Run run(words, left);
          visitor.allocate_run(run);
          const auto taken = static_cast<std::uint32_t>((run.at_ - words) / kUsualAllocWords);
          words = run.at_;
          left -= taken;
          if (taken != 0) {
            ++left;  // the loop takes one
            continue;
          }
        }
      }
      core::ChunkAllocated e;
      e.chunk.value = words[1];
      e.block.value = words[2];
      e.at.value = std::uint64_t{head >> 16} << 32 | words[3];
      e.requested_bytes = words[4];
      e.size_class = static_cast<std::uint8_t>(head >> 11 & 31);
      e.granted_bytes = std::uint64_t{8} << e.size_class;
      e.origin = static_cast<core::ChunkOrigin>(head >> 8 & 3);
      e.cause = static_cast<core::ChunkCause>(head >> 10 & 1);
      words += kUsualAllocWords;
      visitor(std::as_const(e));
      continue;
    }
    if ((head & 0xFF) == kUsualFree) {
      core::ChunkFreed e;
      e.chunk.value = words[1];
      e.fate = static_cast<core::ChunkFate>(head >> 8 & 3);
      e.cause = static_cast<core::ChunkCause>(head >> 10 & 1);
      words += kUsualFreeWords;
      visitor(std::as_const(e));
      continue;
    }
    switch (head & 0xFF) {
#define PALLOSCOPE_VISIT(Kind)             \
  case core::Kind::kTag:                   \
    visit_one<core::Kind>(words, visitor); \
    break;
      PALLOSCOPE_FOR_EACH_EVENT_KIND(PALLOSCOPE_VISIT)
#undef PALLOSCOPE_VISIT
    }
  }
  at_ = words;
  done_ += count;
}

}  // namespace palloscope::trace
