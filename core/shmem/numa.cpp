#include "core/shmem/numa.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/mcxt/errors.h"

namespace palloscope::core {

namespace {

constexpr std::uint64_t kWorkPerPage = 4;  // each that is placed takes an entry of a map

}  // namespace

NumaMachine::NumaMachine(EventSink& sink, Backends& backends) : sink_(sink), backends_(backends) {
  // Its slot will be another's. The pages stay where they are.
  backends_.before_end([this](BackendSlot backend) {
    placed_.erase(backend.value);
    uses_.erase(backend.value);
  });
}

std::uint32_t NumaMachine::add_node(std::uint32_t cores, std::uint64_t memory_bytes) {
  nodes_.push_back({cores, memory_bytes, 0});
  const auto node = static_cast<std::uint32_t>(nodes_.size() - 1);
  sink_.emit(NumaNodeAdded{node, cores, memory_bytes});
  return node;
}

void NumaMachine::set_policy(NumaPolicy policy, std::uint32_t node) {
  check(node < nodes_.size(), "a policy names a node of the machine");
  policy_ = policy;
  bound_ = node;
  sink_.emit(NumaPolicySet{policy, node});
}

void NumaMachine::place(BackendSlot backend, std::uint32_t node) {
  check(node < nodes_.size(), "a backend runs on a node of the machine");
  placed_[backend.value] = node;
  sink_.emit(BackendPlaced{backend, node});
}

std::uint32_t NumaMachine::node_of(BackendSlot backend) const {
  const auto found = placed_.find(backend.value);
  if (found != placed_.end()) return found->second;
  return backend ? backend.value % static_cast<std::uint32_t>(nodes_.size()) : 0;
}

// The policy's node; where that is full, the next that has room (a bound one has no next).
std::uint32_t NumaMachine::choose(std::uint64_t page_number, std::uint64_t page_bytes) const {
  const auto count = static_cast<std::uint32_t>(nodes_.size());
  std::uint32_t wanted = bound_;
  if (policy_ == NumaPolicy::FirstTouch) wanted = node_of(backends_.acting());
  if (policy_ == NumaPolicy::Interleave) wanted = static_cast<std::uint32_t>(page_number % count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t node = (wanted + i) % count;
    if (nodes_[node].placed_bytes + page_bytes <= nodes_[node].memory_bytes) return node;
    if (policy_ == NumaPolicy::Bind) break;
  }
  throw Crash{"SIGBUS", "no node that the policy allows has memory left for the page", {}};
}

NumaUse NumaMachine::touch(SegmentSlot segment, std::uint64_t offset, std::uint64_t bytes, std::uint64_t page_bytes) {
  check(!nodes_.empty() && page_bytes != 0, "pages are placed on a machine that was described");
  NumaUse use;
  if (bytes == 0) return use;
  auto& pages = page_nodes_[segment.value];
  const std::uint32_t own = node_of(backends_.acting());
  PagesPlaced run{segment, 0, 0, 0, backends_.acting()};
  const auto announce = [&] {
    if (run.bytes != 0) sink_.emit(run);
    run.bytes = 0;
  };
  const std::uint64_t end = offset + bytes;
  backends_.count_work(kWorkPerPage * (bytes / page_bytes + 1));
  for (std::uint64_t page = offset / page_bytes; page * page_bytes < end; ++page) {
    const std::uint64_t from = std::max(offset, page * page_bytes), to = std::min(end, (page + 1) * page_bytes);
    auto found = pages.find(page);
    if (found == pages.end()) {
      const std::uint32_t node = choose(page, page_bytes);
      if (run.bytes != 0 && (run.node != node || run.offset + run.bytes != page * page_bytes)) announce();
      if (run.bytes == 0) {
        run.offset = page * page_bytes;
        run.node = node;
      }
      run.bytes += page_bytes;
      nodes_[node].placed_bytes += page_bytes;
      found = pages.emplace(page, node).first;
    } else {
      announce();
    }
    (found->second == own ? use.local_bytes : use.remote_bytes) += to - from;
  }
  announce();
  NumaUse& sum = uses_[backends_.acting().value];
  sum.local_bytes += use.local_bytes;
  sum.remote_bytes += use.remote_bytes;
  sink_.emit(PagesUsed{segment, backends_.acting(), use.local_bytes, use.remote_bytes});
  return use;
}

std::int32_t NumaMachine::node_of_page(SegmentSlot segment, std::uint64_t offset, std::uint64_t page_bytes) const {
  const auto pages = page_nodes_.find(segment.value);
  if (pages == page_nodes_.end()) return -1;
  const auto found = pages->second.find(offset / page_bytes);
  return found == pages->second.end() ? -1 : static_cast<std::int32_t>(found->second);
}

NumaUse NumaMachine::use_of(BackendSlot backend) const {
  const auto found = uses_.find(backend.value);
  return found == uses_.end() ? NumaUse{} : found->second;
}

double NumaMachine::cost_of(const NumaUse& use) const {
  return static_cast<double>(use.local_bytes) + remote_cost_ * static_cast<double>(use.remote_bytes);
}

}  // namespace palloscope::core
