// A main segment as its pieces, in the order of their offsets: those with a name, and between them what the server
// keeps without one (pg_shmem_allocations sums that up as <anonymous>, spec 9.4, 11.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event_sink.h"

namespace palloscope::trace {

// What is kept without a name behind the structure of this name; behind none: at the segment's start.
std::string purpose_behind(std::string_view name);

class ShmemPieces {
 public:
  // The next structure by offset, behind the gap before it. False: it begins inside the piece before (or ends behind
  // the last address), and is left out.
  bool add(core::ShmemAllocated named);
  // An anonymous piece up to there, if there is room between.
  void fill_to(std::uint64_t offset);

  std::uint64_t end() const { return end_; }                          // behind the last piece
  std::uint64_t anonymous_bytes() const { return anonymous_bytes_; }  // of all gaps
  const std::string& last_name() const { return last_name_; }         // of the last structure that has one
  const std::vector<core::ShmemAllocated>& pieces() const { return pieces_; }

 private:
  std::vector<core::ShmemAllocated> pieces_;
  std::uint64_t end_ = 0, anonymous_bytes_ = 0;
  std::string last_name_;
};

// Emits a segment with its pieces; said again, only if something of it is new.
class ShmemEvents {
 public:
  explicit ShmemEvents(core::EventSink& sink) : sink_(sink) {}
  // False: nothing is new. `at`: where it is mapped; null: not known.
  bool emit(std::uint64_t bytes, const std::vector<core::ShmemAllocated>& pieces, core::Address at = {});
  // What is said next is new, whatever it is.
  void forget() { is_same_ = false; }

 private:
  core::EventSink& sink_;
  bool is_shown_ = false, is_same_ = true;
  std::uint64_t bytes_ = 0;
  std::vector<core::ShmemAllocated> pieces_;
};

}  // namespace palloscope::trace
