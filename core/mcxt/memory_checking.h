// MemoryChecking: what a build with MEMORY_CONTEXT_CHECKING, CLOBBER_FREED_MEMORY and assertions does besides
// (spec 2.4, 13): requested_size and sentinel of chunks, wiped memory, WARNINGs, assertions that end the process. Who
// calls asks on() first, once for a call; only assert_that and chunk_bytes know of themselves that a production build
// does without.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/ids.h"
#include "core/version/version_profile.h"

namespace palloscope::core {

class ProcessCore;

// assert() of a checking build: without `holds` the process ends as by abort(). `condition` is PostgreSQL's own, `file`
// the source file it stands in.
void assert_that(const ProcessCore& core, bool holds, std::string_view condition, std::string_view file, Address at);

class MemoryChecking {
 public:
  explicit MemoryChecking(ProcessCore& core);

  bool on() const { return on_; }
  // The payload of a chunk that is not rounded to a class: in 16+ the sentinel always has its byte.
  std::uint64_t chunk_bytes(std::uint64_t requested_bytes) const {
    return max_align(requested_bytes + rules_.sentinel_room);
  }

  // A chunk: its header, its payload, the usable bytes of the payload, the place of requested_size in the header.
  struct Chunk {
    Address header, pointer;
    std::uint64_t bytes = 0;
    Field requested;
  };
  // It is in use for so many bytes: requested_size, and the sentinel behind them if there is room.
  void mark_used(const Chunk& chunk, std::uint64_t requested_bytes);
  void mark_free(const Chunk& chunk);  // requested_size alone
  std::uint64_t requested_bytes(const Chunk& chunk) const;
  bool is_free(std::uint64_t requested_bytes) const { return requested_bytes == rules_.free_requested; }  // 16+
  // Of a chunk in use; true as well where no byte is left for a sentinel.
  bool sentinel_is_whole(const Chunk& chunk, std::uint64_t requested_bytes) const;

  enum class Use { Free, Realloc };
  // What pfree and repalloc do first: 17+ throws ERROR if the chunk is free; WARNING `detected write past chunk end`.
  void refuse_freed(Address context, const Chunk& chunk, Use use);
  void warn_if_overwritten(Address context, const Chunk& chunk, std::uint64_t requested_bytes);

  void wipe(Address at, std::uint64_t bytes);
  // Before free(): what malloc gives back to the kernel at once is left alone, as nobody can look at it any more.
  void wipe_region(Address region, Address from, std::uint64_t bytes);

  // Where a check goes on behind a chunk of so many bytes. Trampled sizes would lead it round for ever: Crash.
  Address next_chunk(Address chunk, std::uint64_t bytes) const;

  void warn(Address context, const std::string& message);
  std::string name_of(Address context) const;

 private:
  ProcessCore& core_;
  const CheckingRules& rules_;
  bool on_;
};

}  // namespace palloscope::core
