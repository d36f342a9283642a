#include "trace/live/heap_events.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "trace/live/heap_difference.h"

namespace palloscope::trace {

using namespace core;

namespace {

constexpr std::int32_t kNone = -1;

std::size_t at(std::int32_t index) { return static_cast<std::size_t>(index); }

// By parent, children in list order (newest first); the top contexts are the last entry.
std::vector<std::vector<std::int32_t>> children_of(const WalkedHeap& heap) {
  std::vector<std::vector<std::int32_t>> children(heap.contexts.size() + 1);
  for (std::size_t i = 0; i < heap.contexts.size(); ++i) {
    const std::int32_t parent = heap.contexts[i].parent;
    children[parent < 0 ? heap.contexts.size() : at(parent)].push_back(static_cast<std::int32_t>(i));
  }
  return children;
}

// Who waits in a list of recycled contexts: the same region, left by a context of the same name.
bool same_waiting(const WalkedContext& a, const WalkedContext& b, const VersionProfile& profile) {
  return region_of(a, profile) == region_of(b, profile) && a.name == b.name;
}

}  // namespace

// Which of the contexts told before are which of those that are there now; indexes, kNone: none.
struct HeapEvents::Match {
  const WalkedHeap& now;
  std::vector<std::vector<std::int32_t>> children;  // of now
  std::vector<std::int32_t> before;                 // by index in now
  std::vector<std::int32_t> after;                  // by index in told_
  std::vector<bool> moved;                          // by index in now: below another parent than before
  std::unordered_map<Address, HeapRegion> regions;  // of now's contexts, and of those that wait to be recycled
  std::size_t kept_waiting[2] = {0, 0};             // of each recycled list's ends
};

// Parents come before their children, in both. A context that hangs below another parent now is the same only if its
// ident says so: mostly such a place is a new context in old memory.
void HeapEvents::match(const VersionProfile& profile, Match& match) const {
  const WalkedHeap& now = match.now;
  std::unordered_map<Address, std::int32_t> places;
  for (std::size_t i = 0; i < told_.contexts.size(); ++i)
    places.emplace(told_.contexts[i].at, static_cast<std::int32_t>(i));
  match.before.assign(now.contexts.size(), kNone);
  match.moved.assign(now.contexts.size(), false);
  match.after.assign(told_.contexts.size(), kNone);
  for (std::size_t i = 0; i < now.contexts.size(); ++i) {
    const WalkedContext& context = now.contexts[i];
    match.regions.emplace(context.at, region_of(context, profile));
    const auto found = places.find(context.at);
    if (found == places.end()) continue;
    const WalkedContext& told = told_.contexts[at(found->second)];
    if (!is_same_context(told, context, profile)) continue;
    const std::int32_t parent_before = context.parent < 0 ? kNone : match.before[at(context.parent)];
    const bool same_parent = told.parent == parent_before && (context.parent < 0) == (parent_before < 0);
    if (!same_parent && (!context.ident || context.ident != told.ident)) continue;
    match.before[i] = found->second;
    match.after[at(found->second)] = static_cast<std::int32_t>(i);
    match.moved[i] = !same_parent;
  }
  for (std::size_t list = 0; list < 2; ++list) {
    for (const WalkedContext& context : now.recycled[list])
      match.regions.emplace(context.at, region_of(context, profile));
    match.kept_waiting[list] =
        common_end(told_.recycled[list], now.recycled[list],
                   [&](const WalkedContext& a, const WalkedContext& b) { return same_waiting(a, b, profile); });
  }
}

// Children before their parents. A region that waits to be recycled now stays.
void HeapEvents::delete_contexts(ContextEvents& events, const VersionProfile& profile, const Match& match) {
  std::unordered_map<Address, HeapRegion> waiting;
  for (const auto& list : match.now.recycled)
    for (const WalkedContext& context : list) waiting.emplace(context.at, region_of(context, profile));
  for (std::size_t i = told_.contexts.size(); i > 0; --i) {
    const WalkedContext& told = told_.contexts[i - 1];
    if (match.after[i - 1] != kNone) continue;
    if (names_.context(told.at) == current_) current_ = {};
    events.remove(told);
    const auto region = waiting.find(told.at);
    const bool stays = region != waiting.end() && region->second == region_of(told, profile);
    if (!stays) events.free(names_.block(told.at));
  }
}

// What waited and does no longer: freed, or the memory of a context that is there now.
void HeapEvents::drop_recycled(ContextEvents& events, const VersionProfile& profile, const Match& match) {
  for (std::size_t list = 0; list < 2; ++list) {
    const std::vector<WalkedContext>& told = told_.recycled[list];
    for (std::size_t i = 0; i + match.kept_waiting[list] < told.size(); ++i) {
      const auto region = match.regions.find(told[i].at);
      const bool used = region != match.regions.end() && region->second == region_of(told[i], profile);
      if (!used) events.free(names_.block(told[i].at));
    }
  }
}

// Parents before their children, the oldest child first.
void HeapEvents::tell_contexts(ContextEvents& events, Match& match) {
  const WalkedHeap& now = match.now;
  std::vector<std::int32_t> waiting(match.children.back());  // the next to be told is the last
  while (!waiting.empty()) {
    const std::size_t i = at(waiting.back());
    waiting.pop_back();
    const WalkedContext& context = now.contexts[i];
    const ContextSlot parent = context.parent < 0 ? ContextSlot{} : names_.context(now.contexts[at(context.parent)].at);
    if (match.before[i] == kNone) {
      events.grow(events.create(context, parent), context);
    } else {
      const WalkedContext& told = told_.contexts[at(match.before[i])];
      const ContextSlot slot = names_.context(context.at);
      if (match.moved[i]) events.tell(ContextReparented{slot, parent});
      if (told.ident != context.ident) events.tell(ContextIdentSet{slot, context.ident});
      events.grow(told, context);
    }
    waiting.insert(waiting.end(), match.children[i].begin(), match.children[i].end());
  }
}

// New children and moved ones went to the head of their parent's list. Where that is not the order of now, those before
// the common end go there once more.
void HeapEvents::order_children(ContextEvents& events, const Match& match) {
  const WalkedHeap& now = match.now;
  const auto children_before = children_of(told_);
  for (std::size_t parent = 0; parent <= now.contexts.size(); ++parent) {
    const std::vector<std::int32_t>& wanted = match.children[parent];
    const bool is_top = parent == now.contexts.size();
    const std::int32_t before = is_top ? static_cast<std::int32_t>(told_.contexts.size()) : match.before[parent];
    std::vector<std::int32_t> there;
    for (const std::int32_t child : wanted)
      if (match.before[at(child)] == kNone || match.moved[at(child)]) there.push_back(child);
    if (before != kNone) {
      for (const std::int32_t child : children_before[at(before)]) {
        const std::int32_t after = match.after[at(child)];
        if (after != kNone && !match.moved[at(after)]) there.push_back(after);
      }
    }
    const std::size_t stays = common_end(there, wanted, std::equal_to<>{});
    const ContextSlot slot = is_top ? ContextSlot{} : names_.context(now.contexts[parent].at);
    for (std::size_t i = wanted.size() - stays; i > 0; --i)
      events.tell(ContextReparented{names_.context(now.contexts[at(wanted[i - 1])].at), slot});
  }
}

// A context that waits to be recycled was one that was deleted: told so where it was not seen alive.
void HeapEvents::recycle(ContextEvents& events, const VersionProfile& profile, const Match& match) {
  std::unordered_map<Address, const WalkedContext*> deleted;
  for (std::size_t i = 0; i < told_.contexts.size(); ++i)
    if (match.after[i] == kNone) deleted.emplace(told_.contexts[i].at, &told_.contexts[i]);
  for (std::size_t list = 0; list < 2; ++list) {
    const std::vector<WalkedContext>& now = match.now.recycled[list];
    for (std::size_t i = now.size() - match.kept_waiting[list]; i > 0; --i) {
      const WalkedContext& context = now[i - 1];
      const auto found = deleted.find(context.at);
      const bool seen = found != deleted.end() && same_waiting(*found->second, context, profile);
      if (!seen) {
        WalkedContext alive = context;
        for (WalkedBlock& keeper : alive.blocks) keeper.chunks.clear(), keeper.free_at = keeper.start;
        for (auto& freelist : alive.freelists) freelist.clear();
        alive.is_reset = true;
        WalkedContext told = events.create(alive, {});
        events.grow(told, alive);
        events.remove(alive);
      }
      events.tell(ContextRecycled{names_.block(context.at), static_cast<std::uint8_t>(list)});
    }
  }
}

std::size_t HeapEvents::emit(WalkedHeap heap, const VersionProfile& profile) {
  const std::size_t left_out = keep_consistent(heap, profile);
  ContextEvents events(*sink_, names_, profile);
  Match matched{heap, children_of(heap), {}, {}, {}, {}, {}};
  match(profile, matched);
  for (std::size_t i = 0; i < heap.contexts.size(); ++i)
    if (matched.moved[i]) events.tell(ContextReparented{names_.context(heap.contexts[i].at), {}});
  delete_contexts(events, profile, matched);
  for (std::size_t i = 0; i < told_.contexts.size(); ++i)
    if (matched.after[i] != kNone) events.shrink(told_.contexts[i], heap.contexts[at(matched.after[i])]);
  drop_recycled(events, profile, matched);
  tell_contexts(events, matched);
  order_children(events, matched);
  recycle(events, profile, matched);
  if (const ContextSlot current = names_.context(heap.current); current != current_) {
    events.tell(ContextSwitched{current});
    current_ = current;
  }
  told_ = std::move(heap);
  return left_out;
}

}  // namespace palloscope::trace
