// Follow: a process looked into again and again, by a thread of its own: every so often, when asked, or when a context
// grows past a limit. What differs from the moment before is made into events there; whoever owns the timeline fetches
// them with next() and appends them at its own pace. Until it has, no further moment is taken, so that nothing piles
// up.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "trace/live/live_server.h"
#include "trace/live/moment.h"
#include "trace/live/stop_rule.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// A rule that is watched over, by one thread: Watch, or a test's.
class RuleWatch {
 public:
  virtual ~RuleWatch() = default;
  virtual core::Result<std::optional<WatchHit>> wait(std::chrono::milliseconds most) = 0;
  virtual std::size_t watched_by_processor() const = 0;
  virtual const std::string& limitation() const = 0;
};

using MemoryContent = core::Result<std::vector<std::uint8_t>>;

// What is looked into; one thread at a time calls, but for read_now, which any may call at any time.
struct MomentSource {
  std::function<core::Result<ServerMoment>()> take;
  std::function<bool()> is_gone;  // the process has ended: no moment will come any more
  // Its bytes as they are, without stopping it. Null: contents cannot be read here.
  std::function<MemoryContent(core::Address, std::size_t)> read_now = {};
  // Null: rules cannot be watched over here.
  std::function<core::Result<std::unique_ptr<RuleWatch>>(const StopRule&)> arm = {};
  // As take(), with the C functions that the process was in when it stood (empty: not known). Null: take() will do.
  std::function<core::Result<ServerMoment>(std::vector<CFrame>& stack)> take_with_stack = {};
};
MomentSource moments_of(LiveServer server, const CaptureOptions& capture, const MomentOptions& options);

struct FollowOptions {
  std::chrono::milliseconds every{1000};
  bool paused = false;           // moments come only when asked for
  std::filesystem::path record;  // a trace file that is written at the same time; empty: none
  std::optional<StopRule> rule = {};
  std::function<void()> wake;  // there is something for next(), or the process is gone; called by the thread
};

// A moment after the first.
struct FollowedMoment {
  CaptureFacts facts;
  std::vector<core::EventBody> events;
  std::optional<StopHit> hit = {};  // why it was taken
};

// How the rule stands. When it is passed a moment is taken, and the rule rests until it is set again: a context that is
// made anew by each query would have the process stopped again and again.
struct RuleState {
  enum Stage : std::uint8_t { None, Arming, Armed, Passed, Refused } stage = None;
  StopRule rule = {};
  std::size_t by_processor = 0;  // contexts, of those that are watched
  std::string limitation = {};   // why some are only looked at every so often; Refused: why
  friend bool operator==(const RuleState&, const RuleState&) = default;
};

class Follow {
 public:
  ~Follow();  // waits for the moment that is being taken; the process goes on
  Follow(const Follow&) = delete;
  Follow& operator=(const Follow&) = delete;

  void take_now();
  void pause(bool paused);
  void set_every(std::chrono::milliseconds every);
  bool is_paused() const;
  std::chrono::milliseconds every() const;
  bool is_taking() const;  // a moment is being taken

  // Watched over besides, also while paused; none: none any more.
  void set_rule(std::optional<StopRule> rule);
  RuleState rule() const;

  bool has_next() const;
  // Once each. A moment that could not be taken is an error, after which the follow is paused.
  std::optional<core::Result<FollowedMoment>> next();
  bool ended() const;  // the process is gone
  // Contents, when somebody asks for them: as they are now, which may be later than the last moment.
  MemoryContent read_now(core::Address at, std::size_t bytes) const;
  // Of the file that is recorded; the first thing that went wrong there.
  core::Status recorded() const;

 private:
  friend struct FollowStart;
  class Feed;
  Follow(MomentSource source, FollowOptions options, std::unique_ptr<Feed> feed);
  using Clock = std::chrono::steady_clock;
  void run();
  void look(std::unique_lock<std::mutex>& lock);
  bool rest(std::unique_lock<std::mutex>& lock, std::optional<Clock::time_point> due);
  core::Result<FollowedMoment> take();
  // Of the thread, unlocked.
  void arm(const StopRule& rule);
  bool wait_for_rule(std::chrono::milliseconds most);
  bool tell_rule(RuleState told);

  MomentSource source_;
  FollowOptions options_;
  // The thread's.
  std::unique_ptr<Feed> feed_;
  std::unique_ptr<RuleWatch> watch_;
  std::optional<StopHit> hit_;  // goes with the next moment

  mutable std::mutex mutex_;  // guards what follows, and options_' times
  std::condition_variable changed_;
  bool stop_ = false, wanted_ = false, taking_ = false, ended_ = false;
  bool rule_is_new_ = false;
  RuleState rule_;
  core::Status recorded_ = core::Done{};
  std::optional<core::Result<FollowedMoment>> next_;

  std::thread thread_;
};

struct Followed {
  Timeline timeline;  // holds the first moment
  CaptureFacts facts;
  std::unique_ptr<Follow> follow;
};

// Takes the first moment here and now (of a large process this may last), and goes on from there.
core::Result<Followed> start_follow(MomentSource source, FollowOptions options);

}  // namespace palloscope::trace
