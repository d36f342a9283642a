// What the events around a backend's private memory say, in one line; and the words for their enumerators. A part of
// event_text.
#pragma once

#include <string>
#include <string_view>

#include "trace/replay/server_state.h"

namespace palloscope::trace {

std::string_view backend_kind_name(core::BackendKind kind);  // pg_stat_activity's backend_type: "client backend"
std::string_view operation_kind_name(core::OperationKind kind);
std::string_view operation_phase_name(core::OperationPhase phase);
std::string_view clock_verdict_name(core::ClockVerdict verdict);
std::string_view ring_verdict_name(core::RingVerdict verdict);
std::string_view ring_kind_name(core::RingKind kind);  // "BAS_BULKREAD"
std::string_view write_reason_name(core::WriteReason reason);
std::string_view untag_reason_name(core::UntagReason reason);
std::string_view segment_kind_name(core::SegmentKind kind);
std::string_view huge_pages_name(core::HugePages setting);  // as in postgresql.conf
std::string_view numa_policy_name(core::NumaPolicy policy);
std::string_view fork_name(std::int32_t fork);  // "main", "fsm", "vm", "init"; else "?"

// "orders", "1663/5/16390 fsm".
std::string relation_name(const PageTag& tag, const ServerState& server);
// "orders block 17", "1663/5/16390 fsm block 0".
std::string page_name(const PageTag& tag, const ServerState& server);
// As people count: 1.. for the shared pool, -1, -2, .. for local ones.
std::int64_t buffer_number(BufferSlot buffer, const ServerState& server);
// As the scripts call it; if they do not: "client backend 4711".
std::string backend_name(const BackendRecord& backend);
std::string lsn_text(std::uint64_t lsn);  // as PostgreSQL prints it: "0/16B3740"
// The set flags of a state word: "DIRTY VALID TAG_VALID"; counts are not in it.
std::string flag_names(std::uint32_t word);

// Empty for other events than those of kIsServerEvent. `after`: the state after it.
std::string server_event_text(const core::EventBody& event, const ServerState& after);

}  // namespace palloscope::trace
