#include "trace/importers/dump_events.h"

#include <algorithm>
#include <utility>

namespace palloscope::trace {
namespace {

constexpr std::uint32_t kNone = DumpedContext::kNoParent;

// Children of every context, and under `roots` the top contexts, in the dump's order.
struct Children {
  std::vector<std::vector<std::uint32_t>> of;
  std::vector<std::uint32_t> roots;

  explicit Children(const std::vector<DumpedContext>& contexts) : of(contexts.size()) {
    for (std::uint32_t i = 0; i < contexts.size(); ++i)
      (contexts[i].parent == kNone ? roots : of[contexts[i].parent]).push_back(i);
  }
};

bool same_context(const DumpedContext& a, const DumpedContext& b) {
  return a.name == b.name && a.ident == b.ident && a.kind == b.kind;
}

bool leaves_children_out(const std::vector<DumpedContext>& contexts, std::uint32_t parent) {
  return parent != kNone && contexts[parent].omitted;
}

// For each context of `now` the index of the same one in `before`, or kNone (see the header for the rule).
std::vector<std::uint32_t> match(const std::vector<DumpedContext>& before, const std::vector<DumpedContext>& now) {
  const Children old_children(before), new_children(now);
  std::vector<std::uint32_t> old_index(now.size(), kNone);

  const auto match_siblings = [&](const std::vector<std::uint32_t>& olds, const std::vector<std::uint32_t>& news,
                                  bool may_skip) {
    auto candidate = olds.rbegin();
    for (auto it = news.rbegin(); it != news.rend(); ++it) {
      const auto found =
          std::find_if(candidate, olds.rend(), [&](std::uint32_t old) { return same_context(before[old], now[*it]); });
      if (found != olds.rend()) {
        old_index[*it] = *found;
        candidate = found + 1;
      } else if (!may_skip) {
        return;  // newer than a new one: new
      }
    }
  };

  match_siblings(old_children.roots, new_children.roots, false);
  for (std::uint32_t i = 0; i < now.size(); ++i) {  // parents come before their children
    const std::uint32_t old = old_index[i];
    if (old == kNone) continue;
    match_siblings(old_children.of[old], new_children.of[i],
                   leaves_children_out(before, old) || leaves_children_out(now, i));
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
void DumpEvents::add_and_report(Tree& now, const Tree& before, const std::vector<std::uint32_t>& old_index) {
  const Children children(now.contexts);
  std::vector<bool> has_new_child(now.contexts.size() + 1);  // the last: among the top contexts
  std::vector<std::uint32_t> waiting(children.roots);
  now.slots.resize(now.contexts.size());

  while (!waiting.empty()) {
    const std::uint32_t i = waiting.back();
    waiting.pop_back();
    const DumpedContext& context = now.contexts[i];
    const bool is_root = context.parent == kNone;
    const core::ContextSlot parent = is_root ? core::ContextSlot{} : now.slots[context.parent];
    const std::size_t family = is_root ? now.contexts.size() : context.parent;

    if (old_index[i] == kNone) {
      now.slots[i] = take_slot();
      has_new_child[family] = true;
      core::ContextCreated created;
      created.context = now.slots[i];
      created.parent = parent;
      created.kind = context.kind.value_or(core::ContextKind::Unknown);
      created.name = context.name;
      sink_.emit(std::move(created));
      if (context.ident) sink_.emit(core::ContextIdentSet{now.slots[i], context.ident});
      report(now.slots[i], context.counters);
      if (context.omitted) report_omitted(now.slots[i], context.omitted);
    } else {
      const DumpedContext& old = before.contexts[old_index[i]];
      now.slots[i] = before.slots[old_index[i]];
      if (!is_root && has_new_child[family]) {
        sink_.emit(core::ContextReparented{now.slots[i], {}});
        sink_.emit(core::ContextReparented{now.slots[i], parent});
      }
      if (is_root || old.counters != context.counters) report(now.slots[i], context.counters);
      if (old.omitted != context.omitted) report_omitted(now.slots[i], context.omitted);
    }
    waiting.insert(waiting.end(), children.of[i].begin(), children.of[i].end());
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
    if (!context.kind && dump.form != DumpForm::View) context.kind = standard_kind_;

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
  add_and_report(tree, before, old_index);
  sink_.emit(core::SnapshotEnded{dump.problem});
  report_error(dump, tree);
}

}  // namespace palloscope::trace
