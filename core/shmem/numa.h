// NumaMachine: a machine that the user describes (nodes with cores and memory), and on which of its nodes each page of
// a shared segment comes to lie. Pages get memory when they are touched first (spec 11.6); the policy is the kernel's
// or numactl's, for the server sets none.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/events/event_sink.h"
#include "core/server/backends.h"

namespace palloscope::core {

struct NumaNode {
  std::uint32_t cores = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t placed_bytes = 0;  // of shared pages
};

struct NumaUse {
  std::uint64_t local_bytes = 0, remote_bytes = 0;
  friend bool operator==(const NumaUse&, const NumaUse&) = default;
};

class NumaMachine {
 public:
  // Must outlive the last end of a backend.
  NumaMachine(EventSink& sink, Backends& backends);

  std::uint32_t add_node(std::uint32_t cores, std::uint64_t memory_bytes);
  const std::vector<NumaNode>& nodes() const { return nodes_; }
  void set_policy(NumaPolicy policy, std::uint32_t node = 0);
  NumaPolicy policy() const { return policy_; }
  // What a byte of another node's memory costs against one's own; a stated setting, no measurement.
  void set_remote_cost(double cost) { remote_cost_ = cost; }

  void place(BackendSlot backend, std::uint32_t node);  // it runs there from now on
  std::uint32_t node_of(BackendSlot backend) const;     // never placed: node slot % nodes, as a balancing kernel might
  // The acting backend reads or writes there. Pages without memory get some (PagesPlaced, a run at a time); all of it
  // counts as used (PagesUsed). Throws Crash (SIGBUS) if no node that the policy allows has memory left.
  NumaUse touch(SegmentSlot segment, std::uint64_t offset, std::uint64_t bytes, std::uint64_t page_bytes);

  // -1: that page has no memory yet.
  std::int32_t node_of_page(SegmentSlot segment, std::uint64_t offset, std::uint64_t page_bytes) const;
  NumaUse use_of(BackendSlot backend) const;
  double cost_of(const NumaUse& use) const;  // bytes, remote ones counted dearer

 private:
  std::uint32_t choose(std::uint64_t page_number, std::uint64_t page_bytes) const;

  EventSink& sink_;
  Backends& backends_;
  std::vector<NumaNode> nodes_;
  NumaPolicy policy_ = NumaPolicy::FirstTouch;
  std::uint32_t bound_ = 0;
  double remote_cost_ = 1.5;
  std::map<std::uint32_t, std::uint32_t> placed_;                               // slot of a live backend -> node
  std::map<std::uint32_t, NumaUse> uses_;                                       // by slot of a live backend
  std::map<std::uint32_t, std::map<std::uint64_t, std::uint32_t>> page_nodes_;  // segment slot -> page number -> node
};

}  // namespace palloscope::core
