// ConditionWatch: one condition, asked of the events of a stream in their order. What the state must be remembered for
// (was it true before? how large is a sum over contexts?) is kept up from what each event touches, so that an event
// costs the same however many contexts there are.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/query/condition.h"
#include "trace/query/condition_eval.h"

namespace palloscope::trace {

class ConditionWatch final : private StateAnswers {
 public:
  // `condition` must outlive it. `profile`: of who made the stream; null: not known.
  ConditionWatch(const Condition& condition, const core::VersionProfile* profile);

  // Only these kinds must be shown to it.
  bool wants(std::uint8_t tag) const { return wanted_.has(tag); }
  // From here on it is shown every event it wants: what it remembers is taken from this state, after the event before.
  void stand(const MemoryState& state);

  // Each event twice: with the state before it ...
  template <class E>
  void before(EventNumber number, const E& event, const MemoryState& state);
  // ... and with the state after it. Whether the condition holds there.
  bool after(const MemoryState& state);

 private:
  struct Sum {
    ConditionSum what;
    std::int64_t value = 0;
    std::vector<bool> members;  // by context slot
  };
  // Lengths of freelists that were counted once; followed by what becomes of their heads.
  struct FreelistLengths {
    struct Known {
      EventNumber born = 0;  // of the context; 0: not counted
      std::uint32_t length = 0;
    };
    std::uint32_t freelist = 0;
    std::vector<Known> by_slot;
    ChunkSlot head_before;
  };

  void remember(const MemoryState& state);
  void add_to_sums(const MemoryState& state, bool subtract);
  void choose_members(const MemoryState& state, Sum& sum);
  bool is_member(const MemoryState& state, const Sum& sum, ContextSlot slot) const;
  std::int64_t contribution(const MemoryState& state, const ContextRecord& context, Quantity quantity) const;
  void follow_freelists(const MemoryState& state);
  MaybeNumber freelist_length(FreelistLengths& lengths);
  void follow_region(const MemoryState& state);
  bool drops_chunk(Address at) const;

  MaybeNumber quantity(const ConditionNode& node, const EventFacts& facts) override;
  bool matches(const ConditionNode& node, const EventFacts& facts) override;
  bool is_context(const ConditionNode& node, const EventFacts& facts) override;
  bool concerns_chunk(const ConditionNode& node, const EventFacts& facts) override;
  bool became(const ConditionNode& node, bool now) override;
  bool changed(const ConditionNode& node, MaybeNumber now) override;

  struct Place {
    std::uint16_t node = 0;
    Address at;
    BlockSlot region;      // that holds it now; none: it is not malloc'ed
    bool dropped = false;  // by this event
  };

  const Condition* condition_;
  const core::VersionProfile* profile_;
  KindSet wanted_;
  std::vector<Sum> sums_;
  std::vector<FreelistLengths> freelists_;
  std::vector<Place> places_;
  std::vector<std::uint16_t> edges_;  // the nodes that ask what was so before
  std::vector<MaybeNumber> befores_;  // by node's term; Became: 0 or 1

  EventFacts facts_;
  std::array<ContextSlot, 4> touched_{};
  std::size_t touched_count_ = 0;
  const MemoryState* state_ = nullptr;  // that is asked now
  EventNumber born_ = 0;                // of the event's context
  bool missed_ = false;                 // something was asked of a context or buffer that is not there
  std::string path_;
};

template <class E>
void ConditionWatch::before(EventNumber number, const E& event, const MemoryState& state) {
  facts_ = facts_of(number, event);
  if (!condition_->needs_state()) return;
  touched_count_ = 0;
  if (!sums_.empty())
    for_each_touched(state, event, [&](ContextSlot slot) {
      for (std::size_t i = 0; i < touched_count_; ++i)
        if (touched_[i] == slot) return;
      if (touched_count_ < touched_.size()) touched_[touched_count_++] = slot;
    });
  remember(state);
}

}  // namespace palloscope::trace
