// PoolCells: what the picture of a buffer pool needs of each buffer, in eight bytes, so that a million of them are
// looked over in a millisecond. Built in slices after a jump; after a step only what changed is read again. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "trace/replay/server_state.h"

namespace palloscope::gui {

using core::EventNumber;

enum PoolFlag : std::uint8_t {
  kHasPage = 1,
  kDirtyPage = 2,
  kPinnedNow = 4,
  kOnFreelist = 8,
  kIoNow = 16,  // being read or written
};

// A buffer as people learn it: each is in exactly one of these. Pinned goes before dirty; a pinned buffer may be dirty.
enum class LearnedState : std::uint8_t { Free, Clean, Dirty, Pinned };
inline constexpr int kLearnedStateCount = 4;
LearnedState learned_state(std::uint32_t word);

inline constexpr int kPoolAges = 6;       // 0: never used; 1: long ago ... 5: within ten events
inline constexpr int kRelationTints = 8;  // as many relations have a colour of their own

// Of a number of events since a buffer was pinned last; `used` 0: never.
std::uint8_t pool_age(EventNumber now, EventNumber used);

struct PoolCell {
  std::uint8_t flags = 0;
  std::uint8_t usage = 0;
  std::uint8_t age = 0;
  std::uint8_t pins = 0;       // at most 255
  std::uint32_t relation = 0;  // PoolCells::relations(); 0: none
  LearnedState state() const {
    return (flags & kPinnedNow) != 0   ? LearnedState::Pinned
           : (flags & kHasPage) == 0   ? LearnedState::Free
           : (flags & kDirtyPage) != 0 ? LearnedState::Dirty
                                       : LearnedState::Clean;
  }
  friend bool operator==(const PoolCell&, const PoolCell&) = default;
};
static_assert(sizeof(PoolCell) == 8);

// A relation of which the pool holds or held pages.
struct PoolRelation {
  core::PageTag tag;  // fork and block 0
  std::uint32_t buffers = 0;
  int tint = -1;  // 0..kRelationTints-1; -1: it shares the colour of "others"
};

class PoolCells {
 public:
  // Another moment (or another pool): everything is to be read again; until it is, cells of the same pool stay as they
  // were. Relations keep their colours as long as it is the same document.
  void begin(std::uint64_t document, const trace::PoolRecord& pool, EventNumber now);
  // Reads on, `most` buffers at a time; false: done.
  bool advance(const trace::ServerState& state, std::size_t most);
  bool done() const { return next_ >= cells_.size(); }
  double progress() const;
  // These buffers (of any pool) were changed by a step; `now`: the cursor. Counts one generation, whatever happens.
  void touch(const trace::ServerState& state, std::span<const core::BufferSlot> changed, EventNumber now);
  // Where everything was read last: ages are right for this event.
  EventNumber aged_at() const { return aged_at_; }

  std::size_t size() const { return cells_.size(); }
  const PoolCell& operator[](std::size_t index) const { return cells_[index]; }
  std::span<const PoolCell> cells() const { return cells_; }
  const std::vector<PoolRelation>& relations() const { return relations_; }  // [0] stands for none
  int tint_of(const PoolCell& cell) const { return relations_[cell.relation].tint; }
  // Counts another with each change of any cell.
  std::uint64_t generation() const { return generation_; }

 private:
  void set(const trace::ServerState& state, std::size_t index);
  PoolCell read(const trace::ServerState& state, std::size_t index);
  std::uint32_t relation_of(const core::PageTag& tag);
  void give_colours(const trace::ServerState& state);

  std::uint64_t document_ = 0, generation_ = 0;
  core::BufferSlot first_;
  EventNumber now_ = 0, aged_at_ = 0;
  std::size_t next_ = 0;
  std::vector<PoolCell> cells_;
  std::vector<PoolRelation> relations_{PoolRelation{}};
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_hash_;
  std::uint32_t last_relation_ = 0;
  int tints_given_ = 0;
};

}  // namespace palloscope::gui
