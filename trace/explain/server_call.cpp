#include "trace/explain/server_call.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

namespace palloscope::trace {
namespace {

using namespace core;
using namespace core::buffer_bits;

template <class E>
const E* as(const EventBody& body) {
  return std::get_if<E>(&body);
}

template <class... Kinds>
bool is_one_of(const EventBody& body) {
  return (std::holds_alternative<Kinds>(body) || ...);
}

// Local buffers get their blocks through palloc in the middle of a request; pages are touched.
bool may_come_between(const EventBody& body) {
  return is_one_of<Malloc, ContextCreated, BlockAdded, NextBlockSizeSet, ChunkCarved, ChunkAllocated, ContextSwitched,
                   BufferPoolCreated, PagesPlaced, PagesUsed>(body);
}

bool is_request_step(const EventBody& body) {
  return is_one_of<PageLookedUp, RingStepped, RingSlotSet, FreelistPopped, ClockTicked, BufferPinned, BufferUnpinned,
                   BufferFlagged, WalFlushed, BufferWritten, BufferUntagged, BufferTagged>(body) ||
         may_come_between(body);
}

// Follows a request from its PageRequested on. Several requests for new pages may be answered together (16 and newer):
// first each gets its victim, then all get their pages.
class RequestReader {
 public:
  // False: the event does not belong to it any more.
  bool take(const EventBody& body) {
    if (done_) return false;
    if (const auto* request = as<PageRequested>(body)) {
      if (!tags_.empty() && !(all_new_ && request->for_new)) return false;
      all_new_ = request->for_new;
      tags_.push_back(request->tag);
      return true;
    }
    if (is_one_of<ErrorReported>(body)) return done_ = true;
    if (const auto* found = as<PageLookedUp>(body)) hit_ = found->buffer;
    if (const auto* pinned = as<BufferPinned>(body)) done_ = hit_ && pinned->buffer == hit_;
    if (const auto* tagged = as<BufferTagged>(body)) {
      if (std::find(tags_.begin(), tags_.end(), tagged->tag) == tags_.end()) return false;
      buffers_.push_back(tagged->buffer);
    }
    if (const auto* flagged = as<BufferFlagged>(body)) {
      const bool valid = (flagged->word & kValid) != 0 && (flagged->word & kIoInProgress) == 0;
      if (valid && std::erase(buffers_, flagged->buffer) != 0) done_ = ++answered_ == tags_.size();
    }
    return is_request_step(body);
  }

 private:
  std::vector<PageTag> tags_;
  std::vector<BufferSlot> buffers_;  // that have their tag, but not yet their page
  std::size_t answered_ = 0;
  BufferSlot hit_;
  bool all_new_ = false, done_ = false;
};

std::optional<CallRange> request_at(std::span<const EventBody> events, std::size_t at) {
  // Back to where it began: before that come other requests that it may belong to, if all were for new pages.
  std::vector<std::size_t> starts;
  for (std::size_t i = at + 1; i-- > 0;) {
    const auto* request = as<PageRequested>(events[i]);
    if (request != nullptr) starts.push_back(i);
    if (request != nullptr && !request->for_new) break;
    if (request == nullptr && !is_request_step(events[i]) && !(i == at && is_one_of<ErrorReported>(events[i]))) break;
  }
  for (auto start = starts.rbegin(); start != starts.rend(); ++start) {
    RequestReader reader;
    std::size_t last = *start;
    for (std::size_t i = *start; i < events.size() && reader.take(events[i]); ++i) last = i;
    if (last >= at) return CallRange{*start, last};
  }
  return std::nullopt;
}

// Pin, two flags, WAL if it must, the write, unpin: as the background writer, a checkpoint and a flush write pages.
std::optional<CallRange> write_from(std::span<const EventBody> events, std::size_t first) {
  const auto* pinned = as<BufferPinned>(events[first]);
  if (pinned == nullptr) return std::nullopt;
  std::size_t i = first + 1;
  const auto flagged = [&] {
    const auto* e = i < events.size() ? as<BufferFlagged>(events[i]) : nullptr;
    return e != nullptr && e->buffer == pinned->buffer;
  };
  while (flagged()) ++i;
  if (i < events.size() && is_one_of<WalFlushed>(events[i])) ++i;
  const auto* written = i < events.size() ? as<BufferWritten>(events[i]) : nullptr;
  if (written == nullptr || written->buffer != pinned->buffer) return std::nullopt;
  const auto* unpinned = i + 1 < events.size() ? as<BufferUnpinned>(events[i + 1]) : nullptr;
  return CallRange{first, unpinned != nullptr && unpinned->buffer == pinned->buffer ? i + 1 : i};
}

std::optional<CallRange> write_at(std::span<const EventBody> events, std::size_t at) {
  constexpr std::size_t kMostSteps = 6;
  for (std::size_t back = 0; back < kMostSteps && back <= at; ++back) {
    const auto call = write_from(events, at - back);
    if (call && call->last >= at) return call;
  }
  return std::nullopt;
}

// What always comes with the event before it: the buffer of a page thrown away goes to the freelist; a dynamic segment
// is attached by who made it, and destroyed when the last one leaves.
bool is_pair(const EventBody& first, const EventBody& second) {
  if (const auto* untagged = as<BufferUntagged>(first)) {
    const auto* pushed = as<FreelistPushed>(second);
    return pushed != nullptr && untagged->reason == UntagReason::Dropped && pushed->buffer == untagged->buffer;
  }
  if (const auto* created = as<SegmentCreated>(first)) {
    const auto* attached = as<SegmentAttached>(second);
    return attached != nullptr && attached->segment == created->segment;
  }
  if (const auto* detached = as<SegmentDetached>(first)) {
    const auto* destroyed = as<SegmentDestroyed>(second);
    return destroyed != nullptr && destroyed->segment == detached->segment;
  }
  return false;
}

}  // namespace

bool is_server_step(const EventBody& event) {
  return std::visit([](const auto& e) { return kIsServerEvent<std::decay_t<decltype(e)>>; }, event);
}

std::optional<CallRange> server_call_at(std::span<const EventBody> events, std::size_t at) {
  if (const auto request = request_at(events, at)) return request;
  if (const auto write = write_at(events, at)) return write;
  if (at + 1 < events.size() && is_pair(events[at], events[at + 1])) return CallRange{at, at + 1};
  if (at > 0 && is_pair(events[at - 1], events[at])) return CallRange{at - 1, at};
  return std::nullopt;
}

}  // namespace palloscope::trace
