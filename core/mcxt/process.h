// Process: one simulated PostgreSQL process and its memory: the bytes, the "malloc" that blocks come from, the tree of
// contexts, CurrentMemoryContext. Its functions are PostgreSQL's (mcxt.c), under their own names in snake_case;
// everything they do to memory is announced to the sink, effect by effect (core/events/event.h).
//
// Contexts and chunks are named by their simulated addresses, as in the real thing. A mistake of the caller that
// PostgreSQL answers with ereport(ERROR) is thrown as Ereport; one that it does not notice corrupts the simulated bytes
// as it would the real ones.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/ids.h"
#include "core/events/event_sink.h"
#include "core/version/version_profile.h"

namespace palloscope::core {

// ereport(ERROR): PostgreSQL's text; thrown through the simulated program, caught by PG_TRY or the host.
struct Ereport {
  std::string sqlstate;  // "53200"; XX000 for elog(ERROR)
  std::string message;
  std::string detail;  // may be empty
};

struct AllocSetSizes {
  std::uint64_t min_context_bytes = 0;
  std::uint64_t init_block_bytes = 8192;
  std::uint64_t max_block_bytes = 8388608;
};
inline constexpr AllocSetSizes kDefaultSizes{0, 8192, 8388608};
inline constexpr AllocSetSizes kSmallSizes{0, 1024, 8192};
inline constexpr AllocSetSizes kStartSmallSizes{0, 1024, 8388608};

// palloc_extended's flags (palloc.h)
inline constexpr int kMcxtAllocHuge = 1, kMcxtAllocNoOom = 2, kMcxtAllocZero = 4;

// MemoryContextCounters plus what mcxt keeps itself (spec 1.1, 3.11).
struct ContextCounters {
  std::uint64_t nblocks = 0, freechunks = 0, totalspace = 0, freespace = 0;
  friend bool operator==(const ContextCounters&, const ContextCounters&) = default;
};

class Process {
 public:
  // MemoryContextInit: TopMemoryContext and ErrorContext exist, CurrentMemoryContext is Top (spec 7.1).
  // The sink must outlive the process.
  Process(const VersionProfile& profile, EventSink& sink);
  ~Process();

  const VersionProfile& profile() const;
  Address top_memory_context() const;
  Address error_context() const;
  Address current_memory_context() const;

  Address alloc_set_context_create(Address parent, std::string_view name, AllocSetSizes sizes = kDefaultSizes);
  Address generation_context_create(Address parent, std::string_view name, AllocSetSizes sizes = kDefaultSizes);
  Address slab_context_create(Address parent, std::string_view name, std::uint64_t block_bytes,
                              std::uint64_t chunk_bytes);
  Address bump_context_create(Address parent, std::string_view name, AllocSetSizes sizes = kDefaultSizes);  // 17+

  Address memory_context_switch_to(Address context);  // returns the old one
  Address memory_context_alloc(Address context, std::uint64_t bytes);
  Address memory_context_alloc_zero(Address context, std::uint64_t bytes);
  Address memory_context_alloc_extended(Address context, std::uint64_t bytes, int flags);  // null Address with NO_OOM
  Address palloc(std::uint64_t bytes);
  Address palloc0(std::uint64_t bytes);
  Address palloc_extended(std::uint64_t bytes, int flags);
  Address repalloc(Address pointer, std::uint64_t bytes);
  Address repalloc_huge(Address pointer, std::uint64_t bytes);
  void pfree(Address pointer);

  void memory_context_reset(Address context);
  void memory_context_reset_only(Address context);
  void memory_context_reset_children(Address context);
  void memory_context_delete(Address context);
  void memory_context_delete_children(Address context);
  void memory_context_set_parent(Address context, Address parent);  // null: detach
  void memory_context_set_identifier(Address context, std::optional<std::string_view> ident);
  void memory_context_allow_in_critical_section(Address context, bool allow);
  // `run` is called once, before the next reset or delete; `number` names it in events.
  void memory_context_register_reset_callback(Address context, std::uint32_t number, std::function<void()> run);

  std::uint64_t memory_context_mem_allocated(Address context, bool recurse) const;
  ContextCounters memory_context_counters(Address context) const;  // this context alone, from its own bytes
  std::string memory_context_stats(Address context, int max_children = 100) const;  // the text, with newlines
  Address get_memory_chunk_context(Address pointer) const;
  std::uint64_t get_memory_chunk_space(Address pointer) const;

  // C's own: for scripts that compare a context with malloc and free.
  Address malloc(std::uint64_t bytes);  // null Address if it fails
  Address realloc(Address pointer, std::uint64_t bytes);
  void free(Address pointer);
  // From now on malloc and realloc of at least so many bytes fail; 0: never (golden `malloc_fail`).
  void fail_mallocs_from(std::uint64_t bytes);

  void write(Address at, std::span<const std::uint8_t> bytes);  // announced as MemoryWritten
  // False if any of it is not mapped.
  bool read(Address at, std::span<std::uint8_t> into) const;

  // Passes an event that is not about memory (source line, narration, output) to the same sink, in order.
  void announce(const EventBody& event);
  // PG_CATCH / ereport bookkeeping is the host's; this only announces the error.
  void report(Severity severity, Address context, const Ereport& error);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace palloscope::core
