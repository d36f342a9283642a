// The shared buffer pool from one moment to the next: what a view or a look into a server's memory saw becomes the
// events that lead there from what was seen before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/events/event_sink.h"

namespace palloscope::trace {

struct SeenBuffer {
  core::PageTag tag;       // counts while the word has kTagValid
  std::uint32_t word = 0;  // the state word
};

// What pg_buffercache does not show.
struct SeenStrategy {
  std::uint32_t next_victim = 0, complete_passes = 0;
  std::vector<core::BufferSlot> freelist;  // in order, none twice
};

class BufferMoments {
 public:
  explicit BufferMoments(core::EventSink& sink) : sink_(sink) {}

  std::size_t buffers() const { return before_.size(); }
  bool is_begun() const { return begun_; }
  // The first moment makes the pool; later ones have as many buffers. With a strategy at the first there is one always.
  void emit(std::vector<SeenBuffer> now, const std::optional<SeenStrategy>& strategy = {});

 private:
  void begin(std::uint32_t buffers, bool freelist);
  void pop_freelist(std::size_t kept);
  void say_differences(std::uint32_t buffer, const SeenBuffer& now);
  void turn_clock(const SeenStrategy& now, const std::vector<SeenBuffer>& buffers);

  core::EventSink& sink_;
  bool begun_ = false;
  std::vector<SeenBuffer> before_;
  std::vector<core::BufferSlot> freelist_;
  std::uint32_t next_victim_ = 0, complete_passes_ = 0;
};

}  // namespace palloscope::trace
