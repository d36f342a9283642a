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
//  - a request that asked to be told of a failed malloc (NO_OOM) makes no mistake.
#pragma once

#include <cstdint>

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
  void other();  // what concerns no context and no chunk: malloc

  // --- after
  // What alloc or realloc answered: an aligned chunk begins inside of the one that was cut.
  void handed_out(Address pointer, std::uint64_t bytes);

  // The pointer that the next call is about was got from this life (0: not known); an address read or written next is
  // reckoned from it.
  void pointer_from(Address pointer, EventNumber born) { source_ = {pointer, born}; }
  // The life that begins there now; 0: none.
  EventNumber born_at(Address pointer) const;

 private:
  enum class Operation : std::uint8_t { Other, Create, Alloc, AllocOrNull };
  struct Source {
    Address pointer;
    EventNumber born = 0;
  };

  void report(FaultKind kind, Address at, std::uint64_t bytes, const ShadowLife* life);
  void report_context(FaultKind kind, Address context, std::uint64_t bytes);
  void after(const EventBody& event);
  void check_size(Address context, std::uint64_t bytes, int flags);
  void check_pointer(Address pointer, FaultKind when_freed);
  void check_range(Access access, Address at, std::uint64_t bytes, const ShadowLife& life);
  void check_header(const ShadowLife& life);
  void remember_header(EventNumber born);
  const ShadowLife* take_source(Address pointer);
  void found_by_checks(const ErrorReported& warning);

  const VersionProfile& profile_;
  EventSink& out_;
  ShadowMemory shadow_;
  const AddressSpace* space_ = nullptr;
  EventNumber number_ = 0;
  Operation operation_ = Operation::Other;
  bool malloc_failed_ = false;
  Source source_;
};

}  // namespace palloscope::core
