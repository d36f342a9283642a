#include "core/mcxt/context_tree.h"

#include <string>

#include "core/allocators/allocator.h"
#include "core/mcxt/memory_checking.h"
#include "core/mcxt/process_core.h"

namespace palloscope::core {

ContextTree::ContextTree(ProcessCore& core) : core_(core), layout_(core.profile.context) {}

Address ContextTree::first_child(Address context) const { return core_.load_pointer(context, layout_.first_child); }
Address ContextTree::next_sibling(Address context) const { return core_.load_pointer(context, layout_.next_child); }
Address ContextTree::parent_of(Address context) const { return core_.load_pointer(context, layout_.parent); }

Address ContextTree::next_below(Address context, Address top) const {
  if (Address child = first_child(context)) return child;
  while (context != top) {
    if (Address sibling = next_sibling(context)) return sibling;
    context = parent_of(context);
  }
  return {};
}

void ContextTree::count(std::size_t& visited, Address context) const {
  if (++visited > core_.most_contexts()) throw Crash{"SIGABRT", "the tree of contexts runs in a circle", context};
}

Address ContextTree::deepest_first_child(Address context) const {
  std::size_t visited = 0;
  while (Address child = first_child(context)) {
    count(visited, child);
    context = child;
  }
  return context;
}

void ContextTree::tell(ContextFunction function, Address context, Address parent) const {
  if (!core_.context_calls) return;
  std::string name = core_.load_string(core_.load_pointer(context, layout_.name));
  std::string parent_name = parent ? core_.load_string(core_.load_pointer(parent, layout_.name)) : std::string();
  core_.context_calls->called({function, context, name, parent_name, static_cast<bool>(first_child(context)),
                               core_.load(context, layout_.is_reset) != 0, nullptr});
}

// --- reset ----------------------------------------------------------------------------------------------------

void ContextTree::reset(Address context) {
  tell(ContextFunction::Reset, context);
  if (first_child(context)) remove_children(context);
  reset_only(context);
}

void ContextTree::reset_only(Address context) {
  if (core_.load(context, layout_.is_reset) != 0) return;
  call_callbacks(context);
  core_.allocator_of(context).reset(context);
}

void ContextTree::reset_children(Address context) {
  std::size_t visited = 0;
  if (core_.profile.rules.reset_children_preorder) {
    for (Address at = next_below(context, context); at; at = next_below(at, context)) {
      count(visited, at);
      reset_only(at);
    }
    return;
  }
  // Below, a context's descendants come before it: down to the deepest first child, then sideways or up.
  for (Address at = deepest_first_child(context); at != context;) {
    count(visited, at);
    reset_only(at);
    Address sibling = next_sibling(at);
    at = sibling ? deepest_first_child(sibling) : parent_of(at);
  }
}

// --- delete ---------------------------------------------------------------------------------------------------

Address ContextTree::descend_to_delete(Address context, bool entered) const {
  if (!core_.context_calls || !core_.profile.rules.delete_recurses) return deepest_first_child(context);
  std::size_t visited = 0;
  while (Address child = first_child(context)) {
    count(visited, child);
    if (entered) tell(ContextFunction::DeleteChildren, context);
    tell(ContextFunction::Delete, child);
    entered = true;
    context = child;
  }
  return context;
}

// The order of 15 to 18, which differ only in how they find it: always the first child, children before parents.
void ContextTree::remove(Address context) {
  if (core_.profile.rules.delete_recurses) tell(ContextFunction::Delete, context);
  bool entered = true;
  for (Address at = context;;) {
    assert_way_down(at);
    at = descend_to_delete(at, entered);
    Address parent = parent_of(at);
    remove_only(at);
    if (at == context) return;
    at = parent;
    entered = false;
  }
}

void ContextTree::remove_children(Address context) {
  tell(ContextFunction::DeleteChildren, context);
  while (Address child = first_child(context)) remove(child);
}

void ContextTree::assert_deletable(Address context) const {
  const GlobalVariables& variables = core_.image.variables();
  assert_that(core_, context != core_.load_pointer(variables.top_memory_context), "context != TopMemoryContext",
              "mcxt.c", context);
  assert_that(core_, context != core_.load_pointer(variables.current_memory_context), "context != CurrentMemoryContext",
              "mcxt.c", context);
}

void ContextTree::assert_way_down(Address context) const {
  if (!core_.profile.checking || !core_.profile.rules.delete_recurses) return;
  std::size_t visited = 0;
  for (; context; context = first_child(context)) {
    count(visited, context);
    assert_deletable(context);
  }
}

void ContextTree::remove_only(Address context) {
  if (!core_.profile.rules.delete_recurses) {
    tell(ContextFunction::Delete, context);
    assert_deletable(context);
  }
  call_callbacks(context);
  if (core_.profile.checking) core_.allocator_of(context).check_before_delete(context);
  tell(ContextFunction::SetParent, context);
  unlink(context);
  core_.store_pointer(context, layout_.ident, {});
  core_.allocator_of(context).delete_context(context);
}

// --- links ----------------------------------------------------------------------------------------------------

void ContextTree::unlink(Address context) {
  Address parent = parent_of(context);
  Address prev = core_.load_pointer(context, layout_.prev_child);
  Address next = next_sibling(context);
  if (!parent) return;
  if (prev) {
    core_.store_pointer(prev, layout_.next_child, next);
  } else {
    core_.store_pointer(parent, layout_.first_child, next);
  }
  if (next) core_.store_pointer(next, layout_.prev_child, prev);
  core_.store_pointer(context, layout_.parent, {});
  core_.store_pointer(context, layout_.prev_child, {});
  core_.store_pointer(context, layout_.next_child, {});
}

void ContextTree::set_parent(Address context, Address parent) {
  tell(ContextFunction::SetParent, context, parent);
  if (parent_of(context) == parent) return;
  unlink(context);
  if (parent) {
    Address next = first_child(parent);
    core_.store_pointer(context, layout_.parent, parent);
    core_.store_pointer(context, layout_.next_child, next);
    if (next) core_.store_pointer(next, layout_.prev_child, context);
    core_.store_pointer(parent, layout_.first_child, context);
  }
  core_.emit(ContextReparented{core_.slot_of(context), parent ? core_.slot_of(parent) : ContextSlot{}});
}

// --- callbacks ------------------------------------------------------------------------------------------------

void ContextTree::register_callback(Address context, std::uint32_t number, std::function<void()> run) {
  Address callback = core_.image.add_callback(number, std::move(run));
  core_.store_pointer(callback, core_.profile.callback.next, core_.load_pointer(context, layout_.reset_callbacks));
  core_.store_pointer(context, layout_.reset_callbacks, callback);
  core_.store(context, layout_.is_reset, 0);
  core_.emit(CallbackRegistered{core_.slot_of(context), number});
}

// Each is popped before it runs: one that fails is not called again.
void ContextTree::call_callbacks(Address context) {
  while (Address callback = core_.load_pointer(context, layout_.reset_callbacks)) {
    core_.store_pointer(context, layout_.reset_callbacks, core_.load_pointer(callback, core_.profile.callback.next));
    ProcessImage::Callback taken = core_.image.take_callback(callback);
    core_.emit(CallbackRun{core_.slot_of(context), taken.number});
    if (taken.run) taken.run();
  }
}

void ContextTree::check(Address context) {
  if (!core_.profile.checking) return;
  std::size_t visited = 0;
  for (Address at = context; at; at = next_below(at, context)) {
    count(visited, at);
    core_.allocator_of(at).check(at);
  }
}

std::uint64_t ContextTree::mem_allocated(Address context, bool recurse) const {
  std::uint64_t total = core_.load(context, layout_.mem_allocated);
  if (!recurse) return total;
  std::size_t visited = 0;
  for (Address at = next_below(context, context); at; at = next_below(at, context)) {
    count(visited, at);
    total += core_.load(at, layout_.mem_allocated);
  }
  return total;
}

}  // namespace palloscope::core
