// A process that is followed: moments from a thread, appended by whoever owns the timeline.
#include "trace/live/follow.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_capture.h"
#include "tests/support/simulated_process.h"

namespace palloscope::trace {
namespace {

using test::SimulatedProcess;

// What wakes the test when the follow has something.
class Bell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      ++rings_;
    }
    rung_.notify_all();
  }
  bool wait_for(const std::function<bool()>& holds) {
    std::unique_lock lock(mutex_);
    return rung_.wait_for(lock, std::chrono::seconds(20), holds);
  }

 private:
  std::mutex mutex_;
  std::condition_variable rung_;
  int rings_ = 0;
};

// Each look allocates first: moments differ. Only the follow's thread touches the process after the first moment.
struct Source {
  SimulatedProcess simulated{17};
  core::Address bag = simulated.create("bag");
  std::atomic<int> looks = 0;
  std::atomic<bool> gone = false, fails = false;

  MomentSource source() {
    MomentSource made;
    made.take = [this]() -> core::Result<ServerMoment> {
      if (fails) return core::Error{core::ErrorCode::Io, "no look"};
      ++looks;
      simulated.process.memory_context_alloc(bag, 1000);
      return read_moment(test::capture_of(simulated.process));
    };
    made.is_gone = [this] { return gone.load(); };
    return made;
  }
};

void append(Timeline& timeline, const FollowedMoment& moment) {
  for (const core::EventBody& event : moment.events) timeline.sink().emit(event);
  timeline.seek(timeline.size());
}

std::uint64_t chunks_in_bag(const Timeline& timeline) {
  for (const ContextRecord& context : timeline.state().contexts())
    if (context.born != 0 && context.name == "bag") return context.live_chunk_count;
  return 0;
}

TEST_CASE("the first moment is taken at once, later ones when asked, each with what differs alone") {
  Source source;
  Bell bell;
  FollowOptions options;
  options.paused = true;
  options.wake = [&bell] { bell.ring(); };
  core::Result<Followed> followed = start_follow(source.source(), options);
  REQUIRE(followed);
  Timeline& timeline = followed->timeline;
  timeline.seek(timeline.size());
  CHECK(timeline.description().source == core::SourceKind::Snapshot);
  CHECK(chunks_in_bag(timeline) == 1);
  const EventNumber first = timeline.size();
  CHECK(source.looks == 1);
  CHECK_FALSE(followed->follow->next());

  followed->follow->take_now();
  REQUIRE(bell.wait_for([&] { return followed->follow->has_next(); }));
  const auto next = followed->follow->next();
  REQUIRE(next);
  REQUIRE(*next);
  CHECK((*next)->events.size() < first);
  append(timeline, **next);
  CHECK(chunks_in_bag(timeline) == 2);
  CHECK(timeline.state().fault_count() == 0);
  CHECK_FALSE(followed->follow->next());
}

TEST_CASE("moments come by themselves, and none is taken before the one before was fetched") {
  Source source;
  Bell bell;
  FollowOptions options;
  options.every = std::chrono::milliseconds(1);
  options.wake = [&bell] { bell.ring(); };
  core::Result<Followed> followed = start_follow(source.source(), options);
  REQUIRE(followed);
  for (int n = 2; n <= 5; ++n) {
    REQUIRE(bell.wait_for([&] { return followed->follow->has_next(); }));
    CHECK(source.looks == n);
    const auto next = followed->follow->next();
    REQUIRE((next && *next));
    append(followed->timeline, **next);
    CHECK(chunks_in_bag(followed->timeline) == static_cast<std::uint64_t>(n));
  }
}

TEST_CASE("a moment that cannot be taken is an error and a pause; a process that is gone ends the follow") {
  Source source;
  Bell bell;
  FollowOptions options;
  options.every = std::chrono::milliseconds(1);
  options.wake = [&bell] { bell.ring(); };
  options.paused = true;
  core::Result<Followed> followed = start_follow(source.source(), options);
  REQUIRE(followed);
  Follow& follow = *followed->follow;
  source.fails = true;
  follow.pause(false);
  REQUIRE(bell.wait_for([&] { return follow.has_next(); }));
  const auto next = follow.next();
  REQUIRE(next);
  REQUIRE_FALSE(*next);
  CHECK(next->error().message == "no look");
  CHECK(follow.is_paused());
  CHECK_FALSE(follow.ended());
  source.gone = true;
  follow.take_now();
  CHECK(bell.wait_for([&] { return follow.ended(); }));
  CHECK_FALSE(follow.next());
}

// Tells a hit when the test wants one.
struct FakeRule final : RuleWatch {
  FakeRule(const std::atomic<bool>& is_passed, core::Address at) : passed(is_passed), context(at) {}
  core::Result<std::optional<WatchHit>> wait(std::chrono::milliseconds most) override {
    std::this_thread::sleep_for(std::min(most, std::chrono::milliseconds(2)));
    return passed ? std::optional(WatchHit{context, 4711, false, {}}) : std::nullopt;
  }
  std::size_t watched_by_processor() const override { return 1; }
  const std::string& limitation() const override { return none; }
  const std::atomic<bool>& passed;
  core::Address context;
  std::string none;
};

TEST_CASE("a limit that is passed has a moment taken, also while paused, with the C stack; then it rests") {
  Source source;
  Bell bell;
  std::atomic<bool> passed = false;
  std::atomic<int> armed = 0;
  MomentSource looked = source.source();
  looked.arm = [&](const StopRule& rule) -> core::Result<std::unique_ptr<RuleWatch>> {
    if (rule.bytes == 0) return core::Error{core::ErrorCode::Unsupported, "no watch"};
    ++armed;
    return std::unique_ptr<RuleWatch>(std::make_unique<FakeRule>(passed, source.bag));
  };
  looked.take_with_stack = [&, take = looked.take](std::vector<CFrame>& stack) {
    stack.push_back({{1}, "AllocSetAlloc", "postgres", 2});
    return take();
  };
  FollowOptions options;
  options.paused = true;
  options.rule = StopRule{"bag", 1000};
  options.wake = [&bell] { bell.ring(); };
  core::Result<Followed> followed = start_follow(std::move(looked), options);
  REQUIRE(followed);
  Follow& follow = *followed->follow;
  REQUIRE(bell.wait_for([&] { return follow.rule().stage == RuleState::Armed; }));
  CHECK(follow.rule().by_processor == 1);
  CHECK_FALSE(follow.has_next());
  passed = true;
  REQUIRE(bell.wait_for([&] { return follow.has_next(); }));
  CHECK(follow.rule().stage == RuleState::Passed);
  auto next = follow.next();
  REQUIRE((next && *next && (*next)->hit));
  CHECK((*next)->hit->rule == StopRule{"bag", 1000});
  CHECK((*next)->hit->hit.bytes == 4711);
  REQUIRE((*next)->hit->hit.stack.size() == 1);

  follow.take_now();  // the rule rests: an ordinary moment, though the limit is still passed
  REQUIRE(bell.wait_for([&] { return follow.has_next(); }));
  next = follow.next();
  REQUIRE((next && *next));
  CHECK_FALSE((*next)->hit);

  source.fails = true;  // what was seen waits for the moment that can be taken
  follow.set_rule(StopRule{"bag", 2000});
  REQUIRE(bell.wait_for([&] { return follow.has_next(); }));
  next = follow.next();
  REQUIRE((next && !*next));
  source.fails = false;
  follow.take_now();
  REQUIRE(bell.wait_for([&] { return follow.has_next(); }));
  next = follow.next();
  REQUIRE((next && *next && (*next)->hit));
  CHECK((*next)->hit->rule.bytes == 2000);
  CHECK(armed == 2);

  follow.set_rule(StopRule{"bag", 0});
  REQUIRE(bell.wait_for([&] { return follow.rule().stage == RuleState::Refused; }));
  CHECK(follow.rule().limitation == "no watch");
  follow.set_rule({});
  CHECK(follow.rule().stage == RuleState::None);
}

TEST_CASE("the first moment's failure is the follow's") {
  Source source;
  source.fails = true;
  const core::Result<Followed> followed = start_follow(source.source(), {});
  REQUIRE_FALSE(followed);
  CHECK(followed.error().message == "no look");
}

TEST_CASE("what is followed is recorded at the same time, and the file is as the timeline") {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "palloscope_follow_test.pscope";
  Source source;
  Bell bell;
  FollowOptions options;
  options.paused = true;
  options.record = file;
  options.wake = [&bell] { bell.ring(); };
  EventNumber events = 0;
  {
    core::Result<Followed> followed = start_follow(source.source(), options);
    REQUIRE(followed);
    followed->follow->take_now();
    REQUIRE(bell.wait_for([&] { return followed->follow->has_next(); }));
    append(followed->timeline, **followed->follow->next());
    CHECK(followed->follow->recorded());
    events = followed->timeline.size();
  }
  core::Result<Timeline> read = Timeline::open(file);
  REQUIRE(read);
  CHECK(read->problem().empty());
  CHECK(read->size() == events);
  read->seek(events);
  CHECK(chunks_in_bag(*read) == 2);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace palloscope::trace
