// EventLog: a sink that keeps everything, and can be asked for one kind.
#pragma once

#include <vector>

#include "core/events/event_sink.h"

namespace palloscope::test {

struct EventLog : core::EventSink {
  std::vector<core::EventBody> events;

  void emit(const core::EventBody& event) override { events.push_back(event); }
  void clear() { events.clear(); }

  template <class E>
  std::vector<E> of() const {
    std::vector<E> found;
    for (const core::EventBody& event : events) {
      if (const E* e = std::get_if<E>(&event)) found.push_back(*e);
    }
    return found;
  }

  // The kinds in order, by tag.
  std::vector<int> tags() const {
    std::vector<int> tags;
    for (const core::EventBody& event : events) {
      tags.push_back(int{event.tag()});
    }
    return tags;
  }
};

}  // namespace palloscope::test
