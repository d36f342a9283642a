// The server around a backend as JSON for programs: a part of state_json.
//
// {"acting":backend,"wal_flushed":"0/16B3740","backends":[{"slot","kind","pid","name","node","pins":[{"buffer","count"}]}],
//  "pools":[{"slot","backend","buffers","hand","complete_passes","freelist":[number,..],"tagged","dirty","pinned",
//            "requests","hits","evictions","writes":{..},"pages":[{"buffer","page":{..},"name","word","usage","pins",
//            "flags",..}]}],                               buffers are numbered as people do: from 1, local ones from
//            -1
//  "rings":[..], "segments":[{..,"allocations":[..]}], "requests":[..], "nodes":[..], "placements":[..],
//  "operations":[..]}
#pragma once

#include <iosfwd>

#include "trace/replay/server_state.h"

namespace palloscope::trace {

void write_server_json(const ServerState& server, std::ostream& out);

}  // namespace palloscope::trace
