// A server process that can be looked into again and again. It is stopped for as long as the copy of its memory takes,
// and everything else is done on the copy.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "trace/live/moment.h"

namespace palloscope::trace {

struct CaptureOptions {
  bool stop = true;                             // false: read while it runs on
  std::chrono::milliseconds pause_limit{1000};  // after so long it runs on, whatever we do
  int most_tries = 8;                           // it may be caught inside the allocator
  bool payload = false;                         // keep chunks' contents
};

struct CFrame;  // c_stack.h

class LiveServer {
 public:
  // The error says why not, and what to do.
  static core::Result<LiveServer> attach(std::uint32_t pid);
  ~LiveServer();
  LiveServer(LiveServer&&) noexcept;
  LiveServer& operator=(LiveServer&&) noexcept;

  std::uint32_t pid() const;
  const ServerBuild& build() const;
  const ServerRoots& roots() const;
  bool is_gone() const;

  // One try: whether the copy fits together shows when it is walked.
  core::Result<Capture> capture(const CaptureOptions& options);
  // Copies and walks until it fits together, or options.most_tries is reached.
  core::Result<ServerMoment> moment(const CaptureOptions& options, const MomentOptions& moment_options = {});
  // The same, with the copy that the moment was read from (to be written to a file).
  struct Taken {
    Capture capture;
    ServerMoment moment;
  };
  core::Result<Taken> take(const CaptureOptions& options, const MomentOptions& moment_options = {});

  // The C functions that it was in when it stood last, out of the copy that was made then.
  core::Result<std::vector<CFrame>> c_stack_of(const Capture& capture) const;

  // Bytes as they are now, without stopping it: contents of a chunk when somebody asks for them.
  core::Result<std::vector<std::uint8_t>> read_now(core::Address at, std::size_t bytes) const;

 private:
  struct State;
  explicit LiveServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace palloscope::trace
