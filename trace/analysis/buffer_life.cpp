#include "trace/analysis/buffer_life.h"

#include <algorithm>
#include <type_traits>

#include "trace/analysis/event_slices.h"

namespace palloscope::trace {
namespace {

constexpr std::uint32_t kMostSlots = 1U << 20;  // of backends and rings: hostile streams name others

// Kinds of event from which something is learned.
bool concerns_buffers(const BlockSummary& summary) {
  if (summary.has_kind(core::BackendStarted::kTag) || summary.has_kind(core::BackendSwitched::kTag)) return true;
  for (std::uint8_t tag = core::BufferPoolCreated::kTag; tag <= core::WalFlushed::kTag; ++tag)
    if (summary.has_kind(tag)) return true;
  return false;
}

template <class T>
T& at_slot(std::vector<T>& table, std::uint32_t slot, const T& fill = T{}) {
  if (slot >= table.size()) table.resize(slot + 1, fill);
  return table[slot];
}

}  // namespace

std::string_view buffer_deed_name(BufferDeed deed) {
  static constexpr std::string_view kNames[kBufferDeedCount] = {
      "loaded",      "pinned",    "unpinned", "dirtied", "written",     "counted down",
      "passed over", "swept",     "popped",   "refused", "ring reused", "ring spared",
      "ring joined", "ring left", "evicted",  "dropped", "freed",       "flagged"};
  return kNames[static_cast<std::size_t>(deed)];
}

BufferLife::BufferLife(const Timeline& timeline, core::BufferSlot buffer, EventNumber anchor, std::size_t most)
    : timeline_(&timeline), buffer_(buffer), anchor_(anchor), most_(std::max<std::size_t>(1, most)) {}

std::uint32_t BufferLife::name_of(core::BackendSlot slot) const {
  return slot.value < backend_names_.size() ? backend_names_[slot.value] : BufferEntry::kNobody;
}

std::string_view BufferLife::backend_name(std::uint32_t who) const {
  return who < names_.size() ? std::string_view(names_[who]) : std::string_view{};
}

std::string_view BufferLife::relation_name(const core::PageTag& tag) const {
  for (const Relation& relation : relations_)
    if (relation.tablespace == tag.tablespace && relation.database == tag.database && relation.relation == tag.relation)
      return relation.name;
  return {};
}

BufferEntry& BufferLife::add(EventNumber n, BufferDeed deed, std::uint32_t word) {
  BufferEntry entry;
  entry.event = n;
  entry.deed = deed;
  entry.who = name_of(acting_);
  entry.word_before = word_;
  entry.word = word_ = word;
  entry.request = request_;
  entries_.push_back(entry);
  if (n > anchor_) {
    stopped_ = ++after_ >= most_;
  } else if (entries_.size() > most_) {
    entries_.pop_front();
    cut_before_ = true;
    while (stays_.size() > 1 && stays_.front().last != 0 && stays_.front().last < entries_.front().event)
      stays_.pop_front();
  }
  return entries_.back();
}

void BufferLife::end_stay(EventNumber n, bool dropped) {
  has_page_ = false;
  if (stays_.empty() || stays_.back().last != 0) return;
  BufferStay& stay = stays_.back();
  stay.last = n;
  stay.dropped = dropped;
  if (dropped || request_ == 0) return;
  stay.wanted = asked_.tag;
  if (stay.pins > 0) --stay.pins;  // the last one was for the page that comes
}

template <class E>
void BufferLife::take_of_buffer(EventNumber n, const E& event) {
  BufferStay* stay = has_page_ && !stays_.empty() ? &stays_.back() : nullptr;
  if constexpr (std::is_same_v<E, core::BufferTagged>) {
    if (has_page_) {  // 15 swaps the pages in one step
      add(n, BufferDeed::Evicted, event.word).wanted = asked_.tag;
      end_stay(n, false);
    }
    BufferStay loaded;
    loaded.first = n;
    loaded.tag = event.tag;
    loaded.for_new = request_ != 0 && asked_.for_new;
    loaded.who = name_of(acting_);
    loaded.pins = request_ != 0 ? 1 : 0;
    loaded.most_usage = core::usage_of(event.word);
    stays_.push_back(loaded);
    has_page_ = true;
    add(n, BufferDeed::Loaded, event.word);
  } else if constexpr (std::is_same_v<E, core::BufferUntagged>) {
    const bool dropped = event.reason == core::UntagReason::Dropped;
    add(n, dropped ? BufferDeed::Dropped : BufferDeed::Evicted, event.word).wanted = asked_.tag;
    end_stay(n, dropped);
  } else if constexpr (std::is_same_v<E, core::BufferPinned> || std::is_same_v<E, core::BufferUnpinned>) {
    constexpr bool kPins = std::is_same_v<E, core::BufferPinned>;
    BufferEntry& entry = add(n, kPins ? BufferDeed::Pinned : BufferDeed::Unpinned, event.word);
    entry.who = name_of(event.backend);
    if (stay != nullptr && kPins) {
      ++stay->pins;
      stay->most_usage = std::max(stay->most_usage, core::usage_of(event.word));
    }
  } else if constexpr (std::is_same_v<E, core::BufferDirtied>) {
    add(n, BufferDeed::Dirtied, event.word);
    if (stay != nullptr) ++stay->dirtied;
  } else if constexpr (std::is_same_v<E, core::BufferWritten>) {
    add(n, BufferDeed::Written, event.word).reason = event.reason;
    if (stay != nullptr) ++stay->writes[static_cast<std::size_t>(event.reason)];
  } else if constexpr (std::is_same_v<E, core::ClockTicked>) {
    constexpr BufferDeed kDeeds[] = {BufferDeed::CountedDown, BufferDeed::PassedOver, BufferDeed::Swept};
    add(n, kDeeds[static_cast<std::size_t>(event.verdict)], event.word);
    if (stay != nullptr && event.verdict == core::ClockVerdict::Spared) ++stay->counted_down;
  } else if constexpr (std::is_same_v<E, core::FreelistPopped>) {
    add(n, event.taken ? BufferDeed::Popped : BufferDeed::Refused, word_);
  } else if constexpr (std::is_same_v<E, core::FreelistPushed>) {
    add(n, BufferDeed::Freed, word_);
  } else if constexpr (std::is_same_v<E, core::BufferFlagged>) {
    add(n, BufferDeed::Flagged, event.word);
  }
}

template <class E>
void BufferLife::take(EventNumber n, const E& event) {
  if constexpr (std::is_same_v<E, core::BackendStarted>) {
    if (event.backend.value >= kMostSlots) return;
    at_slot(backend_names_, event.backend.value, BufferEntry::kNobody) = static_cast<std::uint32_t>(names_.size());
    names_.push_back(event.name);
  } else if constexpr (std::is_same_v<E, core::BackendSwitched>) {
    acting_ = event.backend;
    request_ = 0;
  } else if constexpr (std::is_same_v<E, core::RelationNamed>) {
    const auto same = [&](const Relation& relation) {
      return relation.tablespace == event.tablespace && relation.database == event.database &&
             relation.relation == event.relation;
    };
    const auto known = std::find_if(relations_.begin(), relations_.end(), same);
    if (known == relations_.end())
      relations_.push_back({event.tablespace, event.database, event.relation, event.name});
    else
      known->name = event.name;
  } else if constexpr (std::is_same_v<E, core::PageRequested>) {
    request_ = n;
    asked_ = event;
  } else if constexpr (std::is_same_v<E, core::RingCreated>) {
    if (event.ring.value < kMostSlots && event.slots < kMostSlots)
      at_slot(rings_, event.ring.value).assign(event.slots, core::BufferSlot{});
  } else if constexpr (std::is_same_v<E, core::RingStepped> || std::is_same_v<E, core::RingSlotSet>) {
    if (event.ring.value >= rings_.size() || event.slot >= rings_[event.ring.value].size()) return;
    core::BufferSlot& held = rings_[event.ring.value][event.slot];
    if constexpr (std::is_same_v<E, core::RingStepped>) {
      if (held != buffer_) return;
      const bool taken = event.verdict == core::RingVerdict::Taken;
      add(n, taken ? BufferDeed::RingReused : BufferDeed::RingSpared, word_).ring = event.ring;
    } else {
      const core::BufferSlot before = held;
      held = event.buffer;
      if (before == held) return;
      if (before == buffer_) add(n, BufferDeed::RingLeft, word_).ring = event.ring;
      if (held == buffer_) add(n, BufferDeed::RingJoined, word_).ring = event.ring;
    }
  } else if constexpr (std::is_same_v<E, core::RingFreed>) {
    if (event.ring.value >= rings_.size()) return;
    const std::vector<core::BufferSlot>& slots = rings_[event.ring.value];
    if (std::find(slots.begin(), slots.end(), buffer_) != slots.end())
      add(n, BufferDeed::RingLeft, word_).ring = event.ring;
    rings_[event.ring.value].clear();
  } else if constexpr (requires { event.buffer; }) {
    if (event.buffer == buffer_) take_of_buffer(n, event);
  }
}

bool BufferLife::advance(std::size_t events) {
  if (stopped_) return true;
  const auto take_until_stopped = [&](EventNumber n, const auto& event) {
    if (!stopped_) take(n, event);
  };
  return read_slice(*timeline_, next_, events, concerns_buffers, take_until_stopped) || stopped_;
}

double BufferLife::progress() const {
  if (stopped_) return 1;
  const auto size = static_cast<double>(std::max<EventNumber>(1, timeline_->size()));
  return std::min(1.0, static_cast<double>(next_ - 1) / size);
}

}  // namespace palloscope::trace
