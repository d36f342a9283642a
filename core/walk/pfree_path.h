// PfreePath: where pfree(pointer) would go, found out from the bytes without doing it: word in front of the pointer ->
// allocator -> block -> context -> freelist, count, free(), PostgreSQL's own error, or a crash (spec 1.4, 2.2, 2.3,
// 3.6, 4.4, 5, 6). The bytes are not trusted. PatchedSource lays bytes of one's own over others: "what if this bit were
// set?"
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/version/version_profile.h"
#include "core/walk/memory_source.h"

namespace palloscope::core {

enum class PfreeEnd : std::uint8_t {
  ToFreelist,   // AllocSet: to the front of freelist `freelist` of `context`
  ToBlock,      // Slab: to the front of its block's chain
  Counted,      // Generation: the block's nfree grows
  WithBlock,    // AllocSet: the dedicated block leaves and is freed
  Error,        // ereport(ERROR) with `text`
  Crash,        // nothing is mapped there, or no context is: `text` says what
  Tramples,     // goes on with what is no context of that kind, or past freelist[10], and writes there
  NotRecorded,  // bytes are needed that are not known
};

struct PfreePath {
  Address pointer;         // as given
  Address raw;             // behind aligned redirects; else the same
  std::uint64_t word = 0;  // in front of `raw`
  int method_id = -1;      // 16+
  ContextKind allocator = ContextKind::Unknown;
  bool external = false;          // taken for a chunk with a block of its own
  Address chunk, block, context;  // as pfree finds them; null: not reached
  std::uint64_t chunk_bytes = 0;  // what it takes the chunk's payload for; 0: not reached
  int freelist = -1;
  bool is_listed = false;       // the chunk is on that freelist already: it becomes a circle
  std::uint64_t live_left = 0;  // Generation, Slab: live chunks of the block behind it
  PfreeEnd end = PfreeEnd::NotRecorded;
  std::string text;    // Error: PostgreSQL's words; Crash, Tramples: what happens
  Address stopped_at;  // Crash, NotRecorded, Tramples: the address concerned
};

// `whole`: what cannot be read is not mapped (a process); else it is only not known (a trace).
PfreePath pfree_path(const MemorySource& memory, const VersionProfile& profile, Address pointer, bool whole);

class PatchedSource final : public MemorySource {
 public:
  explicit PatchedSource(const MemorySource& below) : below_(below) {}
  void set(Address at, std::uint8_t byte) { bytes_[at.value] = byte; }
  bool empty() const { return bytes_.empty(); }
  bool read(Address at, std::span<std::uint8_t> into) const override;

 private:
  const MemorySource& below_;  // outlives this
  std::map<std::uint64_t, std::uint8_t> bytes_;
};

}  // namespace palloscope::core
