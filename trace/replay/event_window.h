// Single events by number, decoded as they are asked for and kept while they are near: for lists and for stepping.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "trace/replay/event_store.h"

namespace palloscope::trace {

class EventWindow {
 public:
  explicit EventWindow(const EventStore& store) : store_(&store) {}

  // Event n, 1..size(); stays until many events far away have been asked for. Null: it cannot be read (problem()).
  const core::EventBody* find(EventNumber n);
  const std::string& problem() const { return problem_; }

 private:
  struct Page {
    std::vector<core::EventBody> events;
    std::uint64_t used = 0;
  };
  bool read(EventNumber n, core::EventBody& event);

  const EventStore* store_;
  std::map<EventNumber, Page> pages_;  // by (n - 1) / kPageEvents
  std::uint64_t clock_ = 0;
  BlockEvents events_;
  std::size_t block_ = 0;
  EventNumber next_ = 0;  // that events_ reads next; 0: none
  std::string problem_;
};

}  // namespace palloscope::trace
