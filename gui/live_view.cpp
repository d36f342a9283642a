#include "gui/live_view.h"

#include <utility>

#include "trace/live/follow.h"

namespace palloscope::gui {

LiveView::LiveView(std::unique_ptr<trace::Follow> follow, trace::CaptureFacts facts, AttachRequest request)
    : follow_(std::move(follow)), facts_(std::move(facts)), request_(std::move(request)) {}

LiveView::~LiveView() = default;

bool LiveView::ended() const { return follow_->ended(); }
bool LiveView::is_taking() const { return follow_->is_taking() || !waiting_.empty(); }
int LiveView::every_ms() const {
  return follow_->is_paused() ? kFollowNever : static_cast<int>(follow_->every().count());
}
core::Result<std::vector<std::uint8_t>> LiveView::read_now(core::Address at, std::size_t bytes) const {
  return follow_->read_now(at, bytes);
}
void LiveView::take_moment() { follow_->take_now(); }

void LiveView::stop_when(std::optional<trace::StopRule> rule) { follow_->set_rule(std::move(rule)); }
trace::RuleState LiveView::rule() const { return follow_->rule(); }

void LiveView::follow_every(int ms) {
  if (ms != kFollowNever) follow_->set_every(std::chrono::milliseconds(ms));
  follow_->pause(ms == kFollowNever);
}

bool LiveView::has_news() const {
  return !waiting_.empty() || follow_->has_next() || (follow_->ended() && !end_is_told_);
}

LiveView::News LiveView::append(trace::Timeline& timeline, std::chrono::microseconds most) {
  constexpr std::size_t kBetweenLooks = 64;  // events from one look at the clock to the next
  News news;
  if (waiting_.empty()) {
    auto next = follow_->next();
    if (!next) {
      news.has_ended = follow_->ended() && !std::exchange(end_is_told_, true);
      return news;
    }
    if (!*next) {
      news.problem = next->error();
      return news;
    }
    coming_ = std::move((*next)->facts);
    coming_hit_ = std::move((*next)->hit);
    waiting_ = std::move((*next)->events);
    appended_ = 0;
  }
  const auto until = std::chrono::steady_clock::now() + most;
  core::EventSink& sink = timeline.sink();
  while (appended_ < waiting_.size()) {
    sink.emit(waiting_[appended_++]);
    if (appended_ % kBetweenLooks == 0 && std::chrono::steady_clock::now() >= until) return news;
  }
  waiting_ = {};
  facts_ = std::move(coming_);
  ++moments_;
  news.has_moment = true;
  news.has_hit = coming_hit_.has_value();
  if (coming_hit_) passed_.push_back({timeline.size(), std::move(*coming_hit_)});
  coming_hit_.reset();
  if (const core::Status recorded = follow_->recorded(); !recorded && !std::exchange(record_is_told_, true))
    news.problem = recorded.error();
  return news;
}

}  // namespace palloscope::gui
