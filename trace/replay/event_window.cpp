#include "trace/replay/event_window.h"

#include <algorithm>
#include <utility>

namespace palloscope::trace {
namespace {

constexpr EventNumber kPageEvents = 256;
constexpr std::size_t kPages = 24;

}  // namespace

bool EventWindow::read(EventNumber n, core::EventBody& event) {
  const bool moved = next_ != 0 && events_.is_open() && !store_->is_open(block_);
  if (next_ != n || moved || events_.left() == 0) {
    block_ = store_->block_of(n);
    next_ = 0;
    auto status = store_->begin(block_, events_);
    if (status) status = events_.skip(static_cast<std::uint32_t>(n - store_->first_event(block_)));
    if (!status) {
      problem_ = status.error().message;
      return false;
    }
  }
  auto read = events_.next();
  if (!read) {
    next_ = 0;
    problem_ = read.error().message;
    return false;
  }
  next_ = n + 1;
  event = std::move(*read);
  return true;
}

const core::EventBody* EventWindow::find(EventNumber n) {
  const EventNumber number = (n - 1) / kPageEvents;
  const auto index = static_cast<std::size_t>((n - 1) % kPageEvents);
  Page& page = pages_[number];
  page.used = ++clock_;
  page.events.reserve(kPageEvents);  // what was handed out stays where it is while the page grows
  while (page.events.size() <= index) {
    core::EventBody event;
    if (!read(number * kPageEvents + page.events.size() + 1, event)) return nullptr;
    page.events.push_back(std::move(event));
  }
  if (pages_.size() > kPages) {
    pages_.erase(std::min_element(pages_.begin(), pages_.end(),
                                  [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  return &page.events[index];
}

}  // namespace palloscope::trace
