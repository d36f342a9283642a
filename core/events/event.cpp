// What EventBody does for every kind, compiled once.
#include "core/events/event.h"

#include <utility>

namespace palloscope::core {

EventBody::EventBody() = default;
EventBody::EventBody(const EventBody& other) = default;
EventBody::EventBody(EventBody&& other) noexcept = default;
EventBody& EventBody::operator=(const EventBody& other) = default;
EventBody& EventBody::operator=(EventBody&& other) noexcept = default;
EventBody::~EventBody() = default;

std::uint8_t EventBody::tag() const {
  return std::visit([](const auto& event) { return event.kTag; }, *this);
}

bool operator==(const EventBody& a, const EventBody& b) {
  return static_cast<const EventVariant&>(a) == static_cast<const EventVariant&>(b);
}

template <EventKind E>
EventBody::EventBody(E event) : EventVariant(std::in_place_type<E>, std::move(event)) {}

#define PALLOSCOPE_COMPILE(Kind) template EventBody::EventBody(Kind event);
PALLOSCOPE_FOR_EACH_EVENT_KIND(PALLOSCOPE_COMPILE)
#undef PALLOSCOPE_COMPILE

}  // namespace palloscope::core
