#include "trace/analysis/event_search.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

#include "trace/exporters/event_text.h"
#include "trace/file/event_fields.h"
#include "trace/query/condition_search.h"
#include "trace/replay/bulk_replay.h"
#include "trace/replay/event_store.h"
#include "trace/replay/walker.h"

namespace palloscope::trace {
namespace {

constexpr EventNumber kPortion = 4096;        // forwards
constexpr std::size_t kBlocksBack = 4;        // backwards with the state, each way back costs a keyframe
constexpr std::size_t kBlocksSkipped = 4096;  // passed over in one portion

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// What was typed, ready to be compared.
struct Words {
  explicit Words(std::string_view typed) {
    for (const char c : typed) text += lower(c);
    const bool hex = text.starts_with("0x");
    std::uint64_t value = 0;
    const char* begin = text.data() + (hex ? 2 : 0);
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(begin, end, value, hex ? 16 : 10);
    if (read.ec != std::errc() || read.ptr != end || begin == end) return;
    (hex ? address : number) = value;
  }
  bool in(std::string_view where) const {
    return std::search(where.begin(), where.end(), text.begin(), text.end(),
                       [](char a, char b) { return lower(a) == b; }) != where.end();
  }

  std::string text;
  std::optional<std::uint64_t> number, address;
};

// Do the event's own fields hold the words? Slots are names that nobody types.
struct FieldSearch {
  const Words& words;
  bool found = false;

  template <class Tag>
  void operator()(const core::Slot<Tag>&) {}
  void operator()(const std::string& text) { found = found || words.in(text); }
  void operator()(const std::optional<std::string>& text) { found = found || (text && words.in(*text)); }
  void operator()(const Address& at) { found = found || (words.address && *words.address == at.value); }
  void operator()(const std::vector<std::uint8_t>&) {}
  void operator()(const core::PageTag& tag) {
    found = found || (words.number && (*words.number == tag.relation || *words.number == tag.block));
  }
  void operator()(const bool&) {}
  template <class Number>
  void operator()(const Number& value) {
    if constexpr (std::is_integral_v<Number> && sizeof(Number) >= 4)
      found = found || (words.number && *words.number == static_cast<std::uint64_t>(value));
  }
};

}  // namespace

struct EventSearch::Impl {
  Impl(const Timeline& stream, EventFilter wanted, EventNumber anchor, std::size_t most, const ConditionIndex* index)
      : timeline(stream),
        filter(std::move(wanted)),
        words(filter.words),
        most_found(most),
        next(std::clamp<EventNumber>(anchor, 1, std::max<EventNumber>(1, stream.size()))),
        previous(next - 1),
        any_kind(filter.kinds == std::array<std::uint64_t, 4>{}),
        // Sizes stand in the events; whose names and addresses they mean the state knows.
        needs_state(filter.context.slot || (!filter.words.empty() && !words.number)),
        ahead(stream.events(), 0),
        behind(stream.events(), 0) {
    if (filter.condition.empty()) return;
    auto parsed = Condition::parse(filter.condition);
    core::check(static_cast<bool>(parsed), "a filter's condition is one");
    const Condition narrowed = parsed->narrowed(any_kind ? KindSet::all() : kinds_of(filter), filter.context.born);
    const auto search = [&](EventNumber from, SearchDirection direction) {
      return std::make_unique<ConditionSearch>(stream, std::vector{narrowed}, SearchWish{from, direction, most, false},
                                               index);
    };
    condition_ahead = search(previous, SearchDirection::Forward);
    condition_behind = search(next, SearchDirection::Back);
  }

  static KindSet kinds_of(const EventFilter& filter) {
    KindSet kinds;
    kinds.bits = filter.kinds;
    return kinds;
  }

  bool wants(std::uint8_t tag) const { return any_kind || ((filter.kinds[tag / 64u] >> (tag % 64u)) & 1) != 0; }
  bool concerns(std::size_t block) const;
  template <class E>
  bool matches(const E& event, const MemoryState& before) const;
  template <class E>
  bool matches_alone(const E& event) const;
  bool names_match(const MemoryState& state, ContextSlot slot) const;
  void read(EventNumber first, EventNumber last, Walker& walker, std::vector<EventNumber>& into);
  void forwards();
  void backwards();
  void condition_forwards();
  void condition_backwards();

  const Timeline& timeline;
  EventFilter filter;
  Words words;
  std::size_t most_found;
  EventNumber next, previous;  // looked at are the events between them
  bool any_kind, needs_state;
  Walker ahead, behind;
  std::unique_ptr<ConditionSearch> condition_ahead, condition_behind;  // null: the filter has no condition
  std::vector<EventNumber> after, before;                              // ascending; descending
  bool turn = false;
};

bool EventSearch::Impl::concerns(std::size_t block) const {
  const EventStore& store = timeline.events();
  if (store.is_open(block)) return true;
  const BlockSummary& summary = store.summary(block);
  if (filter.context.slot && !summary.may_touch(filter.context.slot)) return false;
  for (std::size_t i = 0; !any_kind && i < summary.kinds.size(); ++i)
    if ((summary.kinds[i] & filter.kinds[i]) != 0) return true;
  return any_kind;
}

template <class E>
bool EventSearch::Impl::matches_alone(const E& event) const {
  if (!wants(E::kTag)) return false;
  if (filter.words.empty()) return true;
  FieldSearch search{words};
  if constexpr (std::is_same_v<E, core::SourceText>)
    search(event.name);  // a whole script would be found by any name in it
  else
    each_field(event, search);
  return search.found || words.in(event_kind_name(E::kTag));
}

bool EventSearch::Impl::names_match(const MemoryState& state, ContextSlot slot) const {
  const ContextRecord* context = state.context(slot);
  return context != nullptr && (words.in(context->name) || (context->ident && words.in(*context->ident)));
}

template <class E>
bool EventSearch::Impl::matches(const E& event, const MemoryState& state) const {
  if (!wants(E::kTag)) return false;
  bool touches = !filter.context.slot, named = false;
  for_each_touched(state, event, [&](ContextSlot slot) {
    const ContextRecord* context = state.context(slot);
    const EventNumber born = context == nullptr ? state.event_number() + 1 : context->born;
    touches = touches || (slot == filter.context.slot && born == filter.context.born);
  });
  if (!touches) return false;
  if (filter.words.empty() || matches_alone(event)) return true;
  ContextSlot owner;
  if constexpr (requires {
                  { event.context } -> std::convertible_to<ContextSlot>;
                })
    owner = event.context;
  std::optional<Address> at;
  if constexpr (requires {
                  { event.block } -> std::convertible_to<BlockSlot>;
                })
    if (const BlockRecord* block = state.block(event.block)) owner = owner ? owner : block->context, at = block->at;
  if constexpr (requires {
                  { event.chunk } -> std::convertible_to<ChunkSlot>;
                })
    if (const ChunkRecord* chunk = state.chunk(event.chunk)) owner = state.context_of(*chunk), at = chunk->at;
  if (words.address) return at && at->value == *words.address;
  named = owner && names_match(state, owner);
  return named;
}

// Those of first..last that match, in order. What cannot be read has nothing to show here; who replays it says so.
void EventSearch::Impl::read(EventNumber first, EventNumber last, Walker& walker, std::vector<EventNumber>& into) {
  if (needs_state) {
    if (walker.at() != first - 1 && !walker.seek(first - 1, 0)) return;
    walker.advance(
        last,
        [&](const auto& event) {
          if (matches(event, walker.state())) into.push_back(walker.at() + 1);
        },
        [] {});
    return;
  }
  const EventStore& store = timeline.events();
  for (EventNumber at = first; at <= last;) {
    const std::size_t block = store.block_of(at);
    const EventNumber begin = store.first_event(block);
    const EventNumber end = std::min(last, begin + store.event_count(block) - 1);
    BlockEvents events;
    core::Status status = store.begin(block, events);
    if (status) status = events.skip(static_cast<std::uint32_t>(at - begin));
    EventNumber n = at;
    if (status)
      status = events.visit(static_cast<std::uint32_t>(end - at + 1), [&](const auto& event) {
        if (matches_alone(event)) into.push_back(n);
        ++n;
      });
    at = end + 1;
  }
}

void EventSearch::Impl::condition_forwards() {
  condition_ahead->advance(kPortion);
  const auto& hits = condition_ahead->hits();
  for (std::size_t i = after.size(); i < hits.size(); ++i) after.push_back(hits[i].event);
  next = condition_ahead->looked_to() + 1;
}

void EventSearch::Impl::condition_backwards() {
  condition_behind->advance(kPortion);
  const auto& hits = condition_behind->hits();
  for (std::size_t i = before.size(); i < hits.size(); ++i) before.push_back(hits[i].event);
  previous = condition_behind->looked_to() - 1;
}

void EventSearch::Impl::forwards() {
  if (condition_ahead) return condition_forwards();
  const EventStore& store = timeline.events();
  for (std::size_t skipped = 0; next <= timeline.size() && skipped < kBlocksSkipped; ++skipped) {
    const std::size_t block = store.block_of(next);
    const EventNumber end = store.first_event(block) + store.event_count(block) - 1;
    if (!concerns(block)) {
      next = end + 1;
      continue;
    }
    // Without the state a block is read from its beginning anyway.
    const EventNumber to =
        needs_state ? std::min({end, timeline.size(), next + kPortion - 1}) : std::min(end, timeline.size());
    read(next, to, ahead, after);
    next = to + 1;
    return;
  }
}

void EventSearch::Impl::backwards() {
  if (condition_behind) return condition_backwards();
  const EventStore& store = timeline.events();
  for (std::size_t skipped = 0; previous > 0 && skipped < kBlocksSkipped; ++skipped) {
    std::size_t block = store.block_of(previous);
    if (!concerns(block)) {
      previous = store.first_event(block) - 1;
      continue;
    }
    for (std::size_t i = 1; needs_state && i < kBlocksBack && block > 0; ++i) --block;
    const EventNumber first = store.first_event(block);
    std::vector<EventNumber> found;
    read(first, previous, behind, found);
    before.insert(before.end(), found.rbegin(), found.rend());
    previous = first - 1;
    return;
  }
}

EventSearch::EventSearch(const Timeline& timeline, EventFilter filter, EventNumber anchor, std::size_t most_found,
                         const ConditionIndex* index)
    : impl_(std::make_unique<Impl>(timeline, std::move(filter), anchor, most_found, index)) {}
EventSearch::~EventSearch() = default;
EventSearch::EventSearch(EventSearch&&) noexcept = default;
EventSearch& EventSearch::operator=(EventSearch&&) noexcept = default;

bool EventSearch::advance() {
  Impl& impl = *impl_;
  const bool more_ahead = impl.next <= impl.timeline.size() && impl.after.size() < impl.most_found;
  const bool more_behind = impl.previous > 0 && impl.before.size() < impl.most_found;
  if (!more_ahead && !more_behind) return false;
  impl.turn = !impl.turn;
  if (more_ahead && (impl.turn || !more_behind))
    impl.forwards();
  else
    impl.backwards();
  return true;
}

const EventFilter& EventSearch::filter() const { return impl_->filter; }
std::size_t EventSearch::found() const { return impl_->before.size() + impl_->after.size(); }
EventNumber EventSearch::operator[](std::size_t i) const {
  const auto& before = impl_->before;
  return i < before.size() ? before[before.size() - 1 - i] : impl_->after[i - before.size()];
}
std::size_t EventSearch::first_from(EventNumber event) const {
  std::size_t low = 0, high = found();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if ((*this)[middle] < event)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}
EventNumber EventSearch::looked_first() const { return impl_->previous + 1; }
EventNumber EventSearch::looked_last() const { return impl_->next - 1; }

bool EventSearch::reaches(EventNumber event) const {
  const bool cut_ahead = impl_->after.size() >= impl_->most_found,
             cut_behind = impl_->before.size() >= impl_->most_found;
  // Near an end that was cut, what lies beyond is wanted next.
  const std::size_t margin = impl_->most_found / 10, at = first_from(event);
  if (cut_ahead && (event > looked_last() || at + margin > found())) return false;
  return !(cut_behind && (event < looked_first() || at < margin));
}

double EventSearch::progress() const {
  const EventNumber size = impl_->timeline.size();
  return size == 0 ? 1 : static_cast<double>(impl_->next - 1 - impl_->previous) / static_cast<double>(size);
}

}  // namespace palloscope::trace
