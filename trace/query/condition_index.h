// ConditionIndex: what each closed block of events holds, noted once by going through the whole stream in portions, so
// that searches for common conditions read only the blocks that matter: sizes over a limit, a context by its name, a
// buffer, a freelist that runs empty, the total of a context's name. Some hundred bytes a block, in memory.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/file/bytes.h"
#include "trace/query/condition.h"
#include "trace/replay/event_store.h"
#include "trace/replay/timeline.h"
#include "trace/replay/walker.h"

namespace palloscope::trace {

class ConditionIndex {
 public:
  explicit ConditionIndex(const Timeline& timeline);
  ConditionIndex(const ConditionIndex&) = delete;
  ConditionIndex& operator=(const ConditionIndex&) = delete;

  // Goes on, about so many events. True: all closed blocks are known (until the stream grows).
  bool advance(std::size_t events = 200'000);
  double progress() const;
  // False: the condition holds nowhere in that block. Of blocks that are not known yet: what their summary says.
  bool may_hold(const Condition& condition, std::size_t block) const;
  bool knows(std::size_t block) const { return block < blocks_.size(); }
  // All blocks of a stream that is complete.
  bool is_whole() const { return !stopped_ && blocks_.size() == store_->block_count(); }
  std::size_t memory_bytes() const;

  // To be kept and taken back (condition_index_file.h). False: they are of another trace, or damaged.
  Bytes saved() const;
  bool restore(Bytes bytes);

 private:
  static constexpr std::size_t kNameBits = 512;
  static constexpr std::uint32_t kMostNames = 4096;  // further ones share the last number
  static constexpr std::uint32_t kNoName = 0xFFFFFFFF;

  struct Block {
    std::uint64_t size_most = 0, granted_most = 0;
    std::array<std::uint64_t, kNameBits / 64> names{};  // bit `name % 512`: an event's context is called so
    std::array<std::uint64_t, 4> buffers{};             // bit `buffer % 256`
    std::uint16_t emptied = 0;                          // bit `freelist`: one ran empty
  };
  // The total of all contexts of a name, over the blocks in which it changed.
  struct Totals {
    struct Range {
      std::uint32_t block = 0;
      std::int64_t least = 0, most = 0, last = 0;  // with the value before the block
    };
    std::int64_t now = 0;
    std::vector<Range> ranges;  // by block
  };
  class Knowledge;

  template <class E>
  void before(const E& event, const MemoryState& state);
  void after(const MemoryState& state);
  void count(const MemoryState& state, bool subtract);
  std::uint32_t name_of(std::string_view name);
  void move_total(std::uint32_t name, std::int64_t change);
  bool matches_a_name(const ConditionNode& match, const std::string& wanted, const Block& block) const;
  const Totals* totals_of(const std::string& name) const;

  const Timeline* timeline_;
  const EventStore* store_;
  const core::VersionProfile* profile_;
  Walker walker_;
  bool stopped_ = false;   // the rest cannot be read
  bool restored_ = false;  // there is nothing to go through

  std::vector<Block> blocks_;
  Block block_;  // that is being read
  std::unordered_map<std::string, std::uint32_t> names_;
  std::vector<std::string_view> spelled_;  // by number; keys of names_
  std::vector<Totals> totals_;             // by number of the name
  std::vector<std::uint32_t> name_of_;     // by context slot

  EventFacts facts_;
  std::array<ContextSlot, 4> touched_{};
  std::size_t touched_count_ = 0;
  std::array<std::uint32_t, 8> moved_{};  // names whose totals this event moves
  std::size_t moved_count_ = 0;
  std::array<ChunkSlot, kFreelistCount> heads_{};
};

}  // namespace palloscope::trace
