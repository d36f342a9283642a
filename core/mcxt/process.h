// Process: one simulated PostgreSQL process and its memory: the bytes, the "malloc" that blocks come from, the tree of
// contexts, CurrentMemoryContext. Its functions are PostgreSQL's (mcxt.c), under their own names in snake_case;
// everything they do to memory is announced to the sink, effect by effect (core/events/event.h).
//
// Contexts and chunks are named by their simulated addresses, as in the real thing. A mistake of the caller that
// PostgreSQL answers with ereport(ERROR) is thrown as Ereport; one that it does not notice corrupts the simulated bytes
// as it would the real ones, and may end in a Crash, later (core/mcxt/errors.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/allocators/allocator.h"
#include "core/base/ids.h"
#include "core/events/event_sink.h"
#include "core/mcxt/errors.h"
#include "core/mcxt/process_image.h"
#include "core/mcxt/tallies.h"
#include "core/version/version_profile.h"

namespace palloscope::core {

struct AllocSetSizes {
  std::uint64_t min_context_bytes = 0;
  std::uint64_t init_block_bytes = 8192;
  std::uint64_t max_block_bytes = 8388608;
};
inline constexpr AllocSetSizes kDefaultSizes{0, 8192, 8388608};
inline constexpr AllocSetSizes kSmallSizes{0, 1024, 8192};
inline constexpr AllocSetSizes kStartSmallSizes{0, 1024, 8388608};

class FaultWatch;

// An address, and the event that handed out the memory there (0: not known).
struct PointerOrigin {
  Address at;
  EventNumber born = 0;
};

struct ProcessOptions {
  bool watch_faults = false;  // the program's mistakes are told as FaultFound (core/mcxt/fault_watch.h)
};

class ContextCallObserver;

class Process {
 public:
  // MemoryContextInit: TopMemoryContext and ErrorContext exist, CurrentMemoryContext is Top (spec 7.1).
  // The sink must outlive the process.
  Process(const VersionProfile& profile, EventSink& sink, const ProcessOptions& options = {});
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
  Address repalloc_extended(Address pointer, std::uint64_t bytes, int flags);        // 16+
  Address repalloc0(Address pointer, std::uint64_t old_bytes, std::uint64_t bytes);  // 16+
  // 16+; `align_to` is a power of two below 128 MB (spec 7.11).
  Address memory_context_alloc_aligned(Address context, std::uint64_t bytes, std::uint64_t align_to, int flags);
  Address memory_context_strdup(Address context, std::string_view text);  // the bytes are announced as MemoryWritten
  Address pstrdup(std::string_view text);
  void pfree(Address pointer);

  void memory_context_reset(Address context);
  void memory_context_reset_only(Address context);
  void memory_context_reset_children(Address context);
  void memory_context_delete(Address context);
  void memory_context_delete_children(Address context);
  void memory_context_set_parent(Address context, Address parent);  // null: detach
  // The text is made a string constant of the process.
  void memory_context_set_identifier(Address context, std::optional<std::string_view> ident);
  // A C string that is in the process's memory already (palloc'ed, as MemoryContextCopyAndSetIdentifier does); null:
  // none.
  void memory_context_set_identifier(Address context, Address ident);
  void memory_context_allow_in_critical_section(Address context, bool allow);
  // START_CRIT_SECTION, END_CRIT_SECTION; they nest. Checking builds assert that nothing is allocated in between but in
  // contexts that allow it (spec 7.8). That an ERROR becomes PANIC there is for whoever catches it to see to.
  void start_crit_section();
  void end_crit_section();
  std::uint32_t crit_section_count() const;
  // `run` is called once, before the next reset or delete; `number` names it in events. The callback struct lies in the
  // process's data segment (a real one is usually palloc'ed in the context).
  void memory_context_register_reset_callback(Address context, std::uint32_t number, std::function<void()> run);

  // MemoryContextCheck: the context and all below it; each thing that is wrong becomes an ErrorReported of severity
  // Warning. A production build does not have it: nothing happens.
  void memory_context_check(Address context);

  std::uint64_t memory_context_mem_allocated(Address context, bool recurse) const;
  ContextCounters memory_context_counters(Address context) const;  // this context alone, from its own bytes
  std::string memory_context_stats_line(Address context) const;    // its line of the statistics, without newline
  bool memory_context_is_empty(Address context) const;  // MemoryContextIsEmpty: no children, and its method says so
  std::string memory_context_stats(Address context, int max_children = 100) const;  // the text, with newlines
  Address get_memory_chunk_context(Address pointer) const;
  std::uint64_t get_memory_chunk_space(Address pointer) const;
  bool is_empty_method(Address context) const;  // the allocator's own answer alone

  // --- for whoever looks from outside: a walker, a test
  const GlobalVariables& global_variables() const;       // addresses of PostgreSQL's variables
  Tallies tallies(Address context) const;                // the core's own counters; zeros for what is no context
  std::uint64_t requested_bytes(Address pointer) const;  // what palloc was asked for; 0: no chunk
  std::optional<std::uint64_t> malloc_bytes(Address region) const;  // of a malloc'ed region; none: none begins there
  const Names& names() const;                                       // the slots that events use, by address

  // C's own: for scripts that compare a context with malloc and free.
  Address malloc(std::uint64_t bytes);                    // null Address if it fails
  Address realloc(Address pointer, std::uint64_t bytes);  // null: failed, and the old region is as it was
  void free(Address pointer);                             // not malloc's own: Crash
  // From now on malloc and realloc of at least so many bytes fail; 0: never (golden `malloc_fail`).
  void fail_mallocs_from(std::uint64_t bytes);

  void write(Address at, std::span<const std::uint8_t> bytes);  // announced as MemoryWritten
  // The same by a debugger's hand: no mistake of the program's, whatever it tramples.
  void poke(Address at, std::span<const std::uint8_t> bytes);
  void store_pointer(Address at, PointerOrigin pointer);  // 8 bytes; a watch remembers what they point to
  // For what maps memory of its own there, shared with other processes (core/bufmgr, core/shmem), and announces it.
  AddressSpace& address_space();
  // False if any of it is not mapped.
  bool read(Address at, std::span<std::uint8_t> into) const;
  // The program itself reads: a watch looks whether it may.
  bool read_as_program(Address at, std::span<std::uint8_t> into);

  // --- for a watch of faults; without one they do nothing
  // The program got the pointer that its next call is about (or that the address it reads or writes next is reckoned
  // from) from the event `born`; 0: not known.
  void pointer_from(Address pointer, EventNumber born);
  EventNumber born_at(Address pointer) const;  // the event that handed out the memory that begins there; 0: none
  FaultWatch* watch() const;                   // null: nobody watches

  // Who is told of calls on contexts from now on (core/mcxt/context_calls.h); null: nobody. Must outlive the process.
  void observe_context_calls(ContextCallObserver* observer);

  // Passes an event that is not about memory (source line, narration, output) to the same sink, in order.
  void announce(const EventBody& event);
  // Ereports are thrown, not announced: whoever catches one (script host, console) announces it with this, once.
  void report(Severity severity, Address context, const Ereport& error);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace palloscope::core
