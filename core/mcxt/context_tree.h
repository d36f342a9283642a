// ContextTree: the part of mcxt.c that is about contexts: links, reset, delete, callbacks (spec 7.3 to 7.7). It works
// on the bytes; nothing is remembered between calls.
#pragma once

#include <cstdint>
#include <functional>

#include "core/base/ids.h"
#include "core/mcxt/context_calls.h"
#include "core/version/version_profile.h"

namespace palloscope::core {

class ProcessCore;

class ContextTree {
 public:
  explicit ContextTree(ProcessCore& core);

  void reset(Address context);           // MemoryContextReset: deletes the children
  void reset_only(Address context);      // MemoryContextResetOnly
  void reset_children(Address context);  // MemoryContextResetChildren
  void remove(Address context);          // MemoryContextDelete
  void remove_children(Address context);
  void set_parent(Address context, Address parent);
  void register_callback(Address context, std::uint32_t number, std::function<void()> run);
  std::uint64_t mem_allocated(Address context, bool recurse) const;
  void check(Address context);  // MemoryContextCheck: it and all below it; nothing in a production build

 private:
  Address first_child(Address context) const;
  Address next_sibling(Address context) const;
  Address parent_of(Address context) const;
  Address deepest_first_child(Address context) const;
  // For MemoryContextDelete: the same, telling of the calls that lead there. `entered`: the way down from `context`
  // itself begins here, not after one of its children is gone.
  Address descend_to_delete(Address context, bool entered) const;
  // Counts a step of a walk: one that visits more contexts than there are runs in a circle (trampled links).
  void count(std::size_t& visited, Address context) const;
  // The one after `context` in preorder below `top`; null: that was the last.
  Address next_below(Address context, Address top) const;
  void unlink(Address context);
  void call_callbacks(Address context);
  void remove_only(Address context);
  void tell(ContextFunction function, Address context, Address parent = {}) const;
  void assert_deletable(Address context) const;
  void assert_way_down(Address context) const;  // 15, 16: before the children are gone

  ProcessCore& core_;
  const MemoryContextLayout& layout_;
};

}  // namespace palloscope::core
