// Whether a condition can hold anywhere in a block of events, by what is known of the block as a whole: the kinds and
// extremes of its summary, and what a ConditionIndex noted of it. "No" is certain; "yes" is not.
#pragma once

#include <cstdint>

#include "trace/query/condition_node.h"

namespace palloscope::trace {

struct ValueRange {
  std::int64_t least = INT64_MIN, most = INT64_MAX;
  void widen(const ValueRange& other) {
    least = other.least < least ? other.least : least;
    most = other.most > most ? other.most : most;
  }
};

// What an index knows of a block.
class BlockKnowledge {
 public:
  virtual ~BlockKnowledge() = default;
  virtual ValueRange sizes() const = 0;  // of all events that have one
  virtual ValueRange granted() const = 0;
  virtual bool has_context(const ConditionNode& match) const = 0;  // an event's context whose name matches
  virtual bool has_buffer(std::int64_t buffer) const = 0;
  virtual bool empties_freelist(std::int64_t freelist) const = 0;
  // Of a sum over contexts, with its value before the block.
  virtual ValueRange sum(const ConditionNode& sum) const = 0;
  virtual bool changes(const ConditionNode& sum) const = 0;
};

class BlockJudge {
 public:
  // `before`: the summary of the block before it, null: it is the first. `known`: null: there is no index of it.
  BlockJudge(const ConditionTree& tree, const BlockSummary& summary, const BlockSummary* before, EventNumber first,
             EventNumber last, const BlockKnowledge* known)
      : tree_(tree), summary_(summary), before_(before), first_(first), last_(last), known_(known) {}

  bool may_hold() const { return truth(tree_.root(), false).may_be_true; }

 private:
  struct Truth {
    bool may_be_true = true, may_be_false = true;
  };
  // `and_before`: also over the state before the block's first event.
  Truth truth(const ConditionNode& node, bool and_before) const;
  Truth compare(const ConditionNode& node, bool and_before) const;
  ValueRange range(const ConditionNode& node, bool and_before) const;
  bool may_change(const ConditionNode& node) const;
  const ConditionNode& at(std::uint16_t node) const { return tree_.nodes[node]; }

  const ConditionTree& tree_;
  const BlockSummary& summary_;
  const BlockSummary* before_;
  EventNumber first_, last_;
  const BlockKnowledge* known_;
};

}  // namespace palloscope::trace
