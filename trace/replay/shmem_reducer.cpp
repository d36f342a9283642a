// Shared memory: segments, what is allocated in them, and where their pages lie.
#include <algorithm>

#include "trace/replay/server_reducer.h"

namespace palloscope::trace {
namespace {

auto attachment_of(SegmentRecord& segment, BackendSlot backend) {
  return std::find_if(segment.attached.begin(), segment.attached.end(),
                      [&](const auto& attached) { return attached.first == backend; });
}

}  // namespace

template <class J>
Refusal ServerReducer<J>::operator()(const core::SegmentCreated& e) {
  if (e.page_bytes == 0) return {"segment", e.segment.value, "has pages of no size"};
  SegmentRecord* segment = make(s_.segments, e.segment.value);
  if (!segment) return {"segment", e.segment.value, "is already there, or its number is too large"};
  segment->kind = e.kind;
  segment->at = e.at;
  segment->bytes = e.bytes;
  segment->page_bytes = e.page_bytes;
  segment->handle = e.handle;
  segment->name = e.name;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::SegmentDestroyed& e) {
  if (!live(s_.segments, e.segment.value)) return {"segment", e.segment.value, "is not there, and cannot go"};
  for (std::size_t i = 0; i < s_.allocations.size(); ++i)
    if (s_.allocations[i].born != 0 && s_.allocations[i].segment == e.segment)
      drop(s_.allocations, static_cast<std::uint32_t>(i));
  drop(s_.segments, e.segment.value);
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::SegmentAttached& e) {
  SegmentRecord* segment = live(s_.segments, e.segment.value);
  if (!segment) return {"segment", e.segment.value, "is not there, and cannot be attached"};
  // dsm_attach: a backend maps a segment once.
  if (attachment_of(*segment, e.backend) != segment->attached.end())
    return {"segment", e.segment.value, "is attached by this backend already"};
  journal_.save_server(e.segment.value, *segment);
  segment->attached.push_back({e.backend, e.at});
  segment->refcnt = e.refcnt;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::SegmentDetached& e) {
  SegmentRecord* segment = live(s_.segments, e.segment.value);
  if (!segment) return {"segment", e.segment.value, "is not there, and cannot be detached"};
  const auto found = attachment_of(*segment, e.backend);
  if (found == segment->attached.end()) return {"segment", e.segment.value, "is not attached by this backend"};
  journal_.save_server(e.segment.value, *segment);
  segment->attached.erase(found);
  segment->refcnt = e.refcnt;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::SegmentPinned& e) {
  SegmentRecord* segment = change(s_.segments, e.segment.value);
  if (!segment) return {"segment", e.segment.value, "is not there, and cannot be pinned"};
  segment->pinned = e.pinned;
  segment->refcnt = e.refcnt;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::ShmemAllocated& e) {
  SegmentRecord* segment = live(s_.segments, e.segment.value);
  if (!segment) return {"segment", e.segment.value, "is not there, and holds nothing"};
  if (e.offset < segment->allocated_bytes) return {"segment", e.segment.value, "has handed that place out already"};
  if (e.offset > segment->bytes || e.allocated_bytes > segment->bytes - e.offset)
    return {"segment", e.segment.value, "is too small for what it hands out"};
  journal_.save_server(e.segment.value, *segment);
  segment->allocated_bytes = e.offset + e.allocated_bytes;
  ShmemRecord& piece = append(s_.allocations);
  piece.segment = e.segment;
  piece.offset = e.offset;
  piece.bytes = e.bytes;
  piece.allocated_bytes = e.allocated_bytes;
  piece.name = e.name;
  piece.purpose = e.purpose;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::ShmemFound& e) {
  const auto found = std::find_if(s_.allocations.begin(), s_.allocations.end(), [&](const ShmemRecord& piece) {
    return piece.born != 0 && piece.segment == e.segment && piece.name == e.name;
  });
  if (found == s_.allocations.end()) return {"segment", e.segment.value, "holds nothing of that name"};
  ++change(s_.allocations, static_cast<std::uint32_t>(found - s_.allocations.begin()))->found;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::ShmemRequested& e) {
  ShmemRequestRecord& request = append(s_.requests);
  request.bytes = e.bytes;
  request.lwlocks = e.lwlocks;
  request.library = e.library;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::HugePagesTried& e) {
  ServerPoint& point = change_point();
  point.huge_pages = n_;
  point.huge_pages_granted = e.granted;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::NumaNodeAdded& e) {
  NodeRecord* node = make(s_.nodes, e.node);
  if (!node) return {"NUMA node", e.node, "is already there, or its number is too large"};
  node->cores = e.cores;
  node->memory_bytes = e.memory_bytes;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::BackendPlaced& e) {
  if (!live(s_.nodes, e.node)) return {"NUMA node", e.node, "is not there"};
  BackendRecord* backend = change(s_.backends, e.backend.value);
  if (!backend) return {"backend", e.backend.value, "is not there, and runs nowhere"};
  backend->node = static_cast<std::int32_t>(e.node);
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::NumaPolicySet& e) {
  if (e.policy == core::NumaPolicy::Bind && !live(s_.nodes, e.node)) return {"NUMA node", e.node, "is not there"};
  ServerPoint& point = change_point();
  point.numa_policy = e.policy;
  point.numa_node = e.node;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::PagesPlaced& e) {
  const SegmentRecord* segment = live(s_.segments, e.segment.value);
  if (!segment) return {"segment", e.segment.value, "is not there, and has no pages"};
  // The last page may reach behind the segment's end.
  if (e.offset >= segment->bytes || e.bytes > segment->bytes - e.offset + segment->page_bytes)
    return {"segment", e.segment.value, "has no such pages"};
  NodeRecord* node = change(s_.nodes, e.node);
  if (!node) return {"NUMA node", e.node, "is not there"};
  node->placed_bytes += e.bytes;
  PlacementRecord& placement = append(s_.placements);
  placement.segment = e.segment;
  placement.offset = e.offset;
  placement.bytes = e.bytes;
  placement.node = e.node;
  placement.backend = e.backend;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::PagesUsed& e) {
  BackendRecord* backend = change(s_.backends, e.backend.value);
  if (!backend) return {"backend", e.backend.value, "is not there, and uses nothing"};
  backend->local_bytes += e.local_bytes;
  backend->remote_bytes += e.remote_bytes;
  return {};
}

template <class J>
Refusal ServerReducer<J>::operator()(const core::ShmemNodeReported& e) {
  const auto found = std::find_if(s_.allocations.begin(), s_.allocations.end(),
                                  [&](const ShmemRecord& piece) { return piece.born != 0 && piece.name == e.name; });
  if (found == s_.allocations.end()) return {"segment", 0, "holds nothing of the name whose pages are reported"};
  // The view has one row for a structure and a node.
  if (std::any_of(found->nodes.begin(), found->nodes.end(), [&](const auto& known) { return known.first == e.node; }))
    return {"segment", found->segment.value, "has that structure's pages of this node reported already"};
  change(s_.allocations, static_cast<std::uint32_t>(found - s_.allocations.begin()))
      ->nodes.push_back({e.node, e.bytes});
  return {};
}

template class ServerReducer<NullJournal>;
template class ServerReducer<Journal>;

}  // namespace palloscope::trace
