// Everything that is known at one moment, as JSON for programs: contexts with their blocks, chunks and freelists.
//
// {"source","pg_major","title","origin","event","totals":{..},
//  "contexts":[ {"slot","born","parent","level","name","ident","kind","at","counters":{..},"omitted_children":{..},
//                "freelists":[{"size_class","chunks":[slot,..]}], "blocks":[ {"slot",..,"chunks":[{..}]} ]} ],   depth
//                first
//  "regions":[..],                                          malloc'ed and in no context's block list
//  "variables":{name: address}, "faults":[{"event","what"}]}
// Addresses are text in hex. Written piece by piece, so that a large heap needs no second copy.
#pragma once

#include <iosfwd>

#include "core/events/event_sink.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

void write_state_json(const MemoryState& state, const core::StreamDescription& description, std::ostream& out);

}  // namespace palloscope::trace
