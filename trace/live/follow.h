// Follow: a process looked into again and again, by a thread of its own: every so often, or when asked. What differs
// from the moment before is made into events there; whoever owns the timeline fetches them with next() and appends
// them at its own pace. Until it has, no further moment is taken, so that nothing piles up.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "trace/live/live_server.h"
#include "trace/live/moment.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

// What is looked into; one thread at a time calls.
struct MomentSource {
  std::function<core::Result<ServerMoment>()> take;
  std::function<bool()> is_gone;  // the process has ended: no moment will come any more
};
MomentSource moments_of(LiveServer server, const CaptureOptions& capture, const MomentOptions& options);

struct FollowOptions {
  std::chrono::milliseconds every{1000};
  bool paused = false;           // moments come only when asked for
  std::filesystem::path record;  // a trace file that is written at the same time; empty: none
  std::function<void()> wake;    // there is something for next(), or the process is gone; called by the thread
};

// A moment after the first.
struct FollowedMoment {
  CaptureFacts facts;
  std::vector<core::EventBody> events;
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

  bool has_next() const;
  // Once each. A moment that could not be taken is an error, after which the follow is paused.
  std::optional<core::Result<FollowedMoment>> next();
  bool ended() const;  // the process is gone
  // Of the file that is recorded; the first thing that went wrong there.
  core::Status recorded() const;

 private:
  friend struct FollowStart;
  class Feed;
  Follow(MomentSource source, FollowOptions options, std::unique_ptr<Feed> feed);
  void run();
  core::Result<FollowedMoment> take();

  MomentSource source_;
  FollowOptions options_;
  std::unique_ptr<Feed> feed_;  // the thread's

  mutable std::mutex mutex_;  // guards what follows, and options_' times
  std::condition_variable changed_;
  bool stop_ = false, wanted_ = false, taking_ = false, ended_ = false;
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
