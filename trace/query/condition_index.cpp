#include "trace/query/condition_index.h"

#include <algorithm>

#include "trace/analysis/context_counters.h"
#include "trace/explain/profile_for.h"
#include "trace/exporters/event_text.h"
#include "trace/query/block_judge.h"
#include "trace/query/condition_eval.h"
#include "trace/query/event_lookup.h"

namespace palloscope::trace {
namespace {

using namespace core;

constexpr std::size_t kJournalBytes = 64 * 1024;

// What changes a context's total or name; and of a chunk only if its block goes with it.
constexpr KindSet kStructure = {ContextCreated::kTag,    ContextReset::kTag,    ContextDeleted::kTag,
                                ContextReparented::kTag, ContextIdentSet::kTag, Realloc::kTag,
                                BlockAdded::kTag,        BlockRemoved::kTag,    BlockEmptied::kTag,
                                ChunkFreed::kTag,        ContextReported::kTag, ChunkAllocated::kTag};

template <std::size_t N>
void set_bit(std::array<std::uint64_t, N>& bits, std::size_t bit) {
  bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
}
template <std::size_t N>
bool has_bit(const std::array<std::uint64_t, N>& bits, std::size_t bit) {
  return ((bits[bit / 64] >> (bit % 64)) & 1) != 0;
}

}  // namespace

ConditionIndex::ConditionIndex(const Timeline& timeline)
    : timeline_(&timeline),
      store_(&timeline.events()),
      profile_(&profile_for(timeline.description())),
      walker_(timeline.events(), kJournalBytes) {}

double ConditionIndex::progress() const {
  const EventNumber size = timeline_->size();
  return size == 0 || stopped_ || restored_ ? 1 : static_cast<double>(walker_.at()) / static_cast<double>(size);
}

std::size_t ConditionIndex::memory_bytes() const {
  std::size_t bytes = blocks_.capacity() * sizeof(Block);
  for (const Totals& totals : totals_) bytes += sizeof(totals) + totals.ranges.capacity() * sizeof(Totals::Range);
  for (const std::string_view name : spelled_) bytes += name.size() + 64;
  return bytes;
}

bool ConditionIndex::advance(std::size_t events) {
  while (!stopped_ && !restored_) {
    const EventNumber next = walker_.at() + 1;
    if (next > timeline_->size()) return true;
    const std::size_t block = store_->block_of(next);
    if (store_->is_open(block)) return true;
    if (events == 0) return false;
    const EventNumber last = store_->first_event(block) + store_->event_count(block) - 1;
    stopped_ = !walker_.advance(
        last, [&](const auto& event) { before(event, walker_.state()); }, [&] { after(walker_.state()); });
    if (stopped_) break;
    events -= std::min<std::size_t>(events, last - next + 1);
    blocks_.push_back(block_);
    block_ = {};
  }
  return true;
}

// --- noting -----------------------------------------------------------------------------------------------------

template <class E>
void ConditionIndex::before(const E& event, const MemoryState& state) {
  facts_ = facts_of(walker_.at() + 1, event);
  look_up(facts_, state);
  touched_count_ = 0;
  bool moves = kStructure.has(E::kTag);
  if constexpr (std::is_same_v<E, ChunkFreed>) moves = event.fate == ChunkFate::WithBlock;
  if constexpr (std::is_same_v<E, ChunkAllocated>) moves = event.origin == ChunkOrigin::External;
  // A Slab's total and a name depend on what touches it.
  if (moves)
    for_each_touched(state, event, [&](ContextSlot slot) {
      for (std::size_t i = 0; i < touched_count_; ++i)
        if (touched_[i] == slot) return;
      if (touched_count_ < touched_.size()) touched_[touched_count_++] = slot;
    });
  if (touched_count_ != 0) count(state, true);
  const ContextRecord* context = state.context(facts_.context);
  if (context) {
    std::copy(std::begin(context->freelist), std::end(context->freelist), heads_.begin());
  } else {
    heads_.fill({});
  }
}

void ConditionIndex::after(const MemoryState& state) {
  if (touched_count_ != 0) count(state, false);
  if (facts_.has_size) block_.size_most = std::max(block_.size_most, facts_.size);
  if (facts_.has_granted) block_.granted_most = std::max(block_.granted_most, facts_.granted);
  if (facts_.buffer) set_bit(block_.buffers, facts_.buffer.value % 256);
  if (!facts_.context) return;
  if (facts_.context.value < name_of_.size() && name_of_[facts_.context.value] != kNoName)
    set_bit(block_.names, name_of_[facts_.context.value] % kNameBits);
  if (const ContextRecord* context = state.context(facts_.context))
    for (std::size_t i = 0; i < heads_.size(); ++i)
      if (heads_[i] && !context->freelist[i]) block_.emptied |= static_cast<std::uint16_t>(1U << i);
}

std::uint32_t ConditionIndex::name_of(std::string_view name) {
  const auto found = names_.find(std::string(name));
  if (found != names_.end()) return found->second;
  if (spelled_.size() >= kMostNames) return kMostNames - 1;
  const auto number = static_cast<std::uint32_t>(spelled_.size());
  spelled_.push_back(names_.emplace(std::string(name), number).first->first);
  totals_.emplace_back();
  return number;
}

void ConditionIndex::move_total(std::uint32_t name, std::int64_t change) {
  Totals& totals = totals_[name];
  const auto block = static_cast<std::uint32_t>(blocks_.size());
  if (totals.ranges.empty() || totals.ranges.back().block != block)
    totals.ranges.push_back({block, totals.now, totals.now, totals.now});
  totals.now = saturating(NodeSort::Plus, totals.now, change);
  if (moved_count_ < moved_.size()) moved_[moved_count_++] = name;
}

// Takes the touched contexts' totals out of their names' sums, and puts them in again as they are then. Extremes are of
// what it comes to.
void ConditionIndex::count(const MemoryState& state, bool subtract) {
  if (subtract) moved_count_ = 0;
  if (name_of_.size() < state.contexts().size()) name_of_.resize(state.contexts().size(), kNoName);
  for (std::size_t i = 0; i < touched_count_; ++i) {
    const ContextRecord* context = state.context(touched_[i]);
    if (!context) continue;
    std::uint32_t& name = name_of_[touched_[i].value];
    if (!subtract) name = name_of(printed_name(*context));
    if (name == kNoName) continue;
    const std::int64_t total = saturated(context_counters(state, *context, profile_).total_bytes);
    move_total(name, subtract ? -total : total);
  }
  if (subtract) return;
  for (std::size_t i = 0; i < moved_count_; ++i) {
    Totals& totals = totals_[moved_[i]];
    Totals::Range& range = totals.ranges.back();
    range.least = std::min(range.least, totals.now);
    range.most = std::max(range.most, totals.now);
    range.last = totals.now;
  }
}

// --- answering --------------------------------------------------------------------------------------------------

const ConditionIndex::Totals* ConditionIndex::totals_of(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &totals_[found->second];
}

bool ConditionIndex::matches_a_name(const ConditionNode& match, const std::string& wanted, const Block& block) const {
  if (spelled_.size() >= kMostNames) return true;
  if (match.comparison == Comparator::Equal) {
    const auto found = names_.find(wanted);
    return found != names_.end() && has_bit(block.names, found->second % kNameBits);
  }
  for (std::size_t i = 0; i < spelled_.size(); ++i)
    if (has_bit(block.names, i % kNameBits) && compare_texts(match.comparison, spelled_[i], wanted)) return true;
  return false;
}

class ConditionIndex::Knowledge final : public BlockKnowledge {
 public:
  Knowledge(const ConditionIndex& index, std::size_t block, const ConditionTree& tree)
      : index_(index), number_(static_cast<std::uint32_t>(block)), block_(index.blocks_[block]), tree_(tree) {}

  ValueRange sizes() const override { return {0, saturated(block_.size_most)}; }
  ValueRange granted() const override { return {0, saturated(block_.granted_most)}; }
  bool has_context(const ConditionNode& match) const override {
    return index_.matches_a_name(match, tree_.texts[match.text], block_);
  }
  bool has_buffer(std::int64_t buffer) const override {
    return has_bit(block_.buffers, (static_cast<std::uint64_t>(buffer) - 1) % 256);
  }
  bool empties_freelist(std::int64_t freelist) const override { return ((block_.emptied >> freelist) & 1) != 0; }
  ValueRange sum(const ConditionNode& sum) const override {
    if (!is_noted(sum)) return {};
    const Totals* totals = index_.totals_of(tree_.texts[sum.text]);
    if (!totals) return {0, 0};
    const auto range = find(*totals);
    if (range != totals->ranges.end() && range->block == number_) return {range->least, range->most};
    const std::int64_t value = range == totals->ranges.begin() ? 0 : std::prev(range)->last;
    return {value, value};
  }
  bool changes(const ConditionNode& sum) const override {
    if (!is_noted(sum)) return true;
    const Totals* totals = index_.totals_of(tree_.texts[sum.text]);
    if (!totals) return false;
    const auto range = find(*totals);
    return range != totals->ranges.end() && range->block == number_;
  }

 private:
  // A path's end, and a hash table's own name, may stand for several names here.
  bool is_noted(const ConditionNode& sum) const {
    const std::string& name = tree_.texts[sum.text];
    return sum.quantity == Quantity::Total && name.find('/') == std::string::npos && name != "dynahash" &&
           index_.spelled_.size() < kMostNames;
  }
  std::vector<Totals::Range>::const_iterator find(const Totals& totals) const {
    return std::lower_bound(totals.ranges.begin(), totals.ranges.end(), number_,
                            [](const Totals::Range& range, std::uint32_t block) { return range.block < block; });
  }

  const ConditionIndex& index_;
  std::uint32_t number_;
  const Block& block_;
  const ConditionTree& tree_;
};

bool ConditionIndex::may_hold(const Condition& condition, std::size_t block) const {
  if (block >= blocks_.size()) return condition.may_hold(*store_, block);
  const EventNumber first = store_->first_event(block);
  const Knowledge knowledge(*this, block, condition.tree());
  return BlockJudge(condition.tree(), store_->summary(block), block == 0 ? nullptr : &store_->summary(block - 1), first,
                    first + store_->event_count(block) - 1, &knowledge)
      .may_hold();
}

}  // namespace palloscope::trace
