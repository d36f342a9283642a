#include "trace/live/follow.h"

#include <algorithm>
#include <utility>

#include "trace/file/trace_writer.h"
#include "trace/live/snapshot_events.h"
#include "trace/live/watch.h"

namespace palloscope::trace {

// Where the events of the moments go: the first moment's into the timeline, later ones' into a list for next(); all
// into the file that is recorded.
class Follow::Feed final : public core::EventSink {
 public:
  explicit Feed(core::EventSink& timeline) : timeline_(&timeline), events_(*this) {}

  core::Status record(const std::filesystem::path& file, const core::StreamDescription& description) {
    core::Result<std::unique_ptr<TraceWriter>> writer = TraceWriter::create(file, description);
    if (!writer) return writer.error();
    writer_ = std::move(*writer);
    return core::Done{};
  }
  void emit(const core::EventBody& event) override {
    ++count_;
    if (timeline_ != nullptr)
      timeline_->emit(event);
    else
      kept_.push_back(event);
    if (writer_) writer_->emit(event);
  }
  core::EventNumber last_event() const override { return count_; }

  // The events of this moment; of the first none, they are in the timeline.
  std::vector<core::EventBody> take(const ServerMoment& moment) {
    events_.emit(moment);
    if (writer_) writer_->flush();
    timeline_ = nullptr;
    return std::exchange(kept_, {});
  }
  core::Status recorded() const {
    if (!writer_) return core::Done{};
    return writer_->status();
  }
  // No moment will come any more: the file is whole.
  core::Status close() { return writer_ ? writer_->close() : core::Status(core::Done{}); }

 private:
  core::EventSink* timeline_;
  std::unique_ptr<TraceWriter> writer_;
  std::vector<core::EventBody> kept_;
  core::EventNumber count_ = 0;
  SnapshotEvents events_;
};

struct FollowStart {
  static core::Result<Followed> run(MomentSource source, FollowOptions options) {
    core::Result<ServerMoment> first = source.take();
    if (!first) return first.error();
    const core::StreamDescription description = describe_snapshot(*first);
    Followed followed{.timeline = Timeline::recording(description), .facts = first->facts, .follow = nullptr};
    auto feed = std::make_unique<Follow::Feed>(followed.timeline.sink());
    if (!options.record.empty())
      if (const core::Status made = feed->record(options.record, description); !made) return made.error();
    feed->take(*first);
    followed.follow.reset(new Follow(std::move(source), std::move(options), std::move(feed)));
    return followed;
  }
};

core::Result<Followed> start_follow(MomentSource source, FollowOptions options) {
  return FollowStart::run(std::move(source), std::move(options));
}

namespace {

class ServerWatch final : public RuleWatch {
 public:
  ServerWatch(std::shared_ptr<LiveServer> server, Watch watch) : server_(std::move(server)), watch_(std::move(watch)) {}
  core::Result<std::optional<WatchHit>> wait(std::chrono::milliseconds most) override { return watch_.wait(most); }
  std::size_t watched_by_processor() const override { return watch_.watched_by_processor(); }
  const std::string& limitation() const override { return watch_.limitation(); }

 private:
  std::shared_ptr<LiveServer> server_;  // outlives the watch
  Watch watch_;
};

}  // namespace

MomentSource moments_of(LiveServer server, const CaptureOptions& capture, const MomentOptions& options) {
  const auto shared = std::make_shared<LiveServer>(std::move(server));  // all functions' own
  MomentSource source;
  source.take = [shared, capture, options] { return shared->moment(capture, options); };
  source.is_gone = [shared] { return shared->is_gone(); };
  source.read_now = [shared](core::Address at, std::size_t bytes) { return shared->read_now(at, bytes); };
  source.arm = [shared](const StopRule& rule) -> core::Result<std::unique_ptr<RuleWatch>> {
    auto watch = Watch::arm(*shared, rule);
    if (!watch) return watch.error();
    return std::unique_ptr<RuleWatch>(std::make_unique<ServerWatch>(shared, std::move(*watch)));
  };
  source.take_with_stack = [shared, capture, options](std::vector<CFrame>& stack) -> core::Result<ServerMoment> {
    auto taken = shared->take(capture, options);
    if (!taken) return taken.error();
    if (auto found = shared->c_stack_of(taken->capture)) stack = std::move(*found);
    return std::move(taken->moment);
  };
  return source;
}

Follow::Follow(MomentSource source, FollowOptions options, std::unique_ptr<Feed> feed)
    : source_(std::move(source)), options_(std::move(options)), feed_(std::move(feed)) {
  if (options_.rule) set_rule(options_.rule);
  thread_ = std::thread([this] { run(); });
}

Follow::~Follow() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Follow::take_now() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_all();
}

void Follow::pause(bool paused) {
  {
    const std::lock_guard lock(mutex_);
    options_.paused = paused;
  }
  changed_.notify_all();
}

void Follow::set_every(std::chrono::milliseconds every) {
  {
    const std::lock_guard lock(mutex_);
    options_.every = every;
  }
  changed_.notify_all();
}

bool Follow::is_paused() const {
  const std::lock_guard lock(mutex_);
  return options_.paused;
}

std::chrono::milliseconds Follow::every() const {
  const std::lock_guard lock(mutex_);
  return options_.every;
}

bool Follow::is_taking() const {
  const std::lock_guard lock(mutex_);
  return taking_ || wanted_;
}

bool Follow::has_next() const {
  const std::lock_guard lock(mutex_);
  return next_.has_value();
}

std::optional<core::Result<FollowedMoment>> Follow::next() {
  std::optional<core::Result<FollowedMoment>> taken;
  {
    const std::lock_guard lock(mutex_);
    taken = std::exchange(next_, std::nullopt);
  }
  changed_.notify_all();
  return taken;
}

bool Follow::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

MemoryContent Follow::read_now(core::Address at, std::size_t bytes) const {
  if (!source_.read_now) return core::Error{core::ErrorCode::Unsupported, "contents cannot be read here"};
  return source_.read_now(at, bytes);
}

core::Status Follow::recorded() const {
  const std::lock_guard lock(mutex_);
  return recorded_;
}

void Follow::set_rule(std::optional<StopRule> rule) {
  {
    const std::lock_guard lock(mutex_);
    rule_ = {};
    if (rule) rule_ = {.stage = RuleState::Arming, .rule = std::move(*rule)};
    rule_is_new_ = true;
  }
  changed_.notify_all();
}

RuleState Follow::rule() const {
  const std::lock_guard lock(mutex_);
  return rule_;
}

core::Result<FollowedMoment> Follow::take() {
  const bool wants_stack = hit_ && hit_->hit.stack.empty() && source_.take_with_stack;
  core::Result<ServerMoment> moment = wants_stack ? source_.take_with_stack(hit_->hit.stack) : source_.take();
  if (!moment) return moment.error();
  FollowedMoment taken{
      .facts = moment->facts, .events = feed_->take(*moment), .hit = std::exchange(hit_, std::nullopt)};
  if (taken.hit) {
    taken.hit->interrupt_holdoff = taken.facts.interrupt_holdoff;
    taken.hit->crit_section = taken.facts.crit_section;
  }
  return taken;
}

// False: it is so already, or another rule was set meanwhile.
bool Follow::tell_rule(RuleState told) {
  const std::lock_guard lock(mutex_);
  if (rule_is_new_ || rule_ == told) return false;
  rule_ = std::move(told);
  return true;
}

void Follow::arm(const StopRule& rule) {
  const auto refuse = [&](std::string why) { tell_rule({RuleState::Refused, rule, 0, std::move(why)}); };
  if (!source_.arm) return refuse("nothing is watched over here");
  auto armed = source_.arm(rule);
  if (!armed) return refuse(armed.error().message);
  watch_ = std::move(*armed);
  tell_rule({RuleState::Armed, rule, watch_->watched_by_processor(), watch_->limitation()});
}

// True: there is something to be told.
bool Follow::wait_for_rule(std::chrono::milliseconds most) {
  RuleState told = rule();
  auto hit = watch_->wait(most);
  if (!hit) {  // the process has ended: run() finds that by itself
    watch_.reset();
    return tell_rule({RuleState::Refused, told.rule, 0, hit.error().message});
  }
  told.by_processor = watch_->watched_by_processor();
  told.limitation = watch_->limitation();
  if (*hit) {
    watch_.reset();
    told.stage = RuleState::Passed;
    const StopRule passed = told.rule;
    if (!tell_rule(std::move(told))) return false;  // nobody asks for this one any more
    hit_ = StopHit{.rule = passed, .hit = std::move(**hit)};
    return true;
  }
  return tell_rule(std::move(told));
}

// A moment, and what has become of the process; the lock is held before and after.
void Follow::look(std::unique_lock<std::mutex>& lock) {
  wanted_ = false;
  taking_ = true;
  lock.unlock();
  core::Result<FollowedMoment> result = take();
  const core::Status recorded = feed_->recorded();
  const bool gone = !result && source_.is_gone();
  lock.lock();
  taking_ = false;
  recorded_ = recorded;
  if (!result) options_.paused = true;
  ended_ = gone;
  if (!gone) next_.emplace(std::move(result));
}

// Until something is due; true: there is something to be told.
bool Follow::rest(std::unique_lock<std::mutex>& lock, std::optional<Clock::time_point> due) {
  constexpr std::chrono::milliseconds kLook{500};        // so often it is looked whether the process is still there
  constexpr std::chrono::milliseconds kWatchAtMost{50};  // a rule, before somebody who calls is heard
  const Clock::time_point look = Clock::now() + (watch_ ? kWatchAtMost : kLook);
  const Clock::time_point until = due ? std::min(*due, look) : look;
  bool is_news = false;
  if (watch_) {
    lock.unlock();
    is_news = wait_for_rule(
        std::max(std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()), std::chrono::milliseconds(1)));
    lock.lock();
    if (hit_) wanted_ = true;
  } else {
    changed_.wait_until(lock, until);
  }
  if (stop_) return false;
  lock.unlock();
  const bool gone = source_.is_gone();
  lock.lock();
  ended_ = gone;
  return is_news || gone;
}

void Follow::run() {
  Clock::time_point last = Clock::now();
  std::unique_lock lock(mutex_);
  while (!stop_ && !ended_) {
    const bool has_room = !next_;
    const Clock::time_point due = last + options_.every;
    bool is_news = true;
    if (rule_is_new_) {
      rule_is_new_ = false;
      const RuleState wanted = rule_;
      lock.unlock();
      watch_.reset();
      hit_.reset();
      if (wanted.stage == RuleState::Arming) arm(wanted.rule);
      lock.lock();
    } else if (has_room && (wanted_ || (!options_.paused && Clock::now() >= due))) {
      last = Clock::now();
      look(lock);
    } else {
      is_news = rest(lock, has_room && !options_.paused ? std::optional(due) : std::nullopt);
    }
    if (!is_news || stop_ || !options_.wake) continue;
    lock.unlock();
    options_.wake();
    lock.lock();
  }
  const core::Status closed = feed_->close();
  if (recorded_) recorded_ = closed;
}

}  // namespace palloscope::trace
