// LiveView: what makes an open document a live one: a process that is looked into again and again. Its moments come
// from a thread (trace/live/follow.h); advance() appends them to the document's timeline, a slice in each frame.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.h"
#include "trace/live/moment.h"
#include "trace/live/stop_rule.h"

namespace palloscope::trace {
class Follow;
struct RuleState;
class Timeline;
}  // namespace palloscope::trace

namespace palloscope::gui {

// Which process, and how it is looked into.
struct AttachRequest {
  std::uint32_t pid = 0;
  int every_ms = 1000;  // 0: only when asked
  bool stop = true;     // false: read while it runs on
  int pause_limit_ms = 1000;
  std::filesystem::path record = {};  // a trace that is written at the same time; empty: none
  std::optional<trace::StopRule> stop_when = {};
  friend bool operator==(const AttachRequest&, const AttachRequest&) = default;
};

// What a person can choose between, in milliseconds.
inline constexpr int kFollowEvery[] = {250, 1000, 5000, 30'000};
inline constexpr int kFollowNever = 0;

// A limit that was passed, and the moment that shows it.
struct PassedLimit {
  core::EventNumber moment = 0;  // it is whole here
  trace::StopHit hit;
};

class LiveView {
 public:
  LiveView(std::unique_ptr<trace::Follow> follow, trace::CaptureFacts facts, AttachRequest request);
  ~LiveView();  // lets the process go

  const AttachRequest& request() const { return request_; }
  const trace::CaptureFacts& facts() const { return facts_; }  // of the last moment
  std::uint64_t moments() const { return moments_; }           // in the timeline, as far as they are whole
  bool ended() const;                                          // the process is gone
  bool is_taking() const;
  int every_ms() const;  // 0: only when asked

  // Bytes of the process as they are now: one system call for some kB.
  core::Result<std::vector<std::uint8_t>> read_now(core::Address at, std::size_t bytes) const;

  void take_moment();
  void follow_every(int ms);
  void stop_when(std::optional<trace::StopRule> rule);  // none: no longer
  trace::RuleState rule() const;                        // trace/live/follow.h

  const std::vector<PassedLimit>& passed() const { return passed_; }  // oldest first
  // The cursor goes along with the moments from here; not from where a limit was passed, until somebody moves it.
  bool goes_along_from(core::EventNumber at) const { return passed_.empty() || passed_.back().moment != at; }

  // Something waits to be appended.
  bool has_news() const;
  struct News {
    bool has_moment = false;  // one became whole
    bool has_hit = false;     // it was taken because a limit was passed: passed().back()
    bool has_ended = false;   // the process is gone; said once
    std::optional<core::Error> problem = {};
  };
  // Appends for at most about so long.
  News append(trace::Timeline& timeline, std::chrono::microseconds most);

 private:
  std::unique_ptr<trace::Follow> follow_;
  trace::CaptureFacts facts_, coming_;
  std::optional<trace::StopHit> coming_hit_;
  std::vector<PassedLimit> passed_;
  AttachRequest request_;
  std::vector<core::EventBody> waiting_;  // of a moment that is being appended
  std::size_t appended_ = 0;              // so many of them are
  std::uint64_t moments_ = 1;
  bool end_is_told_ = false, record_is_told_ = false;
};

}  // namespace palloscope::gui
