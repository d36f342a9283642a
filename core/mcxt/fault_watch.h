// FaultWatch: the debugger that looks over the simulated program's shoulder. It stands between a process and its sink,
// hears every event and, before the process does what it is asked, what that is; what is a mistake becomes FaultFound.
// It changes nothing: what PostgreSQL then does with the mistake (an error, silent corruption, a crash) still happens.
//
// What it knows lies outside the simulated bytes (ShadowMemory), as with valgrind. The rules:
//  - memory is handed out by an event for so many bytes as were asked for, and ends with pfree, reset or delete; a use
//    of other bytes, or after the end, is a mistake, also where the allocator has rounded up or the block is still
//    there;
//  - a pointer of a script remembers which life it came from (`pointer_from`), so that its use is a mistake also when
//    the memory has a new owner. Without that knowledge the latest owner of the bytes is taken for the one that is
//    meant;
//  - a pointer that the program stored in memory (note_stored) must not outlive what it points to: memory that lives on
//    while a reset or delete of another context took what it points to, and that still holds the pointer when the call
//    is over, was given a pointer into the wrong context. What is deleted along in the same call does not count, nor
//    what was overwritten before;
//  - a request that asked to be told of a failed malloc (NO_OOM) makes no mistake.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_set>

#include "core/events/event_sink.h"
#include "core/mcxt/shadow_memory.h"

namespace palloscope::core {

class AddressSpace;

class FaultWatch final : public EventSink {
 public:
  FaultWatch(const VersionProfile& profile, EventSink& out) : profile_(profile), out_(out), shadow_(profile) {}
  // The bytes that are watched; before the first chunk is handed out.
  void look_at(const AddressSpace& space) { space_ = &space; }

  void emit(const EventBody& event) override;
  EventNumber last_event() const override { return number_; }

  // --- before the process does it
  void alloc(Address context, std::uint64_t bytes, int flags, bool in_critical_section);
  void create(Address parent, bool in_critical_section);
  void use_context(Address context);  // switch, reset, delete, ask
  void free(Address pointer);
  void realloc(Address pointer, std::uint64_t bytes, int flags, bool in_critical_section);
  void ask_about(Address pointer);  // GetMemoryChunkContext, GetMemoryChunkSpace
  enum class Access : std::uint8_t { Read, Write };
  void access(Access access, Address at, std::uint64_t bytes);
  void other();                    // what concerns no context and no chunk: malloc
  void free_own(Address pointer);  // C's free of what malloc did not hand out

  // --- after
  // What alloc or realloc answered: an aligned chunk begins inside of the one that was cut.
  void handed_out(Address pointer, std::uint64_t bytes);
  // A reset or delete is over.
  void ended();
  // The program put this pointer there (the bytes are written already).
  void note_stored(Address at, Address pointer, EventNumber born);
  // The life that a pointer which stands there was stored with; 0: not stored, or overwritten.
  EventNumber stored_at(Address at, Address pointer) const;

  // The pointer that the next call is about was got from this life (0: not known); an address read or written next is
  // reckoned from it.
  void pointer_from(Address pointer, EventNumber born) { source_ = {pointer, born}; }
  // The life that begins there now; 0: none.
  EventNumber born_at(Address pointer) const;
  const ShadowLife* life(EventNumber born) const { return shadow_.find(born); }
  void report(FaultKind kind, Address at, std::uint64_t bytes, const ShadowLife* life);

 private:
  enum class Operation : std::uint8_t { Other, Create, Alloc, AllocOrNull };
  struct Source {
    Address pointer;
    EventNumber born = 0;
  };

  struct Stored {
    Address pointer;
    EventNumber target = 0, holder = 0;
    bool told = false;
  };

  // A request that finds no memory, or is not allowed to ask: there is no memory to name.
  void report_request(FaultKind kind, ContextSlot context, std::uint64_t bytes);
  void report_corrupt(Address at, std::uint64_t bytes, const ShadowLife* life);
  void begin(Operation operation);
  void after(const EventBody& event);
  void check_size(Address context, std::uint64_t bytes, int flags);
  void check_pointer(Address pointer, FaultKind when_freed);
  void check_range(Access access, Address at, std::uint64_t bytes, const ShadowLife& life);
  void check_header(const ShadowLife& life);
  void remember_header(EventNumber born);
  const ShadowLife* take_source(Address pointer);
  void forget_stored(Address at, std::uint64_t bytes);
  void move_stored(const ShadowLife& from, const ShadowLife& to);
  void found_by_checks(const ErrorReported& warning);

  const VersionProfile& profile_;
  EventSink& out_;
  ShadowMemory shadow_;
  const AddressSpace* space_ = nullptr;
  EventNumber number_ = 0;
  Operation operation_ = Operation::Other;
  bool malloc_failed_ = false;               // in this operation
  bool corrupt_explained_ = false;           // in this operation: a chunk is named that was trampled
  std::unordered_set<EventNumber> corrupt_;  // lives that were found so
  Source source_;
  EventNumber resizing_ = 0;                // the life that repalloc is at
  std::map<std::uint64_t, Stored> stored_;  // by the place
};

}  // namespace palloscope::core
