#include "trace/live/follow.h"

#include <utility>

#include "trace/file/trace_writer.h"
#include "trace/live/snapshot_events.h"

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

MomentSource moments_of(LiveServer server, const CaptureOptions& capture, const MomentOptions& options) {
  const auto shared = std::make_shared<LiveServer>(std::move(server));  // both functions' own
  return {[shared, capture, options] { return shared->moment(capture, options); },
          [shared] { return shared->is_gone(); }};
}

Follow::Follow(MomentSource source, FollowOptions options, std::unique_ptr<Feed> feed)
    : source_(std::move(source)), options_(std::move(options)), feed_(std::move(feed)), thread_([this] { run(); }) {}

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

core::Status Follow::recorded() const {
  const std::lock_guard lock(mutex_);
  return recorded_;
}

core::Result<FollowedMoment> Follow::take() {
  core::Result<ServerMoment> moment = source_.take();
  if (!moment) return moment.error();
  return FollowedMoment{moment->facts, feed_->take(*moment)};
}

void Follow::run() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kLook{500};  // so often it is looked whether the process is still there
  Clock::time_point last = Clock::now();
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const bool has_room = !next_;
    const Clock::time_point due = last + options_.every;
    if (has_room && (wanted_ || (!options_.paused && Clock::now() >= due))) {
      wanted_ = false;
      taking_ = true;
      last = Clock::now();
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
    } else {
      const Clock::time_point look = Clock::now() + kLook;
      changed_.wait_until(lock, has_room && !options_.paused ? std::min(due, look) : look);
      if (stop_) break;
      lock.unlock();
      const bool gone = source_.is_gone();
      lock.lock();
      if (!gone) continue;
      ended_ = true;
    }
    if (options_.wake) {
      lock.unlock();
      options_.wake();
      lock.lock();
    }
    if (ended_) break;
  }
}

}  // namespace palloscope::trace
