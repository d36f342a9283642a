#include "trace/explain/server_details.h"

#include <algorithm>

#include "trace/exporters/server_text.h"

namespace palloscope::trace {
namespace {

using namespace core;

struct ServerReader {
  const ServerState& state;
  ServerSubject& subject;

  template <class E>
  void operator()(const E& e) {
    if constexpr (kIsServerEvent<E>) {
      if constexpr (requires { BackendSlot{e.backend}; }) subject.backend = e.backend;
      if constexpr (requires { PoolSlot{e.pool}; }) subject.pool = e.pool;
      if constexpr (requires { BufferSlot{e.buffer}; }) subject.buffer = e.buffer;
      if constexpr (requires { RingSlot{e.ring}; }) subject.ring = e.ring;
      if constexpr (requires { SegmentSlot{e.segment}; }) subject.segment = e.segment;
      if constexpr (requires { OperationSlot{e.operation}; }) subject.operation = e.operation;
      if constexpr (requires { PageTag{e.tag}; }) subject.page = e.tag;
      if constexpr (requires { e.node; }) {
        if (std::int64_t{e.node} >= 0) subject.node = static_cast<std::uint32_t>(e.node);
      }
    }
    if constexpr (std::is_same_v<E, ShmemFound>) subject.allocation = e.name;
    if constexpr (std::is_same_v<E, RelationNamed>) subject.page = PageTag{e.tablespace, e.database, e.relation, 0, 0};
    // What stands in the slot that is looked at.
    if constexpr (std::is_same_v<E, RingStepped>) {
      const RingRecord* ring = state.ring(e.ring);
      if (ring != nullptr && e.slot < ring->slots.size()) subject.buffer = ring->slots[e.slot];
    }
  }
};

template <class Record>
std::optional<Record> copy(const Record* record) {
  return record == nullptr ? std::nullopt : std::optional(*record);
}

}  // namespace

ServerSubject server_subject_of(const EventBody& event, const PageRequested* request, const ServerState& state) {
  ServerSubject subject;
  std::visit(ServerReader{state, subject}, event);
  if (request != nullptr) {
    if (!subject.page) subject.page = request->tag;
    if (!subject.pool) subject.pool = request->pool;
    if (!subject.ring) subject.ring = request->ring;
  }
  return subject;
}

ServerSubject merged(const ServerSubject& first, const ServerSubject& second) {
  ServerSubject subject = first;
  if (!subject.backend) subject.backend = second.backend;
  if (!subject.pool) subject.pool = second.pool;
  if (!subject.buffer) subject.buffer = second.buffer;
  if (!subject.ring) subject.ring = second.ring;
  if (!subject.segment) subject.segment = second.segment;
  if (!subject.operation) subject.operation = second.operation;
  if (!subject.page) subject.page = second.page;
  if (!subject.node) subject.node = second.node;
  if (subject.allocation.empty()) subject.allocation = second.allocation;
  return subject;
}

ServerDetails server_details_of(const ServerState& state, const ServerSubject& subject) {
  ServerDetails moment;
  moment.point = state.point;
  if (const BackendRecord* acting = state.backend(state.point.backend)) moment.acting = backend_name(*acting);
  if (const BackendRecord* backend = state.backend(subject.backend)) {
    moment.backend = backend_name(*backend);
    moment.backend_node = backend->node;
    moment.local_bytes = backend->local_bytes;
    moment.remote_bytes = backend->remote_bytes;
    const auto pin = std::find_if(backend->pins.begin(), backend->pins.end(),
                                  [&](const PrivatePin& p) { return p.buffer == subject.buffer; });
    if (pin != backend->pins.end()) moment.private_pins = pin->count;
  }
  moment.buffer = copy(state.buffer(subject.buffer));
  const PoolRecord* pool = moment.buffer ? state.pool(moment.buffer->pool) : state.pool(subject.pool);
  if (pool == nullptr) pool = state.shared_pool();
  moment.pool = copy(pool);
  if (pool != nullptr)
    if (const BackendRecord* owner = state.backend(pool->backend)) moment.pool_owner = backend_name(*owner);
  if (moment.buffer && moment.buffer->has_page()) moment.held_relation = relation_name(moment.buffer->tag, state);
  if (subject.page) moment.relation = relation_name(*subject.page, state);
  moment.ring = copy(state.ring(subject.ring));
  moment.segment = copy(state.segment(subject.segment));
  moment.operation = copy(state.operation(subject.operation));
  if (subject.node && *subject.node < state.nodes.size() && state.nodes[*subject.node].born != 0)
    moment.node = state.nodes[*subject.node];
  if (!subject.allocation.empty()) {
    const auto found = std::find_if(
        state.allocations.begin(), state.allocations.end(),
        [&](const ShmemRecord& allocation) { return allocation.born != 0 && allocation.name == subject.allocation; });
    if (found != state.allocations.end()) moment.allocation = *found;
  }
  for (const ShmemRequestRecord& request : state.requests) {
    if (request.born == 0) continue;
    moment.requested_bytes += request.bytes;
    moment.requested_lwlocks += request.lwlocks;
  }
  return moment;
}

}  // namespace palloscope::trace
