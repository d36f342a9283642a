// Everything that is known at one moment, as JSON for programs: contexts with their blocks, chunks and freelists.
//
// {"source","pg_major","title","origin","event","totals":{..},
//  "contexts":[ {"slot","born","parent","level","name","ident","kind","at","counters":{..},"omitted_children":{..},
//                "freelists":[{"size_class","chunks":[slot,..]}], "blocks":[ {"slot",..,"chunks":[{..}]} ]} ],   depth
//                first
//  "recycled":[[{"region","name","bytes","init_block_bytes","max_block_bytes","chunk_limit_bytes"},..],[..]],
//                                                           lists 0 and 1 of deleted contexts, the next to be taken
//                                                           first
//  "regions":[..],                                          malloc'ed and in no context's block list
//  "variables":{name: address}, "faults":[{"event","what"}],
//  "server":{..}}                                           what surrounds the backend (server_json.h), if any is known
// Addresses are text in hex. Written piece by piece, so that a large heap needs no second copy.
#pragma once

#include <array>
#include <iosfwd>
#include <vector>

#include "core/events/event_sink.h"
#include "trace/analysis/recycled_contexts.h"
#include "trace/replay/memory_state.h"

namespace palloscope::trace {

// `recycled`: who waits in the two lists (recycled_contexts.h); the state alone does not know their names.
using RecycledLists = std::array<std::vector<RecycledContext>, kRecycledLists>;
void write_state_json(const MemoryState& state, const core::StreamDescription& description, std::ostream& out,
                      const RecycledLists& recycled = {});

}  // namespace palloscope::trace
