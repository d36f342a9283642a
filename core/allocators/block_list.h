// PostgreSQL's dlist (ilist.h) over simulated bytes: a circular list of {prev at 0, next at 8} nodes whose head has the
// same shape. Generation, Slab and Bump link their blocks so.
#pragma once

#include "core/mcxt/process_core.h"

namespace palloscope::core {

inline constexpr std::uint64_t kDlistNext = 8;
inline constexpr std::uint64_t kDlistBytes = 16;

inline void dlist_init(ProcessCore& core, Address head) {
  core.store_pointer(head, head);
  core.store_pointer(head + kDlistNext, head);
}

inline Address dlist_first(const ProcessCore& core, Address head) {  // the head itself: empty
  return core.load_pointer(head + kDlistNext);
}

inline bool dlist_is_empty(const ProcessCore& core, Address head) { return dlist_first(core, head) == head; }

inline void dlist_insert_between(ProcessCore& core, Address node, Address prev, Address next) {
  core.store_pointer(node, prev);
  core.store_pointer(node + kDlistNext, next);
  core.store_pointer(prev + kDlistNext, node);
  core.store_pointer(next, node);
}

inline void dlist_push_head(ProcessCore& core, Address head, Address node) {
  dlist_insert_between(core, node, head, dlist_first(core, head));
}

inline void dlist_push_tail(ProcessCore& core, Address head, Address node) {
  dlist_insert_between(core, node, core.load_pointer(head), head);
}

inline void dlist_delete(ProcessCore& core, Address node) {
  Address prev = core.load_pointer(node), next = core.load_pointer(node + kDlistNext);
  core.store_pointer(prev + kDlistNext, next);
  core.store_pointer(next, prev);
}

// Its nodes, first to last. A list that does not come back to its head (trampled memory) ends the process, as endless
// walking would.
std::vector<Address> dlist_nodes(const ProcessCore& core, Address head);

// The blocks whose nodes these are lose their chunks' names. Answers with those that are freed, in list order: all but
// the keeper, which shares its region with `context` (null: there is none). A node lies `node_offset` into its block.
std::vector<Address> drop_chunks(ProcessCore& core, const std::vector<Address>& nodes, std::uint64_t node_offset,
                                 Address keeper, Address context);

}  // namespace palloscope::core
