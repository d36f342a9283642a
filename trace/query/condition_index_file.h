// An index kept beside its trace, FILE.pscope-index, so that searches in a trace of a hundred million events begin with
// it instead of a pass over all. Made anew by whoever finds it missing, damaged or of another trace.
//
// Numbers as in trace files (bytes.h): 8 bytes 89 50 53 49 64 78 31 0A; the checksum of the trace's summaries; blocks
// and names, how many each; each name; each block; for each name its ranges; at the end 4 bytes, the CRC32C of all
// before.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "trace/query/condition_index.h"

namespace palloscope::trace {

// "trace.pscope-index"; of a file that ends otherwise, ".pscope-index" behind its name.
std::filesystem::path condition_index_path(const std::filesystem::path& file);
// False: there is none, or not of this trace; the index is as it was.
bool read_condition_index(const std::filesystem::path& path, ConditionIndex& index);
// Only of an index that is whole.
core::Status write_condition_index(const std::filesystem::path& path, const ConditionIndex& index);

}  // namespace palloscope::trace
