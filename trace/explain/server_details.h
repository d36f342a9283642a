// ServerDetails: copies of what the state knows, before or after an event, of the processes, buffers, rings, segments
// and operations that the event is about. A part of Moment, and as cheap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "trace/replay/server_state.h"

namespace palloscope::trace {

// What an event around private memory is about; a slot is none where the event does not say and the state cannot.
struct ServerSubject {
  BackendSlot backend;
  PoolSlot pool;
  BufferSlot buffer;
  RingSlot ring;
  SegmentSlot segment;
  OperationSlot operation;
  std::optional<PageTag> page;        // that the event names, or else that the request around it asks for
  std::optional<std::uint32_t> node;  // of the machine
  std::string allocation;             // in shared memory, by name
};

// `request`: of the call around the event; null: none.
ServerSubject server_subject_of(const core::EventBody& event, const core::PageRequested* request,
                                const ServerState& state);
ServerSubject merged(const ServerSubject& first, const ServerSubject& second);

struct ServerDetails {
  ServerPoint point;
  std::string acting, backend;  // names; empty: not known
  std::int32_t backend_node = -1;
  std::uint64_t local_bytes = 0, remote_bytes = 0;  // that the backend used
  std::uint32_t private_pins = 0;                   // of that backend on that buffer
  std::optional<BufferRecord> buffer;
  std::string held_relation;       // of the page in the buffer, as relation_name says it
  std::string relation;            // of the subject's page
  std::optional<PoolRecord> pool;  // the buffer's; else the one named; else the shared one
  std::string pool_owner;
  std::optional<RingRecord> ring;
  std::optional<SegmentRecord> segment;
  std::optional<OperationRecord> operation;
  std::optional<ShmemRecord> allocation;
  std::optional<NodeRecord> node;
  std::uint64_t requested_bytes = 0, requested_lwlocks = 0;  // by libraries, so far
};

ServerDetails server_details_of(const ServerState& state, const ServerSubject& subject);

}  // namespace palloscope::trace
