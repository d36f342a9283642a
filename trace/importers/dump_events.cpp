#include "trace/importers/dump_events.h"

#include <algorithm>
#include <utility>

namespace palloscope::trace {
namespace {

constexpr std::uint32_t kNone = DumpedContext::kNoParent;

using Siblings = std::vector<std::uint32_t>;

// The children of every context, in the dump's order.
std::vector<Siblings> children_of(const std::vector<DumpedContext>& contexts) {
  std::vector<Siblings> children(contexts.size());
  for (std::uint32_t i = 0; i < contexts.size(); ++i)
    if (contexts[i].parent != kNone) children[contexts[i].parent].push_back(i);
  return children;
}

bool same_context(const DumpedContext& a, const DumpedContext& b) {
  return a.name == b.name && a.ident == b.ident && a.kind == b.kind && a.unlisted == b.unlisted;
}

constexpr std::size_t kMostShown = 1000;  // a dump that leaves children out shows 100

// For each context of `now` the index of the same one in `before`, or kNone (see the header for the rule).
std::vector<std::uint32_t> match(const std::vector<DumpedContext>& before, const std::vector<DumpedContext>& now) {
  std::vector<std::uint32_t> old_index(now.size(), kNone);
  if (before.empty() || now.empty() || !same_context(before[0], now[0])) return old_index;
  const std::vector<Siblings> old_children = children_of(before), new_children = children_of(now);
  old_index[0] = 0;
  for (std::uint32_t i = 0; i < now.size(); ++i) {  // parents come before their children
    if (old_index[i] == kNone) continue;
    const Siblings& olds = old_children[old_index[i]];
    const Siblings& news = new_children[i];
    const bool may_skip = (before[old_index[i]].omitted || now[i].omitted) && olds.size() <= kMostShown;
    auto candidate = olds.rbegin();
    for (auto it = news.rbegin(); it != news.rend(); ++it) {
      const auto found =
          std::find_if(candidate, olds.rend(), [&](std::uint32_t old) { return same_context(before[old], now[*it]); });
      if (found != olds.rend()) {
        old_index[*it] = *found;
        candidate = found + 1;
      } else if (!may_skip) {
        break;  // the rest is newer than a new one: new
      }
    }
  }
  return old_index;
}

}  // namespace

core::ContextSlot DumpEvents::take_slot() {
  if (free_slots_.empty()) return core::ContextSlot{next_slot_++};
  const core::ContextSlot slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void DumpEvents::report(core::ContextSlot slot, const ReportedCounters& c) {
  core::ContextReported event;
  event.context = slot;
  event.blocks = c.blocks;
  event.total_bytes = c.total_bytes;
  event.free_bytes = c.free_bytes;
  event.free_chunks = c.free_chunks;
  event.used_bytes = c.used_bytes;
  event.chunks = c.chunks;
  event.empty_blocks = c.empty_blocks;
  sink_.emit(event);
}

void DumpEvents::report_omitted(core::ContextSlot slot, const std::optional<OmittedContexts>& omitted) {
  const OmittedContexts o = omitted.value_or(OmittedContexts{});
  core::ContextsOmitted event;
  event.parent = slot;
  event.count = o.count;
  event.blocks = o.blocks;
  event.total_bytes = o.total_bytes;
  event.free_bytes = o.free_bytes;
  event.free_chunks = o.free_chunks;
  event.used_bytes = o.used_bytes;
  sink_.emit(event);
}

// Children before their parents: they stand behind them.
void DumpEvents::remove_gone(const Tree& before, const std::vector<bool>& kept) {
  for (std::size_t i = before.contexts.size(); i-- > 0;) {
    if (kept[i]) continue;
    sink_.emit(core::ContextDeleted{before.slots[i]});
    free_slots_.push_back(before.slots[i]);
  }
}

// Siblings oldest first, each with its whole subtree: a new child is linked at the head, as in the server.
void DumpEvents::add_and_report(Tree& now, const Tree& before, const std::vector<std::uint32_t>& old_index,
                                bool is_front) {
  const std::vector<Siblings> children = children_of(now.contexts);
  std::vector<bool> has_new_child(now.contexts.size());
  std::vector<std::uint32_t> waiting;
  if (!now.contexts.empty()) waiting.push_back(0);
  now.slots.resize(now.contexts.size());

  while (!waiting.empty()) {
    const std::uint32_t i = waiting.back();
    waiting.pop_back();
    const DumpedContext& context = now.contexts[i];
    const bool is_root = context.parent == kNone;
    const core::ContextSlot parent = is_root ? core::ContextSlot{} : now.slots[context.parent];

    if (old_index[i] == kNone) {
      now.slots[i] = take_slot();
      if (!is_root) has_new_child[context.parent] = true;
      core::ContextCreated created;
      created.context = now.slots[i];
      created.parent = parent;
      created.kind = context.kind.value_or(core::ContextKind::Unknown);
      created.name = context.name;
      sink_.emit(std::move(created));
      if (context.ident) sink_.emit(core::ContextIdentSet{now.slots[i], context.ident});
      if (!context.unlisted) report(now.slots[i], context.counters);
      if (context.omitted) report_omitted(now.slots[i], context.omitted);
    } else {
      const DumpedContext& old = before.contexts[old_index[i]];
      now.slots[i] = before.slots[old_index[i]];
      const bool out_of_order = is_root ? !is_front : has_new_child[context.parent];
      if (out_of_order) sink_.emit(core::ContextReparented{now.slots[i], parent});
      if (old.counters != context.counters) report(now.slots[i], context.counters);
      if (old.omitted != context.omitted) report_omitted(now.slots[i], context.omitted);
    }
    waiting.insert(waiting.end(), children[i].begin(), children[i].end());
  }
}

void DumpEvents::report_error(const Dump& dump, const Tree& now) {
  if (dump.statement) sink_.emit(core::Statement{*dump.statement});
  if (!dump.error) return;
  core::ErrorReported error = *dump.error;
  std::size_t named = 0;  // the error names the context, which tells it only if no other has the name
  for (std::size_t i = 0; i < now.contexts.size(); ++i)
    if (now.contexts[i].name == dump.failed_context) error.context = now.slots[i], ++named;
  if (named != 1) error.context = {};
  sink_.emit(std::move(error));
}

void DumpEvents::emit(Dump dump) {
  for (DumpedContext& context : dump.contexts)
    if (!context.kind && !context.unlisted && dump.form != DumpForm::View) context.kind = standard_kind_;

  sink_.emit(core::SnapshotBegan{dump.label, dump.pid});
  if (!dump.first_line.empty()) sink_.emit(core::Output{dump.first_line});

  Tree& tree = trees_[dump.pid];
  const Tree before = std::exchange(tree, Tree{});
  tree.contexts = std::move(dump.contexts);
  const std::vector<std::uint32_t> old_index = match(before.contexts, tree.contexts);
  std::vector<bool> kept(before.contexts.size());
  for (const std::uint32_t old : old_index)
    if (old != kNone) kept[old] = true;

  remove_gone(before, kept);
  add_and_report(tree, before, old_index, front_ == dump.pid);
  front_ = dump.pid;
  sink_.emit(core::SnapshotEnded{dump.problem});
  report_error(dump, tree);
}

}  // namespace palloscope::trace
