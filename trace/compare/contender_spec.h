// ContenderSpec: which allocator, with which settings, is to answer a stream of calls, and how it is written:
//
//   NAME[:SETTINGS][@VERSION][+checking][+nofree]
//
//   recorded                          the kinds and sizes of the recording (for another version or build)
//   aset[:MIN/INIT/MAX]               AllocSet; sizes in bytes, or 8k, 1M; left out: as recorded, else 0/8k/8M
//   generation[:MIN/INIT/MAX]         Generation
//   bump[:MIN/INIT/MAX]               Bump (17 and newer). Refused where a chunk is freed or grows; with +nofree pfree
//   is
//                                     ignored, and a repalloc takes new memory
//   slab:SIZE[/BLOCK]                 Slab of SIZE bytes (BLOCK: 8k) for contexts whose every request fits; a request
//                                     takes SIZE bytes. The other contexts stay as recorded; refused if none fits
//   malloc                            each chunk a malloc; a reset frees them one by one
//   pool[:BLOCK]                      one pool for the whole process, without contexts (pool_contender.h)
//
// The kinds of context apply to every context of the stream but TopMemoryContext and ErrorContext, or to those of one
// name. Without @VERSION the version and build of the recording.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/mcxt/process.h"

namespace palloscope::trace {

enum class ContenderKind : std::uint8_t { Recorded, AllocSet, Generation, Slab, Bump, Malloc, Pool };
inline constexpr int kContenderKindCount = 7;

struct ContenderSpec {
  ContenderKind kind = ContenderKind::Recorded;
  std::optional<core::AllocSetSizes> sizes;  // AllocSet, Generation, Bump
  std::uint64_t chunk_bytes = 0;             // Slab
  std::uint64_t block_bytes = 8192;          // Slab, Pool
  int pg_major = 0;                          // 0: as recorded
  bool checking = false;                     // true: a checking build; false: as recorded
  bool ignore_pfree = false;                 // Bump
  std::string context;                       // of this name alone; empty: all
};

bool operator==(const ContenderSpec& a, const ContenderSpec& b);

core::Result<ContenderSpec> parse_contender(std::string_view text);
// The shortest text that parses to it; the context is not in it.
std::string to_string(const ContenderSpec& spec);

}  // namespace palloscope::trace
