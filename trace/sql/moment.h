// The state at the moment that a question is about, and the one row about the trace itself.
#pragma once

#include <memory>

#include "trace/sql/table.h"

namespace palloscope::trace::sql {

// The state at one moment, replayed once for all tables that ask for the same.
class Moment {
 public:
  explicit Moment(Source& source);
  ~Moment();
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;
  core::Result<const MemoryState*> at(EventNumber event);   // valid until another is asked for
  core::Result<EventNumber> peak();                         // the first event after which contexts hold the most
  std::uint64_t peak_bytes() const { return peak_bytes_; }  // then

 private:
  struct Walk;
  Source& source_;
  std::unique_ptr<Walk> walk_;
  EventNumber peak_ = 0, peak_size_ = 0;
  std::uint64_t peak_bytes_ = 0;
};

std::unique_ptr<Table> make_trace_table(Source& source, Moment& moment);

}  // namespace palloscope::trace::sql
